import ModeCore
import Primitives

/// What a run's time was for, at one instant.
package struct TimeUse: Hashable, Sendable, Comparable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// It waits: outside its windows.
        case window
        /// Inside one, too close to its end to start a node.
        case cutoff
        case frozen, paused
        /// As many nodes are out of service as may be, or one was given back to make room.
        case budget
        case quorum
        /// A person holds the node, or the next one.
        case held
        /// Another run has it.
        case busy
        /// It is not as it should be: not reached, not normal, not ready, kept after a failure.
        case node
        /// The wall clock is not trusted.
        case clock
        /// The canary nodes are watched before others follow.
        case canary
        case approval
        /// Another node of the run has its turn, or a pause between two.
        case previous
        case drain, block, command, verify, restore, soak, wait, gate, notify
        /// What the journal does not say.
        case other
    }

    package var kind: Kind
    /// By which freeze, by whom, or for which cause.
    package var by: String?

    package init(_ kind: Kind, by: String? = nil) {
        self.kind = kind
        self.by = by
    }

    package static func < (a: TimeUse, b: TimeUse) -> Bool {
        (a.kind.rawValue, a.by ?? "") < (b.kind.rawValue, b.by ?? "")
    }
}

/// Where the time of a run went: a fold of its records. What is told of the run, and of each node until its part ended, adds
/// up to exactly the time that passed.
package struct RunAccount: Sendable {
    package typealias Shares = [TimeUse: Duration]

    /// As it is now, or was at its end.
    package let run: Run
    /// Nil: it is not over.
    package let outcome: RunOutcome?
    package let endedAt: Timestamp?
    /// Of the whole run: while nodes are in work, what the first of them is at.
    package let total: Shares
    /// Of each part, in the run's order: from the run's start until the part was finished.
    package let parts: [Shares]

    /// Nil where the records do not begin the run.
    ///
    /// - Parameters:
    ///   - pause: of everything, as it stood when the run began.
    ///   - holds: those that stood then.
    ///   - records: those of the run, in their order, with the pauses of everything and the holds of nodes; others change
    ///     nothing.
    ///   - now: up to when it is told of a run that is not over.
    package init?(
        of id: RunID, pause: Pause? = nil, holds: [NodeID: Hold] = [:], records: some Sequence<Record>,
        until now: Moment
    ) {
        var count: Count?
        for record in records {
            if count == nil, case .runStarted(let run) = record.fact, run.id == id {
                count = Count(run, pause, holds, record)
            } else {
                count?.take(record)
            }
            if count?.isOver == true { break }
        }
        guard var count else { return nil }
        if !count.isOver { count.charge(until: now) }
        guard let result = count.result else { return nil }
        self = result
    }

    fileprivate init(run: Run, outcome: RunOutcome?, endedAt: Timestamp?, total: Shares, parts: [Shares]) {
        (self.run, self.outcome, self.endedAt, self.total, self.parts) = (run, outcome, endedAt, total, parts)
    }

    /// What there is most of first.
    package static func sorted(_ shares: Shares) -> [(use: TimeUse, length: Duration)] {
        shares.filter { $0.value > .zero }.sorted { a, b in a.value == b.value ? a.key < b.key : a.value > b.value }
            .map { (use: $0.key, length: $0.value) }
    }
}

/// The account as it is kept from record to record.
private struct Count {
    private let id: RunID
    private var ledger = Ledger()
    /// What is told for already. The wall clock may go back: time does not.
    private var now: Moment
    private var total: RunAccount.Shares = [:]
    private var parts: [RunAccount.Shares]
    /// Of all queued parts together since the run began, and what stood there when each was queued.
    private var queued: RunAccount.Shares = [:]
    private var queuedBefore: [RunAccount.Shares?]
    private var working: Set<Int> = []
    private var queuedPlaces: Set<Int>
    /// Queued again to make room for others.
    private var givenBack: Set<Int> = []
    /// Places of the run's nodes, and whose hands-off stands on which.
    private let places: [NodeID: Int]
    private var held: [Int: String] = [:]

    init(_ run: Run, _ pause: Pause?, _ holds: [NodeID: Hold], _ record: Record) {
        id = run.id
        now = record.at
        parts = run.parts.map { _ in [:] }
        let places = Dictionary(run.parts.enumerated().map { ($1.node, $0) }) { first, _ in first }
        self.places = places
        let waiting = Set(run.parts.indices.filter { run.parts[$0].phase.isQueued })
        var kept: [Int: String] = [:]
        for (node, hold) in holds { if let place = places[node] { kept[place] = hold.actor } }
        queuedPlaces = waiting
        held = kept
        queuedBefore = run.parts.indices.map { waiting.contains($0) && kept[$0] == nil ? [:] : nil }
        if let pause { ledger.apply(Record(at: record.at, fact: .paused(nil, pause))) }
        ledger.apply(record)
    }

