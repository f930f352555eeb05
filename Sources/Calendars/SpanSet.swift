import Primitives

/// A set of instants, kept as spans in order of which no two overlap or touch and none is empty: two sets of the same
/// instants are equal.
public struct SpanSet: Hashable, Sendable {
    public private(set) var spans: [Span]

    public init() { spans = [] }

    public init(_ span: Span) { spans = span.start < span.end ? [span] : [] }

    /// The union of the spans, which may come in any order, overlap and touch.
    public init(_ spans: [Span]) {
        self.spans = []
        for span in spans.sorted(by: { $0.start < $1.start }) where span.start < span.end {
            if let last = self.spans.indices.last, span.start <= self.spans[last].end {
                self.spans[last].end = max(self.spans[last].end, span.end)
            } else {
                self.spans.append(span)
            }
        }
    }

    /// Spans that are in order and apart already.
    private init(ordered spans: [Span]) { self.spans = spans }

    public var isEmpty: Bool { spans.isEmpty }

    /// How long all spans are together.
    public var length: Duration { spans.reduce(.zero) { $0 + $1.length } }

    public func union(_ other: SpanSet) -> SpanSet { SpanSet(spans + other.spans) }

    /// What is in this set and not in the other.
    public func minus(_ other: SpanSet) -> SpanSet {
        guard !other.isEmpty else { return self }
        var left: [Span] = []
        var next = 0
        for span in spans {
            var start = span.start
            while next < other.spans.count, other.spans[next].end <= start { next += 1 }
            // The last one looked at may reach into the next span of this set: it is looked at again there.
            var index = next
            while index < other.spans.count, other.spans[index].start < span.end {
                if start < other.spans[index].start { left.append(Span(start: start, end: other.spans[index].start)) }
                start = max(start, other.spans[index].end)
                index += 1
            }
            if start < span.end { left.append(Span(start: start, end: span.end)) }
        }
        return SpanSet(ordered: left)
    }

    public func intersection(_ other: SpanSet) -> SpanSet {
        var shared: [Span] = []
        forEachShared(with: other) { span in
            shared.append(span)
            return true
        }
        return SpanSet(ordered: shared)
    }

    /// The first instant that is in both.
    public func firstShared(with other: SpanSet) -> Timestamp? {
        var first: Timestamp?
        forEachShared(with: other) { span in
            first = span.start
            return false
        }
        return first
    }

    /// The body returns whether to go on.
    private func forEachShared(with other: SpanSet, _ body: (Span) -> Bool) {
        var (own, others) = (0, 0)
        while own < spans.count, others < other.spans.count {
            let (a, b) = (spans[own], other.spans[others])
            if a.overlaps(b), !body(Span(start: max(a.start, b.start), end: min(a.end, b.end))) { return }
            if a.end <= b.end { own += 1 } else { others += 1 }
        }
    }

    public func contains(_ instant: Timestamp) -> Bool {
        guard let span = firstSpan(endingAfter: instant) else { return false }
        return span.start <= instant
    }

    /// Whether nothing of the span is outside.
    public func covers(_ span: Span) -> Bool {
        guard let first = firstSpan(endingAfter: span.start) else { return false }
        return first.start <= span.start && span.end <= first.end
    }

    private func firstSpan(endingAfter instant: Timestamp) -> Span? {
        var (low, high) = (0, spans.count)
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].end <= instant { low = middle + 1 } else { high = middle }
        }
        return low < spans.count ? spans[low] : nil
    }
}
