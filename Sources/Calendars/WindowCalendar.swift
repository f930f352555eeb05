import Primitives

/// The occurrences of one window, computed with the rules of its zone.
///
/// Candidate days are found by arithmetic on day numbers, times of a cron schedule by the bits of its fields. Limits: a
/// span that recurs lasts at most `longestRecurringDays`; what is longer is cut there.
public struct WindowCalendar: Hashable, Sendable {
    public static let longestRecurringDays = 400

    public let window: Window
    public let zone: ZoneRules

    private let starts: NominalStarts
    private let length: Length
    /// Nominal starts outside these seconds never happen, whatever the pattern says.
    private let lowest: Int64
    private let highest: Int64
    /// No occurrence lasts longer, in elapsed seconds.
    private let reach: Int64
    private let once: Resolved?
    /// Not all starts of the pattern happen.
    private let hasExceptions: Bool
    /// Seconds of the first and the last start of each matching day, where all of them together leave no gap.
    private let denseDay: ClosedRange<Int64>?

    /// The window's length, as plain numbers.
    private enum Length: Hashable, Sendable {
        case elapsed(nanoseconds: Int64)
        /// Seconds since midnight.
        case until(Int64)
        /// On the wall.
        case wall(seconds: Int64)
        case end(Int64)
    }

    private static let longestSeconds = Int64(longestRecurringDays) * 86400

    public init(window: Window, zone: ZoneRules) {
        self.window = window
        self.zone = zone
        starts = NominalStarts(window.recurrence)
        length =
            switch window.length {
            case .elapsed(let duration): .elapsed(nanoseconds: duration.nanoseconds)
            case .until(let time): .until(Int64(time.secondsSinceMidnight))
            case .days(let days): .wall(seconds: Int64(days) * 86400)
            case .end(let local): .end(local.seconds)
            }
        reach =
            switch window.length {
            case .elapsed(let duration): min(duration.nanoseconds / 1_000_000_000 + 1, WindowCalendar.longestSeconds)
            // A day on the wall, and a change of offset of up to 24 hours within.
            case .until: 49 * 3600
            case .days(let days): min(Int64(days) * 86400 + 25 * 3600, WindowCalendar.longestSeconds)
            case .end: WindowCalendar.longestSeconds
            }
        var lowest = window.startDate.map { Int64($0.daysSinceEpoch) * 86400 } ?? -RecurrenceRule.endOfTime
        var highest = window.endDate.map { Int64($0.daysSinceEpoch) * 86400 + 86399 } ?? RecurrenceRule.endOfTime
        if case .rule(let rule) = window.recurrence {
            lowest = max(lowest, rule.start.seconds)
            highest = min(highest, rule.lastSecond)
            hasExceptions = rule.isRestricted
        } else {
            hasExceptions = false
        }
        denseDay =
            switch length {
            case .elapsed(let nanoseconds) where !hasExceptions:
                starts.denseDay(gap: min(nanoseconds / 1_000_000_000, WindowCalendar.longestSeconds))
            default: nil
            }
        self.lowest = lowest
        self.highest = highest
        if case .at(let nominal) = window.recurrence, lowest <= nominal.seconds, nominal.seconds <= highest {
            var stretch = zone.stretch(at: .distantPast)
            once = WindowCalendar.resolve(
                nominal.seconds, length: length, dst: window.dst, zone: zone, stretch: &stretch, longest: .max)
        } else {
            once = nil
        }
    }

    /// Every day of UTC, from midnight to midnight.
    var isUnbroken: Bool {
        window.recurrence == .weekly(days: Set(Weekday.allCases), start: .midnight)
            && window.length == .elapsed(.days(1)) && zone == .utc && window.startDate == nil && window.endDate == nil
    }

    /// One occurrence before it is described.
    struct Resolved: Hashable, Sendable {
        var nominal: LocalDateTime
        var span: Span
    }

    /// The occurrences that overlap the span, by start, then by nominal start; at most `limit` of them, the earliest.
    public func occurrences(overlapping span: Span, policy: String, limit: Int = .max) -> [Occurrence] {
        resolved(touching: span, limit: limit).filter { $0.span.overlaps(span) }.map { describe($0, policy: policy) }
    }

