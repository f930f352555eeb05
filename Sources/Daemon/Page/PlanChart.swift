import Calendars
import Primitives
import Scheduling

/// The Gantt chart of a plan: a row for each policy, freezes as bands across the rows that they stop.
///
/// Widths are in percent and text has its own size, so that the same chart stands in a page of any width and in a
/// picture of its own.
struct PlanChart {
    static let headHeight = 66
    static let rowHeight = 34

    let plan: Plan
    let scale: ChartScale
    let wording: PlanWording
    let zone: String
    let now: Timestamp?
    let runs: [OccurrenceID: RunEstimate]

    init(_ plan: Plan, zones: [String: ZoneRules], zone: DisplayZone, now: Timestamp?) {
        self.plan = plan
        wording = PlanWording(zones: zones)
        self.zone = zone.rules.name
        scale = ChartScale(span: Span(start: plan.from, end: plan.to), rules: zone.rules)
        self.now = now
        runs = Dictionary(
            plan.runs.compactMap { run in run.span == nil ? nil : run.firstListed.map { ($0, run) } },
            uniquingKeysWith: { first, _ in first })
    }

    var height: Int { Self.headHeight + max(1, plan.policies.count) * Self.rowHeight + 8 }

    func rowTop(_ row: Int) -> Int { Self.headHeight + row * Self.rowHeight }

    /// What stands inside the `<svg>` element, which is `height` high.
    var body: String {
        var parts = [PlanChart.patterns]
        parts += weekends + bands + gridLines
        let entries = Dictionary(grouping: plan.occurrences, by: \.policy)
        for (row, policy) in plan.policies.enumerated() {
            parts.append(
                policy.schedule.isUnbounded ? unbounded(policy, row) : bars(entries[policy.name] ?? [], policy, row))
        }
        parts += clockChanges + axis + freezeNames + nowLine
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private static let patterns = """
        <defs><pattern id="taken" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
        <line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>
        """

    private var weekends: [String] {
        guard scale.days <= 120 else { return [] }
        let days = scale.midnights()
        return days.indices.compactMap { index in
            guard [.sat, .sun].contains(days[index].date.weekday) else { return nil }
            let end = index + 1 < days.count ? days[index + 1].at : scale.span.end
            let extent = scale.extent(Span(start: max(days[index].at, scale.span.start), end: end))
            return "<rect class=\"weekend\" \(extent) y=\"\(Self.headHeight)\" height=\"\(height - Self.headHeight)\"/>"
        }
    }

    private var gridLines: [String] {
        let bottom = height
        var lines = plan.policies.indices.map { row in
            "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"\(rowTop(row)).5\" y2=\"\(rowTop(row)).5\"/>"
        }
        lines += ChartAxis(scale).marks.filter { $0.isLine && scale.span.start <= $0.at }.map { mark in
            let kind = mark.isMonth ? "grid month" : "grid"
            return "<line class=\"\(kind)\" \(scale.x(mark.at, "x1")) \(scale.x(mark.at, "x2")) "
                + "y1=\"\(mark.isMonth ? 4 : 40)\" y2=\"\(bottom)\"/>"
        }
        return lines
    }

    private var axis: [String] {
        ChartAxis(scale).marks.filter { !$0.text.isEmpty }.map { mark in
            let kind = (mark.isMonth ? "month" : "day") + (mark.isMinor ? " minor" : "")
            let place = "x=\"\(ChartScale.number(scale.percent(mark.at)))%\" dx=\"4\" y=\"\(mark.isMonth ? 16 : 34)\""
            return "<text class=\"\(kind)\" \(place)>\(escaped(mark.text))</text>"
        }
    }

    private var nowLine: [String] {
        guard let now, scale.span.start <= now, now < scale.span.end else { return [] }
        let side = scale.percent(now) > 90 ? "end" : "start"
        return [
            "<g class=\"now\"><title>now: \(escaped(wording.stamp(now, zone)))</title>"
                + "<line \(scale.x(now, "x1")) \(scale.x(now, "x2")) y1=\"40\" y2=\"\(height)\"/>"
                + "<text \(scale.x(now)) dx=\"\(side == "end" ? -4 : 4)\" y=\"\(height - 2)\" "
                + "text-anchor=\"\(side)\">now</text></g>"
        ]
    }

    /// Changes of the clocks: across the chart in its own zone, across its row for a policy in another.
    private var clockChanges: [String] {
        func mark(_ rules: ZoneRules, top: Int, bottom: Int) -> [String] {
            scale.clockChanges(rules).map { change in
                let before = wording.offset(change.at - .seconds(1), rules.name)
                let title =
                    "\(rules.name): the clocks change \(wording.clock(change.at, rules.name)), "
                    + "\(before) to \(wording.offset(change.at, rules.name))"
                return "<g class=\"dst\"><title>\(escaped(title))</title>"
                    + "<line \(scale.x(change.at, "x1")) \(scale.x(change.at, "x2")) y1=\"\(top)\" y2=\"\(bottom)\"/>"
                    + "<circle \(scale.x(change.at, "cx")) cy=\"\(top)\" r=\"3.5\"/></g>"
            }
        }
        var marks = mark(scale.rules, top: Self.headHeight, bottom: height)
        for (row, policy) in plan.policies.enumerated() where policy.timeZone != zone {
            let rules = wording.rules(policy.timeZone)
            marks += mark(rules, top: rowTop(row) + 4, bottom: rowTop(row + 1))
        }
        return marks
    }
}
