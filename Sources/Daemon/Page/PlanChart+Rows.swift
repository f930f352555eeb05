import Calendars
import Scheduling

/// The bars of a chart's rows.
extension PlanChart {
    /// Neighbours that are too close to be told apart are one bar, drawn low.
    private struct Group {
        var entries: [Plan.Entry]
        var span: Span
        var isGone: Bool { entries.allSatisfy(\.open.isEmpty) }
    }

    func bars(_ entries: [Plan.Entry], _ policy: PlannedPolicy, _ row: Int) -> String {
        var groups: [Group] = []
        for entry in entries {
            if let last = groups.indices.last, groups[last].isGone == entry.open.isEmpty,
                gap(groups[last].span, entry.span) < ChartScale.nearest * 2,
                max(scale.width(groups[last].span) / Double(groups[last].entries.count), scale.width(entry.span)) < 0.4
            {
                groups[last].entries.append(entry)
                groups[last].span.end = max(groups[last].span.end, entry.end)
            } else {
                groups.append(Group(entries: [entry], span: entry.span))
            }
        }
        let kind = (policy.isRollout ? "rollout" : "window") + (policy.isSuspended ? " suspended" : "")
        let marks = groups.map { group in
            group.entries.count == 1 ? bar(group.entries[0], policy, row, kind) : crowd(group, row, kind)
        }
        return marks.joined(separator: "\n")
    }

    private func gap(_ a: Span, _ b: Span) -> Double { scale.percent(b.start) - scale.percent(a.end) }

    private func bar(_ entry: Plan.Entry, _ policy: PlannedPolicy, _ row: Int, _ kind: String) -> String {
        let (y, height) = (rowTop(row) + 8, Self.rowHeight - 16)
        var title = [
            policy.name + " / " + entry.window,
            wording.dayAndRange(entry.span, entry.timeZone) + " " + wording.offset(entry.start, entry.timeZone),
            wording.length(of: entry),
        ]
        title += wording.takenAway(entry)
        let run = runs[entry.id]
        if let run { title.append(wording.window(run, entry.timeZone).replacing("   ", with: ": ")) }
        var marks = "<g><title>\(escaped(title.joined(separator: " · ")))</title>"
        for span in entry.open {
            marks += "<rect class=\"\(kind)\" \(scale.extent(span)) y=\"\(y)\" height=\"\(height)\" rx=\"2\"/>"
        }
        for span in entry.takenAway.map(\.span) {
            marks += "<rect class=\"taken\" \(scale.extent(span)) y=\"\(y)\" height=\"\(height)\" rx=\"2\"/>"
        }
        // Over a long time the marks would hide the windows; the words below still say it.
        if scale.days <= 120, let run, !run.fits, run.atOnce > 0, !entry.open.isEmpty {
            marks += "<text class=\"misfit\" \(scale.x(entry.end)) dx=\"3\" y=\"\(y + 13)\">!</text>"
        }
        return marks + "</g>"
    }

    private func crowd(_ group: Group, _ row: Int, _ kind: String) -> String {
        let count = wording.count(group.entries.count, "occurrence")
        let zone = group.entries[0].timeZone
        let span = "\(wording.day(group.span.start, zone)) to \(wording.day(group.span.end, zone))"
        let what = group.isGone ? "\(count) taken away" : count
        return "<g><title>\(escaped("\(group.entries[0].policy) · \(what), \(span)"))</title>"
            + "<rect class=\"\(group.isGone ? "taken" : kind + " crowd")\" \(scale.extent(group.span)) "
            + "y=\"\(rowTop(row) + 12)\" height=\"\(Self.rowHeight - 24)\"/></g>"
    }

    /// A rollout without windows: a thin line, broken where something stops it.
    func unbounded(_ policy: PlannedPolicy, _ row: Int) -> String {
        let frozen = SpanSet(plan.freezes.filter { $0.policies.contains(policy.name) }.flatMap(\.spans))
        let taken = frozen.spans.filter { $0.overlaps(scale.span) }
        let y = rowTop(row) + Self.rowHeight / 2 - 2
        let title = "\(policy.name): at any time, it has no windows"
        let kind = "rollout" + (policy.isSuspended ? " suspended" : "")
        return "<g><title>\(escaped(title))</title>"
            + merged(SpanSet(scale.span).minus(frozen).spans).map {
                "<rect class=\"\(kind)\" \(scale.extent($0)) y=\"\(y)\" height=\"4\"/>"
            }.joined()
            + merged(taken).map {
                "<rect class=\"taken\" \(scale.extent($0)) y=\"\(y - 2)\" height=\"8\"/>"
            }.joined() + "</g>"
    }

    /// What is too close to be told apart joined.
    func merged(_ spans: [Span]) -> [Span] {
        var result: [Span] = []
        for span in spans {
            if let last = result.indices.last, gap(result[last], span) < ChartScale.nearest {
                result[last].end = max(result[last].end, span.end)
            } else {
                result.append(span)
            }
        }
        return result
    }
}

/// Freezes: bands behind the rows that they stop, and their names above.
extension PlanChart {
    /// One that comes back so often that its bands would cover everything is told of in the rows only.
    private var drawnFreezes: [PlannedFreeze] { plan.freezes.filter { merged($0.spans).count <= 60 } }

    var bands: [String] {
        drawnFreezes.flatMap { freeze -> [String] in
            let rows = plan.policies.indices.filter { freeze.policies.contains(plan.policies[$0].name) }
            var blocks: [ClosedRange<Int>] = []
            for row in rows {
                if let last = blocks.last, last.upperBound + 1 == row {
                    blocks[blocks.count - 1] = last.lowerBound...row
                } else {
                    blocks.append(row...row)
                }
            }
            return merged(freeze.spans).flatMap { span in
                blocks.map { block in
                    let top = rowTop(block.lowerBound)
                    return "<rect class=\"freeze\" \(scale.extent(span)) y=\"\(top)\" "
                        + "height=\"\(rowTop(block.upperBound + 1) - top)\">"
                        + "<title>\(escaped(title(freeze, span)))</title></rect>"
                }
            }
        }
    }

    private func title(_ freeze: PlannedFreeze, _ span: Span) -> String {
        let reason = freeze.reason.map { " (\"\($0)\")" } ?? ""
        let end = wording.clock(span.end, freeze.timeZone)
        return "freeze \(freeze.name)\(reason): \(wording.clock(span.start, freeze.timeZone)) → \(end)"
    }

    /// Names as long as there is room for them on a narrow chart: a freeze without one still has its tooltip.
    var freezeNames: [String] {
        var used: [(start: Double, end: Double)] = []
        var names: [String] = []
        let perCharacter = 7.2 / ChartScale.narrowest * 100
        for freeze in drawnFreezes {
            for span in merged(freeze.spans).filter({ $0.overlaps(scale.span) }) {
                let text = freeze.reason ?? freeze.name
                let start = min(scale.percent(span.start), max(0, 100 - Double(text.count + 1) * perCharacter))
                let end = start + Double(text.count + 1) * perCharacter
                let tick =
                    "<rect class=\"freeze-head\" \(scale.extent(span)) y=\"58\" height=\"5\">"
                    + "<title>\(escaped(title(freeze, span)))</title></rect>"
                names.append(tick)
                guard end <= 100.001, !used.contains(where: { start < $0.end && $0.start < end }) else { continue }
                used.append((start, end))
                names.append(
                    "<text class=\"freeze-name\" x=\"\(ChartScale.number(start))%\" y=\"54\">\(escaped(text))</text>")
            }
        }
        return names
    }
}
