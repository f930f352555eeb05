import ModeCore
import Primitives

/// Records as the lines that a person reads, in the order of the journal. What belongs together is one line: a ChangeMode
/// that went well is told once, when it is confirmed. Every other record is told by its own `text`.
package struct Narration: Sendable {
    package struct Line: Hashable, Sendable {
        package var at: Timestamp
        package var severity: Severity
        package var text: String
    }

    /// A ChangeMode that is not confirmed after so long is told.
    package static let patience = Duration.seconds(2)

    /// ChangeModes that are not over.
    private var asked: [NodeID: Asked] = [:]
    /// No ChangeMode is late before.
    private var nextLate: Timestamp?
    private var settled: [NodeID: RequestableMode] = [:]
    private var facts: [NodeID: NodeLedger.NodeFacts] = [:]
    /// A disruptive command may have restarted them.
    private var disturbed: Set<NodeID> = []
    /// What the latest command printed that ended well: it may be why the node does not come back as it should.
    private var printed: [NodeID: Printed] = [:]

    private struct Asked: Sendable {
        var change: ModeChange
        var at: Moment
        var record: Record
        var isTold = false
    }

    fileprivate struct Printed: Sendable {
        var step: String
        var output: CommandOutput
    }

    package init() {}

    /// Where the records before are not told: what runs, or was run, on nodes that are still at work is known.
    package init(after ledger: Ledger) {
        for slot in ledger.activeRuns {
            for part in ledger.run(slot)?.parts ?? [] where part.phase.kind == .committed {
                disturbed.insert(part.node)
            }
        }
        for entry in ledger.commands.values { disturbed.insert(entry.start.node) }
    }

    package mutating func lines(of record: Record) -> [Line] { late(at: record.at) + told(record) }

    /// The lines of each: what a lever did stands before it, of the same moment, and is told by the lever's line alone.
    package mutating func lines(of records: [Record]) -> [[Line]] {
        let levers = Narration.levers(of: records)
        return records.indices.map { index in
            let isSaid = levers[index].map { records[index].fact.isSaid(by: $0) } ?? false
            return isSaid ? late(at: records[index].at) : lines(of: records[index])
        }
    }

    /// What did each of them; nil: nobody's lever.
    private static func levers(of records: [Record]) -> [LeverOrder.Action?] {
        var latest: (at: Moment, action: LeverOrder.Action)?
        return records.reversed().map { record in
            if case .leverPulled(let lever) = record.fact {
                latest = (record.at, lever.answer.action)
                return nil
            }
            return latest?.at == record.at ? latest?.action : nil
        }.reversed()
    }

    /// What is still under way then, and has been for too long to say nothing about it.
    package mutating func late(at now: Moment) -> [Line] {
        guard let nextLate, now.wall >= nextLate else { return [] }
        var lines: [Line] = []
        for node in asked.keys.sorted() {
            guard let ask = asked[node], !ask.isTold, now.wall - ask.at.wall >= Narration.patience else { continue }
            asked[node]?.isTold = true
            let text = (ask.record.text ?? "") + ": not confirmed yet, asked \((now.wall - ask.at.wall).rough) ago"
            lines.append(Line(at: now.wall, severity: .warn, text: text))
        }
        self.nextLate = asked.values.lazy.filter { !$0.isTold }.map { $0.at.wall + Narration.patience }.min()
        return lines
    }

    private mutating func told(_ record: Record) -> [Line] {
        switch record.fact {
        case .modeIntended(let change):
            asked[change.node] = Asked(change: change, at: record.at, record: record)
            let late = record.at.wall + Narration.patience
            nextLate = min(nextLate ?? late, late)
            return []
        case .modeAnswered(let node, let id, let answer):
            guard asked[node]?.change.id == id else { break }
            return answer.isAgreement ? [] : intent(of: node, record.at) + own(record)
        case .modeSettled(let node, let id, let isReached):
            guard let ask = asked[node], ask.change.id == id else { break }
            defer { asked[node] = nil }
            guard isReached else { return intent(of: node, record.at) + own(record) }
            settled[node] = ask.change.target
            return [
                Line(at: record.at.wall, severity: .info, text: ask.change.success(after: record.at, since: ask.at))
            ]
        case .nodeObserved(let node, let new, _, _):
            let old = facts.updateValue(new, forKey: node)
            if isNoNews(node, old, new) { return [] }
            if disturbed.contains(node) {
                return own(record, .info, new.failure == nil ? "" : ", as its step may make it")
            }
        case .nodeRestarted(let node, _):
            if disturbed.contains(node) { return own(record, .info, ", as its step means to") }
            return own(record, nil, ", and not by nagi")
        case .nodeLoosened(let node, _, _): settled[node] = nil
        case .commandIntended(let start):
            disturbed.insert(start.node)
            printed[start.node] = nil
        case .commandEnded(_, let node, let outcome, let step, let output?, _) where outcome.isSuccess:
            printed[node] = Printed(step: step ?? "command", output: output)
        case .partChanged(_, _, let part, _, _):
            switch part.phase {
            case .queued, .soaking, .finished:
                disturbed.remove(part.node)
                let last = printed.removeValue(forKey: part.node)
                if part.isFailed, let last { return own(record) + last.lines(of: part.node, like: record) }
            case .out, .committed, .returning: break
            }
        // The lever that was pulled says it, and who pulled it.
        case .holdPlaced: return []
        case .paused(_, let pause) where pause.cause == .person && pause.since == record.at.wall: return []
        case .policiesLoaded(let set): forget(allBut: set)
        default: break
        }
        return own(record)
    }

    /// What is still under way where the records end.
    package mutating func underWay(at now: Moment) -> [(node: NodeID, lines: [Line])] {
        asked.keys.sorted().compactMap { node in
            let lines = intent(of: node, now)
            return lines.isEmpty ? nil : (node, lines)
        }
    }

    /// The reading shows nothing but the mode that nagi has just set, and what comes with it; or it says more of what was
    /// said, and all of it is as it should be.
    private func isNoNews(_ node: NodeID, _ old: NodeLedger.NodeFacts?, _ new: NodeLedger.NodeFacts) -> Bool {
        guard let old, let mode = new.mode?.requestable, old.failure == nil, new.isConnected != false else {
            return false
        }
        guard old.version == nil || old.version == new.version, old.isConnected != false else { return false }
        let isOwn = mode == settled[node] || mode == asked[node]?.change.target
        if isOwn, old.mode != new.mode || new.ready == (mode == .normal) { return true }
        return old.mode == new.mode && (old.ready == new.ready || old.ready == nil) && new.ready != false
    }

    private mutating func intent(of node: NodeID, _ now: Moment) -> [Line] {
        guard let ask = asked[node], !ask.isTold else { return [] }
        asked[node]?.isTold = true
        return own(ask.record)
    }

    private func own(_ record: Record, _ severity: Severity? = nil, _ ending: String = "") -> [Line] {
        guard let text = record.text else { return [] }
        let line = Line(at: record.at.wall, severity: severity ?? record.fact.severity, text: text + ending)
        return [line] + record.details.map { Line(at: record.at.wall, severity: line.severity, text: $0) }
    }

    /// Whoever left the policies is not remembered for ever.
    private mutating func forget(allBut set: PolicySet) {
        let known = Set(
            set.clusters.flatMap { cluster in cluster.nodes.map { NodeID(cluster: cluster.name, name: $0.name) } })
        facts = facts.filter { known.contains($0.key) }
        settled = settled.filter { known.contains($0.key) }
        disturbed = disturbed.intersection(known)
        printed = printed.filter { known.contains($0.key) }
    }
}

