import Calendars
import Foundation
import Primitives

/// What is asked of everybody: the first start after an instant, of one schedule in a zone with daylight saving.
struct Question {
    var name: String
    var recurrence: Recurrence
    /// For the peers: DTSTART and the rule, the five fields, and what their program calls it.
    var rule: String
    var cron: String
    var cronKind: String
    /// At least so many times faster than robfig/cron; nil: nothing is promised.
    var cronRatio: Double?

    static let zone = "Europe/Berlin"
    static let start = "20260101T020000"

    static func all() throws -> [Question] {
        let start = LocalDateTime("2026-01-01T02:00")
        guard let two = TimeOfDay(hour: 2, minute: 0) else { return [] }
        let secondSunday = "FREQ=MONTHLY;BYDAY=2SU"
        return [
            Question(
                name: "weekly", recurrence: .weekly(days: [.sun], start: two),
                rule: "FREQ=WEEKLY;BYDAY=SU", cron: "0 2 * * 0", cronKind: "cron", cronRatio: 100),
            Question(
                name: "second Sunday, rrule", recurrence: .rule(try RecurrenceRule(secondSunday, start: start)),
                rule: secondSunday, cron: "0 2 8-14 * *", cronKind: "nth", cronRatio: 100),
            Question(
                name: "second Sunday, cron", recurrence: .cron(try CronSchedule("0 2 * * sun#2")), rule: secondSunday,
                cron: "0 2 8-14 * *", cronKind: "nth", cronRatio: 100),
            Question(
                name: "first of the month", recurrence: .cron(try CronSchedule("0 2 1 * *")),
                rule: "FREQ=MONTHLY;BYMONTHDAY=1", cron: "0 2 1 * *", cronKind: "cron", cronRatio: 100),
            Question(
                name: "daily", recurrence: .cron(try CronSchedule("0 2 * * *")), rule: "FREQ=DAILY", cron: "0 2 * * *",
                cronKind: "cron", cronRatio: nil),
        ]
    }

    /// Instants of the years 2026 to 2030, the same in every run.
    static func instants(_ count: Int) -> [Timestamp] {
        var state: UInt64 = 20_261_122
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Timestamp(seconds: 1_772_323_200 + Int64((state >> 33) % 150_000_000))
        }
    }
}
