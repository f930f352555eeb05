/// A stream of pseudo-random numbers whose whole state is a number: SplitMix64. The same seed gives the same numbers on
/// every machine, and whoever draws passes the seed in: nothing here comes from outside.
public struct RandomStream: RandomNumberGenerator, Hashable, Sendable {
    /// What the state grows by with every number: 2^64 divided by the golden ratio.
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// A stream for one concern among several of the same seed: drawing less for one of them shifts none of the others.
    public init(seed: UInt64, label: String) {
        state = seed &* RandomStream.step ^ StableHash(label).value
    }

    public mutating func next() -> UInt64 {
        state &+= RandomStream.step
        return RandomStream.mixed(state)
    }

    /// Uniform in `[0, 1)`.
    public mutating func unit() -> Double { RandomStream.unit(from: next()) }

    /// Uniform in `0..<bound`; 0 where the bound is 0 or less.
    public mutating func below(_ bound: Int) -> Int {
        bound <= 0 ? 0 : Int(next() % UInt64(bound))
    }

    public mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    public mutating func duration(_ range: ClosedRange<Duration>) -> Duration {
        let (low, high) = (range.lowerBound.nanoseconds, range.upperBound.nanoseconds)
        return .nanoseconds(low + Int64(unit() * Double(high - low)))
    }

    /// Exponentially distributed around the mean, at most 20 times as long: hold times and gaps between arrivals.
    public mutating func exponential(mean: Duration) -> Duration {
        let factor = min(20, naturalLogarithm(of: 1 / (1 - unit())))
        return .nanoseconds(Int64(Double(mean.nanoseconds) * factor))
    }

    /// The share in `[0, 1)` that belongs to a place and an instant: nothing is drawn and no state is kept, the same pair
    /// gives the same share, and neighbouring places or instants give unrelated ones.
    public static func unit(place: Int, at instant: Uptime) -> Double {
        unit(from: mixed(UInt64(bitPattern: instant.nanoseconds) ^ (UInt64(place) &* step)))
    }

    private static func unit(from bits: UInt64) -> Double { Double(bits >> 11) / Double(1 << 53) }

    /// Scatters the bits; one to one.
    private static func mixed(_ bits: UInt64) -> UInt64 {
        var mixed = bits
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The natural logarithm for x >= 1, without a library: halvings to [1, 2), then the series of artanh.
private func naturalLogarithm(of x: Double) -> Double {
    var mantissa = x.significand
    var exponent = Double(x.exponent)
    if mantissa > 1.414_213_562_373_095 {
        mantissa /= 2
        exponent += 1
    }
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    let series = 2 * ratio * (1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square / 9))))
    return exponent * 0.693_147_180_559_945 + series
}
