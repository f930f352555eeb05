import Calendars
import Primitives
import Scheduling

/// A plan as one HTML file: the chart, then policy by policy what it says in words. Nothing is loaded from anywhere,
/// nothing needs a script, and the only style is one sheet in the head.
package struct PlanPage {
    /// Rows of the table of one policy; what follows is counted.
    static let rowLimit = 60
    /// Rows of all tables together, at most about so many.
    static let totalRows = 3_000

    private let chart: PlanChart
    private let zonesVersion: String?
    private var plan: Plan { chart.plan }
    private var wording: PlanWording { chart.wording }

    package init(_ plan: Plan, zones: [String: ZoneRules], zone: DisplayZone, now: Timestamp?, zonesVersion: String?) {
        chart = PlanChart(plan, zones: zones, zone: zone, now: now)
        self.zonesVersion = zonesVersion
    }

    package var html: String {
        let span = "\(wording.day(plan.from, chart.zone)) to \(wording.day(plan.to, chart.zone))"
        let entries = Dictionary(grouping: plan.occurrences, by: \.policy)
        let runs = Dictionary(grouping: plan.runs, by: \.policy)
        var lines = [
            "<!DOCTYPE html>", "<html lang=\"en\"><head><meta charset=\"utf-8\"/>",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>",
            "<title>nagi plan, \(escaped(span))</title>",
            "<style>\(PlanStyle.page)\(PlanStyle.chart)</style></head><body>",
            "<h1>Plan</h1><p class=\"quiet\">\(escaped(span)) · dates in \(escaped(chart.zone)) · "
                + "\(wording.count(plan.policies.count, "policy").replacing("policys", with: "policies"))</p>",
        ]
        lines += gantt
        lines += plan.policies.flatMap { section($0, entries[$0.name] ?? [], runs[$0.name] ?? []) }
        let more = plan.isTruncated ? " There are more occurrences than are listed." : ""
        lines.append(
            "<footer><p>\(PlanWording.assumption)\(more)</p><p>Time zones: tzdata "
                + "\(escaped(zonesVersion ?? "of unknown version")).</p></footer></body></html>")
        return lines.joined(separator: "\n") + "\n"
    }

    private var gantt: [String] {
        var lines = ["<div class=\"gantt\"><ol>"]
        for policy in plan.policies {
            let subtitle = chart.subtitle(policy)
            lines.append(
                "<li title=\"\(escaped("\(policy.name) · \(subtitle)"))\"><a href=\"#\(escaped(policy.name))\">"
                    + "\(escaped(policy.name))</a><small>\(escaped(subtitle))</small></li>")
        }
        lines.append(
            "</ol><svg class=\"chart\" height=\"\(chart.height)\" role=\"img\" "
                + "aria-label=\"When each policy may act; the same is said in words below\">")
        lines.append(chart.body)
        lines.append("</svg></div><ul class=\"legend\">")
        for (mark, text) in PlanChart.legend(plan) {
            lines.append(
                "<li><svg class=\"chart\" width=\"18\" height=\"12\" aria-hidden=\"true\">\(mark)</svg>\(text)</li>")
        }
        lines.append("</ul>")
        return lines
    }

    private func section(_ policy: PlannedPolicy, _ entries: [Plan.Entry], _ runs: [RunEstimate]) -> [String] {
        let name = policy.name + (policy.revision.map { " \($0)" } ?? "")
        var lines = ["<section id=\"\(escaped(policy.name))\"><h2>\(escaped(name))</h2><dl>"]
        func fact(_ term: String, _ text: String) {
            lines.append("<dt>\(term)</dt><dd>\(escaped(text))</dd>")
        }
        fact("nodes", wording.place(policy))
        if let asks = wording.asks(policy) { fact("asks", asks) }
        if let unknown = wording.unknownNodes(policy) { fact("found", unknown) }
        if policy.nodes.count > 1, policy.atOnce > 0 {
            fact("at once", "at most \(wording.count(min(policy.atOnce, policy.nodes.count), "node"))")
        }
        let worst = policy.sequence.worstCase
        fact("each node", "\(policy.sequence.name): at most \(worst.total.spoken) (\(worst.sum))")
        if policy.startMargin > .zero { fact("cutoff", "no node starts in the last \(policy.startMargin.spoken)") }
        fact("time zone", policy.hasManyZones ? "several" : policy.timeZone)
        if policy.isSuspended { fact("suspended", "it starts nothing until that is taken back") }
        if policy.isRollout, let run = runs.first { fact("estimate", wording.rollout(run, policy.timeZone)) }
        lines.append("</dl>")
        if policy.schedule.isUnbounded {
            lines.append("<p>At any time that no freeze takes: it has no windows.</p>")
        } else if entries.isEmpty {
            lines.append("<p>Nothing until \(escaped(wording.stamp(plan.to, policy.timeZone))).</p>")
        } else {
            lines += table(entries)
        }
        if let run = runs.first(where: { run in run.expected.parts.contains { $0.start != nil } }) {
            lines += courses(of: run, policy)
        }
        return lines + ["</section>"]
    }

    /// What each node of a run does, and when.
    private func courses(of run: RunEstimate, _ policy: PlannedPolicy) -> [String] {
        let worst = Dictionary(run.worst.parts.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        func end(_ part: RunEstimate.Part?) -> String {
            guard let part, part.start != nil, let end = part.end else { return "not started" }
            return part.isThrough ? wording.clock(end, in: run, policy.timeZone) : "given back"
        }
        let rows = run.expected.parts.prefix(Self.rowLimit).map { part in
            let start = part.start.map { wording.clock($0, in: run, policy.timeZone) } ?? "not started"
            return [part.node, start, end(part), end(worst[part.node])]
        }
        let title = run.span.map { "The run of \(wording.clock($0.start, policy.timeZone))" } ?? "The run"
        return [
            "<details><summary>\(escaped(title)), node by node</summary><div class=\"scroll\"><table><thead><tr>"
                + "<th>Node</th><th>Starts</th><th>Through</th><th>At the latest</th></tr></thead><tbody>"
        ] + rows.map { "<tr>" + $0.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }
            + ["</tbody></table></div></details>"]
    }

    private func table(_ entries: [Plan.Entry]) -> [String] {
        let limit = max(3, min(Self.rowLimit, Self.totalRows / max(1, plan.policies.count)))
        var lines = [
            "<div class=\"scroll\"><table><thead><tr><th>Day</th><th>Local time</th><th>UTC</th><th>Length</th>"
                + "<th>Window</th><th>Freezes and runs</th></tr></thead><tbody>"
        ]
        var said = ""
        for entry in entries.prefix(limit) {
            var notes: [String] = []
            if let run = chart.runs[entry.id] {
                let note = wording.window(run, entry.timeZone).replacing("   ", with: ": ")
                notes.append(note == said ? (run.fits ? "" : "does not fit") : note)
                said = note
            }
            notes += [wording.shiftedStart(entry)].compactMap { $0 } + wording.takenAway(entry)
            let cells = [
                wording.day(entry.start, entry.timeZone),
                wording.range(entry.span, entry.timeZone) + " " + wording.offset(entry.start, entry.timeZone),
                wording.dayAndRange(entry.span, ZoneRules.utc.name), wording.length(of: entry), entry.window,
            ]
            lines.append(
                "<tr\(entry.open.isEmpty ? " class=\"gone\"" : "")>"
                    + cells.map { "<td>\(escaped($0))</td>" }.joined()
                    + "<td class=\"note\">\(notes.filter { !$0.isEmpty }.map(escaped).joined(separator: "<br/>"))</td></tr>"
            )
        }
        lines.append("</tbody></table></div>")
        if entries.count > limit {
            lines.append("<p class=\"quiet\">and \(entries.count - limit) more: ask for fewer days, or for JSON</p>")
        }
        return lines
    }
}
