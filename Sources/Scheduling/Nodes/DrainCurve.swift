import Primitives

/// How the calls on a draining node become fewer: samples, thinned out as they become many, and what they let expect.
package struct DrainCurve: Hashable, Sendable, Codable {
    package struct Sample: Hashable, Sendable, Codable {
        package var at: Timestamp
        /// Nil: not counted, they span nodes.
        package var sessions: Int?
        package var connections: Int

        /// What the drain waits for.
        var left: Int { sessions ?? connections }

        package init(at: Timestamp, sessions: Int?, connections: Int) {
            self.at = at
            self.sessions = sessions
            self.connections = connections
        }
    }

    /// At most so many samples; then every second one goes.
    package static let limit = 64
    /// More is nonsense, and no sample.
    package static let most = 1_000_000_000
    /// From one sample to the next, at least.
    package static let spacing = Duration.seconds(15)
    /// What is further away is not told.
    package static let horizon = Duration.days(30)
    /// A curve that has not become lower for so long no longer declines.
    package static let patience = Duration.minutes(5)

    /// When the drain began.
    package let since: Timestamp
    /// The oldest first.
    package private(set) var samples: [Sample] = []

    package init(since: Timestamp) {
        self.since = since
    }

    package mutating func add(_ sample: Sample) {
        // The wall clock was set back, or other things are counted from here on.
        if let last = samples.last, sample.at < last.at || (sample.sessions == nil) != (last.sessions == nil) {
            samples = []
        }
        samples.append(sample)
        guard samples.count > DrainCurve.limit else { return }
        samples = samples.indices.filter { $0 % 2 == 0 || $0 == samples.count - 1 }.map { samples[$0] }
    }

    /// The longer it lasts, the more seldom: a day of it is a few hundred samples.
    package func wantsSample(at now: Timestamp) -> Bool {
        guard let first = samples.first, let last = samples.last else { return true }
        let spacing = max(DrainCurve.spacing, (last.at - first.at) * (1 / Double(DrainCurve.limit / 2)))
        return now - last.at >= spacing || now < last.at
    }

    /// How long it took until half of the calls were gone, by the latest half; extrapolated where there is none yet. Nil:
    /// they do not become fewer.
    package var halfLife: Duration? {
        guard let last = samples.last, last.left > 0,
            let doubled = samples.lastIndex(where: { $0.left >= 2 * last.left })
        else { return extrapolatedHalfLife }
        let (a, b) = (samples[doubled], samples[doubled + 1])
        // When it was exactly twice as much, between the two.
        let share =
            a.left == b.left ? 0 : Double(a.left - 2 * last.left) / Double(a.left - b.left)
        return last.at - (a.at + (b.at - a.at) * share)
    }

    private var extrapolatedHalfLife: Duration? {
        guard let first = samples.first, let last = samples.last, first.left > last.left, last.at > first.at else {
            return nil
        }
        let gone = first.left - last.left
        return (last.at - first.at) * (Double(first.left) / 2 / Double(gone))
    }

    /// When it is at or below that, if it goes on like this; nil: not to be told.
    ///
    /// - Parameter connections: the same for them, of which a course is known only where they alone count.
    package func projectedEnd(downTo sessions: Int, connections: Int = .max) -> Timestamp? {
        guard let last = samples.last, flatSince == nil else { return nil }
        let threshold = last.sessions == nil ? connections : sessions
        guard last.left > threshold else { return last.connections > connections ? nil : last.at }
        guard let halfLife else { return nil }
        let halvings = DrainCurve.log2(Double(last.left)) - DrainCurve.log2(Double(threshold) + 0.5)
        let left = halfLife * max(0, halvings)
        return left < DrainCurve.horizon ? last.at + left : nil
    }

    /// Since when it has not become lower, if that is long; nil: it declines.
    package var flatSince: Timestamp? {
        guard let last = samples.last, last.left > 0 else { return nil }
        let least = samples.reduce(Int.max) { min($0, $1.left) }
        guard let lowered = samples.first(where: { $0.left == least })?.at,
            last.at - lowered >= DrainCurve.patience
        else { return nil }
        return lowered
    }

    /// Exact at powers of two, a straight line between them: near enough for a forecast.
    private static func log2(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        return Double(value.exponent) + value.significand - 1
    }
}
