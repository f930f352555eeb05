extension RecurrenceRule {
    /// The parts of a rule as sets of bits.
    struct Parts: Hashable, Sendable {
        var frequency = Frequency.daily
        var interval = 1
        var count: Int?
        var until: Until?
        /// Bits 1 to 12; 0: not given.
        var months: UInt16 = 0
        /// Bits 1 to 31; 0: not given.
        var daysOfMonth: UInt32 = 0
        /// Bits 1 to 31, counted from the end of the month.
        var daysFromEnd: UInt32 = 0
        /// Bit 0 is Monday.
        var weekdays: UInt8 = 0
        var ordinalWeekdays: [OrdinalWeekday] = []
        var setPositions: [Int] = []
        var hours: UInt32 = 0
        var minutes: UInt64 = 0
        var second = 0
        /// 0 is Monday.
        var weekStart = 0
        /// Ordinal weekdays of a yearly rule without months count within the year.
        var ordinalsCountInYear = false

        var hasWeekdays: Bool { weekdays != 0 || !ordinalWeekdays.isEmpty }
        var hasDaysOfMonth: Bool { daysOfMonth != 0 || daysFromEnd != 0 }
    }

    /// `-1FR`: the last Friday of the month or of the year.
    struct OrdinalWeekday: Hashable, Sendable {
        /// 0 is Monday.
        var weekday: Int
        /// Never 0; from the end where negative.
        var ordinal: Int
    }

    static func week(ofDay day: Int, weekStart: Int) -> Int {
        // 1970-01-01 was a Thursday.
        Int(floorDivide(Int64(day + 3 - weekStart), 7))
    }
}

extension RecurrenceRule.Parts {
    /// Takes from the start what the rule leaves open, as the RFC has it.
    mutating func complete(from start: LocalDateTime) {
        let date = start.date
        ordinalsCountInYear = frequency == .yearly && months == 0
        switch frequency {
        case .daily: break
        case .weekly:
            if weekdays == 0 { weekdays = 1 << UInt8(floorRemainder(Int64(date.daysSinceEpoch) + 3, 7)) }
        case .monthly:
            if !hasWeekdays, !hasDaysOfMonth { daysOfMonth = 1 << UInt32(date.day) }
        case .yearly:
            if !hasWeekdays, !hasDaysOfMonth {
                if months == 0 { months = 1 << UInt16(date.month) }
                daysOfMonth = 1 << UInt32(date.day)
            }
        }
        let time = start.secondsSinceMidnight
        if hours == 0 { hours = 1 << UInt32(time / 3600) }
        if minutes == 0 { minutes = 1 << UInt64(time / 60 % 60) }
        second = time % 60
    }

    /// The smallest day, from either end, where no month of the rule is that long.
    var impossibleDay: Int? {
        guard hasDaysOfMonth, months != 0 else { return nil }
        let longest = (1...12).filter { months >> UInt16($0) & 1 == 1 }
            .map { LocalDate.length(ofMonth: $0, year: 2000) }.max()
        let smallest = min(
            daysOfMonth == 0 ? 32 : daysOfMonth.trailingZeroBitCount,
            daysFromEnd == 0 ? 32 : daysFromEnd.trailingZeroBitCount)
        guard let longest, smallest > longest else { return nil }
        return smallest
    }

    /// UNTIL as local seconds, rounded up where the zone has the last word.
    var lastSecond: Int64 {
        switch until {
        case nil: RecurrenceRule.endOfTime
        case .date(let date): min(RecurrenceRule.endOfTime, Int64(date.daysSinceEpoch) * 86400 + 86399)
        case .local(let local): min(RecurrenceRule.endOfTime, local.seconds)
        // A gap moves a start that is nominally later than the instant, by no more than a change of offset.
        case .instant(let instant): min(RecurrenceRule.endOfTime, instant.wholeSeconds + 2 * largestOffsetSeconds)
        }
    }
}

/// A rule without its text: the days and times on which it starts, bounds and exceptions aside.
struct RuleStarts: Hashable, Sendable {
    let parts: RecurrenceRule.Parts
    /// Times on one day, BYSETPOS aside.
    private let timesPerDay: Int
    private let hasSetPositions: Bool
    /// Of the start, in the units in which intervals are counted: days, weeks, months or years.
    private let firstPeriod: Int

