/// Several things measured in turn: round after round each of them once, so that what the machine does meanwhile
/// meets them all. What counts is the median of the rounds.
public struct Contest {
    public struct Entry {
        public var name: String
        /// What is expected at least, per second; nil where it is only there to compare with.
        public var target: Double?
        var measure: () -> Double
    }

    public struct Result: Sendable {
        public var name: String
        public var target: Double?
        /// Per second, one for each round.
        public var rates: [Double]
        /// Seconds of processor that each round took, all threads together: what it costs, however busy the machine is.
        public var processorSeconds: [Double]

        public var median: Double { BenchmarkHarness.median(rates) }
    }

    private var entries: [Entry] = []

    public init() {}

    /// - Parameter measure: does it for a while and answers how many per second.
    public mutating func add(_ name: String, target: Double? = nil, measure: @escaping () -> Double) {
        entries.append(Entry(name: name, target: target, measure: measure))
    }

    /// - Parameter rounds: one more is run first and thrown away.
    public func run(rounds: Int = 5) -> [Result] {
        var results = entries.map { Result(name: $0.name, target: $0.target, rates: [], processorSeconds: []) }
        for round in 0...rounds {
            for (place, entry) in entries.enumerated() {
                let before = processorSeconds()
                let rate = entry.measure()
                guard round > 0 else { continue }
                results[place].rates.append(rate)
                results[place].processorSeconds.append(processorSeconds() - before)
            }
        }
        return results
    }
}

/// The one in the middle, of an even number the upper one; zero of none.
public func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
}

/// Keeps the optimizer from leaving out what made the value.
@inline(never)
public func keep<Value>(_ value: Value) {}

/// How often the body ran per second: it runs `count` times by itself.
public func rate(of count: Int, _ body: () -> Void) -> Double {
    let elapsed = ContinuousClock().measure(body)
    let (seconds, attoseconds) = elapsed.components
    return Double(count) / (Double(seconds) + Double(attoseconds) / 1e18)
}
