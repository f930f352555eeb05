import Calendars
import Foundation
import PolicyFile
import Testing

/// Golden spans and diagnostics of calendar files. After a change run the tests with `NAGI_REWRITE_EXPECTED=1` and read
/// the difference. The spans of `good` were compared with libical and python's icalendar once, where those can say.
struct ICalendarTests {
    private func read(_ folder: String, _ name: String) throws -> ICalendarReading {
        ICalendarReader.spans(
            of: try ICalendarCorpus.source(folder, name), calendar: "holidays",
            defaultZone: name == "no-time-zone.ics" ? nil : "Asia/Tokyo", zones: try ICalendarCorpus.zones())
    }

    private func read(text: String, defaultZone: String? = "Asia/Tokyo") throws -> ICalendarReading {
        ICalendarReader.spans(
            of: PolicySource(path: "test.ics", text: text), calendar: "test", defaultZone: defaultZone,
            zones: try ICalendarCorpus.zones())
    }

    private func compare(_ text: String, _ path: String) throws {
        let expected = ICalendarCorpus.directory.appending(path: path)
        if ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] == "1" {
            try Data(text.utf8).write(to: expected)
        }
        let wanted = try String(contentsOf: expected, encoding: .utf8)
        #expect(text == wanted, "\(path)")
    }

    @Test func `every good calendar file means the expected spans`() throws {
        let files = try ICalendarCorpus.files("good")
        #expect(files.count >= 30)
        for name in files {
            let reading = try read("good", name)
            #expect(reading.diagnostics.map { $0.rendered() } == [], "good/\(name)")
            #expect(!reading.spans.isEmpty, "good/\(name)")
            #expect(Set(reading.spans.map(\.window.name)).count == reading.spans.count, "good/\(name)")
            try compare(ICalendarCorpus.text(of: reading), "good/\(name.dropLast(4)).expected")
        }
    }

    @Test func `every wrong calendar file is answered with the expected diagnostics`() throws {
        let files = try ICalendarCorpus.files("bad")
        #expect(files.count >= 40)
        for name in files {
            let reading = try read("bad", name)
            #expect(!reading.diagnostics.isEmpty, "bad/\(name) is not wrong")
            let text = reading.diagnostics.map { $0.rendered() }.joined()
            try compare(text + ICalendarCorpus.text(of: reading), "bad/\(name.dropLast(4)).expected")
        }
    }

    @Test func `every code of calendar files stands in the corpus`() throws {
        var seen: Set<DiagnosticCode> = []
        for name in try ICalendarCorpus.files("bad") {
            seen.formUnion(try read("bad", name).diagnostics.map(\.code))
        }
        let wanted: Set<DiagnosticCode> = [
            .calendarSyntax, .calendarValue, .calendarUnsupported, .calendarDoubtful, .invalidUTF8, .tooDeep,
            .missingTimeZone, .unknownTimeZone, .invalidSchedule,
        ]
        #expect(wanted.subtracting(seen).map(\.rawValue).sorted() == [])
    }

    @Test func `without a zone of its own the calendar's X-WR-TIMEZONE counts`() throws {
        let reading = try read(
            text: """
                BEGIN:VCALENDAR
                VERSION:2.0
                X-WR-TIMEZONE:Europe/Berlin
                BEGIN:VEVENT
                UID:a
                DTSTART;VALUE=DATE:20260201
                END:VEVENT
                END:VCALENDAR
                """, defaultZone: nil)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.spans.map(\.window.timeZone) == ["Europe/Berlin"])
        #expect(reading.usedZones.keys.sorted() == ["Europe/Berlin"])
    }

    @Test func `the shipped holidays of Japan are whole days in Tokyo, with a reason in two languages`() throws {
        let file = Corpus.directory.appending(path: "../../policies/holidays-jp.ics").standardizedFileURL
        let source = PolicySource(path: "holidays-jp.ics", bytes: Array(try Data(contentsOf: file)))
        let reading = ICalendarReader.spans(
            of: source, calendar: "jp", defaultZone: nil, zones: try ICalendarCorpus.zones())
        #expect(reading.diagnostics.map { $0.rendered() } == [])
        #expect(reading.spans.count == 89)
        #expect(reading.usedZones.keys.sorted() == ["Asia/Tokyo"])
        let days = reading.spans.compactMap { span -> String? in
            guard case .at(let start) = span.window.recurrence, start.date.year == 2026 else { return nil }
            return "\(start.date) \(span.reason ?? "")"
        }
        #expect(days.count == 18)
        #expect(days.first == "2026-01-01 元日 / New Year's Day")
        #expect(days.contains("2026-05-06 振替休日（憲法記念日） / Substitute Holiday (Constitution Memorial Day)"))
        #expect(days.contains("2026-09-22 国民の休日 / Citizens' Holiday"))
        #expect(reading.spans.first?.window.name == "jp/new-years-day-2026")
    }

    @Test func `names of spans do not depend on the order of the events`() throws {
        func names(_ identifiers: [String]) throws -> [String] {
            let events = identifiers.map { "BEGIN:VEVENT\nUID:\($0)\nDTSTART;VALUE=DATE:20260201\nEND:VEVENT\n" }
            let text = "BEGIN:VCALENDAR\nVERSION:2.0\n" + events.joined() + "END:VCALENDAR\n"
            return try read(text: text).spans.map(\.window.name)
        }
        let identifiers = ["x@a", "x@b", "会議", "\(String(repeating: "0", count: 60))1", "y@a"]
        let forward = try names(identifiers)
        #expect(Set(forward).count == 5)
        #expect(forward.last == "test/y")
        #expect(try names(identifiers.reversed()) == forward.reversed())
    }

    @Test(arguments: [
        "BEGIN:VCALENDAR\n", "\n ", "BEGIN:VEVENT\nEND:VEVENT\n", "A:\n", "A;B=\",", "\u{1}", ":", "BEGIN:X\nEND:X\n",
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=100000\nEND:VEVENT\n",
        "BEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20260101\nEND:VEVENT\n",
    ])
    func `a megabyte of one thing is answered within seconds`(piece: String) throws {
        let head = "BEGIN:VCALENDAR\nVERSION:2.0\n"
        let text = head + String(repeating: piece, count: 1_000_000 / piece.utf8.count)
        var reading: ICalendarReading?
        let zones = try ICalendarCorpus.zones()
        let source = PolicySource(path: "big.ics", text: text)
        let time = ContinuousClock().measure {
            reading = ICalendarReader.spans(of: source, calendar: "big", defaultZone: "UTC", zones: zones)
        }
        #expect(reading?.diagnostics.isEmpty == false)
        #expect(time < .seconds(30))
    }

    @Test func `two megabytes are refused by size`() throws {
        let source = PolicySource(path: "big.ics", bytes: [UInt8](repeating: 0x0A, count: 2_000_000))
        let reading = ICalendarReader.spans(of: source, calendar: "b", defaultZone: nil, zones: ZoneCatalog([]))
        #expect(reading.diagnostics.map(\.code) == [.fileTooLarge])
        #expect(reading.spans.isEmpty)
    }
}
