import ModeCore
import Scheduling
import Testing

/// Weekly windows and one-off exclusions in UTC, as rows.
struct CalendarPolicyTests {
    static func at(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    static func weekly(
        _ name: String, _ days: Set<Weekday>, _ start: String, _ length: WindowLength, zone: String = "UTC"
    ) throws -> Window {
        let start = try #require(LocalDateTime("2026-01-01T" + start))
        let time = try #require(
            TimeOfDay(hour: start.secondsSinceMidnight / 3600, minute: start.secondsSinceMidnight / 60 % 60))
        return Window(name: name, recurrence: .weekly(days: days, start: time), length: length, timeZone: zone)
    }

    static func once(_ name: String, _ start: String, _ length: Duration) throws -> Window {
        Window(
            name: name, recurrence: .at(try #require(LocalDateTime(start))), length: .elapsed(length), timeZone: "UTC")
    }

    @Test func `a window is open from its start up to but without its end`() throws {
        let calendar = PolicyCalendar(
            policy: "p", windows: [try Self.weekly("sun", [.sun], "02:00", .elapsed(.hours(3)))], exclusions: [],
            zones: ["UTC": .utc])
        // 2026-11-29 is a Sunday.
        #expect(calendar.opening(at: try Self.at("2026-11-29T01:59:59.999999999Z")) == nil)
        let opening = try #require(calendar.opening(at: try Self.at("2026-11-29T02:00:00Z")))
        #expect(opening.occurrence.description == "p/sun/2026-11-29T02:00")
        #expect(opening.end.rfc3339 == "2026-11-29T05:00:00Z")
        #expect(!opening.resumesAfterExclusion)
        #expect(calendar.opening(at: try Self.at("2026-11-29T04:59:59.999999999Z")) == opening)
        #expect(calendar.opening(at: try Self.at("2026-11-29T05:00:00Z")) == nil)
        let next = try #require(calendar.nextOpening(after: try Self.at("2026-11-29T02:00:00Z")))
        #expect(next.start.rfc3339 == "2026-12-06T02:00:00Z")
        #expect(calendar.nextChange(after: try Self.at("2026-11-29T02:00:00Z"))?.rfc3339 == "2026-11-29T05:00:00Z")
        #expect(calendar.nextChange(after: try Self.at("2026-11-29T05:00:00Z"))?.rfc3339 == "2026-12-06T02:00:00Z")
    }

    @Test func `overlapping and touching occurrences are one run that an exclusion interrupts`() throws {
        let calendar = PolicyCalendar(
            policy: "p",
            windows: [
                try Self.weekly("b", [.sun], "04:00", .elapsed(.hours(2))),
                try Self.weekly("a", [.sun], "02:00", .elapsed(.hours(2))),
            ],
            exclusions: [
                Exclusion(window: try Self.once("freeze", "2026-11-29T03:00", .hours(2)), reason: "release day")
            ],
            zones: ["UTC": .utc])
        let before = try #require(calendar.opening(at: try Self.at("2026-11-29T02:30:00Z")))
        #expect(before.occurrence.description == "p/a/2026-11-29T02:00")
        #expect(before.span.end.rfc3339 == "2026-11-29T06:00:00Z")
        #expect(before.end.rfc3339 == "2026-11-29T03:00:00Z")
        #expect(before.resumesAfterExclusion)
        #expect(calendar.opening(at: before.end) == nil)
        #expect(calendar.isExcluded(at: before.end)?.by == "freeze")
        #expect(calendar.containing(at: before.end)?.occurrence == before.occurrence)
        let after = try #require(calendar.nextOpening(after: before.end))
        #expect(after.occurrence == before.occurrence)
        #expect(after.start.rfc3339 == "2026-11-29T05:00:00Z")
        #expect(after.end.rfc3339 == "2026-11-29T06:00:00Z")
        #expect(!after.resumesAfterExclusion)
    }
}
