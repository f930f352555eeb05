import Calendars
import PolicyFile
import Primitives
import Scheduling

/// How a difference is put into words; tables and documents for people use the same.
struct DiffWording: Sendable {
    private let wording: PlanWording
    /// Windows of one policy that are listed.
    static let windowLimit = 12

    init(zones: [String: ZoneRules]) {
        wording = PlanWording(zones: zones)
    }

    /// `1 (default)`; `–` where there is nothing.
    static func value(_ text: String?, isDefault: Bool) -> String {
        guard let text else { return "–" }
        return text + (isDefault ? " (default)" : "")
    }

    /// `MaintenanceWindow sunday-night (was weekly-night)`.
    static func title(_ change: DocumentChange) -> String {
        let name = "\(change.kind.rawValue) \(change.name)" + (change.formerName.map { " (was \($0))" } ?? "")
        switch change.state {
        case .changed: return name
        case .added: return "\(name) (new)"
        case .removed: return "\(name) (removed)"
        }
    }

    /// What shows the word, a line each.
    func witnesses(_ reach: ReachChange) -> [String] { reach.witnesses.map { witness($0, reach.timeZone) } }

    func witness(_ witness: ReachChange.Witness, _ zone: String) -> String {
        switch witness.subject {
        case .time(let span, let was, let now, let more):
            let others = more > 0 ? " (and \(wording.count(more, "more time")))" : ""
            return "\(wording.dayAndRange(span, zone)) was \(Self.words(was)), is \(Self.words(now))\(others)"
        case .nodes(let ids, let isSelected):
            let names = ids.map { $0.split(separator: "/", maxSplits: 1).last.map(String.init) ?? $0 }
            let isOne = names.count == 1
            let verb =
                isSelected
                ? "may be taken out, \(isOne ? "was" : "were") not" : "\(isOne ? "is" : "are") not taken out any more"
            return "\(wording.names(names, most: 8)) \(verb)"
        case .care(let what, let was, let now): return "\(what): \(was) → \(now)"
        }
    }

    private static func words(_ stance: ReachChange.Stance) -> String {
        switch stance {
        case .open: "open"
        case .frozen(let by): "frozen (\(by))"
        case .outsideWindows: "outside its windows"
        case .suspended: "suspended"
        }
    }

    func stamp(_ instant: Timestamp) -> String { wording.stamp(instant, ZoneRules.utc.name) }

    func day(_ instant: Timestamp) -> String { wording.day(instant, ZoneRules.utc.name) }
}

extension DiffWording {
    /// What changes in the windows of one policy, by time: `+ Sun 2026-11-29 02:00 → 05:00  3h  sunday`. Of those that
    /// change alike, at the same time of other days, the first is shown.
    func windows(_ change: PlanDifference.Change) -> [String] {
        struct Line {
            var start: Timestamp
            var text: String
            /// What it has in common with those of other days.
            var kind: String
            var count = 1
        }
        func times(_ entry: Plan.Entry) -> String {
            "\(entry.window) \(wording.time(entry.start, entry.timeZone)) \(wording.time(entry.end, entry.timeZone))"
        }
        func line(_ entry: Plan.Entry, _ sign: String) -> Line {
            Line(start: entry.start, text: "\(sign) \(shown(entry))", kind: "\(sign) \(times(entry))")
        }
        func line(_ pair: PlanDifference.Pair, _ what: String, isAlike: Bool = true) -> Line {
            let text = "~ \(shown(pair.old))   \(what)"
            return Line(
                start: pair.old.start, text: text, kind: isAlike ? "~ \(times(pair.old)) \(times(pair.new))" : text)
        }
        var lines = change.gained.map { line($0, "+") } + change.lost.map { line($0, "-") }
        lines += change.moved.map { line($0, "moved to \(when($0.new))\(length($0))") }
        lines += change.resized.map { line($0, "ends at \(end($0.new))\(length($0))") }
        lines += change.frozen.map { line($0, freeze($0), isAlike: false) }
        lines.sort { ($0.start, $0.text) < ($1.start, $1.text) }
        var kinds: [String: Int] = [:]
        var first: [Line] = []
        for line in lines {
            if let place = kinds[line.kind] {
                first[place].count += 1
            } else {
                kinds[line.kind] = first.count
                first.append(line)
            }
        }
        let left = first.count - Self.windowLimit
        return first.prefix(Self.windowLimit).map { line in
            line.text + (line.count > 1 ? ", and \(line.count - 1) more like it" : "")
        } + (left > 0 ? ["… and \(left) more: --format json has all"] : [])
    }

