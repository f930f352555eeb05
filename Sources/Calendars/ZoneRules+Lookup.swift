import Primitives

/// The largest distance of any zone's clock from UTC, rounded up: RFC 8536 bounds offsets to -25 h … +26 h.
let largestOffsetSeconds: Int64 = 26 * 3600

extension ZoneRules {
    /// Seconds east of UTC at that instant.
    public func offset(at instant: Timestamp) -> Int {
        let next = firstTransition(after: instant)
        return next == 0 ? initialOffset : transitions[next - 1].offset
    }

    /// What the clocks on the wall show at that instant, to the second, rounded down.
    public func local(_ instant: Timestamp) -> LocalDateTime {
        LocalDateTime(seconds: instant.wholeSeconds + Int64(offset(at: instant)))
    }

    /// The instant at which the clocks on the wall show that time.
    ///
    /// A time that daylight saving skips is moved forward by the length of the gap, or is none; of a time that is shown
    /// twice the rule picks one. Also nil: outside the years that `Timestamp` can hold.
    public func resolve(_ local: LocalDateTime, _ rule: DSTRule) -> Timestamp? {
        resolution(of: local, rule)?.instant
    }

    /// A time between two changes of offset, to convert times near one another without searching for each.
    struct Stretch {
        /// Index of the transition that ends it.
        var next: Int
        var offset: Int64
        /// Local times from here up to and without there are shown exactly once, in this stretch.
        var regularFrom: Int64
        var regularTo: Int64
        /// From here on nothing that a gap shifted is still to come.
        var settledFrom: Int64

        func isRegular(_ local: Int64) -> Bool { regularFrom <= local && local < regularTo }
    }

    /// Stretches that are this long show no time that the one behind the next shows too: offsets differ by less.
    private static let margin: Int64 = 3 * 86400
    private static let bounds = -Int64.max / 1_000_000_000 + margin..<Int64.max / 1_000_000_000 - margin

    func stretch(at instant: Timestamp) -> Stretch { stretch(before: firstTransition(after: instant)) }

    private func stretch(before next: Int) -> Stretch {
        let offset = offset(before: next)
        var (from, settled, to) = (
            ZoneRules.bounds.lowerBound, ZoneRules.bounds.lowerBound, ZoneRules.bounds.upperBound
        )
        if next > 0 {
            let begin = transitions[next - 1].at.wholeSeconds
            let isFar = next == 1 || begin - transitions[next - 2].at.wholeSeconds >= ZoneRules.margin
            settled = max(settled, begin + offset + ZoneRules.margin)
            from = isFar ? max(from, begin + max(offset, self.offset(before: next - 1))) : settled
        }
        if next < transitions.count {
            let end = transitions[next].at.wholeSeconds
            let isFar =
                next + 1 == transitions.count || transitions[next + 1].at.wholeSeconds - end >= ZoneRules.margin
            to = min(to, end + (isFar ? min(offset, Int64(transitions[next].offset)) : offset - ZoneRules.margin))
        }
        return Stretch(next: next, offset: offset, regularFrom: from, regularTo: to, settledFrom: settled)
    }

    private func offset(before next: Int) -> Int64 {
        Int64(next == 0 ? initialOffset : transitions[next - 1].offset)
    }

    /// As `resolve`, beginning at the stretch, which moves on to that of the local time.
    func resolve(_ local: Int64, _ rule: DSTRule, _ stretch: inout Stretch) -> Timestamp? {
        while local >= stretch.regularTo, stretch.next < transitions.count,
            local - stretch.offset >= transitions[stretch.next].at.wholeSeconds
        {
            stretch = self.stretch(before: stretch.next + 1)
        }
        if stretch.isRegular(local) { return Timestamp(seconds: local - stretch.offset) }
        return resolution(of: LocalDateTime(seconds: local), rule)?.instant
    }

    /// How a local time maps to an instant.
    struct Resolution {
        var instant: Timestamp
        /// The clocks show this time never or twice.
        var isIrregular: Bool
    }

    func resolution(of local: LocalDateTime, _ rule: DSTRule) -> Resolution? {
        guard let early = Timestamp(exactlySeconds: local.seconds - largestOffsetSeconds),
            let late = Timestamp(exactlySeconds: local.seconds + largestOffsetSeconds)
        else { return nil }
        var next = firstTransition(after: early)
        var offset = next == 0 ? initialOffset : transitions[next - 1].offset
        // Each stretch of constant offset that could show the time, in order: an instant belongs to its stretch, or the
        // time lies in the gap (or overlap) at the stretch's end.
        var found: Timestamp?
        var isAmbiguous = false
        var gap: Timestamp?
        while true {
            let instant = Timestamp(seconds: local.seconds - Int64(offset))
            let end = next < transitions.count ? transitions[next].at : nil
            let begin = next == 0 ? nil : transitions[next - 1].at
            let isAfterBegin = begin.map { $0 <= instant } ?? true
            let isBeforeEnd = end.map { instant < $0 } ?? true
            if isAfterBegin && isBeforeEnd {
                if found != nil {
                    isAmbiguous = true
                    if rule.overlap == .last { found = instant }
                } else {
                    found = instant
                }
            }
            guard let end, end <= late else { break }
            let following = transitions[next].offset
            // Past the end by the old offset and before it by the new one: skipped.
            if !isBeforeEnd, Timestamp(seconds: local.seconds - Int64(following)) < end { gap = instant }
            offset = following
            next += 1
        }
        if let found { return Resolution(instant: found, isIrregular: isAmbiguous) }
        guard let gap, rule.gap == .shift else { return nil }
        return Resolution(instant: gap, isIrregular: true)
    }

    /// The smallest and the largest offset in use between the two instants.
    func offsetRange(from start: Timestamp, to end: Timestamp) -> ClosedRange<Int> {
        var next = firstTransition(after: start)
        var low = next == 0 ? initialOffset : transitions[next - 1].offset
        var high = low
        while next < transitions.count, transitions[next].at <= end {
            low = min(low, transitions[next].offset)
            high = max(high, transitions[next].offset)
            next += 1
        }
        return low...high
    }

    /// Whether the offset changes after `start` and not after `end`.
    func changesOffset(after start: Timestamp, through end: Timestamp) -> Bool {
        let next = firstTransition(after: start)
        return next < transitions.count && transitions[next].at <= end
    }

    /// The index of the first transition after the instant; the count, where there is none.
    func firstTransition(after instant: Timestamp) -> Int {
        guard !transitions.isEmpty else { return 0 }
        var low = 0
        var count = transitions.count
        // Halves without a jump in the code: which half it is cannot be foretold.
        while count > 1 {
            let half = count / 2
            low += transitions[low + half - 1].at <= instant ? half : 0
            count -= half
        }
        return transitions[low].at <= instant ? low + 1 : low
    }
}

extension Timestamp {
    /// Seconds since the epoch, rounded down, over the whole range: sums of instants and durations end at its bounds.
    var wholeSeconds: Int64 { floorDivide(nanoseconds, 1_000_000_000) }

    /// Moved by that much, no further than to the ends of the range.
    func advanced(nanoseconds count: Int64) -> Timestamp {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(count)
        return overflow ? (count < 0 ? .distantPast : .distantFuture) : Timestamp(nanoseconds: sum)
    }

    /// Nil where the nanoseconds do not fit.
    init?(exactlySeconds seconds: Int64) {
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        self.init(nanoseconds: nanoseconds)
    }
}
