import Primitives
import Scheduling

/// What `nagi explain` prints for people.
package enum ExplainText {
    /// The same, folded between words for a terminal. A line of something to be typed stays whole: it is there to be copied.
    package static func folded(_ text: String, width: Int?) -> String {
        guard let width else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            typedLines.contains { line.hasPrefix($0) }
                ? [String(line)] : TextFold.hanging(String(line), width: width)
        }.joined(separator: "\n")
    }

    private static let typedLines = ["  nagi ", "  undo: nagi "]

    package static func text(_ document: NodeDocument) -> String {
        func short(_ instant: String) -> String { ShownInstant(instant, now: document.at)?.ahead ?? instant }
        let (verdict, code) = (document.verdict, VerdictCode(rawValue: document.verdict.code))
        var lines = ["\(document.node) of \(document.cluster): \(code?.holdWord ?? "")\(verdict.text)"]
        lines[0] +=
            " ("
            + [
                verdict.code, document.since.map { "since \(short($0))" },
                verdict.until.map { "\(code?.hasDeadline == true ? "at the latest" : "until") \(short($0))" },
            ].compactMap(\.self).joined(separator: ", ") + ")"
        if let run = document.run {
            lines.append("In work for \(run)" + (document.step.map { ", step \($0)" } ?? "") + ".")
        }
        if document.relays { lines.append("Drains by its connections: \(NodeLoad.relayingText).") }
        if !document.exempt.isEmpty {
            lines.append(
                "It ignores \(document.exempt.joined(separator: " and ")), through its whole sequence: somebody forced that."
            )
        }
        // An end that is past says nothing.
        if let end = document.drain?.projectedEnd.flatMap({ ShownInstant($0, now: document.at) }), end.distance > .zero
        {
            lines.append("Drained at about \(end.ahead), if its calls go on to end as they do.")
        }
        if let command = document.command { lines += command.printed.map { "  " + $0 } }
        lines += document.run == nil ? waits(document, short) : blockers(document.blockers, short)
        lines.append(mode(document, short))
        for claim in document.claims {
            // What ends by itself says no end, and that nagi gives up some day is said here.
            let isOpen = verdict.until == nil && claim.owner == document.run
            var end = isOpen ? claim.until.map { "; gives up at \(short($0))" } ?? "" : ""
            if let left = standing(claim.leftSeconds) { end = "; \(left)" }
            lines.append("Claim \(claim.mode) by \(claim.owner) since \(short(claim.since)): \(claim.reason)\(end)")
        }
        for hold in document.holds {
            let end = hold.until.map { "until \(short($0))" } ?? "until somebody ends it"
            lines.append(
                "Held (\(hold.word)) by \(hold.actor) since \(short(hold.since)), \(end)"
                    + (hold.reason.isEmpty ? "" : ": \(hold.reason)"))
        }
        if let floor = document.floor { lines.append("Somebody else set \(floor): nagi never loosens that.") }
        if let address = document.foundAt {
            lines.append("No policy names it: found by the lists of its cluster, at \(address).")
        }
        if document.owed { lines.append("It is to be opened as soon as that is safe.") }
        for wait in document.waits where document.run != nil {
            lines += blockers(wait.blockers, short, title: "Then \(wait.run), which waits for:")
        }
        if !document.next.isEmpty {
            let openings = document.next.map { opening in
                opening.policy + (opening.opens.map { " \(short($0))" } ?? ", open now")
                    + (opening.until.map { " until \(short($0))" } ?? "")
            }
            lines.append("Next: " + openings.joined(separator: "; ") + ".")
        }
        return (lines + typed(document.levers)).map(\.plain).joined(separator: "\n")
    }

    package static func text(_ document: RunExplanationDocument) -> String {
        func short(_ instant: String) -> String { ShownInstant(instant, now: document.at)?.ahead ?? instant }
        let run = document.run
        let span = run.endedAt.map { "from \(short(run.startedAt)) to \(short($0))" } ?? "begun \(short(run.startedAt))"
        // Its outcome begins with the word of its phase, and what pauses it with that.
        let state =
            run.text.hasPrefix(run.phase) || run.text.contains("; \(run.phase)")
            ? run.text : "\(run.phase), \(run.text)"
        var lines = ["\(run.id) on \(run.cluster): \(state) (\(span))"]
        if let force = run.force { lines.append("Forced \(force.text)") }
        if let end = run.projectedEnd {
            lines.append("Through at about \(short(end)), if each node takes as long as those that are.")
        }
        lines += blockers(run.blockers, short)
        if let asks = document.asks, !asks.isEmpty {
            lines.append("On its way it asks for \(asks.joined(separator: ", ")).")
        }
        for node in run.nodes {
            let step = node.step.map { " (\($0))" } ?? ""
            var until = node.until.map { ", at the latest \(short($0))" } ?? ""
            if let left = standing(node.leftSeconds) { until = ", \(left)" }
            lines.append(
                "  \(node.name)  \(node.phase)\(step) since \(short(node.since))\(until)"
                    + (node.error.map { ": \($0)" } ?? ""))
        }
        return (lines + typed(document.levers)).map(\.plain).joined(separator: "\n")
    }

    /// `nightly has no run now: closed, next Mon 2026-11-30 02:00 (in 23h)`.
    package static func text(_ document: PolicyExplanationDocument) -> String {
        let ahead = StatusTable.ahead(of: document.policy, now: document.at)
        let state = [document.policy.state, ahead].filter { !$0.isEmpty }.joined(separator: ", ")
        var lines = ["\(document.policy.name) of \(document.cluster) has no run now: \(state)."]
        if let latest = document.latestRun { lines.append("Its latest run is over: nagi runs \(latest)") }
        return (lines + typed(document.levers ?? [])).map(\.plain).joined(separator: "\n")
    }

    package static func text(_ document: StopDocument, at now: Timestamp) -> String {
        let names = document.nodes.joined(separator: ", ")
        var lines: [String]
        if document.ok {
            lines = ["yes: \(names) can go now"]
            if !document.more.isEmpty { lines.append("  with them: \(document.more.joined(separator: ", "))") }
        } else {
            lines = ["no: \(names) cannot go now"]
            lines += document.blockers.map { blocker in
                let until = blocker.until.map { ", until \(ShownInstant($0, at: now)?.ahead ?? $0)" } ?? ""
                return "  \(blocker.code)  \(blocker.told)\(excess(blocker, document.nodes))\(until)"
            }
        }
        return lines.map(\.plain).joined(separator: "\n")
    }

    /// `; these 2 would make 3`: what an answer of no is about.
    private static func excess(_ blocker: StatusDocument.Blocker, _ nodes: [String]) -> String {
        guard let have = blocker.have, blocker.code == VerdictCode.waitingBudget.rawValue else { return "" }
        let more = nodes.count { node in !blocker.holders.contains { node.hasSuffix("/\($0)") } }
        guard more > 0 else { return "" }
        return more == 1 ? "; this one would make \(have + 1)" : "; these \(more) would make \(have + more)"
    }

    /// `17s of its time are left, when it goes on`; nil where the time runs, or there is none.
    private static func standing(_ left: Int?) -> String? {
        left.map { "\(Duration.seconds($0).spoken) of its time are left, when it goes on" }
    }

    /// What every run that waits for the node waits for, each under its id where there are more.
    private static func waits(_ document: NodeDocument, _ short: (String) -> String) -> [String] {
        guard document.waits.count > 1 else {
            return blockers(document.waits.first?.blockers ?? document.blockers, short)
        }
        return ["In the way, all of it, of each run that waits for it:"]
            + document.waits.flatMap { wait in
                ["  \(wait.run)" + (wait.blockers.isEmpty ? ": nothing" : "")]
                    + blockers(wait.blockers, short, title: nil).map { "  " + $0 }
            }
    }

    private static func blockers(
        _ blockers: [StatusDocument.Blocker], _ short: (String) -> String, title: String? = "In the way, all of it:"
    ) -> [String] {
        guard !blockers.isEmpty else { return [] }
        return (title.map { [$0] } ?? [])
            + blockers.enumerated().map { number, blocker in
                let until = blocker.until.map { ", until \(short($0))" } ?? ""
                return
                    "  \(number + 1). \(blocker.code)  \(blocker.class)  \(blocker.told)\(until); lifts by: \(blocker.lift)"
            }
    }

    private static func mode(_ document: NodeDocument, _ short: (String) -> String) -> String {
        guard let observed = document.observed else {
            return "Mode unknown: \(document.observedAt.map { "read last \(short($0))" } ?? "never read")."
        }
        let wanted = document.desired.map { $0 == observed ? ", as wanted" : ", wanted \($0)" } ?? ", no claim"
        var words = ["Mode \(observed)\(wanted)"]
        if let ready = document.ready { words.append(ready ? "ready" : "not ready") }
        if let sessions = document.sessions { words.append(sessions.counted("session")) }
        if let connections = document.connections { words.append(connections.counted("connection")) }
        if let version = document.version { words.append("version \(version)") }
        if let seen = document.observedAt { words.append("seen \(short(seen))") }
        return words.joined(separator: ", ") + "."
    }

    private static func typed(_ levers: [String]) -> [String] {
        levers.isEmpty ? [] : ["You can type:"] + levers.map { "  \($0)" }
    }
}

extension VerdictCode {
    /// What `until` tells is the end of nagi's patience, not that of the matter.
    var hasDeadline: Bool {
        switch self {
        case .draining, .blocked, .runningCommand, .rejoining, .verifying, .restoring, .unreachable, .isolated,
            .initial,
            .stale, .unknownMode, .notListed:
            true
        default: false
        }
    }

    /// Its text begins with whose word it is.
    fileprivate var holdWord: String? {
        switch self {
        case .held: "held "
        case .keptOpen: "kept open "
        case .reserved: "reserved "
        default: nil
        }
    }
}
