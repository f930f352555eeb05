import Primitives
import Scheduling
import Simulation
import Testing

/// The daemon dies at each append of a run, before and after the records are durable: the run comes to the same end.
struct CrashTests {
    /// Three hours, no other fault: three nodes are upgraded, one after another; the canary first, then group by group.
    static func scenario(_ crash: CrashPoint?, isTraced: Bool = false) -> Scenario {
        var scenario = Scenario.drawn(seed: 8, length: .hours(3), isTraced: isTraced)
        scenario.policies.maintenanceWindows = []
        scenario.policies.rollouts[0].windows = []
        scenario.policies.rollouts[0].strategy = Strategy(
            canary: Canary(count: 1, soak: .minutes(2)),
            groups: [
                NodeGroup(name: "zone-a", selector: Selector(matchLabels: ["zone": "a"])),
                NodeGroup(
                    name: "zone-b", selector: Selector(matchLabels: ["zone": "b"]), waitAfterPrevious: .minutes(3)),
            ], progressDeadline: .minutes(30))
        scenario.traffic.meanHold = .minutes(2)
        scenario.plan = FaultPlan(crashAtAppend: crash)
        return scenario
    }

    @Test func `a crash at each journal record changes nothing but the time`() {
        let calm = World.run(CrashTests.scenario(nil))
        #expect(calm.violations.isEmpty, "\(calm.violations)")
        #expect(calm.runs.map(\.phase) == ["completed"])
        let appends = calm.appends
        #expect(appends > 40)
        for append in 1...appends {
            for isDurable in [false, true] {
                let result = World.run(CrashTests.scenario(CrashPoint(append: append, isDurable: isDurable)))
                let label = "crash at append \(append), \(isDurable ? "after" : "before") it is durable"
                #expect(result.violations.isEmpty, "\(label): \(result.violations)")
                #expect(result.crashes == 1, "\(label)")
                #expect(result.callsCut == 0, "\(label)")
                #expect(result.runs.map(\.phase) == ["completed"], "\(label): \(result.runs.map(\.text))")
                let versions = result.finalStatus.clusters.flatMap(\.nodes).map { $0.version ?? "?" }
                #expect(Set(versions) == ["2.0.0"], "\(label): \(versions)")
                #expect(!CrashTests.hasSetback(result.records), "\(label)")
            }
        }
    }

    @Test func `a reload of the same policies in the middle of a run changes nothing`() {
        var scenario = CrashTests.scenario(nil)
        scenario.plan = FaultPlan(faults: (1...120).map { PlannedFault(after: .seconds($0 * 20), fault: .reload) })
        let result = World.run(scenario)
        #expect(result.violations.isEmpty, "\(result.violations)")
        #expect(result.runs.map(\.phase) == ["completed"])
        #expect(!CrashTests.hasSetback(result.records))
    }

    /// A node was given back early, failed, or is kept: nothing that a crash alone may lead to.
    static func hasSetback(_ records: [Record]) -> Bool {
        records.contains { record in
            switch record.fact {
            case .nodeRunChanged(_, let nodeRun): nodeRun.requeues > 0 || nodeRun.phase.isFailed
            case .holdPlaced: true
            default: false
            }
        }
    }
}
