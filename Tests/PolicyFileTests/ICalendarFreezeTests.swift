import Calendars
import PolicyFile
import Testing

/// What a calendar file says must not get lost on the way to a freeze, least of all without a word.
struct ICalendarFreezeTests {
    private func read(_ events: String, head: String = "", zone: String? = "America/New_York") throws
        -> ICalendarReading
    {
        ICalendarReader.spans(
            of: PolicySource(
                path: "test.ics", text: "BEGIN:VCALENDAR\nVERSION:2.0\n\(head)\(events)END:VCALENDAR\n"),
            calendar: "test", defaultZone: zone, zones: try ICalendarCorpus.zones())
    }

    private func event(_ lines: String) -> String { "BEGIN:VEVENT\nUID:a\n\(lines)\nEND:VEVENT\n" }

    /// Starts in UTC, of all spans together.
    private func starts(_ reading: ICalendarReading) -> [String] {
        ICalendarCorpus.text(of: reading).split(separator: "\n").filter { $0.hasPrefix("  ") }
            .map { String($0.dropFirst(2).prefix(20)) }.sorted()
    }

    @Test func `events without UID are all spans, however many, and one line says so`() throws {
        let count = 1_500
        let days = (0..<count).map { number in
            let date = LocalDate(daysSinceEpoch: 20_000 + number)
            return "BEGIN:VEVENT\nDTSTART;VALUE=DATE:\("\(date)".filter { $0 != "-" })\nEND:VEVENT\n"
        }
        let reading = try read(days.joined())
        #expect(reading.spans.count == count)
        #expect(reading.diagnostics.map(\.severity) == [.warning])
        #expect(reading.diagnostics.first?.message.contains("1499 more") == true)
        #expect(reading.diagnostics.first?.line == 3)
    }

    @Test func `reading that stops early ends with an error`() throws {
        let reading = try read(String(repeating: "BEGIN:VEVENT\nUID:a\nDTSTART:never\nEND:VEVENT\n", count: 1_500))
        #expect(reading.diagnostics.contains { $0.severity == .error })
    }

    @Test(arguments: [
        ("America/New_York", "20261231T000000Z", 4), ("Asia/Tokyo", "20261230T150000Z", 4),
        ("Asia/Tokyo", "20261231T000000Z", 4), ("America/New_York", "20261231T045959Z", 4),
        ("UTC", "20261230T000000Z", 3),
    ])
    func `an UNTIL in UTC takes no whole day away`(zone: String, until: String, days: Int) throws {
        let reading = try read(
            event("DTSTART;VALUE=DATE:20261228\nRRULE:FREQ=DAILY;UNTIL=\(until)"), zone: zone)
        #expect(starts(reading).count == days)
        #expect(reading.diagnostics.map(\.code) == [.calendarDoubtful])
    }

    @Test(arguments: [
        ("DTSTART;TZID=America/New_York:20261228T220000\nDURATION:PT1H", "20261229T000000Z"),
        ("DTSTART;VALUE=DATE:20261229", "20261227T000000Z"), ("DTSTART;VALUE=DATE:20261229", "20261228"),
        ("DTSTART:20261229T030000Z\nDURATION:PT1H", "20260101T000000Z"),
    ])
    func `an UNTIL before DTSTART leaves DTSTART in place, with a warning`(start: String, until: String) throws {
        let reading = try read(event("\(start)\nRRULE:FREQ=DAILY;UNTIL=\(until)"))
        #expect(starts(reading).count == 1)
        #expect(reading.diagnostics.contains { $0.message.contains("counts nevertheless") })
        #expect(reading.diagnostics.allSatisfy { $0.severity == .warning })
    }

    @Test func `the only start that EXDATE takes away is told of`() throws {
        let reading = try read(event("DTSTART;VALUE=DATE:20261229\nEXDATE;VALUE=DATE:20261229"))
        #expect(reading.spans.isEmpty)
        #expect(reading.diagnostics.map(\.severity) == [.warning])
    }

    @Test(arguments: ["DTSTART;VALUE=DATE:20260201", "DTSTART:20260201T000000\nDURATION:P1D"])
    func `the file's own zone wins over the calendar's, and both are named`(start: String) throws {
        let reading = try read(event(start), head: "X-WR-TIMEZONE:Asia/Tokyo\n", zone: "UTC")
        #expect(reading.spans.map(\.window.timeZone) == ["Asia/Tokyo"])
        #expect(reading.diagnostics.map(\.code) == [.calendarDoubtful])
        let message = reading.diagnostics.first?.message ?? ""
        #expect(message.contains("Asia/Tokyo") && message.contains("UTC"))
        #expect(reading.diagnostics.first?.line == 3)
    }

    @Test func `a file of UTC days has no zone of its own: a holiday is a day where the calendar is`() throws {
        let reading = try read(event("DTSTART;VALUE=DATE:20260201"), head: "X-WR-TIMEZONE:UTC\n", zone: "Asia/Tokyo")
        #expect(reading.spans.map(\.window.timeZone) == ["Asia/Tokyo"])
        #expect(reading.diagnostics.isEmpty)
    }

