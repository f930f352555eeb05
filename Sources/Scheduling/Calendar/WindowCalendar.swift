import ModeCore

/// The occurrences of one window, computed with the rules of its zone.
///
/// Candidate days are found by arithmetic on day numbers, times of a cron schedule by the bits of its fields. Limits: a
/// span that recurs lasts at most `longestRecurringDays`; what is longer is cut there.
public struct WindowCalendar: Hashable, Sendable {
    public static let longestRecurringDays = 400

    public let window: Window
    public let zone: ZoneRules

    /// No occurrence lasts longer, in elapsed time.
    private let reach: Duration
    /// Bit 0 is Monday.
    private let weekdays: UInt8
    private let once: Resolved?

    public init(window: Window, zone: ZoneRules) {
        self.window = window
        self.zone = zone
        var weekdays: UInt8 = 0
        if case .weekly(let days, _) = window.recurrence {
            for (index, day) in Weekday.allCases.enumerated() where days.contains(day) { weekdays |= 1 << UInt8(index) }
        }
        self.weekdays = weekdays
        let longest = Duration.days(WindowCalendar.longestRecurringDays)
        reach =
            switch window.length {
            case .elapsed(let duration): min(duration, longest)
            // A day on the wall, and a change of offset of up to 24 hours within.
            case .until: .hours(49)
            case .days(let days): min(.days(days) + .hours(25), longest)
            case .end: longest
            }
        if case .at(let nominal) = window.recurrence {
            once = WindowCalendar.resolve(nominal, window: window, zone: zone, longest: nil)
        } else {
            once = nil
        }
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

    /// Nil: skipped by the rule for gaps, empty once both ends are resolved, or out of range.
    private static func resolve(
        _ nominal: LocalDateTime, window: Window, zone: ZoneRules, longest: Duration?
    ) -> Resolved? {
        guard let start = zone.resolve(nominal, window.dst) else { return nil }
        // An end is never skipped: a window must not stay open because the clocks jumped over its end.
        let rule = DSTRule(gap: .shift, overlap: window.dst.overlap)
        var end: Timestamp
        switch window.length {
        case .elapsed(let duration):
            end = start + duration
        case .until(let time):
            let wait = Int64(time.secondsSinceMidnight - nominal.secondsSinceMidnight)
            let nominalEnd = LocalDateTime(seconds: nominal.seconds + (wait > 0 ? wait : wait + 86400))
            guard let resolved = zone.resolve(nominalEnd, rule) else { return nil }
            end = resolved
        case .days(let days):
            let nominalEnd = LocalDateTime(seconds: nominal.seconds + Int64(days) * 86400)
            guard let resolved = zone.resolve(nominalEnd, rule) else { return nil }
            end = resolved
        case .end(let local):
            guard let resolved = zone.resolve(local, rule) else { return nil }
            end = resolved
        }
        if let longest { end = min(end, start + longest) }
        guard start < end else { return nil }
        return Resolved(nominal: nominal, span: Span(start: start, end: end))
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
        if case .at = window.recurrence {
            guard let once, isWithinDates(once.nominal), once.span.start <= span.end, span.start <= once.span.end
            else { return }
            _ = body(once)
            return
        }
        let earliest = span.start - reach
        let margin = Duration.seconds(largestOffsetSeconds)
        let offsets = zone.offsetRange(from: earliest - margin, to: span.end + margin)
        // A start that a gap shifted is nominally earlier by the gap, which is no longer than the change of offset.
        let low = earliest.wholeSeconds + Int64(offsets.lowerBound - (offsets.upperBound - offsets.lowerBound))
        let high = span.end.wholeSeconds + Int64(offsets.upperBound)
        let longest = Duration.days(WindowCalendar.longestRecurringDays)
        forEachNominal(from: low, through: high) { nominal in
            guard
                let resolved = WindowCalendar.resolve(nominal, window: window, zone: zone, longest: longest),
                resolved.span.start <= span.end, span.start <= resolved.span.end
            else { return true }
            return body(resolved)
        }
    }

    func firstResolved(startingAfter instant: Timestamp, horizonDays: Int) -> Resolved? {
        if case .at = window.recurrence {
            guard let once, isWithinDates(once.nominal), instant < once.span.start else { return nil }
            return once
        }
        let margin = Duration.seconds(largestOffsetSeconds)
        let offsets = zone.offsetRange(from: instant - margin, to: instant + margin)
        let low = instant.wholeSeconds + Int64(offsets.lowerBound - (offsets.upperBound - offsets.lowerBound))
        let longest = Duration.days(WindowCalendar.longestRecurringDays)
        var best: Resolved?
        forEachNominal(from: low, through: low + Int64(horizonDays) * 86400) { nominal in
            // Past this distance no later nominal time can start earlier.
            if let best, nominal.seconds - best.nominal.seconds > largestOffsetSeconds { return false }
            guard let resolved = WindowCalendar.resolve(nominal, window: window, zone: zone, longest: longest),
                instant < resolved.span.start
            else { return true }
            if let known = best, known.span.start <= resolved.span.start { return true }
            best = resolved
            // A regular start is the earliest: only shifted ones change places with their followers.
            return zone.local(resolved.span.start) != nominal
        }
        return best
    }

    private func isWithinDates(_ nominal: LocalDateTime) -> Bool {
        let date = nominal.date
        if let first = window.startDate, date < first { return false }
        if let last = window.endDate, last < date { return false }
        return true
    }

    /// Nominal starts in order, both bounds included, within the window's dates. The body returns whether to go on.
    private func forEachNominal(from low: Int64, through high: Int64, _ body: (LocalDateTime) -> Bool) {
        var day = Int(floorDivide(low, 86400))
        var lastDay = Int(floorDivide(high, 86400))
        if let first = window.startDate { day = max(day, first.daysSinceEpoch) }
        if let last = window.endDate { lastDay = min(lastDay, last.daysSinceEpoch) }
        switch window.recurrence {
        case .at, .rule: return
        case .weekly(_, let start):
            guard weekdays != 0 else { return }
            // The week's days twice, so that the next one is found by counting zero bits.
            let twice = UInt16(weekdays) | UInt16(weekdays) << 7
            var weekday = Int(floorRemainder(Int64(day) + 3, 7))
            while true {
                let wait = (twice >> UInt16(weekday)).trailingZeroBitCount
                day += wait
                weekday = (weekday + wait) % 7
                guard day <= lastDay else { return }
                let seconds = Int64(day) * 86400 + Int64(start.secondsSinceMidnight)
                if seconds > high { return }
                if seconds >= low, !body(LocalDateTime(seconds: seconds)) { return }
                day += 1
                weekday = weekday == 6 ? 0 : weekday + 1
            }
        case .cron(let schedule):
            schedule.forEachDay(from: day, through: lastDay) { day in
                let midnight = Int64(day) * 86400
                var minute = schedule.firstMinute(notBefore: Int(max(0, (low - midnight + 59) / 60)))
                while let found = minute {
                    let seconds = midnight + Int64(found) * 60
                    guard seconds <= high, body(LocalDateTime(seconds: seconds)) else { return false }
                    minute = schedule.firstMinute(notBefore: found + 1)
                }
                return true
            }
        }
    }
}

func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
}

func floorRemainder(_ a: Int64, _ b: Int64) -> Int64 {
    let remainder = a % b
    return remainder < 0 ? remainder + b : remainder
}
