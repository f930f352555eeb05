import Foundation
import Primitives
import Scheduling
import Simulation
import Testing

/// Random scenarios, each a function of its seed. Every failure prints the line that replays it, with its trace.
struct SeedTests {
    /// 200 seeds in blocks that run side by side, or the one that is to be replayed.
    static let blocks: [ClosedRange<UInt64>] = {
        if let replayed { return [replayed...replayed] }
        return (0..<8).map { block in (block * 25 + 1)...(block * 25 + 25) }
    }()
    static let replayed = ProcessInfo.processInfo.environment["NAGI_SEED"].flatMap { UInt64($0) }

    @Test(arguments: blocks) func `every seed keeps the invariants for six hours`(seeds: ClosedRange<UInt64>) {
        for seed in seeds {
            let isReplay = SeedTests.replayed != nil
            let result = World.run(.drawn(seed: seed, isTraced: isReplay))
            if isReplay { print(result.trace.joined(separator: "\n")) }
            guard !result.violations.isEmpty else { continue }
            let violations = result.violations.prefix(3).map { "\($0)" }.joined(separator: "\n  ")
            Issue.record("seed \(seed)\n  \(violations)\n  replay: \(SeedTests.replayLine(seed))")
        }
    }

    /// Without a fault there is no excuse: every node is upgraded, with four mode changes each, and nobody is cut off.
    @Test(arguments: [8, 16, 32, 40, 48] as [UInt64]) func `a calm seed completes`(seed: UInt64) {
        var scenario = Scenario.drawn(seed: seed)
        scenario.hasFailingCommands = false
        scenario.policies.maintenanceWindows = []
        scenario.policies.rollouts[0].windows = []
        // Calls end in time, so that no drain has to be given up.
        scenario.traffic.meanHold = .minutes(1)
        let result = World.run(scenario)
        #expect(result.violations.isEmpty, "\(result.violations)")
        #expect(result.runs.map(\.phase) == ["completed"], "\(SeedTests.replayLine(seed))")
        #expect(result.changesReceived == 4 * result.finalStatus.clusters[0].nodes.count)
        #expect(result.callsCut == 0)
        #expect(result.admitted > 1000)
    }

    static func replayLine(_ seed: UInt64) -> String {
        "NAGI_SEED=\(seed) swift test -c release --filter SeedTests"
    }
}
