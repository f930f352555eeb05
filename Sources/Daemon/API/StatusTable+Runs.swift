import Primitives
import Scheduling

/// Runs: what they wait for, what they have done, and what did not go well.
extension StatusTable {
    /// Ended runs that are listed.
    private static let endedLimit = 3
    /// Nodes of a run that are through and are listed one by one.
    private static let throughLimit = 3

    var runLines: [String] {
        let active = document.runs.filter { $0.endedAt == nil }
        let ended = Array(document.runs.filter { $0.endedAt != nil }.reversed())
        let shown = showsAll ? ended : Array(ended.prefix(Self.endedLimit))
        var lines = active.flatMap(lines)
        if showsAll {
            lines += shown.flatMap { self.table([summary(of: $0)]) + nodes(of: $0) }
        } else {
            lines += table(shown.map(summary))
        }
        if ended.count > shown.count {
            lines.append(terminal.painted("  … and \(ended.count - shown.count) earlier: --all", .faint))
        }
        return lines
    }

    private func lines(of run: StatusDocument.Run) -> [String] {
        let style: TextStyle = run.phase == "paused" ? .warning : .busy
        let open = document.policies.first { $0.name == run.policy && $0.state == "open" }
        let window = shown(open?.until).map { "window open until \($0.ahead)" }
        let end = shown(run.projectedEnd).map { "through about \($0.ahead)" }
        let state = [counts(of: run), end, window].compactMap { $0 }.joined(separator: " · ")
        var lines = table([[.init(run.id), .init(run.phase, style), .init(state)]])
        if let first = run.blockers.first {
            // What of it is in work may have yet to be granted its place.
            let title = run.nodes.contains { $0.phase == "queued" } ? "next node:" : "in its way:"
            lines += table(
                [[.init(title), .init(names(of: run.cluster).shortened(first.told) + until(first.until))]], indent: 4)
        }
        if let force = run.force { lines += table([["forced:", .init(force.text, .warning)]], indent: 4) }
        return lines + nodes(of: run)
    }

    /// How a run that is over came out.
    private func summary(of run: StatusDocument.Run) -> [TextTable.Cell] {
        let style: TextStyle =
            switch run.phase {
            case "completed": .good
            case "failed": .alarm
            default: .warning
            }
        let reason = run.text.hasPrefix("\(run.phase): ") ? " · \(run.text.dropFirst(run.phase.count + 2))" : ""
        let ended = run.endedAt.map { "ended \(clock($0)): " } ?? ""
        return [.init(run.id), .init(run.phase, style), .init(ended + counts(of: run) + reason)]
    }

    /// `1 done · 1 in work · 4 to go · 1 failed`.
    private func counts(of run: StatusDocument.Run) -> String {
        let results = run.nodes.compactMap { PartResult(rawValue: $0.phase) }
        let done = results.count { $0 == .done || $0 == .alreadyThere }
        let failed = results.count { $0 == .failed }
        let queued = run.nodes.count { $0.phase == "queued" }
        var counts = ["\(done) done"]
        if run.endedAt == nil {
            counts += ["\(run.nodes.count - queued - results.count) in work", "\(queued) to go"]
        }
        if failed > 0 { counts.append("\(failed) failed") }
        let would = results.count { $0 == .would }
        if would > 0 { counts.append("\(would) would start") }
        let through = run.nodes.compactMap { $0.milestones.ending($0.phase) }
        counts += Set(through).sorted().map { word in "\(through.count { $0 == word }) \(word)" }
        let leftOut = results.count - done - failed - would - through.count
        if leftOut > 0 { counts.append("\(leftOut) left out") }
        return counts.joined(separator: " · ")
    }

    private func nodes(of run: StatusDocument.Run) -> [String] {
        guard !showsAll else { return table(run.nodes.flatMap { rows(for: $0, of: run) }, indent: 4) }
        let queued = run.nodes.filter { $0.phase == "queued" }
        let results = run.nodes.filter { PartResult(rawValue: $0.phase) != nil }
        let failed = results.filter { $0.phase == PartResult.failed.rawValue }
        let through = results.filter { $0.phase != PartResult.failed.rawValue }.sorted { $0.since < $1.since }
        let working = run.nodes.filter { node in node.phase != "queued" && !results.contains { $0.name == node.name } }
        var lines = table(
            (failed + working + through.suffix(Self.throughLimit)).flatMap { rows(for: $0, of: run) }, indent: 4)
        if through.count > Self.throughLimit {
            lines.append(folded("\(through.count - Self.throughLimit) more through"))
        }
        if !queued.isEmpty {
            let names = names(of: run.cluster)
            lines.append(folded("\(queued.count) queued: \(list(queued.map { names[$0.name] }))"))
        }
        return lines
    }

    private func folded(_ text: String) -> String {
        let text = TextTable.Cell(text).text
        let shown = terminal.width.map { TextFold.cut(text, width: $0 - 4) } ?? text
        return "    " + terminal.painted(shown, .faint)
    }

    private func rows(for part: StatusDocument.RunNode, of run: StatusDocument.Run) -> [[TextTable.Cell]] {
        let names = names(of: run.cluster)
        let node = document.clusters.first { $0.name == run.cluster }?.nodes.first { $0.name == part.name }
        let isFailed = part.phase == PartResult.failed.rawValue
        // One that stays shut is told with its reason in a section of its own.
        let isToldAbove = isFailed && node?.failed?.run == run.id
        var parts: [String] = []
        if let left = part.leftSeconds { parts.append("\(Duration.seconds(left).spoken) of its time are left") }
        if let drained = part.milestones.drainedInSeconds { parts.append("drained in \(drained)s") }
        if let out = part.milestones.outOfServiceSeconds { parts.append("out of service for \(out)s") }
        if let leaked = part.milestones.leaked, leaked > 0 {
            parts.append("\(leaked) session\(leaked == 1 ? "" : "s") leaked in")
        }
        if let cut = part.milestones.cut, cut > 0 {
            parts.append("\(cut) connection\(cut == 1 ? "" : "s") cut on purpose")
        }
        if let error = part.error, !isToldAbove { parts.append(names.shortened(error)) }
        let phase =
            part.step.map { "\(part.phase) (\($0))" } ?? part.milestones.ending(part.phase)
            ?? part.phase
        let style: TextStyle = isFailed ? .alarm : part.phase == "done" ? .good : .plain
        var rows: [[TextTable.Cell]] = [
            [.init(names[part.name]), .init(phase, style), .init(parts.joined(separator: ", "))]
        ]
        if let node, isFailed, !isToldAbove, node.command?.run == run.id {
            rows += output(of: node).map { ["", "", .init($0, .faint)] }
        }
        return rows
    }
}