    var isOver: Bool { ledger.slot(of: id) == nil }

    var result: RunAccount? {
        var parts = parts
        for index in parts.indices { parts[index].merge(waited(index)) { $0 + $1 } }
        if let ended = ledger.endedRuns.last(where: { $0.run.id == id }) {
            return RunAccount(run: ended.run, outcome: ended.outcome, endedAt: now.wall, total: total, parts: parts)
        }
        return ledger.run(id).map {
            RunAccount(run: $0, outcome: nil, endedAt: nil, total: total, parts: parts)
        }
    }

    mutating func take(_ record: Record) {
        switch record.fact {
        case .paused(nil, _), .resumed(nil, _), .daemonStarted: break
        case .holdPlaced(let node, let hold): return note(hold, of: node, record.at)
        case .holdEnded(let node, _): return note(nil, of: node, record.at)
        case let fact where fact.subjects.run == id: break
        default: return
        }
        charge(until: record.at)
        if case .partChanged(_, let place, let part, _, _) = record.fact, parts.indices.contains(place) {
            // Until now it was queued, and from now on it may not be.
            settle(place)
            queuedBefore[place] = part.phase.isQueued && held[place] == nil ? queued : nil
            if part.phase.isQueued { queuedPlaces.insert(place) } else { queuedPlaces.remove(place) }
            if part.phase.isInWork { working.insert(place) } else { working.remove(place) }
            if case .queued(let waiting) = part.phase, waiting.backOff != nil {
                givenBack.insert(place)
            } else {
                givenBack.remove(place)
            }
        }
        ledger.apply(record)
    }

    /// A held node waits for its person, whatever the others wait for.
    private mutating func note(_ hold: Hold?, of node: NodeID, _ at: Moment) {
        guard let place = places[node] else { return }
        charge(until: at)
        settle(place)
        held[place] = hold?.actor
        queuedBefore[place] = hold == nil && queuedPlaces.contains(place) ? queued : nil
    }

    private mutating func settle(_ place: Int) { parts[place].merge(waited(place)) { $0 + $1 } }

    /// What a queued part has waited for since it was queued, or this was asked last.
    private func waited(_ index: Int) -> RunAccount.Shares {
        guard let before = queuedBefore[index] else { return [:] }
        return queued.reduce(into: [:]) { shares, share in
            let length = share.value - (before[share.key] ?? .zero)
            if length > .zero { shares[share.key] = length }
        }
    }

    mutating func charge(until moment: Moment) {
        let end = max(now.wall, moment.wall)
        guard let slot = ledger.slot(of: id) else { return }
        while now.wall < end {
            let (pause, working, held, at) = (ledger.pause, working, held, now)
            let isMadeRoom = !givenBack.isEmpty
            let found = ledger.withRun(slot) { State($0, pause, working, held, isMadeRoom: isMadeRoom, at) }
            guard let found else { return }
            let next = min(end, found.until ?? end)
            let length = next - now.wall
            guard length > .zero else { return }
            total[found.total, default: .zero] += length
            queued[found.waiting, default: .zero] += length
            for (index, use) in found.parts { parts[index][use, default: .zero] += length }
            for (index, actor) in held where queuedPlaces.contains(index) {
                parts[index][TimeUse(.held, by: actor), default: .zero] += length
            }
            now = now + length
        }
        // The uptime of the record itself, which may be of another boot.
        now.uptime = moment.uptime
    }
}

/// What everything in a run is at, at one instant.
private struct State {
    var total: TimeUse
    /// What queued nodes wait for.
    var waiting: TimeUse
    /// Of the parts in work.
    var parts: [(Int, TimeUse)]
    /// Until when that holds by itself.
    var until: Timestamp?

    init(
        _ run: Run, _ pause: Pause?, _ working: Set<Int>, _ held: [Int: String], isMadeRoom: Bool, _ now: Moment
    ) {
        let closed = Self.closed(run, pause, now)
        let wait = closed ?? Self.order(run, working, isMadeRoom: isMadeRoom, now)
        waiting = wait.use
        until = wait.until
        parts = working.sorted().map { index in
            let keeper = held[index].map { TimeUse(.held, by: $0) } ?? closed?.use
            return (index, Self.use(of: run.parts[index], run, keeper, alone: working.count == 1 ? wait.use : nil))
        }
        total = parts.first?.1 ?? wait.use
    }

