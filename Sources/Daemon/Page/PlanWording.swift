import Calendars
import Primitives
import Scheduling

/// How instants, lengths, and what a plan says are put into words; the command line and the page use the same.
package struct PlanWording: Sendable {
    private let zones: [String: ZoneRules]

    package init(zones: [String: ZoneRules]) {
        self.zones = zones
    }

    package func rules(_ zone: String) -> ZoneRules { zones[zone] ?? .utc }

    /// `Sun 2026-11-29`.
    package func day(_ instant: Timestamp, _ zone: String) -> String {
        let date = rules(zone).local(instant).date
        let name = date.weekday.rawValue
        return "\(name.prefix(1).uppercased())\(name.dropFirst()) \(date)"
    }

    /// `02:00`, with seconds where there are any.
    package func time(_ instant: Timestamp, _ zone: String) -> String {
        let text = rules(zone).local(instant).description.dropFirst(11)
        return String(text)
    }

    /// `Sun 2026-11-29 02:00`.
    package func clock(_ instant: Timestamp, _ zone: String) -> String {
        "\(day(instant, zone)) \(time(instant, zone))"
    }

    /// `+09:00`.
    package func offset(_ instant: Timestamp, _ zone: String) -> String {
        let text = rules(zone).text(Timestamp(seconds: instant.seconds))
        return text.hasSuffix("Z") ? "+00:00" : String(text.suffix(6))
    }

    /// The end of a span whose start is shown beside it: with its date where that is another.
    package func end(of span: Span, _ zone: String) -> String {
        day(span.start, zone) == day(span.end, zone) ? time(span.end, zone) : clock(span.end, zone)
    }

    /// `02:00 → 05:00`, `22:00 → Mon 2026-11-30 04:00`.
    package func range(_ span: Span, _ zone: String) -> String {
        "\(time(span.start, zone)) → \(end(of: span, zone))"
    }

    /// `Sun 2026-11-29 02:00 → 05:00`.
    package func dayAndRange(_ span: Span, _ zone: String) -> String { "\(day(span.start, zone)) \(range(span, zone))" }

    package func length(_ seconds: Double) -> String { Duration.seconds(Int64(seconds)).spoken }

    /// `3h`, or `4h (DST: 3h on the wall)`.
    package func length(of entry: Plan.Entry) -> String {
        let elapsed = length(entry.elapsedSeconds)
        guard entry.dst else { return elapsed }
        let wall = entry.wallSeconds == entry.elapsedSeconds ? "" : ": \(length(entry.wallSeconds)) on the wall"
        return "\(elapsed) (DST\(wall))"
    }

    /// That the clocks never show the start that the policy says; nil on all other days.
    package func shiftedStart(_ entry: Plan.Entry) -> String? {
        let shown = rules(entry.timeZone).local(entry.start)
        guard shown != entry.id.nominal else { return nil }
        return "DST: the clocks skip \(entry.id.nominal.description.dropFirst(11)) that day"
    }

    /// `freezes/year-end ("year-end freeze")`.
    package func name(_ taken: TakenAway) -> String {
        taken.by + (taken.reason.map { " (\"\($0)\")" } ?? "")
    }

    /// What exclusions take of an occurrence, one text each.
    package func takenAway(_ entry: Plan.Entry) -> [String] {
        entry.takenAway.map { taken in
            if taken.span == entry.span { return "taken away by \(name(taken))" }
            return "\(range(taken.span, entry.timeZone)) taken away by \(name(taken))"
        }
    }

    /// `node-01, node-02 and 3 more`.
    package func names(_ nodes: [String], most: Int = 3) -> String {
        guard nodes.count > most + 1 else { return nodes.joined(separator: ", ") }
        return nodes.prefix(most).joined(separator: ", ") + " and \(nodes.count - most) more"
    }

    package func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// `zone=a`, `nodes node-01, node-02`, `all but node-03`.
    package func selector(_ selector: Selector) -> String {
        var parts = selector.matchLabels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        for expression in selector.matchExpressions {
            let values = expression.values.isEmpty ? "" : " (\(expression.values.joined(separator: ", ")))"
            parts.append("\(expression.key) \(expression.operator.rawValue)\(values)")
        }
        if let nodes = selector.nodes { parts.append("by name: \(names(nodes.sorted()))") }
        if !selector.exclude.isEmpty { parts.append("not \(names(selector.exclude.sorted()))") }
        return parts.joined(separator: ", ")
    }

    /// `tokyo (zone=a: node-01, node-02)`.
    package func place(_ policy: PlannedPolicy) -> String {
        let selector = selector(policy.selector)
        let nodes = policy.nodes.isEmpty ? "no node" : names(policy.nodes)
        return "\(policy.cluster) (\(selector.isEmpty ? nodes : "\(selector): \(nodes)"))"
    }
}
