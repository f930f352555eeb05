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
        CronStarts(self).matchingDays(of: Month(date.month, date.year)) >> UInt64(date.day) & 1 == 1
    }

    /// How far `next` looks: long enough for 29 February on one weekday across a year like 2100.
    public static let searchYears = 41

    /// The first matching local time that is not before the given one; nil where `searchYears` have none.
    public func next(notBefore local: LocalDateTime) -> LocalDateTime? {
        let last = local.seconds + Int64(CronSchedule.searchYears * 366) * 86400
        return CronStarts(self).firstStart(from: local.seconds, through: last).map { LocalDateTime(seconds: $0) }
    }
}

/// A schedule without its text: copying it costs nothing.
struct CronStarts: Hashable, Sendable, DayPattern {
    let minutes: UInt64
    let hours: UInt32
    private let months: UInt16
    private let daysOfMonth: UInt64
    private let daysOfWeek: UInt64
    private let includesLastDayOfMonth: Bool
    private let ordinalDaysOfWeek: UInt64
    private let isEither: Bool

    init(_ schedule: CronSchedule) {
        minutes = schedule.minutes
        hours = schedule.hours
        months = schedule.months
        daysOfMonth = UInt64(schedule.daysOfMonth)
        daysOfWeek = UInt64(schedule.daysOfWeek)
        includesLastDayOfMonth = schedule.includesLastDayOfMonth
        ordinalDaysOfWeek = schedule.ordinalDaysOfWeek
        isEither = schedule.restrictsDayOfMonth && schedule.restrictsDayOfWeek
    }

    func matchingDays(of month: Month) -> UInt64 {
        guard months >> UInt16(month.month) & 1 == 1 else { return 0 }
        let length = UInt64(month.length)
        let all = (UInt64(1) << (length + 1)) - 2
        let byMonth = includesLastDayOfMonth ? daysOfMonth | 1 << length : daysOfMonth
        // Cron's week starts on Sunday.
        let weekday = UInt64(month.firstWeekday) + 1
        // Days of the week, turned so that bit 0 is that of the first of the month.
        func turned(_ days: UInt64) -> UInt64 { ((days | days << 7) >> (weekday == 7 ? 0 : weekday)) & 0x7F }
        // The same seven bits five times, from the first of the month on.
        let weeks: UInt64 = 0x1020_4081
        var byWeek = turned(daysOfWeek) &* weeks << 1
        var ordinals = ordinalDaysOfWeek
        while ordinals != 0 {
            let week = UInt64(ordinals.trailingZeroBitCount) / 7
            let days = turned(ordinals >> (7 * week) & 0x7F)
            ordinals &= ~(0x7F << (7 * week))
            byWeek |= week < 5 ? days << (7 * week + 1) : (days &* weeks << 1) & (0x7F << (length - 6))
        }
        return (isEither ? byMonth | byWeek : byMonth & byWeek) & all
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
