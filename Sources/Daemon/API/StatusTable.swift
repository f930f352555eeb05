/// The status as a table for people.
public struct StatusTable: Sendable {
    private let document: StatusDocument

    public init(_ document: StatusDocument) {
        self.document = document
    }

    public var text: String {
        var lines: [String] = []
        for cluster in document.clusters {
            lines.append(heading(cluster))
            let rows = cluster.nodes.map(row)
            lines += Self.table(
                [["NODE", "MODE", "WANTED", "SESSIONS", "CONNS", "VERSION", "WHAT IS GOING ON"]] + rows, right: [3, 4])
        }
        if document.clusters.isEmpty { lines.append("no clusters in the policies") }
        if !document.runs.isEmpty {
            lines.append("RUNS")
            for run in document.runs {
                lines += Self.table([row(run)], right: [])
                lines += Self.table(run.nodes.map(row), right: []).map { "  " + $0 }
            }
        }
        return lines.joined(separator: "\n")
    }

    private func heading(_ cluster: StatusDocument.Cluster) -> String {
        let total = cluster.nodes.count
        let out = cluster.budget.unavailable
        let left =
            "\(cluster.name)  \(total - out) of \(total) in service, budget \(out) used of "
            + "\(cluster.budget.maxUnavailable)"
        let gap = String(repeating: " ", count: max(2, 80 - left.count))
        return left + gap + Self.spaced(document.at)
    }

    private func row(_ node: StatusDocument.Node) -> [String] {
        [
            node.name, node.observed ?? "?", node.desired ?? "–", node.sessions.map(String.init) ?? "–",
            node.connections.map(String.init) ?? "–", node.version ?? "–", going(node.verdict),
        ].map(Self.clean)
    }

    private func going(_ verdict: StatusDocument.Verdict) -> String {
        let until = verdict.until.map { ", until \($0.dropFirst(11).prefix(8))" } ?? ""
        return "\(verdict.code): \(verdict.text)\(until)"
    }

    private func row(_ run: StatusDocument.Run) -> [String] {
        let finished: Set<String> = ["done", "already-there", "skipped", "not-reached", "ended", "failed"]
        let done = run.nodes.count { $0.phase == "done" || $0.phase == "already-there" }
        let failed = run.nodes.count { $0.phase == "failed" }
        let left = run.nodes.count { $0.phase == "skipped" || $0.phase == "not-reached" || $0.phase == "ended" }
        let waiting = run.nodes.count { $0.phase == "queued" }
        let working = run.nodes.count { !finished.contains($0.phase) && $0.phase != "queued" }
        var counts = ["\(done) done", "\(working) in work", "\(waiting) to go"]
        if failed > 0 { counts.append("\(failed) failed") }
        if left > 0 { counts.append("\(left) left out") }
        return [run.id, run.phase, counts.joined(separator: " · "), run.text].map(Self.clean)
    }

    private func row(_ node: StatusDocument.RunNode) -> [String] {
        var parts: [String] = []
        if let drained = node.milestones.drainedInSeconds { parts.append("drained in \(drained)s") }
        if let out = node.milestones.outOfServiceSeconds { parts.append("out of service for \(out)s") }
        if let leaked = node.milestones.leaked, leaked > 0 {
            parts.append("\(leaked) session\(leaked == 1 ? "" : "s") leaked in")
        }
        if let error = node.error { parts.append(error) }
        let phase = node.step.map { "\(node.phase) (\($0))" } ?? node.phase
        return [node.name, phase, parts.joined(separator: ", ")].map(Self.clean)
    }

    /// Columns two spaces apart, indented by two; the last one is as wide as it likes.
    private static func table(_ rows: [[String]], right: Set<Int>) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                if right.contains(column) { return gap + cell }
                return column == columns - 1 ? cell : cell + gap
            }
            var line = "  " + cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// `2026-11-29 02:41:07 +09:00`.
    private static func spaced(_ instant: String) -> String {
        guard instant.count == 25 else { return clean(instant) }
        return "\(instant.prefix(10)) \(instant.dropFirst(11).prefix(8)) \(instant.suffix(6))"
    }

    /// Names and texts come from policies and nodes: nothing in them may steer a terminal.
    private static func clean(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                    default: scalar
                    }
                }))
    }
}