    /// The first occurrence that starts after the instant and within that many days.
    public func next(after instant: Timestamp, policy: String, horizonDays: Int = 1600) -> Occurrence? {
        firstResolved(startingAfter: instant, horizonDays: horizonDays).map { describe($0, policy: policy) }
    }

    /// The span of `next(after:)` alone, which costs a third.
    public func nextSpan(after instant: Timestamp, horizonDays: Int = 1600) -> Span? {
        firstResolved(startingAfter: instant, horizonDays: horizonDays)?.span
    }

    func describe(_ resolved: Resolved, policy: String) -> Occurrence {
        let (start, end) = (resolved.span.start, resolved.span.end)
        let shown = zone.local(end).seconds - zone.local(start).seconds
        let isTouched =
            zone.changesOffset(after: start, through: end) || isIrregular(resolved.nominal)
            || isIrregular(zone.local(end))
        return Occurrence(
            id: OccurrenceID(policy: policy, window: window.name, nominal: resolved.nominal), span: resolved.span,
            timeZone: window.timeZone, wallLength: .seconds(shown), isTouchedByDST: isTouched)
    }

    private func isIrregular(_ local: LocalDateTime) -> Bool {
        zone.resolution(of: local, DSTRule())?.isIrregular ?? false
    }

    /// Nil: skipped by the rule for gaps, empty once both ends are resolved, past the rule's end, or out of range.
    private static func resolve(
        _ nominal: Int64, length: Length, dst: DSTRule, zone: ZoneRules, stretch: inout ZoneRules.Stretch,
        longest: Int64
    ) -> Resolved? {
        guard let start = zone.resolve(nominal, dst, &stretch) else { return nil }
        // The next start is looked for from this one, not from its end.
        var ahead = stretch
        // An end is never skipped: a window must not stay open because the clocks jumped over its end.
        let rule = DSTRule(gap: .shift, overlap: dst.overlap)
        var end: Timestamp
        switch length {
        case .elapsed(let nanoseconds):
            end = start.advanced(nanoseconds: nanoseconds)
        case .until(let time):
            let wait = time - floorRemainder(nominal, 86400)
            guard let resolved = zone.resolve(nominal + (wait > 0 ? wait : wait + 86400), rule, &ahead) else {
                return nil
            }
            end = resolved
        case .wall(let seconds):
            guard let resolved = zone.resolve(nominal + seconds, rule, &ahead) else { return nil }
            end = resolved
        case .end(let local):
            guard let resolved = zone.resolve(local, rule, &ahead) else { return nil }
            end = resolved
        }
        if longest < .max { end = min(end, start.advanced(nanoseconds: longest * 1_000_000_000)) }
        guard start < end else { return nil }
        return Resolved(nominal: LocalDateTime(seconds: nominal), span: Span(start: start, end: end))
    }

    private func resolve(_ nominal: Int64, _ stretch: inout ZoneRules.Stretch) -> Resolved? {
        guard
            let resolved = WindowCalendar.resolve(
                nominal, length: length, dst: window.dst, zone: zone, stretch: &stretch,
                longest: WindowCalendar.longestSeconds)
        else { return nil }
        if hasExceptions, case .rule(let rule) = window.recurrence, !rule.allows(nominal, resolved.span.start) {
            return nil
        }
        return resolved
    }

    /// The occurrences that overlap or touch the span, by start.
    func resolved(touching span: Span, limit: Int = .max) -> [Resolved] {
        var found: [Resolved] = []
        var isSorted = true
        forEach(touching: span) { resolved in
            if let last = found.last, resolved.span.start < last.span.start { isSorted = false }
            found.append(resolved)
            return found.count < limit
        }
        if !isSorted { found.sort { ($0.span.start, $0.nominal) < ($1.span.start, $1.nominal) } }
        return found
    }

    /// As `resolved(touching:)`, in nominal order, which differs from that of the starts where a gap shifts one of them
    /// past another. The body returns whether to go on.
    func forEach(touching span: Span, _ body: (Resolved) -> Bool) {
        if starts.kind == .once {
            guard let once, once.span.start <= span.end, span.start <= once.span.end else { return }
            _ = body(once)
            return
        }
        let earliest = span.start.advanced(nanoseconds: -reach * 1_000_000_000)
        let (low, high) = nominals(from: earliest, to: span.end)
        var stretch = zone.stretch(at: earliest)
        starts.forEach(from: max(low, lowest), through: min(high, highest)) { nominal in
            guard let resolved = resolve(nominal, &stretch), resolved.span.start <= span.end,
                span.start <= resolved.span.end
            else { return true }
            return body(resolved)
        }
    }

