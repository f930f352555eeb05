import Calendars
import Primitives
import Testing

/// A nightly window in every zone of the host's tz database.
@Suite(.enabled(if: ZoneFiles.isPresent(), "needs the zone files of the system (package tzdata)"))
struct EveryZoneTests {
    /// Samoa and Tokelau went from 29 to 31 December 2011 when they crossed the date line: 30 December was on no clock.
    /// Its window is shifted by the gap of a whole day, on to the very span of the 31st, and is one run with it.
    static let skipped = ["Pacific/Apia", "Pacific/Fakaofo"]

    /// By nominal date: in a gap over midnight the window of one evening opens early the next day.
    @Test(arguments: [(1, 30), (2, 30), (23, 30)])
    func `a daily window opens exactly once per local date that exists`(_ hour: Int, _ minute: Int) throws {
        let time = try #require(TimeOfDay(hour: hour, minute: minute))
        var zoneCount = 0
        var faults: [String] = []
        var doubled: [String] = []
        var seen: Set<[ZoneRules.Transition]> = []
        for name in try ZoneFiles.names() {
            let zone = try ZoneFiles.rules(name)
            // Links and zones that never differed need one look.
            guard seen.insert(zone.transitions + [.init(at: .distantFuture, offset: zone.initialOffset)]).inserted
            else { continue }
            zoneCount += 1
            let window = Window(
                name: "w", recurrence: .weekly(days: Set(Weekday.allCases), start: time),
                length: .elapsed(.minutes(10)), timeZone: name)
            let calendar = WindowCalendar(window: window, zone: zone)
            for years in [2010...2019, 2026...2035] {
                let (fault, twice) = try Self.walk(calendar, years)
                if let fault { faults.append("\(name): \(fault)") }
                doubled += twice.map { "\(name) \($0)" }
            }
        }
        #expect(zoneCount > 250)
        #expect(faults == [])
        #expect(doubled == Self.skipped.map { "\($0) 2011-12-30" })
    }

    /// The first date that is not met exactly once, and the dates whose span is also that of the next.
    private static func walk(_ calendar: WindowCalendar, _ years: ClosedRange<Int>) throws -> (String?, [LocalDate]) {
        let first = try #require(LocalDate(year: years.lowerBound, month: 1, day: 1)).daysSinceEpoch
        let last = try #require(LocalDate(year: years.upperBound, month: 12, day: 31)).daysSinceEpoch
        let span = Span(
            start: Timestamp(seconds: Int64(first - 2) * 86400), end: Timestamp(seconds: Int64(last + 3) * 86400))
        var expected = first
        var previous: Occurrence?
        var doubled: [LocalDate] = []
        for occurrence in calendar.occurrences(overlapping: span, policy: "p") {
            let date = occurrence.id.nominal.date
            guard (first...last).contains(date.daysSinceEpoch) else { continue }
            guard date.daysSinceEpoch == expected else { return ("\(date) out of turn", doubled) }
            expected += 1
            defer { previous = occurrence }
            guard let previous else { continue }
            if previous.span == occurrence.span {
                doubled.append(previous.id.nominal.date)
            } else if previous.span.end > occurrence.span.start {
                return ("\(date) overlaps the night before", doubled)
            }
        }
        return (expected == last + 1 ? nil : "ends before \(LocalDate(daysSinceEpoch: expected))", doubled)
    }
}
