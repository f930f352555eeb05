extension Duration {
    /// The whole duration in nanoseconds, clamped to `Int64` (292 years).
    public var nanoseconds: Int64 {
        // One division of machine words: `components` divides 128 bits, and this is asked with every sum of an instant.
        let length = attoseconds.magnitude
        let (high, low) = (UInt64(truncatingIfNeeded: length >> 64), UInt64(truncatingIfNeeded: length))
        let perNanosecond: UInt64 = 1_000_000_000
        let isNegative = attoseconds < 0
        guard high < perNanosecond,
            let whole = Int64(exactly: perNanosecond.dividingFullWidth((high, low)).quotient)
        else { return isNegative ? .min : .max }
        return isNegative ? -whole : whole
    }

    /// The duration in seconds, for texts, JSON and ratios.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }

    public static func minutes(_ minutes: Int) -> Duration { .seconds(minutes * 60) }
    public static func hours(_ hours: Int) -> Duration { .seconds(hours * 3600) }
    public static func days(_ days: Int) -> Duration { .seconds(days * 86400) }

    /// As a policy writes it: `1h30m`.
    public var written: String { parts.isEmpty ? "0s" : parts.joined() }

    /// For people: `1h 30m`.
    public var spoken: String { parts.isEmpty ? "0s" : parts.joined(separator: " ") }

    private var parts: [String] {
        var rest = Int(clamping: max(0, nanoseconds) / 1_000_000)
        var parts: [String] = []
        for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
            if rest >= length { parts.append("\(rest / length)\(unit)") }
            rest %= length
        }
        return parts
    }
}
