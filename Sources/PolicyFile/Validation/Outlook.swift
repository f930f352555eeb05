import Calendars
import ModeCore
import Primitives
import Scheduling

/// The occurrences of windows and exclusions from an instant on, each window computed once.
struct Outlook {
    /// As many occurrences of one window are looked at; what starts every few minutes is looked at for less long.
    static let occurrences = 2_000

    /// What is known of one window: its occurrences by start, and up to when these are all.
    struct Coming {
        var occurrences: [Occurrence]
        var end: Timestamp
    }

    let now: Timestamp
    let end: Timestamp
    let zones: [String: ZoneRules]
    private var known: [Window: Coming] = [:]
    private var courses: [StepSequence: Duration?] = [:]

    init(from now: Timestamp, days: Int, zones: [String: ZoneRules]) {
        self.now = now
        end = now + .days(days)
        self.zones = zones
    }

    /// Nothing where the zone is unknown: that is an error already.
    mutating func coming(_ window: Window) -> Coming {
        if let coming = known[window] { return coming }
        var coming = Coming(occurrences: [], end: end)
        if let zone = zones[window.timeZone] {
            coming.occurrences = WindowCalendar(window: window, zone: zone).occurrences(
                overlapping: Span(start: now, end: end), policy: "", limit: Outlook.occurrences)
            if coming.occurrences.count >= Outlook.occurrences, let last = coming.occurrences.last {
                coming.end = max(now, last.span.start)
            }
        }
        known[window] = coming
        return coming
    }

    /// How much of a window one node needs at the longest; nil where it does not end.
    mutating func longestCourse(of sequence: StepSequence) -> Duration? {
        if let known = courses[sequence] { return known }
        let course = sequence.longestCourse
        courses[sequence] = course
        return course
    }

    /// `Sun 2027-03-28 02:30`, by the clocks of the zone.
    func day(_ instant: Timestamp, in zone: String) -> String {
        (zones[zone] ?? .utc).day(instant)
    }
}

extension ZoneRules {
    /// `Sun 2027-03-28 02:30`.
    func day(_ instant: Timestamp) -> String { local(instant).day }

    /// `02:30 +02:00`.
    func clockWithOffset(_ instant: Timestamp) -> String {
        let written = text(instant)
        return "\(local(instant).clock) \(written.hasSuffix("Z") ? "+00:00" : String(written.suffix(6)))"
    }
}

extension LocalDateTime {
    /// `Sun 2027-03-28 02:30`.
    var day: String {
        let written = description.split(separator: "T")
        return "\(date.weekday.rawValue.capitalizedWord) \(written.joined(separator: " "))"
    }
}

extension String {
    /// `sun` as `Sun`.
    fileprivate var capitalizedWord: String { prefix(1).uppercased() + dropFirst() }
}
