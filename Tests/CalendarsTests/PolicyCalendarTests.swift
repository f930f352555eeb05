import Calendars
import Primitives
import Testing

/// Weekly windows and one-off exclusions in UTC, as rows.
struct PolicyCalendarTests {
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

    static let everyDay = Set(Weekday.allCases)

    @Test func `an exclusion wins over every window and may take an occurrence entirely`() throws {
        let calendar = PolicyCalendar(
            policy: "p", windows: [try Self.weekly("sun", [.sun], "02:00", .elapsed(.hours(3)))],
            exclusions: [
                Exclusion(window: try Self.once("year-end", "2026-12-26T00:00", .days(10)), reason: "year-end freeze"),
                Exclusion(window: try Self.once("short", "2026-12-20T03:00", .hours(1))),
                Exclusion(window: try Self.once("shorter", "2026-12-20T03:30", .minutes(10))),
            ],
            zones: ["UTC": .utc])
        let listed = calendar.occurrences(
            from: try Self.at("2026-12-13T00:00:00Z"), to: try Self.at("2027-01-10T02:00:00Z"))
        func texts(_ spans: [Span]) -> [String] { spans.map { "\($0.start.rfc3339)/\($0.end.rfc3339)" } }
        #expect(
            listed.map(\.occurrence.id.nominal.description) == [
                "2026-12-13T02:00", "2026-12-20T02:00", "2026-12-27T02:00", "2027-01-03T02:00",
            ])
        #expect(
            listed.map { texts($0.open) } == [
                ["2026-12-13T02:00:00Z/2026-12-13T05:00:00Z"],
                ["2026-12-20T02:00:00Z/2026-12-20T03:00:00Z", "2026-12-20T04:00:00Z/2026-12-20T05:00:00Z"], [], [],
            ])
        #expect(listed[1].takenAway.map(\.by) == ["short", "shorter"])
        #expect(listed[2].takenAway.map(\.reason) == ["year-end freeze"])
        #expect(texts(listed[2].takenAway.map(\.span)) == ["2026-12-27T02:00:00Z/2026-12-27T05:00:00Z"])
        let during = try Self.at("2026-12-27T03:00:00Z")
        #expect(calendar.opening(at: during) == nil)
        #expect(calendar.isExcluded(at: during)?.span.end.rfc3339 == "2027-01-05T00:00:00Z")
        #expect(calendar.nextOpening(after: during)?.start.rfc3339 == "2027-01-10T02:00:00Z")
    }

    @Test func `an exclusion that touches an edge takes nothing and one that covers the start delays it`() throws {
        let calendar = PolicyCalendar(
            policy: "p", windows: [try Self.once("w", "2026-06-01T02:00", .hours(3))],
            exclusions: [
                Exclusion(window: try Self.once("before", "2026-06-01T01:00", .minutes(90))),
                Exclusion(window: try Self.once("behind", "2026-06-01T05:00", .hours(1))),
            ],
            zones: ["UTC": .utc])
        let opening = try #require(calendar.nextOpening(after: try Self.at("2026-06-01T00:00:00Z")))
        #expect(opening.span.start.rfc3339 == "2026-06-01T02:00:00Z")
        #expect(opening.start.rfc3339 == "2026-06-01T02:30:00Z")
        #expect(opening.end.rfc3339 == "2026-06-01T05:00:00Z")
        #expect(!opening.resumesAfterExclusion)
        #expect(calendar.nextOpening(after: opening.start) == nil)
        #expect(calendar.nextChange(after: opening.end) == nil)
    }

    @Test func `a union without end is cut once a year and keeps its id meanwhile`() throws {
        let midnight = try #require(TimeOfDay(hour: 0, minute: 0))
        let calendar = PolicyCalendar(
            policy: "p", windows: [try Self.weekly("always", Self.everyDay, "00:00", .until(midnight))], exclusions: [],
            zones: ["UTC": .utc])
        for text in ["2026-01-01T00:00:00Z", "2026-07-01T12:00:00Z", "2026-12-31T23:59:59Z"] {
            let opening = try #require(calendar.opening(at: try Self.at(text)))
            #expect(opening.occurrence.description == "p/always/2026-01-01T00:00")
            #expect(opening.end.rfc3339 == "2027-01-01T00:00:00Z")
        }
        let next = try #require(calendar.nextOpening(after: try Self.at("2026-07-01T12:00:00Z")))
        #expect(next.occurrence.description == "p/always/2027-01-01T00:00")
        #expect(calendar.nextChange(after: try Self.at("2026-07-01T12:00:00Z")) == next.start)
    }

    /// Every day of UTC is known without a search; a zone of another name that is the same is searched.
    @Test func `every day is as it is found by looking`() throws {
        let rules = ZoneRules(name: "Elsewhere", initialOffset: 0, transitions: [])
        let known = try Self.weekly("w", Set(Weekday.allCases), "00:00", .elapsed(.days(1)))
        let searched = try Self.weekly("w", Set(Weekday.allCases), "00:00", .elapsed(.days(1)), zone: "Elsewhere")
        let freeze = Exclusion(window: try Self.once("x", "2026-12-24T00:00", .days(20)), reason: nil)
        let (a, b) = (
            PolicyCalendar(policy: "p", windows: [known], exclusions: [freeze], zones: ["UTC": .utc]),
            PolicyCalendar(
                policy: "p", windows: [searched], exclusions: [freeze], zones: ["UTC": .utc, "Elsewhere": rules])
        )
        for year in [1678, 1700, 1972, 2026, 2027, 2199, 2261] {
            for moment in ["01-01T00:00:00Z", "01-01T00:00:01Z", "06-30T12:00:00Z", "12-31T23:59:59Z"] {
                let instant = try Self.at("\(year)-\(moment)")
                #expect(a.containing(at: instant) == b.containing(at: instant), "\(year) \(moment)")
                #expect(a.opening(at: instant) == b.opening(at: instant), "\(year) \(moment)")
                #expect(a.nextChange(after: instant) == b.nextChange(after: instant), "\(year) \(moment)")
            }
        }
    }

    @Test func `a union of less than the limit has its own start and end`() throws {
        var window = try Self.weekly("long", Self.everyDay, "06:00", .elapsed(.days(1)))
        window.startDate = LocalDate(year: 2026, month: 9, day: 1)
        window.endDate = LocalDate(year: 2027, month: 8, day: 31)
        let calendar = PolicyCalendar(policy: "p", windows: [window], exclusions: [], zones: ["UTC": .utc])
        for text in ["2026-09-01T06:00:00Z", "2027-03-01T00:00:00Z", "2027-09-01T05:59:59Z"] {
            let opening = try #require(calendar.opening(at: try Self.at(text)))
            #expect(opening.occurrence.description == "p/long/2026-09-01T06:00")
            #expect(opening.span.start.rfc3339 == "2026-09-01T06:00:00Z")
            #expect(opening.span.end.rfc3339 == "2027-09-01T06:00:00Z")
        }
        #expect(calendar.opening(at: try Self.at("2026-09-01T05:59:59Z")) == nil)
        #expect(calendar.opening(at: try Self.at("2027-09-01T06:00:00Z")) == nil)
    }

    @Test func `what cannot be computed lets nothing happen`() throws {
        let windows = [try Self.weekly("w", Self.everyDay, "00:00", .elapsed(.hours(12)))]
        let noon = try Self.at("2026-06-01T06:00:00Z")
        let window = try Self.weekly("far", [.sun], "00:00", .elapsed(.hours(1)), zone: "Mars/Olympus")
        let blind = PolicyCalendar(policy: "p", windows: [window], exclusions: [], zones: ["UTC": .utc])
        #expect(blind.missingZones == ["Mars/Olympus"])
        #expect(blind.nextOpening(after: noon) == nil)
        let frozen = PolicyCalendar(
            policy: "p", windows: windows, exclusions: [Exclusion(window: window)], zones: ["UTC": .utc])
        #expect(frozen.opening(at: noon) == nil)
        #expect(frozen.nextChange(after: noon) == nil)
        #expect(frozen.isExcluded(at: noon)?.reason == "the time zone Mars/Olympus is unknown")
        #expect(frozen.occurrences(from: noon, to: noon + .hours(1)).map(\.open) == [[]])
    }

    @Test func `the ends of time are answered`() throws {
        let calendar = PolicyCalendar(
            policy: "p", windows: [try Self.weekly("w", [.sun], "02:00", .elapsed(.hours(3)))],
            exclusions: [Exclusion(window: try Self.weekly("x", [.sun], "03:00", .elapsed(.hours(1))))],
            zones: ["UTC": .utc])
        for instant in [Timestamp.distantPast, .distantFuture, Timestamp(seconds: 0)] {
            #expect(calendar.opening(at: instant) == nil)
            #expect(calendar.containing(at: instant) == nil)
            #expect(calendar.isExcluded(at: instant) == nil)
        }
        #expect(calendar.nextOpening(after: .distantFuture) == nil)
        #expect(calendar.nextChange(after: .distantPast) != nil)
        #expect(calendar.occurrences(from: .distantPast, to: .distantFuture, limit: 10).count == 10)
    }
}
