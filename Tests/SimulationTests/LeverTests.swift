import Primitives
import Scheduling
import Testing

@testable import Simulation

/// The daemon dies right before, in and after each lever: what was answered holds, and what was not answered may not.
struct LeverTests {
    /// Three hours of a rollout in which two people pull every lever, some of them against each other.
    static func scenario(_ crash: CrashPoint?) -> Scenario {
        var scenario = Scenario.plain(seed: 8, rollout: true)
        scenario.policies.policies[0].strategy = Strategy(
            maxFailures: 2, canary: Canary(count: 1, soak: .minutes(2)), progressDeadline: .minutes(30))
        scenario.plan.commands = [1: .exits(1), 2: .exits(1)]
        var minute = 0
        func planned(_ kind: LeverPull.Kind, _ occasion: Occasion = .now, node: Int = 0, by actor: String = "ann")
            -> PlannedFault
        {
            minute += 4
            return PlannedFault(
                after: .minutes(minute), occasion: occasion,
                fault: .lever(LeverPull(kind: kind, node: node, policy: 0, length: .minutes(3), actor: actor)))
        }
        scenario.plan.faults = [
            planned(.hold, node: 2), planned(.pauseRun), planned(.resumeRun, by: "bob"), planned(.start),
            planned(.retry, .whileFailed), planned(.pauseWithRestore), planned(.resume, by: "bob"),
            planned(.release, .whileFailed), planned(.holdMode, node: 1), planned(.release, node: 1, by: "bob"),
            planned(.skip, .whileOut), planned(.forceExclusion), planned(.retry, .whileFailed, by: "bob"),
            planned(.releaseByForce, .whileCommandRuns), planned(.releaseAll), planned(.resume),
            planned(.keepOpen, node: 2), planned(.start), planned(.abort), planned(.approve),
            planned(.reserve, node: 1), planned(.hold, node: 0), planned(.resumeNode, by: "bob"),
        ]
        scenario.plan.crashAtAppend = crash
        return scenario
    }

    @Test func `every lever is pulled, and what is answered is in the journal`() {
        let result = World.run(Self.scenario(nil))
        #expect(result.violations.isEmpty, "\(result.violations)")
        let pulled = Set(
            result.records.compactMap { record -> LeverOrder.Action? in
                if case .leverPulled(let lever) = record.fact { lever.answer.action } else { nil }
            })
        #expect(
            pulled.isSuperset(of: [.hold, .release, .reserve, .pause, .resume, .retry, .abort, .start]), "\(pulled)")
    }

    /// A tenth of the appends each, so that they run side by side.
    @Test(arguments: 0..<10) func `a crash around each record takes back no answer`(tenth: Int) {
        let appends = World.run(Self.scenario(nil)).appends
        for append in 1...appends where append % 10 == tenth {
            for stage in CrashPoint.Stage.allCases {
                let crash = CrashPoint(append: append, stage: stage)
                let result = World.run(Self.scenario(crash))
                #expect(result.violations.isEmpty, "crash at append \(append), \(stage.rawValue): \(result.violations)")
            }
        }
    }
}