    private typealias Wait = (use: TimeUse, until: Timestamp?)

    /// What holds up everything that has not begun.
    private static func closed(_ run: Run, _ pause: Pause?, _ now: Moment) -> Wait? {
        if run.isEnding { return (TimeUse(.other), nil) }
        if let pause = pause ?? run.pauses.first {
            return (TimeUse(.paused, by: pause.actor ?? pause.cause.rawValue), nil)
        }
        switch run.clearance {
        case .closed(let closure):
            if case .excluded(let by, _) = closure.cause { return (TimeUse(.frozen, by: by), nil) }
            return (TimeUse(.window), nil)
        case .open(let end?) where now.wall >= end - run.pinned.startMargin: return (TimeUse(.cutoff), nil)
        case .open: return nil
        }
    }

    /// What the run's own order has its next node wait for.
    private static func order(_ run: Run, _ working: Set<Int>, isMadeRoom: Bool, _ now: Moment) -> Wait {
        var until: Timestamp?
        if case .open(let end?) = run.clearance, run.pinned.startMargin > .zero { until = end - run.pinned.startMargin }
        func wait(_ use: TimeUse, _ left: Duration? = nil) -> Wait {
            (use, [until, left.map { now.wall + $0 }].compactMap(\.self).min())
        }
        if !run.isPromoted, run.canariesMissing == 0 {
            let ends = run.canaries.map { $0.phase.isFinished ? $0.since : nil }
            guard let last = ends.compactMap(\.self).max(), ends.allSatisfy({ $0 != nil }) else {
                return wait(TimeUse(.previous))
            }
            let left = last + (run.pinned.strategy.canary?.soak ?? .zero) - now.wall
            if left > .zero { return wait(TimeUse(.canary), left) }
            return wait(TimeUse(run.pinned.strategy.canary?.promote == .manual ? .approval : .canary))
        }
        if !working.isEmpty {
            // The budget may have no room for another, whatever the run's own order would let start.
            let kind = run.waitsFor.map(TimeUse.Kind.init) ?? .previous
            return wait(TimeUse(kind == .other ? .previous : kind))
        }
        if let pause = run.groupWait(at: now) { return wait(TimeUse(.previous), pause.left) }
        if let left = run.restingSlots(at: now).left { return wait(TimeUse(.previous), left) }
        return wait(TimeUse(run.waitsFor.map(TimeUse.Kind.init) ?? (isMadeRoom ? .budget : .other)))
    }

    /// - Parameters:
    ///   - closed: what holds up whatever has not begun.
    ///   - alone: what a queued node waits for, where no other part is in work.
    private static func use(of part: Part, _ run: Run, _ closed: TimeUse?, alone: TimeUse?) -> TimeUse {
        if case .returning(let returning) = part.phase {
            return TimeUse(returning.command == nil ? .restore : .command)
        }
        guard let work = part.phase.work else { return TimeUse(.other) }
        if case .soaking = part.phase { return TimeUse(.soak) }
        let step = run.pinned.sequence.steps[work.step]
        if step.takesOut, !work.isGranted { return closed ?? TimeUse(alone == nil ? .previous : .other) }
        if step.startsSomething, work.command == nil, let closed { return closed }
        return TimeUse(step.timeUse)
    }
}

extension TimeUse.Kind {
    fileprivate init(_ code: VerdictCode) {
        switch code {
        case .waitingBudget: self = .budget
        case .waitingQuorum: self = .quorum
        case .waitingPrevious: self = .previous
        case .waitingApproval: self = .approval
        case .waitingWindow: self = .window
        case .excluded: self = .frozen
        case .paused: self = .paused
        case .waitingGate: self = .gate
        case .waitingClock: self = .clock
        case .held, .keptOpen, .reserved: self = .held
        case .nodeBusy: self = .busy
        case .notReadYet, .unreachable, .stale, .initial, .unknownMode, .foreign, .faulted, .isolated, .wrongAddress,
            .wrongTopology, .notListed, .owed, .failed, .contested, .refused:
            self = .node
        default: self = .other
        }
    }
}

extension Step {
    /// It waits for clearance before it begins what it does.
    fileprivate var startsSomething: Bool {
        switch self {
        case .run, .http: true
        default: false
        }
    }

    fileprivate var timeUse: TimeUse.Kind {
        switch self {
        case .drain: .drain
        case .block: .block
        case .run, .http, .terminate: .command
        case .verify: .verify
        case .restore: .restore
        case .soak: .soak
        case .wait: .wait
        case .approval: .approval
        case .gate: .gate
        case .notify: .notify
        }
    }
}
