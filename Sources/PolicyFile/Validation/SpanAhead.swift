import Calendars
import ModeCore
import Primitives
import Scheduling

/// Looks at one span over the coming days, whatever policy it belongs to.
struct SpanAhead {
    private let window: Window
    private let node: YAMLNode
    private let title: String
    private let findings: Findings

    /// Further than this nobody plans: 29 February on a given weekday comes within it.
    private static let farDays = 15_000
    /// A span that starts more often than this in a day is not about times of the day.
    private static let startsPerDay = 12

    init(_ located: Located<Window>, of title: String, _ findings: Findings) {
        window = located.value
        node = located.node
        self.title = "the \(title) \"\(located.value.name)\""
        self.findings = findings
    }

    /// That it opens at all within the coming days.
    func checkOpens(_ outlook: inout Outlook) {
        guard outlook.coming(window).occurrences.isEmpty, let zone = outlook.zones[window.timeZone],
            !findings.hasError(at: node.locations)
        else { return }
        let calendar = WindowCalendar(window: window, zone: zone)
        if let next = calendar.nextSpan(after: outlook.now, horizonDays: SpanAhead.farDays) {
            let days = (next.start - outlook.now) / .days(1)
            findings.warning(
                .windowFarAway, "\(title) does not open before \(zone.day(next.start)), in \(Int(days)) days", at: place
            )
            return
        }
        warnThatItIsOver("never opens again", calendar, outlook)
    }

    /// Of what comes again and again, and may only take away: that it still does. A freeze that nobody knows to be over is
    /// the one that somebody relies on.
    func checkRecurs(_ outlook: inout Outlook) {
        if case .at = window.recurrence { return }
        guard outlook.coming(window).occurrences.isEmpty, let zone = outlook.zones[window.timeZone],
            !findings.hasError(at: node.locations)
        else { return }
        let calendar = WindowCalendar(window: window, zone: zone)
        guard calendar.nextSpan(after: outlook.now, horizonDays: SpanAhead.farDays) == nil else { return }
        warnThatItIsOver("never comes again", calendar, outlook)
    }

    private func warnThatItIsOver(_ what: String, _ calendar: WindowCalendar, _ outlook: Outlook) {
        let past = Span(start: outlook.now - .days(4 * PolicyValidator.aheadDays), end: outlook.now)
        let before = calendar.occurrences(overlapping: past, policy: "", limit: Outlook.occurrences)
        let last = before.count < Outlook.occurrences ? before.last : nil
        findings.warning(
            .windowOver,
            "\(title) \(what)"
                + (last.map { ": it closed for the last time on \(calendar.zone.day($0.span.end))" } ?? ""),
            at: place, hint: "remove it, or change its dates")
    }

    /// What changes of the clocks do to it: times that are skipped or shown twice, days that have not 24 hours.
    func checkClocks(_ outlook: inout Outlook) {
        guard let zone = outlook.zones[window.timeZone] else { return }
        var changes: [Change] = []
        var index = zone.transitions.partition { outlook.now < $0.at }
        while index < zone.transitions.count, zone.transitions[index].at < outlook.end {
            let before = index == 0 ? zone.initialOffset : zone.transitions[index - 1].offset
            let length = zone.transitions[index].offset - before
            if length != 0 { changes.append(Change(at: zone.transitions[index].at, length: length)) }
            index += 1
        }
        guard !changes.isEmpty else { return }
        checkGaps(changes.filter { $0.length > 0 }, zone)
        checkRepetitions(changes.filter { $0.length < 0 }, zone)
        checkDays(outlook.coming(window).occurrences, zone)
    }

    /// A change of the zone's offset; the length is positive where local times are skipped.
    private struct Change {
        var at: Timestamp
        var length: Int
    }

    /// Nominal starts that the clocks never or twice show at that change.
    private func starts(at change: Change, _ zone: ZoneRules) -> [LocalDateTime] {
        var probe = window
        probe.length = .elapsed(.seconds(1))
        probe.dst = DSTRule()
        let length = Duration.seconds(abs(change.length))
        let span =
            change.length > 0
            ? Span(start: change.at, end: change.at + length) : Span(start: change.at - length, end: change.at)
        let low = zone.local(change.at).seconds - Int64(max(0, change.length))
        let found = WindowCalendar(window: probe, zone: zone).occurrences(
            overlapping: span, policy: "", limit: 10 * SpanAhead.startsPerDay
        ).map(\.id.nominal).filter { low <= $0.seconds && $0.seconds < low + Int64(abs(change.length)) }
        // Half an hour or less between two starts: whatever happens to one of them, the next is near.
        return found.count > 1 ? [] : found
    }

    /// The occurrence of that nominal start under another rule; nil where it does not happen.
    private func occurrence(_ nominal: LocalDateTime, _ dst: DSTRule, _ zone: ZoneRules) -> Span? {
        var other = window
        other.dst = dst
        guard let start = zone.resolve(nominal, DSTRule(gap: .shift, overlap: dst.overlap)),
            let next = WindowCalendar(window: other, zone: zone).next(
                after: start - .nanoseconds(1), policy: "", horizonDays: 2), next.id.nominal == nominal
        else { return nil }
        return next.span
    }

