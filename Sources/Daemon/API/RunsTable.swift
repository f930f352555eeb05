import Primitives

/// Runs as tables for people.
package struct RunsTable {
    package static func text(_ document: RunsDocument) -> String {
        guard !document.runs.isEmpty else { return "no run yet" }
        let rows = document.runs.map { run in
            [
                run.id, run.phase, counts(run.counts), spaced(run.startedAt),
                run.endedAt.map(spaced) ?? "–", length(run.seconds),
            ]
        }
        let titles = ["RUN", "PHASE", "NODES", "STARTED", "ENDED", "LENGTH"]
        return Columns.lines([titles] + rows, indent: 0).joined(separator: "\n")
    }

    package static func text(_ run: RunDocument) -> String {
        let end = run.endedAt.map { "ended \(spaced($0))" } ?? "not over"
        var lines = [
            "\(run.id)  \(run.phase)\(run.reason.map { ": \($0)" } ?? "")".plain,
            "  \(run.cluster): \(counts(run.counts))".plain,
            "  started \(spaced(run.startedAt)), \(end), \(length(run.seconds))",
            "WHERE ITS TIME WENT",
        ]
        lines += Columns.lines(run.time.filter(isWorthTelling).map(share), right: [1, 2])
        if run.isTruncated { lines.append("  its later records are not in here: there are too many") }
        lines.append("NODES")
        lines += Columns.lines(
            run.nodes.map { node in
                let phase = node.step.map { "\(node.phase) (\($0))" } ?? node.phase
                return [node.name, phase, length(node.seconds), times(node.time), facts(node)]
            }, right: [2])
        return lines.joined(separator: "\n")
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
        if let error = node.error { parts.append(error) }
        return parts.joined(separator: ", ")
    }

    private static func name(_ share: RunDocument.Share) -> String {
        let by = share.by.map { " by \($0)" } ?? ""
        switch share.reason {
        case "window": return "outside its windows"
        case "previous": return "waiting for the node before"
        case "canary": return "watching the canary"
        case "approval": return "waiting for approval"
        case "budget": return "waiting for the budget"
        case "quorum": return "waiting for the quorum"
        case "held": return "waiting for a node that a person holds"
        case "busy": return "waiting for a node that another run has"
        case "node": return "waiting for a node to be well"
        case "clock": return "waiting for the clock"
        default: return share.reason + by
        }
    }

    /// `3 done, 1 failed`, those in work and to go first.
    private static func counts(_ counts: [String: Int]) -> String {
        let first = ["done", "already-there", "failed", "in-work", "queued"]
        let names = first.filter { counts[$0] != nil } + counts.keys.filter { !first.contains($0) }.sorted()
        let words = ["in-work": "in work", "queued": "to go", "already-there": "already there"]
        return names.map { "\(counts[$0] ?? 0) \(words[$0] ?? $0)" }.joined(separator: ", ")
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
