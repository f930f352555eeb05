import ModeCore
import Scheduling
import Simulation
import Testing

struct SeedTests {
    static let seeds: Range<UInt64> = 1..<201

    @Test func `every seed keeps the invariants for six hours`() {
        var failed = 0
        for seed in SeedTests.seeds {
            let result = World.run(.drawn(seed: seed))
            guard !result.violations.isEmpty else { continue }
            failed += 1
            Issue.record("\(SeedTests.replayLine(seed)): \(result.violations.prefix(3).map(\.description))")
            if failed == 5 { break }
        }
    }

    static func replayLine(_ seed: UInt64) -> String { "seed \(seed), replay: nagi simulate --seed \(seed)" }
}
