import Daemon
import Foundation
import ModeCore
import Scheduling

/// A plan as a table for people: policy by policy, one line per occurrence and one for each part that is taken away.
struct PlanText {
    private let plan: Plan
    private let set: PolicySet
    private let zone: DisplayZone

    init(_ plan: Plan, set: PolicySet, zone: DisplayZone) {
        self.plan = plan
        self.set = set
        self.zone = zone
    }

    var text: String {
        var lines: [String] = []
        let policies =
            set.maintenanceWindows.map { ($0.name, $0.cluster) }
            + set.rollouts.map { ("\($0.name) \($0.revision)", $0.cluster) }
        let names = set.maintenanceWindows.map(\.name) + set.rollouts.map(\.name)
        for (name, (title, cluster)) in zip(names, policies) {
            lines.append("\(title) · \(cluster)")
            let entries = plan.occurrences.filter { $0.policy == name }
            lines += entries.flatMap(self.lines)
            if plan.unbounded.contains(name) { lines.append("  at any time: it has no windows") }
            if entries.isEmpty && !plan.unbounded.contains(name) {
                lines.append("  nothing until \(clock(plan.to, zone))")
            }
        }
        if policies.isEmpty { lines.append("no policy has windows") }
        if plan.isTruncated { lines.append("There is more: ask for fewer days.") }
        return lines.joined(separator: "\n")
    }

    private func lines(_ entry: Plan.Entry) -> [String] {
        let zone = set.zones[entry.timeZone].map { DisplayZone(rules: $0) } ?? .utc
        let elapsed = length(entry.elapsedSeconds)
        var line = "  \(clock(entry.start, zone)) → \(clock(entry.end, zone))  \(elapsed)"
        if entry.dst { line += "  (daylight saving: \(length(entry.wallSeconds)) on the wall)" }
        if entry.open.isEmpty { line += "  does not happen" }
        return [line]
            + entry.takenAway.map { taken in
                let reason = taken.reason.map { " (\"\($0)\")" } ?? ""
                return "      taken away by \(taken.by)\(reason): \(clock(taken.span.start, zone)) → "
                    + clock(taken.span.end, zone)
            }
    }

    /// `Sun 2026-11-29 02:00 +09:00`.
    private func clock(_ instant: Timestamp, _ zone: DisplayZone) -> String {
        let text = zone.text(instant)
        let day = zone.rules.local(instant).date.weekday.rawValue.capitalized
        let time = text.dropFirst(11).prefix(8)
        return "\(day) \(text.prefix(10)) \(time.hasSuffix(":00") ? time.prefix(5) : time) \(text.suffix(6))"
    }

    private func length(_ seconds: Double) -> String {
        let minutes = Int(seconds) / 60
        let parts = [(minutes / 60, "h"), (minutes % 60, "m"), (Int(seconds) % 60, "s")].filter { $0.0 != 0 }
        return parts.isEmpty ? "0s" : parts.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }
}
