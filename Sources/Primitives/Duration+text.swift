extension Duration {
    /// The whole duration in nanoseconds, clamped to `Int64` (292 years).
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
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
