/// A five-field cron expression: minute, hour, day of month, month, day of week.
///
/// Each field is a set of numbers as bits. Where day of month and day of week are both restricted, a day matches if
/// either does (POSIX crontab).
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
}
