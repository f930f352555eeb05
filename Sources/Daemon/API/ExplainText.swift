import Primitives

/// What `nagi explain` prints for people.
package enum ExplainText {
    package static func text(_ document: NodeDocument) -> String {
        let day = document.at.prefix(10)
        func short(_ instant: String) -> String { Self.short(instant, today: day) }
        var lines = ["\(document.node) of \(document.cluster): \(document.verdict.text)"]
        lines[0] +=
            " ("
            + [
                document.verdict.code, document.since.map { "since \(short($0))" },
                document.verdict.until.map { "until \(short($0))" },
            ].compactMap(\.self).joined(separator: ", ") + ")"
        if let run = document.run {
            lines.append("In work for \(run)" + (document.step.map { ", step \($0)" } ?? "") + ".")
        }
        if let drain = document.drain { lines.append(text(drain, short)) }
        if let command = document.command { lines += command.printed.map { "  " + $0 } }
        lines += blockers(document.blockers, short)
        lines.append(mode(document, short))
        for claim in document.claims {
            lines.append(
                "Claim \(claim.mode) by \(claim.owner) since \(short(claim.since)): \(claim.reason)")
        }
        for hold in document.holds {
            let end = hold.until.map { "until \(short($0))" } ?? "until it is released"
            lines.append(
                "Held (\(hold.mode ?? hold.kind)) by \(hold.actor) since \(short(hold.since)), \(end): \(hold.reason)")
        }
        if let floor = document.floor { lines.append("Somebody else set \(floor): nagi never loosens that.") }
        if document.owed { lines.append("It is to be opened as soon as that is safe.") }
        if !document.next.isEmpty {
            let openings = document.next.map { opening in
                opening.policy + (opening.opens.map { " \(short($0))" } ?? " now")
                    + (opening.until.map { " until \(short($0))" } ?? "")
            }
            lines.append("Next: " + openings.joined(separator: "; ") + ".")
        }
        return (lines + typed(document.levers)).map(\.plain).joined(separator: "\n")
    }

    package static func text(_ document: RunExplanationDocument) -> String {
        let day = document.at.prefix(10)
        func short(_ instant: String) -> String { Self.short(instant, today: day) }
        let run = document.run
        var lines = [
            "\(run.id) on \(run.cluster): \(run.phase)\(run.text == run.phase ? "" : ", \(run.text)") (since \(short(run.startedAt)))"
        ]
        lines += blockers(run.blockers, short)
        for node in run.nodes {
            let step = node.step.map { " (\($0))" } ?? ""
            let until = node.until.map { ", until \(short($0))" } ?? ""
            lines.append(
                "  \(node.name)  \(node.phase)\(step) since \(short(node.since))\(until)"
                    + (node.error.map { ": \($0)" } ?? ""))
        }
        return (lines + typed(document.levers)).map(\.plain).joined(separator: "\n")
    }

    package static func text(_ document: StopDocument) -> String {
        let names = document.nodes.joined(separator: ", ")
        var lines: [String]
        if document.ok {
            lines = ["yes: \(names) can go now"]
            if !document.more.isEmpty { lines.append("  with them: \(document.more.joined(separator: ", "))") }
        } else {
            lines = ["no: \(names) cannot go now"]
            lines += document.blockers.map { "  \($0.code)  \($0.text)" + ($0.until.map { ", until \($0)" } ?? "") }
        }
        return lines.map(\.plain).joined(separator: "\n")
    }

    private static func blockers(_ blockers: [StatusDocument.Blocker], _ short: (String) -> String) -> [String] {
        guard !blockers.isEmpty else { return [] }
        return ["In the way, all of it:"]
            + blockers.enumerated().map { number, blocker in
                let until = blocker.until.map { ", until \(short($0))" } ?? ""
                return
                    "  \(number + 1). \(blocker.code)  \(blocker.class)  \(blocker.text)\(until); lifts by: \(blocker.lift)"
            }
    }

    private static func mode(_ document: NodeDocument, _ short: (String) -> String) -> String {
        guard let observed = document.observed else {
            return "Mode unknown: \(document.observedAt.map { "read last \(short($0))" } ?? "never read")."
        }
        let wanted = document.desired.map { $0 == observed ? ", as wanted" : ", wanted \($0)" } ?? ", no claim"
        var words = ["Mode \(observed)\(wanted)"]
        if let ready = document.ready { words.append(ready ? "ready" : "not ready") }
        if let sessions = document.sessions { words.append("\(sessions) sessions") }
        if let connections = document.connections { words.append("\(connections) connections") }
        if let version = document.version { words.append("version \(version)") }
        if let seen = document.observedAt { words.append("seen \(short(seen))") }
        return words.joined(separator: ", ") + "."
    }

    private static func text(_ drain: StatusDocument.Drain, _ short: (String) -> String) -> String {
        var words = ["Draining: \(drain.sessions) sessions, \(drain.connections) connections left"]
        if let flat = drain.flatSince { words.append("no longer declining since \(short(flat))") }
        if let half = drain.halfLifeSeconds { words.append("half of them gone every \(Duration.seconds(half).spoken)") }
        if let end = drain.projectedEnd { words.append("projected \(short(end))") }
        if let deadline = drain.deadline { words.append("at the latest \(short(deadline))") }
        return words.joined(separator: ", ") + "."
    }

    private static func typed(_ levers: [String]) -> [String] {
        levers.isEmpty ? [] : ["You can type:"] + levers.map { "  \($0)" }
    }

    /// `02:41:07`, with the date where it is of another day.
    private static func short(_ instant: String, today: Substring) -> String {
        guard instant.count == 25 else { return instant }
        let time = instant.dropFirst(11).prefix(8)
        return instant.hasPrefix(today) ? String(time) : "\(instant.prefix(10)) \(time)"
    }
}