    private func checkGaps(_ gaps: [Change], _ zone: ZoneRules) {
        var missing: [LocalDateTime] = []
        var shifted: [(nominal: LocalDateTime, span: Span)] = []
        for gap in gaps {
            for nominal in starts(at: gap, zone) {
                if let span = occurrence(nominal, window.dst, zone) {
                    shifted.append((nominal, span))
                } else {
                    missing.append(nominal)
                }
            }
        }
        if let first = missing.first {
            let isSkipped = window.dst.gap == .skip
            findings.warning(
                .dstSkips,
                "\(title) does not happen on \(first.date)\(more(missing.count)): the clocks skip \(first.clock)"
                    + (isSkipped ? " and dst.gap is skip" : ", and it would be over before it starts"),
                at: isSkipped ? node.location(of: "dst", "gap") : place,
                hint: isOfFile
                    ? nil : isSkipped ? "dst: {gap: shift} starts it later instead" : "start it before or after the gap"
            )
        }
        if let first = shifted.first, node["dst"]?.hasKey("gap") != true {
            findings.warning(
                .dstShifts,
                "\(title) starts at \(zone.local(first.span.start).clock) on \(first.nominal.date)"
                    + "\(more(shifted.count)), for \(first.span.length.spoken)\(usual(first.span.length)): the clocks "
                    + "skip \(first.nominal.clock)",
                at: place, hint: isOfFile ? nil : "say so with dst: {gap: shift}, or leave that day out with skip")
        }
    }

    private func checkRepetitions(_ overlaps: [Change], _ zone: ZoneRules) {
        guard node["dst"]?.hasKey("overlap") != true else { return }
        let doubled = overlaps.flatMap { starts(at: $0, zone) }
        guard let nominal = doubled.first,
            let first = occurrence(nominal, DSTRule(gap: window.dst.gap, overlap: .first), zone),
            let last = occurrence(nominal, DSTRule(gap: window.dst.gap, overlap: .last), zone)
        else { return }
        let (used, other) = window.dst.overlap == .first ? (first, last) : (last, first)
        findings.warning(
            .dstTwice,
            "the clocks show \(nominal.clock) twice on \(nominal.date)\(more(doubled.count)): \(title) starts once, at "
                + "the \(window.dst.overlap.rawValue), \(zone.clockWithOffset(used.start)), for "
                + used.length.spoken
                + (used.length == other.length ? "" : "; at the other it would be \(other.length.spoken)"),
            at: place, hint: isOfFile ? nil : "say so with dst: {overlap: first}, or write last")
    }

    /// `duration: 1d` is 24 hours, and a day is not when the clocks change.
    private func checkDays(_ occurrences: [Occurrence], _ zone: ZoneRules) {
        guard case .elapsed(let length) = window.length, length >= .days(1), length == .days(Int(length / .days(1)))
        else { return }
        let odd = occurrences.filter {
            $0.id.nominal.secondsSinceMidnight == 0 && zone.local($0.span.start).secondsSinceMidnight == 0
                && zone.local($0.span.end).secondsSinceMidnight != 0
        }
        guard let first = odd.first else { return }
        let days = Int(length / .days(1))
        var hint: String?
        if case .at(let start) = window.recurrence {
            hint = "start: \(start.date), lastDay: \(start.date.adding(days: days - 1))"
        } else if days == 1 {
            hint = "until: \"00:00\" ends at midnight"
        }
        findings.warning(
            .dstDayLength,
            "\(title) starts at midnight and ends on \(zone.day(first.span.end))\(more(odd.count)): \(length.written) "
                + "is \(24 * days) hours, and the clocks change in between",
            at: node.lengthLocation, hint: hint)
    }

    private var isOfFile: Bool { node.isOfFile }

    /// Where it is said when it starts.
    private var place: SourceLocation {
        for key in ["schedule", "rrule", "weekly", "at", "start"] where node.hasKey(key) {
            return key == "weekly" && node["weekly"]?["start"] != nil
                ? node.location(of: "weekly", "start") : node.location(of: key)
        }
        return node.location
    }

    private func more(_ count: Int) -> String { count > 1 ? " (and \(plural(count - 1, "other day")))" : "" }

    private func usual(_ length: Duration) -> String {
        guard let usual = window.wallLength, usual != length else { return "" }
        return " instead of \(usual.spoken)"
    }
}

extension LocalDateTime {
    /// The time of the day: `02:30`.
    var clock: String { description.split(separator: "T").last.map(String.init) ?? "" }
}

extension [ZoneRules.Transition] {
    /// Index of the first element for which the condition holds; it holds for every one after it as well.
    fileprivate func partition(_ condition: (ZoneRules.Transition) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
