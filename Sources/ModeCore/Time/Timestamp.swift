/// An instant on the wall clock: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Calendars are computed with it, durations are not: the wall clock jumps. Range: the years 1677 to 2262.
public struct Timestamp: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public init(seconds: Int64) {
        self.nanoseconds = seconds * 1_000_000_000
    }

    /// Whole seconds since the epoch, rounded down.
    public var seconds: Int64 {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    public static let distantFuture = Timestamp(nanoseconds: .max)
    public static let distantPast = Timestamp(nanoseconds: .min)

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

    public static func + (a: Timestamp, b: Duration) -> Timestamp {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
        return overflow ? (b.nanoseconds < 0 ? .distantPast : .distantFuture) : Timestamp(nanoseconds: sum)
    }

    public static func - (a: Timestamp, b: Duration) -> Timestamp { a + .nanoseconds(-b.nanoseconds) }

    public static func - (a: Timestamp, b: Timestamp) -> Duration {
        let (difference, overflow) = a.nanoseconds.subtractingReportingOverflow(b.nanoseconds)
        return .nanoseconds(overflow ? (a < b ? Int64.min : .max) : difference)
    }
}

/// An instant on a clock that only ever goes forward, time in suspend included: nanoseconds since an origin that means
/// nothing outside one boot of one machine.
public struct Uptime: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (a: Uptime, b: Uptime) -> Bool { a.nanoseconds < b.nanoseconds }

    public static func + (a: Uptime, b: Duration) -> Uptime {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
        return Uptime(nanoseconds: overflow ? (b.nanoseconds < 0 ? .min : .max) : sum)
    }

    public static func - (a: Uptime, b: Uptime) -> Duration {
        let (difference, overflow) = a.nanoseconds.subtractingReportingOverflow(b.nanoseconds)
        return .nanoseconds(overflow ? (a < b ? Int64.min : .max) : difference)
    }
}

/// One reading of both clocks: `wall` answers calendars, `uptime` measures durations.
public struct Moment: Hashable, Sendable, Codable {
    public var wall: Timestamp
    public var uptime: Uptime

    public init(wall: Timestamp, uptime: Uptime) {
        self.wall = wall
        self.uptime = uptime
    }

    /// Both clocks moved on by the same duration.
    public static func + (a: Moment, b: Duration) -> Moment {
        Moment(wall: a.wall + b, uptime: a.uptime + b)
    }
}

extension Duration {
    /// The whole duration in nanoseconds, clamped to `Int64` (292 years).
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds, for texts, JSON and ratios.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }

    public static func minutes(_ minutes: Int) -> Duration { .seconds(minutes * 60) }
    public static func hours(_ hours: Int) -> Duration { .seconds(hours * 3600) }
    public static func days(_ days: Int) -> Duration { .seconds(days * 86400) }

    /// As a policy writes it: `1h30m`.
    public var written: String { parts.isEmpty ? "0s" : parts.joined() }

    /// For people: `1h 30m`.
    public var spoken: String { parts.isEmpty ? "0s" : parts.joined(separator: " ") }

    private var parts: [String] {
        var rest = Int(clamping: max(0, nanoseconds) / 1_000_000)
        var parts: [String] = []
        for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
            if rest >= length { parts.append("\(rest / length)\(unit)") }
            rest %= length
        }
        return parts
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(nanoseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}

extension Uptime: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(nanoseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}
