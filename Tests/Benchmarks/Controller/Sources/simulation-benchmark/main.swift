import BenchmarkHarness
import Calendars
import Foundation
import ModeCore
import Primitives
import Scheduling
import Simulation

// `simulation-benchmark [HOURS]`: how many seconds of the simulation's row of section 8 go by in one of processor. Twelve
// nodes, 0.1 arrivals a second each, calls of ten minutes, read every five seconds, and a rollout of all of them that takes hours. Invariants
// are checked all the time: the oracle cannot be taken away.

let hours = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 6

func scenario(seed: UInt64, isSuspended: Bool, hasFaults: Bool) -> Scenario {
    var rollout = rollout
    rollout.isSuspended = isSuspended
    var scenario = Scenario.drawn(seed: seed, length: .hours(hours))
    let machine = scenario.nodes[0]
    scenario.nodes = (1...12).map { number in
        var machine = machine
        machine.name = "node-\(number)@sim"
        machine.address = Scenario.address("sim-\(number)")
        return machine
    }
    scenario.policies = PolicySet(
        clusters: [
            ClusterPolicy(
                name: "sim", topology: .clustered,
                nodes: scenario.nodes.map { ClusterNode(name: $0.name, api: $0.address.api, ready: $0.address.ready) })
        ], policies: [rollout], zones: [ZoneRules.utc.name: .utc], digest: "benchmark")
    scenario.traffic.arrivalsPerSecond = 0.1
    scenario.traffic.meanHold = .minutes(10)
    scenario.traffic.channels = 200
    (scenario.hasModesInLists, scenario.spreadsReads, scenario.hostClock) = (true, false, .zero)
    if hasFaults {
        scenario.plan = .drawn(seed: seed, nodes: 12, policies: 1, length: scenario.length)
    } else {
        scenario.plan.faults = []
        scenario.plan.commands = [:]
        scenario.plan.crashAtAppend = nil
    }
    return scenario
}

let rollout = Policy(
    name: "upgrade", cluster: "sim", schedule: .rollout,
    sequence: StepSequence(
        name: "upgrade",
        steps: [
            .drain(DrainStep(deadline: .minutes(20), onDeadline: .proceed)), .block,
            .run(RunStep(name: "upgrade", command: ["/upgrade"], isDisruptive: true)),
            .verify(VerifyStep(connected: true)), .restore, .soak(.minutes(2)),
        ]),
    kind: .rollout(revision: "2.0.0", approval: nil))

let cases = [("at rest", true, false), ("a rollout", false, false), ("a rollout with faults", false, true)]
for (name, isSuspended, hasFaults) in cases {
    let scenarios = (1...5).map { scenario(seed: $0, isSuspended: isSuspended, hasFaults: hasFaults) }
    let rates = scenarios.map { scenario in processorRate(of: hours * 3600) { keep(World.run(scenario)) } }
    let result = World.run(scenarios[0])
    print(
        "\(name): \(Int(median(rates))) simulated seconds a second (\(Int(rates.min() ?? 0)) … \(Int(rates.max() ?? 0)));",
        "seed 1: \(result.handled) events, \(result.records.count) records, \(result.admitted) calls")
}
