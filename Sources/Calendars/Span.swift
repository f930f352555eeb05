import Primitives

/// A half-open span of the wall clock, `start` included, `end` not.
public struct Span: Hashable, Sendable, Codable {
    public var start: Timestamp
    public var end: Timestamp

    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    public func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }
    public func overlaps(_ other: Span) -> Bool { start < other.end && other.start < end }
    public var length: Duration { end - start }
}
