import Calendars
import Primitives
import Testing

struct TextTests {
    static let instants: [(String, String)] = [
        ("2026-11-29T02:00:00+09:00", "2026-11-28T17:00:00Z"),
        ("2026-11-29T02:00:00Z", "2026-11-29T02:00:00Z"),
        ("2026-11-29t02:00:00z", "2026-11-29T02:00:00Z"),
        ("2026-11-29 02:00:00-03:30", "2026-11-29T05:30:00Z"),
        ("1970-01-01T00:00:00-00:00", "1970-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59.75Z", "1969-12-31T23:59:59.75Z"),
        ("2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00.000000001Z"),
        ("2026-01-01T00:00:00.1234567899Z", "2026-01-01T00:00:00.123456789Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2017-01-01T08:59:60+09:00", "2017-01-01T00:00:00Z"),
        ("1678-01-01T00:00:00Z", "1678-01-01T00:00:00Z"),
        ("2261-12-31T23:59:59Z", "2261-12-31T23:59:59Z"),
    ]

    @Test(arguments: instants) func `an instant is read and written`(_ text: String, _ utc: String) throws {
        let instant = try #require(Timestamp(rfc3339: text))
        #expect(instant.rfc3339 == utc)
        #expect(Timestamp(rfc3339: instant.rfc3339) == instant)
    }

    @Test(arguments: [
        "", "2026-11-29", "2026-11-29T02:00:00", "2026-11-29T02:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-29T24:00:00Z", "2026-11-29T02:60:00Z", "2026-11-29T02:00:60Z", "2026-11-29T02:00:00.Z",
        "2026-11-29T02:00:00+9:00", "2026-11-29T02:00:00+09:60", "2026-11-29T02:00:00+0900", "2026-11-29T02:00:00Z ",
        "1500-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "+026-11-29T02:00:00Z", "２０２６-11-29T02:00:00Z",
    ]) func `what is no instant is refused`(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `an offset with seconds is rounded and the instant kept`() throws {
        let rules = ZoneRules(name: "LMT", initialOffset: -17762, transitions: [])
        let instant = Timestamp(seconds: 0)
        #expect(rules.text(instant) == "1969-12-31T19:04:00-04:56")
        #expect(Timestamp(rfc3339: rules.text(instant)) == instant)
    }

    @Test func `the ends of the range can be shown`() {
        let zone = ZoneRules(name: "Z", initialOffset: 3600, transitions: [])
        #expect(zone.text(.distantFuture).hasPrefix("2262-04-12T00:47:16"))
        #expect(zone.text(.distantPast).hasPrefix("1677-09-21T01:12:43"))
        #expect(zone.resolve(LocalDateTime(seconds: .max / 2), DSTRule()) == nil)
    }

    @Test func `a local time is read with or without seconds`() {
        #expect(LocalDateTime("2026-12-06T02:00")?.description == "2026-12-06T02:00")
        #expect(LocalDateTime("2026-12-06 02:00:30")?.description == "2026-12-06T02:00:30")
        for text in ["2026-12-06", "2026-12-06T2:00", "2026-12-06T02:00Z", "2026-02-30T02:00", "2026-12-06T24:00"] {
            #expect(LocalDateTime(text) == nil)
        }
    }
}
