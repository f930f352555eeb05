import Calendars
import Primitives
import Testing

/// Sets of spans beside a plain scan: a set of minutes, of which each is asked by itself.
struct SpanSetTests {
    static func span(_ start: Int, _ end: Int) -> Span {
        Span(start: Timestamp(seconds: Int64(start) * 60), end: Timestamp(seconds: Int64(end) * 60))
    }

    static func set(_ spans: [(Int, Int)]) -> SpanSet { SpanSet(spans.map { span($0.0, $0.1) }) }

    static let joined: [(from: [(Int, Int)], to: [(Int, Int)])] = [
        ([], []),
        ([(1, 1), (3, 2)], []),
        ([(1, 3), (3, 5)], [(1, 5)]),
        ([(4, 6), (1, 5)], [(1, 6)]),
        ([(1, 9), (2, 3)], [(1, 9)]),
        ([(5, 6), (1, 2)], [(1, 2), (5, 6)]),
    ]

    @Test(arguments: joined) func `what overlaps or touches is one`(_ row: (from: [(Int, Int)], to: [(Int, Int)])) {
        #expect(Self.set(row.from).spans == row.to.map { Self.span($0.0, $0.1) })
    }

    @Test(arguments: 1...200) func `every minute is where the scan says`(_ seed: UInt64) {
        var random = RandomStream(seed: seed)
        let (a, minutesOfA) = Self.drawn(&random)
        let (b, minutesOfB) = Self.drawn(&random)
        Self.expect(a, minutesOfA)
        Self.expect(b, minutesOfB)
        Self.expect(a.union(b), minutesOfA.union(minutesOfB))
        Self.expect(a.minus(b), minutesOfA.subtracting(minutesOfB))
        Self.expect(b.minus(a), minutesOfB.subtracting(minutesOfA))
        Self.expect(a.intersection(b), minutesOfA.intersection(minutesOfB))
        #expect(a.firstShared(with: b) == minutesOfA.intersection(minutesOfB).min().map { Self.span($0, $0 + 1).start })
        for _ in 0..<20 {
            let start = random.below(100)
            let end = start + 1 + random.below(20)
            #expect(a.covers(Self.span(start, end)) == minutesOfA.isSuperset(of: start..<end))
        }
    }

    private static func drawn(_ random: inout RandomStream) -> (SpanSet, Set<Int>) {
        let longest = 1 + random.below(20)
        let spans = (0..<random.below(12)).map { _ in
            let start = random.below(100)
            return (start, start + random.below(longest))
        }
        return (set(spans), spans.reduce(into: []) { $0.formUnion($1.0..<$1.1) })
    }

    private static func expect(
        _ set: SpanSet, _ minutes: Set<Int>, at location: SourceLocation = #_sourceLocation
    ) {
        for minute in -1...125 {
            let instants = [Int64(minute) * 60, Int64(minute) * 60 + 59].map { Timestamp(seconds: $0) }
            #expect(
                instants.map(set.contains) == [minutes.contains(minute), minutes.contains(minute)],
                "minute \(minute)", sourceLocation: location)
        }
        #expect(set.length == .minutes(minutes.count), sourceLocation: location)
        #expect(set.isEmpty == minutes.isEmpty, sourceLocation: location)
        for (span, next) in zip(set.spans, set.spans.dropFirst()) {
            #expect(span.start < span.end && span.end < next.start, sourceLocation: location)
        }
    }
}
