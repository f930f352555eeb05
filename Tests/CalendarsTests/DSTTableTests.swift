import Calendars
import Primitives
import Testing

/// The table of daylight saving: what becomes of a nominal start, by zone and rule. The columns are what it shows, the
/// nominal start, its length, the rules for gap and overlap, start, end, elapsed length and length on the wall.
///
/// Apia's gap is all of 30 December 2011, when Samoa crossed the date line; Dublin's summer time is its standard time;
/// Lord Howe moves by half an hour; Tokyo's clocks never change.
@Suite(.enabled(if: ZoneFiles.isPresent(), "needs the zone files of the system (package tzdata)"))
struct DSTTableTests {
    static let table = """
        America/New_York
         start in gap|2026-03-08T02:30|3h|shift first|2026-03-08T03:30-04:00|2026-03-08T06:30-04:00|3:00|3:00
         start in gap|2026-03-08T02:30|3h|skip first|none
         start in overlap|2026-11-01T01:30|3h|shift first|2026-11-01T01:30-04:00|2026-11-01T03:30-05:00|3:00|2:00
         start in overlap|2026-11-01T01:30|3h|shift last|2026-11-01T01:30-05:00|2026-11-01T04:30-05:00|3:00|3:00
         across gap|2026-03-08T01:00|3h|shift first|2026-03-08T01:00-05:00|2026-03-08T05:00-04:00|3:00|4:00
         across overlap|2026-11-01T00:30|3h|shift first|2026-11-01T00:30-04:00|2026-11-01T02:30-05:00|3:00|2:00
         across gap|2026-03-08T01:00|until 06:00|shift first|2026-03-08T01:00-05:00|2026-03-08T06:00-04:00|4:00|5:00
         across overlap|2026-11-01T00:30|until 06:00|shift first|2026-11-01T00:30-04:00|2026-11-01T06:00-05:00|6:30|5:30
         end in gap|2026-03-08T01:00|until 02:30|shift first|2026-03-08T01:00-05:00|2026-03-08T03:30-04:00|1:30|2:30
         end in gap|2026-03-08T01:00|until 02:30|skip first|2026-03-08T01:00-05:00|2026-03-08T03:30-04:00|1:30|2:30
         end in overlap|2026-11-01T00:30|until 01:30|shift first|2026-11-01T00:30-04:00|2026-11-01T01:30-04:00|1:00|1:00
         end in overlap|2026-11-01T00:30|until 01:30|shift last|2026-11-01T00:30-04:00|2026-11-01T01:30-05:00|2:00|1:00
        Europe/Berlin
         start in gap|2026-03-29T02:30|3h|shift first|2026-03-29T03:30+02:00|2026-03-29T06:30+02:00|3:00|3:00
         start in gap|2026-03-29T02:30|3h|skip first|none
         start in overlap|2026-10-25T02:30|3h|shift first|2026-10-25T02:30+02:00|2026-10-25T04:30+01:00|3:00|2:00
         start in overlap|2026-10-25T02:30|3h|shift last|2026-10-25T02:30+01:00|2026-10-25T05:30+01:00|3:00|3:00
         across gap|2026-03-29T01:00|3h|shift first|2026-03-29T01:00+01:00|2026-03-29T05:00+02:00|3:00|4:00
         across overlap|2026-10-25T01:30|3h|shift first|2026-10-25T01:30+02:00|2026-10-25T03:30+01:00|3:00|2:00
         across gap|2026-03-29T01:00|until 06:00|shift first|2026-03-29T01:00+01:00|2026-03-29T06:00+02:00|4:00|5:00
         across overlap|2026-10-25T01:30|until 06:00|shift first|2026-10-25T01:30+02:00|2026-10-25T06:00+01:00|5:30|4:30
         end in gap|2026-03-29T01:00|until 02:30|shift first|2026-03-29T01:00+01:00|2026-03-29T03:30+02:00|1:30|2:30
         end in gap|2026-03-29T01:00|until 02:30|skip first|2026-03-29T01:00+01:00|2026-03-29T03:30+02:00|1:30|2:30
         end in overlap|2026-10-25T01:30|until 02:30|shift first|2026-10-25T01:30+02:00|2026-10-25T02:30+02:00|1:00|1:00
         end in overlap|2026-10-25T01:30|until 02:30|shift last|2026-10-25T01:30+02:00|2026-10-25T02:30+01:00|2:00|1:00
        Australia/Lord_Howe
         start in gap|2026-10-04T02:15|3h|shift first|2026-10-04T02:45+11:00|2026-10-04T05:45+11:00|3:00|3:00
         start in gap|2026-10-04T02:15|3h|skip first|none
         start in overlap|2026-04-05T01:45|3h|shift first|2026-04-05T01:45+11:00|2026-04-05T04:15+10:30|3:00|2:30
         start in overlap|2026-04-05T01:45|3h|shift last|2026-04-05T01:45+10:30|2026-04-05T04:45+10:30|3:00|3:00
         across gap|2026-10-04T01:00|3h|shift first|2026-10-04T01:00+10:30|2026-10-04T04:30+11:00|3:00|3:30
         across overlap|2026-04-05T01:00|3h|shift first|2026-04-05T01:00+11:00|2026-04-05T03:30+10:30|3:00|2:30
         across gap|2026-10-04T01:00|until 06:00|shift first|2026-10-04T01:00+10:30|2026-10-04T06:00+11:00|4:30|5:00
         across overlap|2026-04-05T01:00|until 06:00|shift first|2026-04-05T01:00+11:00|2026-04-05T06:00+10:30|5:30|5:00
         end in gap|2026-10-04T01:00|until 02:15|shift first|2026-10-04T01:00+10:30|2026-10-04T02:45+11:00|1:15|1:45
         end in gap|2026-10-04T01:00|until 02:15|skip first|2026-10-04T01:00+10:30|2026-10-04T02:45+11:00|1:15|1:45
         end in overlap|2026-04-05T01:00|until 01:45|shift first|2026-04-05T01:00+11:00|2026-04-05T01:45+11:00|0:45|0:45
         end in overlap|2026-04-05T01:00|until 01:45|shift last|2026-04-05T01:00+11:00|2026-04-05T01:45+10:30|1:15|0:45
        Europe/Dublin
         start in gap|2026-03-29T01:30|3h|shift first|2026-03-29T02:30+01:00|2026-03-29T05:30+01:00|3:00|3:00
         start in gap|2026-03-29T01:30|3h|skip first|none
         start in overlap|2026-10-25T01:30|3h|shift first|2026-10-25T01:30+01:00|2026-10-25T03:30+00:00|3:00|2:00
         start in overlap|2026-10-25T01:30|3h|shift last|2026-10-25T01:30+00:00|2026-10-25T04:30+00:00|3:00|3:00
         across gap|2026-03-29T00:30|3h|shift first|2026-03-29T00:30+00:00|2026-03-29T04:30+01:00|3:00|4:00
         across overlap|2026-10-25T00:30|3h|shift first|2026-10-25T00:30+01:00|2026-10-25T02:30+00:00|3:00|2:00
         across gap|2026-03-29T00:30|until 06:00|shift first|2026-03-29T00:30+00:00|2026-03-29T06:00+01:00|4:30|5:30
         across overlap|2026-10-25T00:30|until 06:00|shift first|2026-10-25T00:30+01:00|2026-10-25T06:00+00:00|6:30|5:30
         end in gap|2026-03-29T00:30|until 01:30|shift first|2026-03-29T00:30+00:00|2026-03-29T02:30+01:00|1:00|2:00
         end in gap|2026-03-29T00:30|until 01:30|skip first|2026-03-29T00:30+00:00|2026-03-29T02:30+01:00|1:00|2:00
         end in overlap|2026-10-25T00:30|until 01:30|shift first|2026-10-25T00:30+01:00|2026-10-25T01:30+01:00|1:00|1:00
         end in overlap|2026-10-25T00:30|until 01:30|shift last|2026-10-25T00:30+01:00|2026-10-25T01:30+00:00|2:00|1:00
        Pacific/Apia
         start in gap|2011-12-30T02:30|3h|shift first|2011-12-31T02:30+14:00|2011-12-31T05:30+14:00|3:00|3:00
         start in gap|2011-12-30T02:30|3h|skip first|none
         start in overlap|2012-04-01T03:30|3h|shift first|2012-04-01T03:30+14:00|2012-04-01T05:30+13:00|3:00|2:00
         start in overlap|2012-04-01T03:30|3h|shift last|2012-04-01T03:30+13:00|2012-04-01T06:30+13:00|3:00|3:00
         across gap|2011-12-29T22:00|3h|shift first|2011-12-29T22:00-10:00|2011-12-31T01:00+14:00|3:00|27:00
         across overlap|2012-04-01T02:00|3h|shift first|2012-04-01T02:00+14:00|2012-04-01T04:00+13:00|3:00|2:00
         across gap|2011-12-29T22:00|until 06:00|shift first|2011-12-29T22:00-10:00|2011-12-31T06:00+14:00|8:00|32:00
         across overlap|2012-04-01T02:00|until 06:00|shift first|2012-04-01T02:00+14:00|2012-04-01T06:00+13:00|5:00|4:00
         end in gap|2011-12-29T22:00|until 02:30|shift first|2011-12-29T22:00-10:00|2011-12-31T02:30+14:00|4:30|28:30
         end in gap|2011-12-29T22:00|until 02:30|skip first|2011-12-29T22:00-10:00|2011-12-31T02:30+14:00|4:30|28:30
         end in overlap|2012-04-01T02:00|until 03:30|shift first|2012-04-01T02:00+14:00|2012-04-01T03:30+14:00|1:30|1:30
         end in overlap|2012-04-01T02:00|until 03:30|shift last|2012-04-01T02:00+14:00|2012-04-01T03:30+13:00|2:30|1:30
        Asia/Tokyo
         start in gap|2026-03-29T02:30|3h|shift first|2026-03-29T02:30+09:00|2026-03-29T05:30+09:00|3:00|3:00
         start in gap|2026-03-29T02:30|3h|skip first|2026-03-29T02:30+09:00|2026-03-29T05:30+09:00|3:00|3:00
         start in overlap|2026-10-25T02:30|3h|shift first|2026-10-25T02:30+09:00|2026-10-25T05:30+09:00|3:00|3:00
         start in overlap|2026-10-25T02:30|3h|shift last|2026-10-25T02:30+09:00|2026-10-25T05:30+09:00|3:00|3:00
         across gap|2026-03-29T01:00|3h|shift first|2026-03-29T01:00+09:00|2026-03-29T04:00+09:00|3:00|3:00
         across overlap|2026-10-25T01:30|3h|shift first|2026-10-25T01:30+09:00|2026-10-25T04:30+09:00|3:00|3:00
         across gap|2026-03-29T01:00|until 06:00|shift first|2026-03-29T01:00+09:00|2026-03-29T06:00+09:00|5:00|5:00
         across overlap|2026-10-25T01:30|until 06:00|shift first|2026-10-25T01:30+09:00|2026-10-25T06:00+09:00|4:30|4:30
         end in gap|2026-03-29T01:00|until 02:30|shift first|2026-03-29T01:00+09:00|2026-03-29T02:30+09:00|1:30|1:30
         end in gap|2026-03-29T01:00|until 02:30|skip first|2026-03-29T01:00+09:00|2026-03-29T02:30+09:00|1:30|1:30
         end in overlap|2026-10-25T01:30|until 02:30|shift first|2026-10-25T01:30+09:00|2026-10-25T02:30+09:00|1:00|1:00
         end in overlap|2026-10-25T01:30|until 02:30|shift last|2026-10-25T01:30+09:00|2026-10-25T02:30+09:00|1:00|1:00
        """

