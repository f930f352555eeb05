/// A five-field cron expression: minute, hour, day of month, month, day of week.
///
/// Each field is a set of numbers as bits. Where day of month and day of week are both restricted, a day matches if
/// either does (POSIX crontab); a field that starts with `*` restricts nothing in this sense, also with a step, so that
/// `*/2` in one of them and a list in the other must both match.
public struct CronSchedule: Hashable, Sendable, Codable {
    /// As written, for texts.
    public var text: String
    public var minutes: UInt64
    public var hours: UInt32
    /// Bits 1 to 31.
    public var daysOfMonth: UInt32
    /// Bits 1 to 12.
    public var months: UInt16
    /// Bits 0 (Sunday) to 6.
    public var daysOfWeek: UInt8
    public var restrictsDayOfMonth: Bool
    public var restrictsDayOfWeek: Bool
    /// `L` in the day of month: the last day of the month.
    public var includesLastDayOfMonth: Bool
    /// `sun#2`: bit 7 × (ordinal - 1) + day, for ordinals 1 to 5; `sunL`, the last one of the month: bit 35 + day.
    public var ordinalDaysOfWeek: UInt64
}

extension CronSchedule {
    /// Whether any time of that date matches.
    public func matches(_ date: LocalDate) -> Bool {
        guard months >> UInt16(date.month) & 1 == 1 else { return false }
        let length = LocalDate.length(ofMonth: date.month, year: date.year)
        let byMonth =
            daysOfMonth >> UInt32(date.day) & 1 == 1 || (includesLastDayOfMonth && date.day == length)
        let byWeek = matchesWeekday(of: date, monthLength: length)
        return restrictsDayOfMonth && restrictsDayOfWeek ? byMonth || byWeek : byMonth && byWeek
    }

    private func matchesWeekday(of date: LocalDate, monthLength: Int) -> Bool {
        let sinceSunday = (date.daysSinceEpoch + 4) % 7
        let day = sinceSunday < 0 ? sinceSunday + 7 : sinceSunday
        if daysOfWeek >> UInt8(day) & 1 == 1 { return true }
        guard ordinalDaysOfWeek != 0 else { return false }
        let ordinal = (date.day - 1) / 7
        if ordinalDaysOfWeek >> UInt64(7 * ordinal + day) & 1 == 1 { return true }
        return date.day + 7 > monthLength && ordinalDaysOfWeek >> UInt64(35 + day) & 1 == 1
    }

    /// How far `next` looks: long enough for 29 February on one weekday across a year like 2100.
    public static let searchYears = 41

    /// The first matching local time that is not before the given one; nil where `searchYears` have none.
    public func next(notBefore local: LocalDateTime) -> LocalDateTime? {
        let first = local.date
        let earliest = (local.secondsSinceMidnight + 59) / 60
        if matches(first), let minute = firstMinute(notBefore: earliest) {
            return LocalDateTime(seconds: Int64(first.daysSinceEpoch) * 86400 + Int64(minute) * 60)
        }
        guard let minute = firstMinute(notBefore: 0) else { return nil }
        var day = first.daysSinceEpoch + 1
        let last = day + CronSchedule.searchYears * 366
        while day <= last {
            let date = LocalDate(daysSinceEpoch: day)
            if matches(date) { return LocalDateTime(seconds: Int64(day) * 86400 + Int64(minute) * 60) }
            day += daysToNextCandidate(from: date)
        }
        return nil
    }

    /// One day, or the rest of a month that never matches.
    func daysToNextCandidate(from date: LocalDate) -> Int {
        guard months >> UInt16(date.month) & 1 == 0 else { return 1 }
        return LocalDate.length(ofMonth: date.month, year: date.year) - date.day + 1
    }

    /// Minutes since midnight of the first matching time of a day that is not before the given one.
    func firstMinute(notBefore minute: Int) -> Int? {
        guard minute < 1440 else { return nil }
        let hour = minute / 60
        if hours >> UInt32(hour) & 1 == 1 {
            let rest = minutes & (UInt64.max << UInt64(minute % 60))
            if rest != 0 { return hour * 60 + rest.trailingZeroBitCount }
        }
        guard hour < 23 else { return nil }
        let later = hours & (UInt32.max << UInt32(hour + 1))
        guard later != 0, minutes != 0 else { return nil }
        return later.trailingZeroBitCount * 60 + minutes.trailingZeroBitCount
    }
}