    /// As `forEach(touching:)`, where the occurrences of one day may come as one that starts with the first of them and
    /// ends with the last, if they leave no gap and none of them is the first in a year (UTC). For those who unite them
    /// anyhow: a schedule that starts every minute has half a million occurrences a year.
    func forEachUnited(touching span: Span, _ body: (Resolved) -> Bool) {
        guard let denseDay else { return forEach(touching: span, body) }
        let earliest = span.start.advanced(nanoseconds: -reach * 1_000_000_000)
        var (low, high) = nominals(from: earliest, to: span.end)
        (low, high) = (max(low, lowest), min(high, highest))
        var stretch = zone.stretch(at: earliest)
        starts.forEachDay(from: Int(floorDivide(low, 86400)), through: Int(floorDivide(high, 86400))) { day in
            let midnight = Int64(day) * 86400
            let (first, last) = (midnight + denseDay.lowerBound, midnight + denseDay.upperBound)
            if lowest <= first, last <= highest, !LocalDate(daysSinceEpoch: day).isNearNewYear,
                let start = resolve(first, &stretch), stretch.isRegular(first), stretch.isRegular(last),
                let end = resolve(last, &stretch)
            {
                // All of them lie in one stretch of constant offset.
                let united = Span(start: start.span.start, end: end.span.end)
                guard united.start <= span.end, span.start <= united.end else { return true }
                return body(Resolved(nominal: start.nominal, span: united))
            }
            var goesOn = true
            starts.forEach(from: max(low, midnight), through: min(high, midnight + 86399)) { nominal in
                guard let resolved = resolve(nominal, &stretch), resolved.span.start <= span.end,
                    span.start <= resolved.span.end
                else { return true }
                goesOn = body(resolved)
                return goesOn
            }
            return goesOn
        }
    }

    /// Between which nominal times those lie that start between the two instants.
    private func nominals(from start: Timestamp, to end: Timestamp) -> (low: Int64, high: Int64) {
        let margin = largestOffsetSeconds * 1_000_000_000
        let offsets = zone.offsetRange(
            from: start.advanced(nanoseconds: -margin), to: end.advanced(nanoseconds: margin))
        // A start that a gap shifted is nominally earlier by the gap, which is no longer than the change of offset.
        let low = start.wholeSeconds + Int64(offsets.lowerBound - (offsets.upperBound - offsets.lowerBound))
        return (low, end.wholeSeconds + Int64(offsets.upperBound))
    }

    func firstResolved(startingAfter instant: Timestamp, horizonDays: Int) -> Resolved? {
        if starts.kind == .once {
            guard let once, instant < once.span.start else { return nil }
            return once
        }
        var stretch = zone.stretch(at: instant)
        var low = instant.wholeSeconds + stretch.offset + 1
        if low < stretch.settledFrom || low >= stretch.regularTo { low = nominals(from: instant, to: instant).low }
        let high = min(highest, low + Int64(horizonDays) * 86400)
        low = max(low, lowest)
        var best: Resolved?
        while let nominal = starts.first(from: low, through: high) {
            // Past this distance no later nominal time can start earlier.
            if let best, nominal - best.nominal.seconds > largestOffsetSeconds { break }
            low = nominal + 1
            guard let resolved = resolve(nominal, &stretch), instant < resolved.span.start else { continue }
            if best.map({ resolved.span.start < $0.span.start }) ?? true { best = resolved }
            // A regular start is the earliest: only shifted ones change places with their followers.
            if stretch.isRegular(nominal) || zone.local(resolved.span.start) == resolved.nominal { break }
        }
        return best
    }
}

extension LocalDate {
    /// Whether any zone's clock may show a date of another year (in UTC) than this one's.
    fileprivate var isNearNewYear: Bool { month == 12 && day >= 30 || month == 1 && day <= 2 }
}

func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
}

func floorRemainder(_ a: Int64, _ b: Int64) -> Int64 {
    let remainder = a % b
    return remainder < 0 ? remainder + b : remainder
}
