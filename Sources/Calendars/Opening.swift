import Primitives

/// A stretch of time in which a policy may act without a break.
public struct Opening: Hashable, Sendable {
    /// The first of the joined occurrences: it names the run.
    public var occurrence: OccurrenceID
    /// The union of the overlapping or touching occurrences, exclusions not subtracted.
    public var span: Span
    /// When acting may start: the union's start, or the end of the last exclusion before.
    public var start: Timestamp
    /// When acting must stop: the union's end, or the start of the next exclusion inside it.
    public var end: Timestamp
    /// `end` is the start of an exclusion, and the union is still open when it is over.
    public var resumesAfterExclusion: Bool

    public init(
        occurrence: OccurrenceID, span: Span, start: Timestamp, end: Timestamp, resumesAfterExclusion: Bool
    ) {
        self.occurrence = occurrence
        self.span = span
        self.start = start
        self.end = end
        self.resumesAfterExclusion = resumesAfterExclusion
    }
}

/// Overlapping or touching occurrences of one policy: they are one run. Exclusions are not subtracted.
public struct JoinedOccurrence: Hashable, Sendable {
    /// The one that starts first; of several, that of the window whose name comes first.
    public var occurrence: OccurrenceID
    public var span: Span

    public init(occurrence: OccurrenceID, span: Span) {
        self.occurrence = occurrence
        self.span = span
    }
}

/// What an exclusion takes.
public struct TakenAway: Hashable, Sendable, Codable {
    public var span: Span
    /// The exclusion's name.
    public var by: String
    public var reason: String?

    public init(span: Span, by: String, reason: String? = nil) {
        self.span = span
        self.by = by
        self.reason = reason
    }
}

/// An occurrence, and what exclusions leave of it.
public struct PlannedOccurrence: Hashable, Sendable {
    public var occurrence: Occurrence
    /// The parts of its span that exclusions take, by start; they may overlap one another.
    public var takenAway: [TakenAway]
    /// The span minus those; empty, where it is taken away entirely.
    public var open: [Span]

    public init(occurrence: Occurrence, takenAway: [TakenAway] = []) {
        self.occurrence = occurrence
        self.takenAway = takenAway
        open = SpanSet(occurrence.span).minus(SpanSet(takenAway.map(\.span))).spans
    }
}