    /// What changes of a policy apart from its windows.
    func facts(_ change: PlanDifference.Change) -> [String] {
        var lines: [String] = []
        if let isUnbounded = change.isUnbounded {
            lines.append(isUnbounded ? "~ at any time: no windows any more" : "~ only inside windows from now on")
        }
        return lines
    }

    /// The nodes of a policy that is new.
    func nodes(_ change: PlanDifference.Change) -> String {
        "\(change.nodesEntering.count == 1 ? "node" : "nodes") \(wording.names(change.nodesEntering, most: 8))"
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

extension DiffWording {
    /// `run of Sun 2026-12-06 and 2 more: worst case until 04:40 → 05:10, does not fit any more`: runs of which the same
    /// is to be said are one.
    func runs(_ changes: [RunChange], _ zone: String) -> [String] {
        var order: [String] = []
        var titles: [String: [String]] = [:]
        for change in changes {
            let text = run(change, zone)
            if titles[text] == nil { order.append(text) }
            titles[text, default: []].append(
                change.new.span.map { "run of \(wording.day($0.start, zone))" } ?? "its run")
        }
        return order.map { text in
            let all = titles[text] ?? []
            let more = all.count > 1 ? " and \(all.count - 1) more" : ""
            return "\(all.first ?? "")\(more): \(text)"
        }
    }

    private func run(_ change: RunChange, _ zone: String) -> String {
        let (old, new) = (change.old, change.new)
        var parts: [String] = []
        if old.nodes.count != new.nodes.count {
            parts.append("\(old.nodes.count) → \(wording.count(new.nodes.count, "node"))")
        } else if Set(old.nodes) != Set(new.nodes) {
            parts.append("other nodes")
        } else if old.nodes != new.nodes {
            parts.append("first \(new.nodes.first ?? "–")")
        }
        if old.atOnce != new.atOnce { parts.append("\(old.atOnce) → \(new.atOnce) at once") }
        if old.worst.windows != new.worst.windows, old.worst.windows > 0, new.worst.windows > 0 {
            parts.append("\(old.worst.windows) → \(wording.count(new.worst.windows, "window"))")
        }
        let worst = (end(old.worst.end, old, zone), end(new.worst.end, new, zone))
        if worst.0 != worst.1 { parts.append("worst case until \(worst.0) → \(worst.1)") }
        let usual = (end(old.expected.end, old, zone), end(new.expected.end, new, zone))
        if usual.0 != usual.1 { parts.append("expected until \(usual.0) → \(usual.1)") }
        if old.worst.notReached != new.worst.notReached {
            parts.append(
                new.worst.notReached.isEmpty
                    ? "every node is reached now" : "\(wording.names(new.worst.notReached)) not reached")
        }
        if old.worst.givenBack != new.worst.givenBack, !new.worst.givenBack.isEmpty {
            parts.append("\(wording.names(new.worst.givenBack)) given back unfinished")
        }
        if old.worst.pause != new.worst.pause {
            parts.append(new.worst.pause.map { "would pause: \($0)" } ?? "would not pause any more")
        }
        if old.fits != new.fits { parts.append(new.fits ? "fits now" : "does not fit any more") }
        if parts.isEmpty { parts.append("nodes go at other times") }
        return parts.joined(separator: ", ")
    }

    /// The day only where it is another than that of the run.
    private func end(_ instant: Timestamp?, _ run: RunEstimate, _ zone: String) -> String {
        guard let instant else { return "no end in sight" }
        let clock = wording.clock(instant, in: run, zone)
        guard let span = run.span else { return clock }
        let day = wording.day(span.start, zone)
        return clock.hasPrefix(day) ? String(clock.dropFirst(day.count + 1)) : clock
    }
}
