/// Chance that is the same in every run.
struct Lehmer {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2 &+ 1 }

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}

/// Seeds of tests that one thread runs: a few where the sanitizer, which looks for the trouble of many, makes them slow.
func seeds(_ count: UInt64) -> ClosedRange<UInt64> {
    #if SANITIZED
        1...min(count, 3)
    #else
        1...count
    #endif
}