    /// - Parameter parts: completed from the start.
    init(_ parts: RecurrenceRule.Parts, start: LocalDateTime) {
        self.parts = parts
        timesPerDay = parts.hours.nonzeroBitCount * parts.minutes.nonzeroBitCount
        hasSetPositions = !parts.setPositions.isEmpty
        let date = start.date
        firstPeriod =
            switch parts.frequency {
            case .daily: date.daysSinceEpoch
            case .weekly: RecurrenceRule.week(ofDay: date.daysSinceEpoch, weekStart: parts.weekStart)
            case .monthly: date.year * 12 + date.month - 1
            case .yearly: date.year
            }
    }
}

extension RuleStarts: DayPattern {
    func matchingDays(of month: Month) -> UInt64 {
        let days = candidates(of: month)
        guard hasSetPositions, days != 0 else { return days }
        var left = days
        var chosen: UInt64 = 0
        var known: (rank: Int, total: Int)?
        while left != 0 {
            let day = left.trailingZeroBitCount
            left &= left - 1
            let place = known ?? place(ofDay: month.first + day - 1, in: month)
            if parts.setPositions.contains(where: { index(of: $0, total: place.total) / timesPerDay == place.rank }) {
                chosen |= 1 << UInt64(day)
            }
            switch parts.frequency {
            case .daily, .weekly: break
            case .monthly, .yearly: known = (place.rank + 1, place.total)
            }
        }
        return chosen
    }

    func firstSecond(on day: Int, notBefore second: Int) -> Int? {
        var minute = firstMinute(
            hours: parts.hours, minutes: parts.minutes, notBefore: max(0, (second - parts.second + 59) / 60))
        guard hasSetPositions, timesPerDay > 1 else { return minute.map { $0 * 60 + parts.second } }
        let place = place(ofDay: day, in: Month(of: LocalDate(daysSinceEpoch: day), day: day))
        while let found = minute {
            let earlierHours = (parts.hours & ((1 << UInt32(found / 60)) - 1)).nonzeroBitCount
            let earlierMinutes = (parts.minutes & ((1 << UInt64(found % 60)) - 1)).nonzeroBitCount
            let time = earlierHours * parts.minutes.nonzeroBitCount + earlierMinutes
            let position = place.rank * timesPerDay + time
            if parts.setPositions.contains(where: { index(of: $0, total: place.total) == position }) {
                return found * 60 + parts.second
            }
            minute = firstMinute(hours: parts.hours, minutes: parts.minutes, notBefore: found + 1)
        }
        return nil
    }

    /// Where a position of BYSETPOS lies in a period of so many days; at or beyond its end, or negative: nowhere.
    private func index(of position: Int, total: Int) -> Int {
        guard position < 0 else { return position - 1 }
        let index = total * timesPerDay + position
        // A quotient rounds towards zero.
        return index < 0 ? -timesPerDay : index
    }

    /// Which of the candidate days of its period a day is, from 0.
    private func place(ofDay day: Int, in month: Month) -> (rank: Int, total: Int) {
        switch parts.frequency {
        case .daily: return (0, 1)
        case .weekly:
            let first = day - Int(floorRemainder(Int64(day + 3 - parts.weekStart), 7))
            var place = (rank: 0, total: 0)
            for other in first..<(first + 7) where isCandidateInWeek(other) {
                if other < day { place.rank += 1 }
                place.total += 1
            }
            return place
        case .monthly:
            let days = candidates(of: month)
            let dayOfMonth = day - month.first + 1
            return ((days & ((1 << UInt64(dayOfMonth)) - 1)).nonzeroBitCount, days.nonzeroBitCount)
        case .yearly:
            var place = (rank: 0, total: 0)
            for other in 1...12 {
                let days = candidates(of: Month(other, month.year))
                place.total += days.nonzeroBitCount
                if other < month.month {
                    place.rank += days.nonzeroBitCount
                } else if other == month.month {
                    let dayOfMonth = day - month.first + 1
                    place.rank += (days & ((1 << UInt64(dayOfMonth)) - 1)).nonzeroBitCount
                }
            }
            return place
        }
    }

    private func isCandidateInWeek(_ day: Int) -> Bool {
        guard parts.weekdays >> UInt8(floorRemainder(Int64(day) + 3, 7)) & 1 == 1 else { return false }
        return parts.months == 0 || parts.months >> UInt16(LocalDate(daysSinceEpoch: day).month) & 1 == 1
    }

