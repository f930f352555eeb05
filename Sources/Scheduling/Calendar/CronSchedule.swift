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

extension CronSchedule: DayPattern {
    /// Whether any time of that date matches.
    public func matches(_ date: LocalDate) -> Bool {
        matchingDays(ofMonth: date.month, year: date.year) >> UInt64(date.day) & 1 == 1
    }

    /// The days of that month on which any time matches: bits 1 to 31.
    func matchingDays(ofMonth month: Int, year: Int) -> UInt64 {
        guard months >> UInt16(month) & 1 == 1 else { return 0 }
        let length = LocalDate.length(ofMonth: month, year: year)
        let all = (UInt64(1) << UInt64(length + 1)) - 2
        var byMonth = UInt64(daysOfMonth)
        if includesLastDayOfMonth { byMonth |= 1 << UInt64(length) }
        let first = LocalDate.daysSinceEpoch(ofMonth: month, year: year)
        let weekday = UInt64(floorRemainder(Int64(first) + 4, 7))
        // Days of the week, turned so that bit 0 is that of the first of the month.
        func turned(_ days: UInt64) -> UInt64 { (days >> weekday | days << (7 - weekday)) & 0x7F }
        // The same seven bits five times, from the first of the month on.
        let weeks: UInt64 = 0x1020_4081
        var byWeek = turned(UInt64(daysOfWeek)) &* weeks << 1
        if ordinalDaysOfWeek != 0 {
            for ordinal in UInt64(0)..<5 {
                byWeek |= turned(ordinalDaysOfWeek >> (7 * ordinal) & 0x7F) << (7 * ordinal + 1)
            }
            let lastSeven = UInt64(0x7F) << UInt64(length - 6)
            byWeek |= (turned(ordinalDaysOfWeek >> 35 & 0x7F) &* weeks << 1) & lastSeven
        }
        return (restrictsDayOfMonth && restrictsDayOfWeek ? byMonth | byWeek : byMonth & byWeek) & all
    }

    /// How far `next` looks: long enough for 29 February on one weekday across a year like 2100.
    public static let searchYears = 41

    /// The first matching local time that is not before the given one; nil where `searchYears` have none.
    public func next(notBefore local: LocalDateTime) -> LocalDateTime? {
        let last = local.seconds + Int64(CronSchedule.searchYears * 366) * 86400
        return firstStart(from: local.seconds, through: last).map { LocalDateTime(seconds: $0) }
    }

    func firstSecond(on day: Int, notBefore second: Int) -> Int? {
        firstMinute(hours: hours, minutes: minutes, notBefore: (second + 59) / 60).map { $0 * 60 }
    }
}

extension LocalDate {
    /// Days from 1970-01-01 to the first of the month.
    static func daysSinceEpoch(ofMonth month: Int, year: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = Int(floorDivide(Int64(marchYear), 400))
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
