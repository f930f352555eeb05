import Primitives

/// When a policy may act: a recurrence of local start times, each with a length, in a zone.
public struct Window: Hashable, Sendable, Codable {
    /// Unique in its policy; part of each occurrence's id.
    public var name: String
    public var recurrence: Recurrence
    public var length: WindowLength
    /// IANA name; the rules are looked up in the policy set's zones.
    public var timeZone: String
    /// The first and the last local date on which an occurrence may start.
    public var startDate: LocalDate?
    public var endDate: LocalDate?
    public var dst: DSTRule

    public init(
        name: String, recurrence: Recurrence, length: WindowLength, timeZone: String, startDate: LocalDate? = nil,
        endDate: LocalDate? = nil, dst: DSTRule = DSTRule()
    ) {
        self.name = name
        self.recurrence = recurrence
        self.length = length
        self.timeZone = timeZone
        self.startDate = startDate
        self.endDate = endDate
        self.dst = dst
    }
}

/// The local start times of a span.
public enum Recurrence: Hashable, Sendable, Codable {
    /// On these weekdays at this time. The weekday is that of the start, also where the span crosses midnight.
    case weekly(days: Set<Weekday>, start: TimeOfDay)
    /// Once.
    case at(LocalDateTime)
    /// Five-field cron.
    case cron(CronSchedule)
    /// RFC 5545.
    case rule(RecurrenceRule)
}

/// How long a span lasts.
public enum WindowLength: Hashable, Sendable, Codable {
    /// Elapsed time, whatever the clocks on the wall do meanwhile.
    case elapsed(Duration)
    /// Until the clock on the wall next shows this time after the start.
    case until(TimeOfDay)
    /// Until the clock on the wall shows the time of the start again so many days later: whole days of a calendar,
    /// whatever their length.
    case days(Int)
    /// Until this local date and time, for a one-off span with `end:` or `lastDay:`.
    case end(LocalDateTime)
}

/// What happens to a local time that daylight saving skips or shows twice.
public struct DSTRule: Hashable, Sendable, Codable {
    public enum Gap: String, Hashable, Sendable, Codable, CaseIterable {
        /// Moved forward by the length of the gap.
        case shift
        /// The occurrence does not happen.
        case skip
    }

    public enum Overlap: String, Hashable, Sendable, Codable, CaseIterable {
        case first, last
    }

    public var gap: Gap
    public var overlap: Overlap

    public init(gap: Gap = .shift, overlap: Overlap = .first) {
        self.gap = gap
        self.overlap = overlap
    }
}

/// When a policy may not act, whatever its windows say. Texts for people call it a freeze.
public struct Exclusion: Hashable, Sendable, Codable {
    public var window: Window
    public var reason: String?

    public init(window: Window, reason: String? = nil) {
        self.window = window
        self.reason = reason
    }
}

/// Which occurrence: policy, window and nominal local start, before gap and overlap are resolved. It opens once, across
/// restarts, reloads, clock jumps and daylight saving.
public struct OccurrenceID: Hashable, Sendable, Codable, CustomStringConvertible {
    public var policy: String
    public var window: String
    public var nominal: LocalDateTime

    public init(policy: String, window: String, nominal: LocalDateTime) {
        self.policy = policy
        self.window = window
        self.nominal = nominal
    }

    /// `weekly-night/sunday/2026-11-29T02:00`.
    public var description: String { "\(policy)/\(window)/\(nominal)" }
}

/// One concrete span of a window.
public struct Occurrence: Hashable, Sendable {
    public var id: OccurrenceID
    public var span: Span
    public var timeZone: String
    /// Length that the clocks on the wall show, end minus start.
    public var wallLength: Duration
    /// Whether start, end or anything between them is touched by a change of the zone's offset.
    public var isTouchedByDST: Bool

    public init(id: OccurrenceID, span: Span, timeZone: String, wallLength: Duration, isTouchedByDST: Bool) {
        self.id = id
        self.span = span
        self.timeZone = timeZone
        self.wallLength = wallLength
        self.isTouchedByDST = isTouchedByDST
    }
}
