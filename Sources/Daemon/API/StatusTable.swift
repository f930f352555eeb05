import Scheduling

/// The status as a table for people.
package struct StatusTable: Sendable {
    private let document: StatusDocument
    /// The day on which it was asked for: instants of it are shown without their date.
    private let today: Substring

    package init(_ document: StatusDocument) {
        self.document = document
        today = document.at.prefix(10)
    }

    package var text: String {
        var lines = document.clusters.flatMap(cluster)
        if document.clusters.isEmpty { lines.append("no clusters in the policies") }
        lines += section("RUNS", document.runs.flatMap(run))
        lines += policies
        lines += section(
            "OWED", Self.table(document.owed.map { [$0.node, $0.mode, "since \(short($0.since))", $0.text] }))
        lines += section("HOLDS", Self.table(document.holds.map(row)))
        lines += section(
            "NOT IN THE POLICIES",
            Self.table(
                document.unlisted.map {
                    [
                        "\($0.cluster)/\($0.name)", $0.temporary ? "temporary" : "regular",
                        $0.serving ? "in service" : "out of service",
                    ]
                }))
        lines += section(
            "ALARMS", Self.table(document.alarms.map { [$0.code, "since \(short($0.since))", $0.text] }))
        if let refused = document.refusedReload {
            let first = refused.reasons.first.map { ": \($0.split(whereSeparator: \.isNewline).first ?? "")" } ?? ""
            lines.append("! the files on disk were refused at \(short(refused.at))\(first)".plain)
        }
        return lines.joined(separator: "\n")
    }

    private func section(_ title: String, _ lines: [String]) -> [String] { lines.isEmpty ? [] : [title] + lines }

    private func cluster(_ cluster: StatusDocument.Cluster) -> [String] {
        let titles = ["NODE", "MODE", "WANTED", "SESSIONS", "CONNS", "VERSION", "WHAT IS GOING ON"]
        return [heading(cluster)] + Self.table([titles] + cluster.nodes.map(row), right: [3, 4])
    }

    private func heading(_ cluster: StatusDocument.Cluster) -> String {
        let total = cluster.nodes.count + document.unlisted.count { $0.cluster == cluster.name }
        let out = cluster.budget.unavailable
        let left =
            "\(cluster.name)  \(max(0, total - out)) of \(total) in service, budget \(out) used of "
            + "\(cluster.budget.maxUnavailable)"
        let gap = String(repeating: " ", count: max(2, 80 - left.count))
        return left.plain + gap + Self.spaced(document.at)
    }

    private func row(_ node: StatusDocument.Node) -> [String] {
        [
            node.name, node.observed ?? "?", node.desired ?? "–", node.sessions.map(String.init) ?? "–",
            node.connections.map(String.init) ?? "–", node.version ?? "–",
            "\(node.verdict.code): \(node.verdict.text)\(until(node.verdict.until))"
                + (node.retained ? " (not in the policies any more)" : ""),
        ]
    }

    private func run(_ run: StatusDocument.Run) -> [String] {
        var lines = Self.table([[run.id, run.phase, run.endedAt == nil ? run.text : summary(of: run)]])
        if let first = run.blockers.first {
            lines.append("    next node: \(first.text)\(until(first.until))".plain)
        }
        return lines + Self.table(run.nodes.map(row)).map { "  " + $0 }
    }

    /// How a run that is over came out.
    private func summary(of run: StatusDocument.Run) -> String {
        let results = run.nodes.compactMap { PartResult(rawValue: $0.phase) }
        let done = results.count { $0 == .done || $0 == .alreadyThere }
        let failed = results.count { $0 == .failed }
        var counts = ["\(done) done"]
        if failed > 0 { counts.append("\(failed) failed") }
        if results.count > done + failed { counts.append("\(results.count - done - failed) left out") }
        return counts.joined(separator: " · ") + (run.text == run.phase ? "" : "  \(run.text)")
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
        return [node.name, phase, parts.joined(separator: ", ")]
    }

    private var policies: [String] {
        guard !document.policies.isEmpty else { return [] }
        let since = document.since.map { "  in force since \(short($0))" } ?? "  in force"
        let title = "POLICIES\(since), digest \(document.digest)".plain
        return [title] + Self.table(document.policies.map { [$0.name, $0.state, ahead(of: $0)] })
    }

    private func ahead(of policy: StatusDocument.Policy) -> String {
        var parts: [String] = []
        if let reason = policy.reason { parts.append("by \(reason)") }
        if let until = policy.until { parts.append("until \(short(until))") }
        if let next = policy.next { parts.append("next \(short(next))") }
        return parts.joined(separator: ", ")
    }

    private func row(_ hold: StatusDocument.Hold) -> [String] {
        [
            hold.node, hold.mode ?? hold.kind,
            "by \(hold.actor): \(hold.reason)\(hold.until.map { ", until \(short($0))" } ?? ", until it is released")",
        ]
    }

    private func until(_ instant: String?) -> String { instant.map { ", until \(short($0))" } ?? "" }

    /// `02:41:07`, with the date where it is of another day.
    private func short(_ instant: String) -> String {
        guard instant.count == 25 else { return instant }
        let time = instant.dropFirst(11).prefix(8)
        return instant.hasPrefix(today) ? String(time) : "\(instant.prefix(10)) \(time)"
    }

    /// Columns two spaces apart, indented by two; the last one is as wide as it likes. Names and texts come from policies
    /// and nodes: nothing in them may steer a terminal.
    private static func table(_ rows: [[String]], right: Set<Int> = []) -> [String] {
        let rows = rows.map { $0.map(\.plain) }
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
        guard instant.count == 25 else { return instant.plain }
        return "\(instant.prefix(10)) \(instant.dropFirst(11).prefix(8)) \(instant.suffix(6))"
    }
}
