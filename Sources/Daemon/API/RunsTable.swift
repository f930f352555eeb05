import Primitives
import Scheduling

/// Runs as tables for people.
package struct RunsTable {
    /// - Parameter terminal: fits its width.
    package static func text(_ document: RunsDocument, on terminal: Terminal = .none) -> String {
        guard !document.runs.isEmpty else { return "no run yet" }
        let rows = document.runs.map { run in
            [
                run.id, run.phase, counts(run.counts, run.through), spaced(run.startedAt),
                run.endedAt.map(spaced) ?? "–", length(run.seconds),
            ]
        }
        let titles = ["RUN", "PHASE", "NODES", "STARTED", "ENDED", "LENGTH"]
        let whole = lines([titles] + rows, indent: 0, on: .none)
        guard let width = terminal.width, whole.contains(where: { TextFold.width($0) > width }) else {
            return whole.joined(separator: "\n")
        }
        // Six columns have no room there: the instants are said in words, in a column that is folded.
        let told = document.runs.map { run in
            let end = run.endedAt.map { "ended \(spaced($0)), " } ?? ""
            return [
                run.id, run.phase,
                "\(counts(run.counts, run.through)); started \(spaced(run.startedAt)), \(end)\(length(run.seconds))",
            ]
        }
        return lines([["RUN", "PHASE", "NODES, AND WHEN"]] + told, indent: 0, on: terminal).joined(separator: "\n")
    }

    private static func lines(
        _ rows: [[String]], right: Set<Int> = [], indent: Int = 2, on terminal: Terminal
    ) -> [String] {
        guard terminal.width != nil else { return Columns.lines(rows, right: right, indent: indent) }
        return TextTable(rows.map { $0.map { TextTable.Cell($0) } }, right: right, indent: indent).lines(on: terminal)
    }

    package static func text(_ run: RunDocument, on terminal: Terminal = .none) -> String {
        let end = run.endedAt.map { "ended \(spaced($0))" } ?? "not over"
        var lines = [
            "\(run.id)  \(state(run))".plain,
            "  \(run.cluster): \(counts(run.counts, run.through))".plain,
            "  started \(spaced(run.startedAt)), \(end), \(length(run.seconds))",
            "WHERE ITS TIME WENT",
        ]
        if let width = terminal.width { lines = lines.flatMap { TextFold.hanging($0, width: width) } }
        lines += Self.lines(run.time.filter(isWorthTelling).map(share), right: [1, 2], on: terminal)
        if run.isTruncated { lines.append("  its later records are not in here: there are too many") }
        lines.append("NODES")
        let names = ShortNames(run.nodes.map(\.name), limit: terminal.width.map { max($0 / 4, $0 - 110) })
        if names.areShortened { lines.append("  " + ShortNames.advice) }
        lines += Self.lines(
            run.nodes.map { node in
                let phase =
                    node.step.map { "\(node.phase) (\($0))" } ?? node.milestones.ending(node.phase)
                    ?? node.phase
                let details = [times(node.time), names.shortened(facts(node))]
                // On a terminal what does not fit is folded: in one column.
                return [names[node.name], phase, length(node.seconds)]
                    + (terminal.width == nil ? details : [details.filter { !$0.isEmpty }.joined(separator: "; ")])
            }, right: [2], on: terminal)
        return lines.joined(separator: "\n")
    }

    /// `paused: 1 failed (limit 1)`, `partial: the window ended`: what a pause says begins with the word.
    private static func state(_ run: RunDocument) -> String {
        guard let reason = run.reason else { return run.phase }
        return reason.hasPrefix(run.phase) ? reason : "\(run.phase): \(reason)"
    }

    private static func isWorthTelling(_ share: RunDocument.Share) -> Bool { share.seconds >= 0.05 }

    private static func share(_ share: RunDocument.Share) -> [String] {
        [name(share), length(share.seconds), "\(share.percent) %"]
    }

    /// What took most of it.
    private static func times(_ shares: [RunDocument.Share]) -> String {
        let shares = shares.filter(isWorthTelling)
        let told = shares.prefix(4).map { "\(name($0)) \(length($0.seconds))" }
        return (told + (shares.count > told.count ? ["…"] : [])).joined(separator: ", ")
    }

    private static func facts(_ node: RunDocument.Node) -> String {
        var parts: [String] = []
        if let out = node.milestones.outOfServiceSeconds { parts.append("out of service for \(length(Double(out)))") }
        if let leaked = node.milestones.leaked, leaked > 0 { parts.append("\(leaked) leaked in") }
        if let cut = node.milestones.cut, cut > 0 {
            parts.append("\(cut) connection\(cut == 1 ? "" : "s") cut on purpose")
        }
        if let error = node.error { parts.append(error) }
        return parts.joined(separator: ", ")
    }

    private static func name(_ share: RunDocument.Share) -> String {
        let by = share.by.map { " by \($0)" } ?? ""
        switch share.reason {
        case "window": return "outside its windows"
        case "cutoff": return "too close to its window's end"
        case "previous": return "waiting for the node before"
        case "canary": return "watching the canary"
        case "approval": return "waiting for approval"
        case "budget": return "waiting for the budget"
        case "quorum": return "waiting for the quorum"
        case "held": return share.by.map { "held by \($0)" } ?? "waiting for a node that a person holds"
        case "busy": return "waiting for a node that another run has"
        case "node": return "waiting for a node to be well"
        case "clock": return "waiting for the clock"
        default: return share.reason + by
        }
    }

    /// `3 done, 1 failed, 1 through its steps and then held`, those in work and to go first.
    private static func counts(_ counts: [String: Int], _ through: [String: Int]?) -> String {
        let through = through ?? [:]
        let counts = counts.merging(through, uniquingKeysWith: -).filter { $0.value > 0 }
        let first = ["done", "already-there", "failed", "in-work", "queued"]
        let names = first.filter { counts[$0] != nil } + counts.keys.filter { !first.contains($0) }.sorted()
        let words = ["in-work": "in work", "queued": "to go", "already-there": "already there"]
        let afterSteps = through.keys.sorted().compactMap { word in
            PartResult(rawValue: word).map { "\(through[word] ?? 0) \($0.afterSteps)" }
        }
        return (names.map { "\(counts[$0] ?? 0) \(words[$0] ?? $0)" } + afterSteps).joined(separator: ", ")
    }

    private static func length(_ seconds: Double) -> String {
        seconds < 10 ? "\((seconds * 10).rounded() / 10)s" : Duration.seconds(Int64(seconds.rounded())).spoken
    }

    /// `2026-11-29 02:41:07 +09:00`.
    static func spaced(_ instant: String) -> String {
        guard instant.count == 25 else { return instant.plain }
        return "\(instant.prefix(10)) \(instant.dropFirst(11).prefix(8)) \(instant.suffix(6))"
    }
}
