import Calendars
import Primitives
import Testing

/// What becomes of one occurrence where the clocks change. Start and end are separate rows of the specification: each is
/// resolved alone.
@Suite(.enabled(if: ZoneFiles.isPresent(), "needs the zone files of the system (package tzdata)"))
struct DSTTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var zone: String
        var nominal: String
        var length: WindowLength
        var rule = DSTRule()
        /// Nil: the occurrence does not happen.
        var start: String?
        var end = ""
        var elapsed = 0.0
        var wall = 0.0
        var dst = true

        var testDescription: String { "\(zone) \(nominal) \(length)" }
    }

    static func hours(_ hours: Double) -> WindowLength { .elapsed(.seconds(Int(hours * 3600))) }
    /// A time that no clock shows makes a span of no length, which fails every row.
    static func until(_ hour: Int, _ minute: Int) -> WindowLength {
        TimeOfDay(hour: hour, minute: minute).map { .until($0) } ?? .elapsed(.zero)
    }
    static let skip = DSTRule(gap: .skip)
    static let last = DSTRule(overlap: .last)

    /// Paris: 29 March 02:00 → 03:00, 25 October 03:00 → 02:00. New York: 8 March and 1 November at 02:00. Lord Howe
    /// moves by half an hour: 4 October 02:00 → 02:30, 5 April 02:00 → 01:30.
    static let rows: [Row] = [
        // A start in the gap.
        Row(
            zone: "Europe/Paris", nominal: "2026-03-29T02:30", length: hours(1), start: "2026-03-29T03:30:00+02:00",
            end: "2026-03-29T04:30:00+02:00", elapsed: 1, wall: 1),
        Row(zone: "Europe/Paris", nominal: "2026-03-29T02:30", length: hours(1), rule: skip, start: nil),
        Row(
            zone: "Europe/Paris", nominal: "2026-03-29T02:00", length: hours(1), start: "2026-03-29T03:00:00+02:00",
            end: "2026-03-29T04:00:00+02:00", elapsed: 1, wall: 1),
        Row(
            zone: "America/New_York", nominal: "2026-03-08T02:30", length: hours(2),
            start: "2026-03-08T03:30:00-04:00", end: "2026-03-08T05:30:00-04:00", elapsed: 2, wall: 2),
        Row(zone: "America/New_York", nominal: "2026-03-08T02:59:59", length: hours(2), rule: skip, start: nil),
        Row(
            zone: "America/New_York", nominal: "2026-03-08T03:00", length: hours(2), rule: skip,
            start: "2026-03-08T03:00:00-04:00", end: "2026-03-08T05:00:00-04:00", elapsed: 2, wall: 2, dst: false),
        Row(
            zone: "Australia/Lord_Howe", nominal: "2026-10-04T02:15", length: hours(1),
            start: "2026-10-04T02:45:00+11:00", end: "2026-10-04T03:45:00+11:00", elapsed: 1, wall: 1),
        Row(zone: "Australia/Lord_Howe", nominal: "2026-10-04T02:15", length: hours(1), rule: skip, start: nil),
        // A day that a zone left out: Samoa crossed the date line.
        Row(
            zone: "Pacific/Apia", nominal: "2011-12-30T10:00", length: hours(1), start: "2011-12-31T10:00:00+14:00",
            end: "2011-12-31T11:00:00+14:00", elapsed: 1, wall: 1),
        // A start in the overlap.
        Row(
            zone: "Europe/Paris", nominal: "2026-10-25T02:30", length: hours(1), start: "2026-10-25T02:30:00+02:00",
            end: "2026-10-25T02:30:00+01:00", elapsed: 1, wall: 0),
        Row(
            zone: "Europe/Paris", nominal: "2026-10-25T02:30", length: hours(1), rule: last,
            start: "2026-10-25T02:30:00+01:00", end: "2026-10-25T03:30:00+01:00", elapsed: 1, wall: 1),
        Row(
            zone: "Europe/Paris", nominal: "2026-10-25T02:30", length: hours(0.25), start: "2026-10-25T02:30:00+02:00",
            end: "2026-10-25T02:45:00+02:00", elapsed: 0.25, wall: 0.25),
        Row(
            zone: "America/New_York", nominal: "2026-11-01T01:00", length: hours(3), start: "2026-11-01T01:00:00-04:00",
            end: "2026-11-01T03:00:00-05:00", elapsed: 3, wall: 2),
        Row(
            zone: "America/New_York", nominal: "2026-11-01T01:00", length: hours(3), rule: last,
            start: "2026-11-01T01:00:00-05:00", end: "2026-11-01T04:00:00-05:00", elapsed: 3, wall: 3),
        Row(
            zone: "Australia/Lord_Howe", nominal: "2026-04-05T01:45", length: hours(1),
            start: "2026-04-05T01:45:00+11:00", end: "2026-04-05T02:15:00+10:30", elapsed: 1, wall: 0.5),
        Row(
            zone: "Australia/Lord_Howe", nominal: "2026-04-05T01:45", length: hours(1), rule: last,
            start: "2026-04-05T01:45:00+10:30", end: "2026-04-05T02:45:00+10:30", elapsed: 1, wall: 1),
        // A span of elapsed time across the change.
        Row(
            zone: "Europe/Paris", nominal: "2026-03-29T01:00", length: hours(3), start: "2026-03-29T01:00:00+01:00",
            end: "2026-03-29T05:00:00+02:00", elapsed: 3, wall: 4),
        Row(
            zone: "Europe/Paris", nominal: "2026-10-25T01:00", length: hours(3), start: "2026-10-25T01:00:00+02:00",
            end: "2026-10-25T03:00:00+01:00", elapsed: 3, wall: 2),
        Row(
            zone: "Europe/Paris", nominal: "2026-03-29T00:00", length: hours(2), start: "2026-03-29T00:00:00+01:00",
            end: "2026-03-29T03:00:00+02:00", elapsed: 2, wall: 3),
        Row(
            zone: "Australia/Lord_Howe", nominal: "2026-10-04T01:00", length: hours(3),
            start: "2026-10-04T01:00:00+10:30", end: "2026-10-04T04:30:00+11:00", elapsed: 3, wall: 3.5),
        // Until a time on the wall across the change.
        Row(
            zone: "Europe/Paris", nominal: "2026-03-28T22:00", length: until(5, 0), start: "2026-03-28T22:00:00+01:00",
            end: "2026-03-29T05:00:00+02:00", elapsed: 6, wall: 7),
        Row(
            zone: "Europe/Paris", nominal: "2026-10-24T22:00", length: until(5, 0), start: "2026-10-24T22:00:00+02:00",
            end: "2026-10-25T05:00:00+01:00", elapsed: 8, wall: 7),
        Row(
            zone: "America/New_York", nominal: "2026-03-08T01:00", length: until(4, 0),
            start: "2026-03-08T01:00:00-05:00", end: "2026-03-08T04:00:00-04:00", elapsed: 2, wall: 3),
        Row(
            zone: "Australia/Lord_Howe", nominal: "2026-04-05T01:00", length: until(3, 0),
            start: "2026-04-05T01:00:00+11:00", end: "2026-04-05T03:00:00+10:30", elapsed: 2.5, wall: 2),
        // An end in the gap is moved, also where a start would be skipped: the window must end.
        Row(
            zone: "Europe/Paris", nominal: "2026-03-29T01:00", length: until(2, 30), rule: skip,
            start: "2026-03-29T01:00:00+01:00", end: "2026-03-29T03:30:00+02:00", elapsed: 1.5, wall: 2.5),
        // An end in the overlap follows the rule.
        Row(
            zone: "Europe/Paris", nominal: "2026-10-25T01:00", length: until(2, 30),
            start: "2026-10-25T01:00:00+02:00", end: "2026-10-25T02:30:00+02:00", elapsed: 1.5, wall: 1.5),
        Row(
            zone: "Europe/Paris", nominal: "2026-10-25T01:00", length: until(2, 30), rule: last,
            start: "2026-10-25T01:00:00+02:00", end: "2026-10-25T02:30:00+01:00", elapsed: 2.5, wall: 1.5),
        // Moved past its own end: nothing is left.
        Row(zone: "Europe/Paris", nominal: "2026-03-29T02:30", length: until(3, 0), start: nil),
        // Until the same time: a day on the wall.
        Row(
            zone: "Europe/Paris", nominal: "2026-03-28T12:00", length: until(12, 0),
            start: "2026-03-28T12:00:00+01:00", end: "2026-03-29T12:00:00+02:00", elapsed: 23, wall: 24),
        // Zones whose clocks never change.
        Row(
            zone: "Asia/Tokyo", nominal: "2026-03-29T02:30", length: until(1, 0), start: "2026-03-29T02:30:00+09:00",
            end: "2026-03-30T01:00:00+09:00", elapsed: 22.5, wall: 22.5, dst: false),
        Row(
            zone: "Asia/Tokyo", nominal: "2026-10-25T02:30", length: hours(3), rule: skip,
            start: "2026-10-25T02:30:00+09:00", end: "2026-10-25T05:30:00+09:00", elapsed: 3, wall: 3, dst: false),
        Row(
            zone: "UTC", nominal: "2026-03-29T02:30", length: hours(3), start: "2026-03-29T02:30:00+00:00",
            end: "2026-03-29T05:30:00+00:00", elapsed: 3, wall: 3, dst: false),
        Row(
            zone: "UTC", nominal: "2026-11-01T01:30", length: until(1, 15), rule: last,
            start: "2026-11-01T01:30:00+00:00", end: "2026-11-02T01:15:00+00:00", elapsed: 23.75, wall: 23.75,
            dst: false),
    ]

    @Test(arguments: rows) func `start and end are resolved separately`(_ row: Row) throws {
        let zone = try ZoneFiles.rules(row.zone)
        let nominal = try #require(LocalDateTime(row.nominal))
        let window = Window(
            name: "w", recurrence: .at(nominal), length: row.length, timeZone: row.zone, dst: row.rule)
        let calendar = PolicyCalendar(policy: "p", windows: [window], exclusions: [], zones: [row.zone: zone])
        let found = calendar.occurrences(from: .distantPast, to: .distantFuture)
        guard let start = row.start else {
            #expect(found.isEmpty)
            return
        }
        let occurrence = try #require(found.first).occurrence
        #expect(found.count == 1)
        #expect(occurrence.id.description == "p/w/\(row.nominal)")
        #expect(zone.text(occurrence.span.start) == start)
        #expect(zone.text(occurrence.span.end) == row.end)
        #expect(occurrence.span.length.inSeconds == row.elapsed * 3600)
        #expect(occurrence.wallLength.inSeconds == row.wall * 3600)
        #expect(occurrence.isTouchedByDST == row.dst)

        // A weekly window and a cron schedule that meet the same nominal time agree with the single one.
        let date = nominal.date
        let time = try #require(
            TimeOfDay(hour: nominal.secondsSinceMidnight / 3600, minute: nominal.secondsSinceMidnight / 60 % 60))
        guard time.secondsSinceMidnight == nominal.secondsSinceMidnight else { return }
        let cron = try CronSchedule("\(time.minute) \(time.hour) \(date.day) \(date.month) *")
        for recurrence in [Recurrence.weekly(days: [date.weekday], start: time), .cron(cron)] {
            var recurring = window
            recurring.recurrence = recurrence
            let calendar = PolicyCalendar(policy: "p", windows: [recurring], exclusions: [], zones: [row.zone: zone])
            let span = occurrence.span
            #expect(calendar.occurrences(from: span.start, to: span.end).map(\.occurrence) == [occurrence])
            #expect(calendar.nextOpening(after: span.start - .nanoseconds(1))?.occurrence == occurrence.id)
        }
    }

    static let zones = [
        "Africa/Cairo", "America/Havana", "America/New_York", "America/Santiago", "Asia/Beirut", "Asia/Tokyo",
        "Australia/Lord_Howe", "Europe/London", "Europe/Paris", "Pacific/Chatham", "UTC",
    ]

    @Test(arguments: zones) func `a nightly window opens exactly once per local date`(_ name: String) throws {
        let zone = try ZoneFiles.rules(name)
        let times = try [(0, 0), (1, 30), (2, 30), (23, 30)].map { try #require(TimeOfDay(hour: $0.0, minute: $0.1)) }
        for time in times {
            for overlap in DSTRule.Overlap.allCases {
                let window = Window(
                    name: "w", recurrence: .weekly(days: Set(Weekday.allCases), start: time),
                    length: .elapsed(.minutes(10)), timeZone: name, dst: DSTRule(overlap: overlap))
                let calendar = PolicyCalendar(policy: "p", windows: [window], exclusions: [], zones: [name: zone])
                let first = try #require(LocalDate(year: 2025, month: 1, day: 1)).daysSinceEpoch
                let last = try #require(LocalDate(year: 2027, month: 12, day: 31)).daysSinceEpoch
                let from = try #require(Timestamp(rfc3339: "2024-12-30T00:00:00Z"))
                let to = try #require(Timestamp(rfc3339: "2028-01-03T00:00:00Z"))
                let expected = (first...last).map { LocalDate(daysSinceEpoch: $0) }

                let listed = calendar.occurrences(from: from, to: to).map(\.occurrence.id.nominal.date)
                    .filter { $0.year != 2024 && $0.year != 2028 }
                #expect(listed == expected)

                // Walked from one opening to the next, as a daemon does.
                var walked: [LocalDate] = []
                var instant = from
                while let opening = calendar.nextOpening(after: instant), opening.start < to {
                    #expect(opening.span.length == .minutes(10))
                    walked.append(zone.local(opening.start).date)
                    instant = opening.start
                }
                #expect(walked.filter { $0.year != 2024 && $0.year != 2028 } == expected)
            }
        }
    }
}
