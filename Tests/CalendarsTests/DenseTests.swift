import Calendars
import Primitives
import Testing

/// Schedules that start every minute: their occurrences are united by the day, and nobody must be able to tell.
@Suite(.enabled(if: ZoneFiles.isPresent(), "needs the zone files of the system (package tzdata)"))
struct DenseTests {
    private static func numbers(_ range: Range<Int>) -> String { range.map(String.init).joined(separator: ",") }

    /// - Parameter exception: of a far year; a rule with one is never united by the day.
    private static func calendar(
        _ zone: ZoneRules, hours: Range<Int>, length: Duration, first: String, last: String, exception: String?
    ) throws -> PolicyCalendar {
        let rule = try RecurrenceRule(
            "FREQ=DAILY;BYHOUR=\(numbers(hours));BYMINUTE=\(numbers(0..<60))", start: nil,
            exceptions: exception.flatMap { LocalDateTime($0) }.map { [$0] } ?? [])
        let window = Window(
            name: "w", recurrence: .rule(rule), length: .elapsed(length), timeZone: zone.name,
            startDate: try #require(LocalDateTime(first + "T00:00")).date,
            endDate: try #require(LocalDateTime(last + "T00:00")).date)
        return PolicyCalendar(policy: "p", windows: [window], exclusions: [], zones: [zone.name: zone])
    }

    @Test(arguments: ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Tokyo"])
    func `what is united by the day answers as what is not`(_ name: String) throws {
        let zone = try ZoneFiles.rules(name)
        var random = RandomStream(seed: 60)
        for (first, last) in [("2026-10-28", "2026-11-06"), ("2026-12-27", "2027-01-05"), ("2011-12-26", "2012-01-04")]
        {
            for (hours, length) in [(0..<24, Duration.minutes(1)), (0..<24, .minutes(90)), (1..<5, .minutes(1))] {
                let dense = try Self.calendar(
                    zone, hours: hours, length: length, first: first, last: last, exception: nil)
                let single = try Self.calendar(
                    zone, hours: hours, length: length, first: first, last: last, exception: "2200-01-01T00:00")
                let from = try #require(Timestamp(rfc3339: first + "T00:00:00Z")).seconds - 86400
                for _ in 0..<2 {
                    let instant = Timestamp(seconds: from + Int64.random(in: 0..<12 * 86400, using: &random))
                    #expect(dense.opening(at: instant) == single.opening(at: instant))
                    #expect(dense.nextOpening(after: instant) == single.nextOpening(after: instant))
                    #expect(dense.nextChange(after: instant) == single.nextChange(after: instant))
                }
            }
        }
    }

    @Test func `every minute of every day is one run a year`() throws {
        let zone = try ZoneFiles.rules("Asia/Tokyo")
        let window = Window(
            name: "w", recurrence: .cron(try CronSchedule("* * * * *")), length: .elapsed(.minutes(1)),
            timeZone: zone.name)
        let calendar = PolicyCalendar(policy: "p", windows: [window], exclusions: [], zones: [zone.name: zone])
        let summer = try #require(Timestamp(rfc3339: "2026-07-01T00:00:00Z"))
        let opening = try #require(calendar.opening(at: summer))
        #expect(opening.occurrence.description == "p/w/2026-01-01T09:00")
        #expect(opening.start.rfc3339 == "2026-01-01T00:00:00Z")
        #expect(opening.end.rfc3339 == "2027-01-01T00:00:00Z")
        #expect(calendar.nextOpening(after: opening.start)?.start == opening.end)
    }
}