    /// The days of the month before BYSETPOS: bits 1 to 31.
    private func candidates(of month: Month) -> UInt64 {
        guard parts.months == 0 || parts.months >> UInt16(month.month) & 1 == 1 else { return 0 }
        switch parts.frequency {
        case .monthly where parts.interval > 1:
            guard (month.year * 12 + month.month - 1 - firstPeriod).isMultiple(of: parts.interval) else { return 0 }
        case .yearly where parts.interval > 1:
            guard (month.year - firstPeriod).isMultiple(of: parts.interval) else { return 0 }
        default: break
        }
        let length = month.length
        var days = (UInt64(1) << UInt64(length + 1)) - 2
        if parts.hasDaysOfMonth {
            var listed = UInt64(parts.daysOfMonth)
            var fromEnd = parts.daysFromEnd
            while fromEnd != 0 {
                let day = length + 1 - fromEnd.trailingZeroBitCount
                if day >= 1 { listed |= 1 << UInt64(day) }
                fromEnd &= fromEnd - 1
            }
            days &= listed
        }
        guard days != 0 else { return 0 }
        if parts.hasWeekdays {
            let weekday = month.firstWeekday
            // The days of the week, turned so that bit 0 is that of the first of the month, five times.
            let turned = UInt64((UInt16(parts.weekdays) >> weekday | UInt16(parts.weekdays) << (7 - weekday)) & 0x7F)
            var listed = (turned &* 0x1020_4081) << 1
            for index in parts.ordinalWeekdays.indices {
                let ordinal = parts.ordinalWeekdays[index]
                listed |=
                    parts.ordinalsCountInYear
                    ? inYear(ordinal, month)
                    : inMonth(ordinal, firstWeekday: weekday, length: length)
            }
            days &= listed
        }
        guard parts.interval > 1, days != 0 else { return days }
        switch parts.frequency {
        case .daily: return days & everyNthDay(first: month.first)
        case .weekly: return days & everyNthWeek(first: month.first, length: length)
        case .monthly, .yearly: return days
        }
    }

    private func inMonth(_ ordinal: RecurrenceRule.OrdinalWeekday, firstWeekday: Int, length: Int) -> UInt64 {
        let wait = ordinal.weekday - firstWeekday
        let earliest = 1 + (wait < 0 ? wait + 7 : wait)
        let day =
            ordinal.ordinal > 0
            ? earliest + 7 * (ordinal.ordinal - 1) : earliest + 7 * ((length - earliest) / 7 + ordinal.ordinal + 1)
        return (1...length).contains(day) ? 1 << UInt64(day) : 0
    }

    private func inYear(_ ordinal: RecurrenceRule.OrdinalWeekday, _ month: Month) -> UInt64 {
        let newYear = LocalDate.daysSinceEpoch(ofMonth: 1, year: month.year)
        let yearLength = LocalDate.isLeap(month.year) ? 366 : 365
        let earliest = Int(floorRemainder(Int64(ordinal.weekday - newYear - 3), 7))
        let dayOfYear =
            ordinal.ordinal > 0
            ? earliest + 7 * (ordinal.ordinal - 1)
            : earliest + 7 * ((yearLength - 1 - earliest) / 7 + ordinal.ordinal + 1)
        guard (0..<yearLength).contains(dayOfYear) else { return 0 }
        let day = newYear + dayOfYear - month.first + 1
        return (1...month.length).contains(day) ? 1 << UInt64(day) : 0
    }

    private func everyNthDay(first: Int) -> UInt64 {
        var day = 1 + Int(floorRemainder(Int64(firstPeriod - first), Int64(parts.interval)))
        var days: UInt64 = 0
        while day <= 31 {
            days |= 1 << UInt64(day)
            day += parts.interval
        }
        return days
    }

    private func everyNthWeek(first: Int, length: Int) -> UInt64 {
        var week = RecurrenceRule.week(ofDay: first, weekStart: parts.weekStart)
        // The day of the month on which that week starts, 1 or before.
        var day = week * 7 - 3 + parts.weekStart - first + 1
        var days: UInt64 = 0
        while day <= length {
            if (week - firstPeriod).isMultiple(of: parts.interval) {
                days |= day >= 0 ? 0x7F << UInt64(day) : 0x7F >> UInt64(-day)
            }
            week += 1
            day += 7
        }
        return days
    }
}
