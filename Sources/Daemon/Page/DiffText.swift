import Calendars
import Primitives
import Scheduling

/// A difference of two plans for people: `+` gained, `-` lost, `~` changed.
package struct DiffText: Sendable {
    private let difference: PlanDifference
    private let wording: PlanWording

    package init(_ difference: PlanDifference, zones: [String: ZoneRules]) {
        self.difference = difference
        wording = PlanWording(zones: zones)
    }

    package var text: String {
        let utc = ZoneRules.utc.name
        let horizon = "\(wording.stamp(difference.from, utc)) to \(wording.stamp(difference.to, utc))"
        let more = difference.isTruncated ? ["There are more windows than were compared: ask for fewer days."] : []
        guard !difference.isEmpty else {
            return (["no window and no node changes from \(horizon)"] + more).joined(separator: "\n")
        }
        var lines: [String] = []
        for name in difference.policiesRemoved { lines.append("- policy \(name)") }
        for name in difference.policiesAdded { lines.append("+ policy \(name)") }
        for change in difference.changes {
            lines.append(change.policy)
            lines += facts(change).map { "  " + $0 }
            lines += windows(change).sorted { ($0.start, $0.text) < ($1.start, $1.text) }.map { "  " + $0.text }
        }
        return (lines + more).joined(separator: "\n")
    }

    private func facts(_ change: PlanDifference.Change) -> [String] {
        var lines: [String] = []
        if let suspended = change.suspended { lines.append(suspended ? "~ suspended" : "~ no longer suspended") }
        if let revision = change.revision { lines.append("~ revision \(revision)") }
        if let isUnbounded = change.isUnbounded {
            lines.append(isUnbounded ? "~ at any time: no windows any more" : "~ only inside windows from now on")
        }
        lines += change.nodesEntering.map { "+ node \($0)" } + change.nodesLeaving.map { "- node \($0)" }
        return lines
    }

    private func windows(_ change: PlanDifference.Change) -> [(start: Timestamp, text: String)] {
        change.gained.map { ($0.start, "+ \(shown($0))") } + change.lost.map { ($0.start, "- \(shown($0))") }
            + change.moved.map { ($0.old.start, "~ \(shown($0.old))   moved to \(when($0.new))\(length($0))") }
            + change.resized.map { ($0.old.start, "~ \(shown($0.old))   ends at \(end($0.new))\(length($0))") }
            + change.frozen.map { ($0.old.start, "~ \(shown($0.old))   \(freeze($0))") }
    }

    private func when(_ entry: Plan.Entry) -> String { wording.dayAndRange(entry.span, entry.timeZone) }

    private func end(_ entry: Plan.Entry) -> String { wording.end(of: entry.span, entry.timeZone) }

    private func shown(_ entry: Plan.Entry) -> String {
        "\(when(entry))  \(wording.length(of: entry))  \(entry.window)"
    }

    private func length(_ pair: PlanDifference.Pair) -> String {
        guard pair.old.elapsedSeconds != pair.new.elapsedSeconds else { return "" }
        return " (\(wording.length(pair.new.elapsedSeconds)))"
    }

    private func freeze(_ pair: PlanDifference.Pair) -> String {
        let taken = wording.takenAway(pair.new)
        return taken.isEmpty ? "no freeze takes anything of it any more" : taken.joined(separator: "; ")
    }
}
