import Foundation
import ModeCore
import Scheduling
import Simulation
import Testing

/// Random scenarios, each a function of its seed. Every failure prints the line that replays it, with its trace.
struct SeedTests {
    /// The seeds of an ordinary run, or the one that is to be replayed.
    static let seeds: [UInt64] = {
        if let text = ProcessInfo.processInfo.environment["NAGI_SEED"], let seed = UInt64(text) { return [seed] }
        return Array(1...200)
    }()
    static let isReplay = ProcessInfo.processInfo.environment["NAGI_SEED"] != nil

    @Test func `every seed keeps the invariants for six hours`() {
        var failed = 0
        for seed in SeedTests.seeds {
            let result = World.run(.drawn(seed: seed, isTraced: SeedTests.isReplay))
            if SeedTests.isReplay { print(result.trace.joined(separator: "\n")) }
            guard !result.violations.isEmpty else { continue }
            failed += 1
            let violations = result.violations.prefix(3).map { "\($0)" }.joined(separator: "\n  ")
            Issue.record("seed \(seed)\n  \(violations)\n  replay: \(SeedTests.replayLine(seed))")
            if failed == 5 { break }
        }
    }

    static func replayLine(_ seed: UInt64) -> String {
        "NAGI_SEED=\(seed) swift test -c release --filter SeedTests"
    }
}