    @Test func `two zones that mean nothing to any event are no matter`() throws {
        let utc = event("DTSTART:20260201T000000Z\nDURATION:PT1H")
        #expect(try read(utc, head: "X-WR-TIMEZONE:Asia/Tokyo\n", zone: "UTC").diagnostics.isEmpty)
        let day = event("DTSTART;VALUE=DATE:20260201")
        #expect(try read(day, head: "X-WR-TIMEZONE:Asia/Tokyo\n", zone: "Asia/Tokyo").diagnostics.isEmpty)
    }

    @Test func `an unknown zone of the file is called unknown, not missing`() throws {
        let day = event("DTSTART;VALUE=DATE:20260201")
        let reading = try read(day, head: "X-WR-TIMEZONE:Tokyo Standard Time\n", zone: nil)
        #expect(reading.diagnostics.map(\.code) == [.unknownTimeZone])
        #expect(reading.diagnostics.first?.line == 3)
        #expect(reading.diagnostics.first?.hint?.contains("Asia/Tokyo") == true)
        let beside = try read(day, head: "X-WR-TIMEZONE:Tokyo Standard Time\n", zone: "Asia/Tokyo")
        #expect(beside.spans.map(\.window.timeZone) == ["Asia/Tokyo"])
        #expect(beside.diagnostics.map(\.code) == [.calendarDoubtful])
    }

    private let berlin =
        "DTSTART;TZID=Europe/Berlin:20260202T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3"

    @Test(arguments: [
        "EXDATE:20260203T090000", "EXDATE:20260203T080000Z", "EXDATE;VALUE=DATE:20260203",
        "EXDATE;TZID=America/New_York:20260203T030000",
    ])
    func `an EXDATE without a zone has that of DTSTART`(line: String) throws {
        for zone in ["Asia/Tokyo", nil] {
            let reading = try read(event("\(berlin)\n\(line)"), zone: zone)
            #expect(starts(reading) == ["2026-02-02T08:00:00Z", "2026-02-04T08:00:00Z"])
            #expect(reading.diagnostics.isEmpty)
        }
    }

    @Test func `a RECURRENCE-ID without a zone has that of the event that it belongs to`() throws {
        let moved = event("RECURRENCE-ID:20260203T090000\nDTSTART;TZID=Europe/Berlin:20260203T120000\nDURATION:PT1H")
        for text in [event(berlin) + moved, moved + event(berlin)] {
            let reading = try read(text)
            #expect(starts(reading) == ["2026-02-02T08:00:00Z", "2026-02-03T11:00:00Z", "2026-02-04T08:00:00Z"])
            #expect(reading.diagnostics.isEmpty)
        }
    }

    @Test(arguments: ["20260203T100000", "20260205T090000", "20260201T090000"])
    func `an exception that meets no start is named`(time: String) throws {
        let override = event("RECURRENCE-ID:\(time)\nDTSTART;TZID=Europe/Berlin:20260203T120000\nDURATION:PT1H")
        for (text, count) in [(event("\(berlin)\nEXDATE:\(time)"), 3), (event(berlin) + override, 4)] {
            let reading = try read(text)
            #expect(starts(reading).count == count)
            #expect(reading.diagnostics.map(\.code) == [.calendarDoubtful])
            let date = "2026-02-0\(time.utf8.dropFirst(7).first.map { Int($0) - 48 } ?? 0)"
            #expect(reading.diagnostics.first?.message.contains(date) == true)
        }
    }

    @Test func `an exception beyond UNTIL meets no start, one of RDATE does`() throws {
        let rule = "DTSTART;VALUE=DATE:20260202\nRRULE:FREQ=DAILY;UNTIL=20260204\nRDATE;VALUE=DATE:20260210"
        #expect(try read(event("\(rule)\nEXDATE;VALUE=DATE:20260205")).diagnostics.count == 1)
        let reading = try read(event("\(rule)\nEXDATE;VALUE=DATE:20260210"))
        #expect(reading.diagnostics.isEmpty)
        #expect(starts(reading).count == 3)
    }

    @Test(arguments: ["", "\nDURATION:PT0S", "\nDTEND;TZID=Europe/Berlin:20260203T120000"])
    func `an instance replaced by one that lasts no time stays as it is`(end: String) throws {
        let override = event("RECURRENCE-ID:20260203T090000\nDTSTART;TZID=Europe/Berlin:20260203T120000\(end)")
        let reading = try read(event(berlin) + override)
        #expect(starts(reading) == ["2026-02-02T08:00:00Z", "2026-02-03T08:00:00Z", "2026-02-04T08:00:00Z"])
        #expect(reading.diagnostics.map(\.severity) == [.warning])
        #expect(reading.diagnostics.first?.message.contains("stays") == true)
    }
}
