import Primitives
import Scheduling
import Testing

@testable import Simulation

/// A daemon that only observes, beside its twin that acts on the same cluster with the same traffic.
struct ObservingTests {
    /// Until the twin has changed something, both see the same.
    private func firstStart(_ result: SimulationResult) -> (node: NodeID, at: Moment)? {
        for record in result.records {
            switch record.fact {
            case .would(_, let node, _, _): return (node, record.at)
            case .partChanged(_, _, let part, _, _) where part.phase.isInWork: return (part.node, record.at)
            default: continue
            }
        }
        return nil
    }

    /// Under everything that may happen to a daemon: also those that come back after a crash only observe.
    @Test(arguments: 101...124 as ClosedRange<UInt64>) func `nothing is sent, whatever goes wrong`(seed: UInt64) {
        var scenario = Scenario.drawn(seed: seed)
        scenario.isObserving = true
        let observing = World.run(scenario)
        #expect(observing.changesReceived == 0 && observing.callsCut == 0)
        #expect(!observing.records.contains { if case .modeIntended = $0.fact { true } else { false } })
        #expect(!observing.records.contains { if case .commandIntended = $0.fact { true } else { false } })
    }

    @Test(arguments: 1...24 as ClosedRange<UInt64>) func `the same start is decided, and nothing is done`(
        seed: UInt64
    ) throws {
        var scenario = Scenario.drawn(seed: seed)
        // Nobody interferes, and who is asked says yes.
        scenario.plan = FaultPlan()
        (scenario.asking.bad, scenario.asking.unknown, scenario.asking.approvesAfter) = (0, 0, .minutes(1))
        let acting = World.run(scenario)
        scenario.isObserving = true
        let observing = World.run(scenario)
        #expect(observing.violations.isEmpty, "\(observing.violations)")
        #expect(observing.changesReceived == 0 && observing.callsCut == 0)
        #expect(!observing.records.contains { if case .modeIntended = $0.fact { true } else { false } })
        #expect(!observing.records.contains { if case .commandIntended = $0.fact { true } else { false } })
        let (first, twin) = (firstStart(observing), firstStart(acting))
        #expect(first?.node == twin?.node)
        if let first, let twin {
            // Within one sweep of the cluster.
            #expect(abs((first.at.wall - twin.at.wall).inSeconds) <= 10, "\(first.at.wall) \(twin.at.wall)")
        }
    }
}
