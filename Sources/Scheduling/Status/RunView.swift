import Primitives

/// A run, and what stands in the way of its nodes: worked out and put into words once, not for each of them.
final class RunView {
    let run: Run
    /// Of the next one.
    let blockers: [Blocker]
    /// Of every node that is queued.
    let general: [Blocker]
    /// What is missing for whichever starts next.
    let room: [Blocker]
    /// Of a node whose turn it is and that has nothing of its own against it.
    let shared: [Blocker]
    /// What the nodes of later groups wait for, if not for what all wait for.
    let group: Blocker?
    let generalVerdict: Verdict?
    let sharedVerdict: Verdict?
    /// Of runs that wait for the same node the one with the least may take it soonest.
    let prospect: Prospect

    init(_ run: Run, blockers: [Blocker], general: [Blocker], room: [Blocker]) {
        self.run = run
        self.blockers = blockers
        self.general = general
        self.room = room
        shared = general.isEmpty && room.isEmpty ? blockers : general + room
        generalVerdict = general.first.map { Verdict($0) }
        sharedVerdict = general.isEmpty ? shared.first.map { Verdict($0) } : generalVerdict
        prospect = Prospect(shared)
        let current = run.currentGroup
        group =
            run.pinned.strategy.groups.isEmpty || general.contains(where: \.isStage)
            ? nil
            : Blocker(
                .groupFirst(
                    run.groupName(current) ?? "",
                    run.parts.filter { $0.group == current && !$0.phase.isFinished }.map(\.node.name)))
    }
}

/// When a run may act, as far as its blockers tell, and whether it does so by itself.
struct Prospect: Hashable, Comparable {
    private let earliest: Timestamp
    private let needsPerson: Bool

    init(_ blockers: [Blocker]) {
        earliest =
            blockers.map { blocker in
                switch blocker.class {
                case .config: .distantFuture
                case .clock: blocker.until ?? .distantFuture
                // Until then the word is waited for: it may come at any moment.
                case .human where blocker.code == .waitingApproval: .distantPast
                // Nobody knows when: it may be at any moment.
                case .human, .capacity, .health, .ours: blocker.until ?? .distantPast
                }
            }.max() ?? .distantPast
        needsPerson = blockers.contains { $0.class == .human }
    }

    static func < (a: Prospect, b: Prospect) -> Bool {
        a.earliest == b.earliest ? !a.needsPerson && b.needsPerson : a.earliest < b.earliest
    }
}

extension Controller {
    /// Nil: it is over.
    func runView(of slot: RunSlot, _ now: Moment) -> RunView? {
        guard let run = ledger.run(slot), let header = ledger.header(slot) else { return nil }
        var (general, room): ([Blocker], [Blocker]) = ([], [])
        if let cluster = runs[slot.raw].cluster {
            general = blockers(of: slot, header, cluster, now) + orderBlockers(of: run, now)
            room =
                run.queuedCandidate().map { index in
                    roomBlockers(for: run.parts[index], PartPlace(run: slot, part: index), header, cluster, now)
                } ?? []
        }
        return RunView(run, blockers: decision(of: slot, now).blockers, general: general, room: room)
    }
}

extension Blocker {
    fileprivate var isStage: Bool {
        switch reason {
        case .canaryFirst, .canarySoak, .canaryBroken, .promotion, .groupWait: true
        default: false
        }
    }
}