extension Fact {
    /// The line of that lever says it, and who pulled it.
    fileprivate func isSaid(by action: LeverOrder.Action) -> Bool {
        switch (self, action) {
        case (.resumed, .resume), (.holdEnded, .resume), (.holdEnded, .release), (.holdEnded, .retry),
            (.holdEnded, .hold),
            (.stayEnded, .release), (.stayEnded, .hold), (.forced, .force), (.approvalChanged, .approve),
            (.runPromoted, .approve), (.runChanged, .abort):
            true
        default: false
        }
    }
}

extension Narration.Printed {
    func lines(of node: NodeID, like record: Record) -> [Narration.Line] {
        output.lines(of: step).map {
            Narration.Line(at: record.at.wall, severity: record.fact.severity, text: "\(node.name)  \($0)")
        }
    }
}

extension ModeChange {
    /// `node-01  is block_new_session (asked and confirmed in 12 ms)`.
    fileprivate func success(after end: Moment, since begin: Moment) -> String {
        let why =
            switch cause {
            case .claim: ""
            case .restarted: " again: it was lost"
            case .drift: " again: somebody had loosened it"
            case .release: " again: given back"
            }
        let passed = max(.zero, min(end.uptime - begin.uptime, end.wall - begin.wall))
        return "\(node.name)  is \(target.rawValue)\(why) (asked and confirmed in \(passed.rough))"
    }
}

extension Duration {
    /// To the millisecond below a second, `12 ms`; else to the second.
    fileprivate var rough: String {
        self < .seconds(1)
            ? "\(max(0, nanoseconds) / 1_000_000) ms"
            : Duration.seconds((nanoseconds + 500_000_000) / 1_000_000_000).spoken
    }
}
