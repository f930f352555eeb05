import ModeCore

/// A stream of pseudo-random numbers for one concern, derived from a seed and a label, so that taking one fault away
/// shifts nothing else. SplitMix64.
public struct RandomStream: Sendable {
    private var state: UInt64

    public init(seed: UInt64, label: String) {
        var hash = Digest()
        hash.add(label)
        state = seed &* 0x9E37_79B9_7F4A_7C15 ^ hash.value
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// In [0, 1).
    public mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// In `0..<bound`; 0 where the bound is.
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
}

/// The natural logarithm for x >= 1, without a library: halvings to [1, 2), then the series of artanh.
func naturalLogarithm(of x: Double) -> Double {
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

/// FNV-1a over what happened: two runs with the same digest did the same.
public struct Digest: Hashable, Sendable {
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    public init() {}

    public mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte: byte) }
    }

    public mutating func add(_ number: Int64) {
        var rest = UInt64(bitPattern: number)
        for _ in 0..<8 {
            add(byte: UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    private mutating func add(byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}
