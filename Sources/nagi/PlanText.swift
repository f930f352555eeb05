import Calendars
import Daemon
import Foundation
import Primitives
import Scheduling

/// A plan as a table for people: policy by policy, one line per occurrence and one for each part that is taken away.
struct PlanText {
    private let plan: Plan
    private let zonesVersion: String?
    private let wording: PlanWording
    private let entries: [String: [Plan.Entry]]
    private let runs: [String: [RunEstimate]]

    private static let width = 104
    /// Rows of one policy: who reads more of them wants another format, or fewer days.
    private static let longest = 200

    init(_ plan: Plan, set: PolicySet, zones: String?) {
        self.plan = plan
        zonesVersion = zones
        wording = PlanWording(zones: set.zones)
        entries = Dictionary(grouping: plan.occurrences, by: \.policy)
        runs = Dictionary(grouping: plan.runs, by: \.policy)
    }

    var text: String {
        var lines: [String] = []
        for policy in plan.policies {
            if !lines.isEmpty { lines.append("") }
            lines.append(title(policy))
            lines += policy.isRollout ? rollout(policy) : []
            if let asks = wording.asks(policy) { lines.append("  " + asks) }
            if let unknown = wording.unknownNodes(policy) { lines.append("  " + unknown) }
            lines += occurrences(of: policy)
        }
        if plan.policies.isEmpty { lines.append("no policy has windows") }
        lines.append("")
        if plan.isTruncated { lines.append("There is more: ask for fewer days.") }
        if plan.runs.contains(where: { $0.expected.end != nil && $0.span == nil }) {
            lines.append(PlanWording.assumption)
        }
        lines.append("Zones: tzdata \(zonesVersion ?? "of unknown version").")
        return lines.joined(separator: "\n")
    }

    /// The policy on the left, its zone on the right.
    private func title(_ policy: PlannedPolicy) -> String {
        let name = policy.name + (policy.revision.map { " \($0)" } ?? "")
        let left = "\(name) · \(wording.place(policy))" + (policy.isSuspended ? " · suspended" : "")
        let zone = policy.hasManyZones ? "several zones" : policy.timeZone
        return left + String(repeating: " ", count: max(2, Self.width - left.count - zone.count)) + zone
    }

    private func rollout(_ policy: PlannedPolicy) -> [String] {
        var lines: [String] = []
        if policy.schedule.isUnbounded {
            let taken = plan.freezes.filter { $0.policies.contains(policy.name) }.flatMap { freeze in
                freeze.spans.map { span in
                    let reason = freeze.reason.map { " (\"\($0)\")" } ?? ""
                    let end = wording.end(of: span, policy.timeZone)
                    return "  not \(wording.clock(span.start, policy.timeZone)) → \(end): \(freeze.name)\(reason)"
                }
            }
            lines.append("  at any time: it has no windows")
            lines += taken
        }
        if let run = runs[policy.name]?.first { lines.append("  " + wording.rollout(run, policy.timeZone)) }
        return lines
    }

    private func occurrences(of policy: PlannedPolicy) -> [String] {
        guard let entries = entries[policy.name] else {
            return policy.schedule.isUnbounded
                ? [] : ["  nothing until \(wording.stamp(plan.to, policy.timeZone))"]
        }
        let notes = Dictionary(
            (runs[policy.name] ?? []).compactMap { run in run.span.flatMap { _ in run.firstListed }.map { ($0, run) } },
            uniquingKeysWith: { first, _ in first })
        var said = ""
        var rows: [[String]] = []
        for entry in entries.prefix(Self.longest) {
            var remarks: [String] = []
            if let shifted = wording.shiftedStart(entry) { remarks.append(shifted) }
            remarks += wording.takenAway(entry)
            if let run = notes[entry.id] {
                let note = wording.window(run, entry.timeZone)
                if note != said {
                    remarks.insert(note, at: 0)
                } else if !run.fits {
                    remarks.insert("does not fit", at: 0)
                }
                said = note
            }
            rows.append(row(entry, policy, remark: remarks.first ?? ""))
            rows += remarks.dropFirst().map { ["", "", "", "", $0] }
        }
        let more = entries.count - Self.longest
        return aligned(rows) + (more > 0 ? ["  … and \(more) more: ask for fewer days, or for --format json"] : [])
    }

    private func row(_ entry: Plan.Entry, _ policy: PlannedPolicy, remark: String) -> [String] {
        let zone = entry.timeZone
        let utc = wording.rules(zone).name == ZoneRules.utc.name ? "" : "UTC \(utcRange(entry))"
        let isGone = entry.open.isEmpty
        return [
            wording.day(entry.start, zone) + (policy.hasManyZones ? " \(zone)" : ""),
            isGone ? "–" : wording.range(entry.span, zone), isGone ? "" : utc,
            isGone ? "" : wording.length(of: entry), remark,
        ]
    }

    /// `Sat 17:00 → 20:00`: the day, where it is another than that of the zone.
    private func utcRange(_ entry: Plan.Entry) -> String {
        let utc = ZoneRules.utc.name
        func time(_ instant: Timestamp, beside shown: String) -> String {
            let day = wording.day(instant, utc)
            return (day == shown ? "" : "\(day.prefix(3)) ") + wording.time(instant, utc)
        }
        let start = time(entry.start, beside: wording.day(entry.start, entry.timeZone))
        return "\(start) → \(time(entry.end, beside: wording.day(entry.start, utc)))"
    }

    private func aligned(_ rows: [[String]]) -> [String] {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = "  "
            for (text, width) in zip(row, widths) where width > 0 {
                line += text + String(repeating: " ", count: width - text.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
