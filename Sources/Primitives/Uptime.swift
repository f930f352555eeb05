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

extension Uptime: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(nanoseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}
