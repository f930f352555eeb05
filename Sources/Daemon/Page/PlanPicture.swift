import Calendars
import Primitives
import Scheduling

/// A plan as an SVG picture of its own: names on the left, the chart on the right, what the marks mean below.
package struct PlanPicture {
    static let names = 220
    static let width = 1200

    private let chart: PlanChart

    /// - Parameters:
    ///   - zone: of the dates on the axis.
    ///   - now: marked by a line where it lies in the plan.
    package init(_ plan: Plan, zones: [String: ZoneRules], zone: DisplayZone, now: Timestamp?) {
        chart = PlanChart(plan, zones: zones, zone: zone, now: now)
    }

    package var svg: String {
        let height = chart.height + 34
        let title =
            "\(chart.wording.day(chart.plan.from, chart.zone)) to \(chart.wording.day(chart.plan.to, chart.zone))"
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 \(Self.width) \(height)\" "
                + "width=\"\(Self.width)\" height=\"\(height)\" role=\"img\">",
            "<title>Plan, \(escaped(title)) (\(escaped(chart.zone)))</title>",
            "<style>.paper{fill:#fff}\(PlanStyle.chart)@media (prefers-color-scheme:dark){.paper{fill:#14191f}}</style>",
            "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>",
            "<text class=\"month\" x=\"12\" y=\"34\">\(escaped(chart.zone))</text>",
        ]
        for (row, policy) in chart.plan.policies.enumerated() {
            let y = chart.rowTop(row)
            lines.append(
                "<text class=\"name\" x=\"12\" y=\"\(y + 15)\">\(escaped(short(policy.name, 28)))</text>"
                    + "<text x=\"12\" y=\"\(y + 28)\">\(escaped(short(chart.subtitle(policy), 36)))</text>")
        }
        lines.append(
            "<svg x=\"\(Self.names)\" y=\"0\" width=\"\(Self.width - Self.names - 12)\" height=\"\(chart.height)\">")
        lines.append(chart.body)
        lines.append("</svg>")
        var x = 12
        for (mark, text) in PlanChart.legend(chart.plan) {
            lines.append("<svg x=\"\(x)\" y=\"\(height - 22)\" width=\"18\" height=\"12\">\(mark)</svg>")
            lines.append("<text x=\"\(x + 24)\" y=\"\(height - 12)\">\(text)</text>")
            x += 24 + text.count * 6 + 26
        }
        return lines.joined(separator: "\n") + "\n</svg>\n"
    }

    private func short(_ text: String, _ most: Int) -> String {
        text.count <= most ? text : text.prefix(most - 1) + "…"
    }
}

extension PlanChart {
    /// `tokyo · 2 nodes`
    func subtitle(_ policy: PlannedPolicy) -> String {
        let revision = policy.revision.map { "\($0) · " } ?? ""
        let suspended = policy.isSuspended ? " · suspended" : ""
        return revision + policy.cluster + " · " + wording.count(policy.nodes.count, "node") + suspended
    }

    /// Each mark that the plan has, and what it means.
    static func legend(_ plan: Plan) -> [(mark: String, text: String)] {
        let bar = "x=\"1\" y=\"1\" width=\"16\" height=\"10\" rx=\"2\"/>"
        var legend: [(String, String)] = []
        if plan.policies.contains(where: { !$0.isRollout }) {
            legend.append(("<rect class=\"window\" \(bar)", "maintenance window"))
        }
        if plan.policies.contains(where: { $0.isRollout }) {
            legend.append(("<rect class=\"rollout\" \(bar)", "rollout may progress"))
        }
        if !plan.freezes.isEmpty {
            legend.append(("<rect class=\"freeze\" width=\"18\" height=\"12\"/>", "freeze"))
            legend.append(("<rect class=\"taken\" \(bar)", "taken away by a freeze"))
        }
        let isLong = plan.to - plan.from > .days(120)
        if isLong {
            legend.append(
                ("<rect class=\"window crowd\" x=\"1\" y=\"2\" width=\"16\" height=\"8\"/>", "many short ones"))
        }
        if !isLong, plan.runs.contains(where: { !$0.fits && $0.span != nil }) {
            legend.append(("<text class=\"misfit\" x=\"7\" y=\"11\">!</text>", "does not fit in the worst case"))
        }
        legend.append(("<g class=\"dst\"><circle cx=\"9\" cy=\"6\" r=\"3.5\"/></g>", "clocks change"))
        legend.append(("<g class=\"now\"><line x1=\"9\" x2=\"9\" y1=\"0\" y2=\"12\"/></g>", "now"))
        return legend
    }
}
