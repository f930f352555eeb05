import Primitives
import Testing

@testable import Scheduling

/// What the calls on a draining node let expect.
struct DrainCurveTests {
    private static let start = Moment.start.wall

    /// By the minute.
    private static func curve(_ sessions: [Int]) -> DrainCurve {
        var curve = DrainCurve(since: start)
        for (minute, count) in sessions.enumerated() {
            curve.add(DrainCurve.Sample(at: start + .minutes(minute), sessions: count, connections: 2 * count))
        }
        return curve
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sessions: [Int]
        var halfLife: Int?
        var end: Int?
        var flatSince: Int?
    }

    @Test(arguments: [
        Row(testDescription: "nothing is known", sessions: []),
        Row(testDescription: "one sample says nothing", sessions: [40]),
        Row(
            testDescription: "half of them in two minutes, three more halvings and a half", sessions: [64, 48, 32],
            halfLife: 120, end: 840),
        Row(testDescription: "not yet half of them: as it goes", sessions: [100, 90, 80], halfLife: 300, end: nil),
        Row(testDescription: "empty", sessions: [4, 2, 0], halfLife: 60, end: 120),
        Row(testDescription: "they become more", sessions: [4, 5, 6]),
        Row(
            testDescription: "no longer declining", sessions: [40, 20, 10, 10, 10, 11, 10, 10], halfLife: nil, end: nil,
            flatSince: 120),
        Row(testDescription: "it was flat, and declines again", sessions: [40, 20, 10, 10, 10, 10, 10, 8], end: nil),
    ]) func `a curve says`(_ row: Row) {
        let curve = Self.curve(row.sessions)
        if let halfLife = row.halfLife { #expect(curve.halfLife == .seconds(halfLife)) }
        if let end = row.end { #expect(curve.projectedEnd(downTo: 0) == Self.start + .seconds(end)) }
        #expect(curve.flatSince == row.flatSince.map { Self.start + .seconds($0) })
        if row.flatSince != nil || row.sessions.count < 2 { #expect(curve.projectedEnd(downTo: 0) == nil) }
    }

    @Test func `where sessions span nodes the curve is that of the connections`() {
        let start = Self.start
        func curve(_ counts: [(sessions: Int?, connections: Int)]) -> DrainCurve {
            var curve = DrainCurve(since: start)
            for (minute, count) in counts.enumerated() {
                curve.add(
                    DrainCurve.Sample(
                        at: start + .minutes(minute), sessions: count.sessions, connections: count.connections))
            }
            return curve
        }
        let halved = curve([(nil, 64), (nil, 48), (nil, 32)])
        #expect(halved.halfLife == .minutes(2))
        #expect(halved.projectedEnd(downTo: 0, connections: 0) == start + .seconds(840))
        #expect(halved.projectedEnd(downTo: 0, connections: 40) == start + .minutes(2))
        #expect(curve([(nil, 40)] + Array(repeating: (nil, 20), count: 7)).flatSince == start + .minutes(1))
        #expect(curve([(9, 64), (9, 48), (nil, 32)]).samples.count == 1, "other things are counted from there on")
    }

    @Test func `however long it lasts, its samples are few`() {
        var curve = DrainCurve(since: Self.start)
        var taken = 0
        for second in stride(from: 0, to: 3 * 86_400, by: 5) {
            let now = Self.start + .seconds(second)
            guard curve.wantsSample(at: now) else { continue }
            taken += 1
            curve.add(DrainCurve.Sample(at: now, sessions: 7, connections: 7))
        }
        #expect(taken < 400 && curve.samples.count <= DrainCurve.limit)
    }
}