    struct Row: Sendable, CustomTestStringConvertible {
        var zone: String
        var columns: [String]

        var testDescription: String { "\(zone): \(columns.joined(separator: " | "))" }
    }

    static let rows: [Row] = {
        var zone = ""
        var rows: [Row] = []
        for line in table.split(separator: "\n") {
            guard line.hasPrefix(" ") else {
                zone = String(line)
                continue
            }
            let columns = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            rows.append(Row(zone: zone, columns: columns))
        }
        return rows
    }()

    @Test func `the table has twelve rows for each of six zones`() {
        #expect(Dictionary(grouping: Self.rows, by: \.zone).values.map(\.count) == [12, 12, 12, 12, 12, 12])
    }

    @Test(arguments: rows) func `an occurrence is where the table says`(_ row: Row) throws {
        let zone = try ZoneFiles.rules(row.zone)
        let nominal = try #require(LocalDateTime(row.columns[1]))
        let length = try Self.length(row.columns[2])
        let rule = row.columns[3].split(separator: " ").map(String.init)
        let gap = try #require(DSTRule.Gap(rawValue: rule[0]))
        let overlap = try #require(DSTRule.Overlap(rawValue: rule[1]))
        // The same start, written in four ways.
        let date = nominal.date
        let minutes = nominal.secondsSinceMidnight / 60
        let time = try #require(TimeOfDay(hour: minutes / 60, minute: minutes % 60))
        let recurrences: [Recurrence] = [
            .at(nominal), .weekly(days: [date.weekday], start: time),
            .cron(try CronSchedule("\(time.minute) \(time.hour) \(date.day) \(date.month) *")),
            .rule(try RecurrenceRule("FREQ=YEARLY", start: nominal)),
        ]
        let expected = Array(row.columns.dropFirst(4))
        let noon = Timestamp(seconds: nominal.seconds)
        for recurrence in recurrences {
            let window = Window(
                name: "w", recurrence: recurrence, length: length, timeZone: row.zone,
                dst: DSTRule(gap: gap, overlap: overlap))
            let calendar = WindowCalendar(window: window, zone: zone)
            let found = calendar.occurrences(
                overlapping: Span(start: noon - .days(4), end: noon + .days(4)), policy: "p"
            )
            .filter { $0.id.nominal == nominal }
            #expect(found.map { Self.columns($0, zone) } == (expected == ["none"] ? [] : [expected]))
            guard let first = found.first else { continue }
            #expect(calendar.nextSpan(after: first.span.start - .nanoseconds(1)) == first.span)
        }
    }

    private static func columns(_ occurrence: Occurrence, _ zone: ZoneRules) -> [String] {
        // Instants without their seconds.
        let ends = [occurrence.span.start, occurrence.span.end].map { zone.text($0) }.map {
            $0.prefix(16) + $0.suffix(6)
        }
        return ends.map(String.init) + [clock(occurrence.span.length), clock(occurrence.wallLength)]
    }

    private static func length(_ text: String) throws -> WindowLength {
        guard text.hasPrefix("until ") else {
            let hours = try #require(Int(text.dropLast()))
            return .elapsed(.hours(hours))
        }
        let parts = text.dropFirst(6).split(separator: ":").compactMap { Int($0) }
        let time = try #require(TimeOfDay(hour: parts[0], minute: parts[1]))
        return .until(time)
    }

    private static func clock(_ duration: Duration) -> String {
        let minutes = Int(duration.inSeconds) / 60
        return "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }
}
