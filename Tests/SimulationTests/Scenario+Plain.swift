import Calendars
import Primitives
import Scheduling

@testable import Simulation

extension Scenario {
    /// Three nodes, calls that end in time, and one policy: an upgrade of all of them, or a nightly rest. Nothing is
    /// drawn but traffic and latencies.
    static func plain(seed: UInt64, rollout: Bool) -> Scenario {
        let start = Timestamp(seconds: 1_796_000_400)
        let machines = (1...3).map { Machine(name: "node-0\($0)@sim", address: address("sim-\($0)")) }
        let nodes = machines.enumerated().map { place, machine in
            ClusterNode(
                name: machine.name, api: machine.address.api, ready: machine.address.ready,
                labels: ["zone": place % 2 == 0 ? "a" : "b"])
        }
        let cluster = ClusterPolicy(name: clusterName, topology: .clustered, nodes: nodes)
        let drain = DrainStep(deadline: .minutes(25), onDeadline: .skip)
        let upgrade = StepSequence(
            name: "upgrade",
            steps: [
                .drain(drain), .block,
                .run(RunStep(name: "upgrade", command: ["/upgrade"], retries: 1, isDisruptive: true)),
                .verify(VerifyStep(connected: true, version: "{revision}", timeout: .minutes(10))), .restore,
                .soak(.minutes(2)),
            ])
        let rest = StepSequence(
            name: "rest",
            steps: [
                .drain(drain), .block, .run(RunStep(name: "check", command: ["/check"])), .wait(.duration(.minutes(5))),
                .restore,
            ])
        let window = Window(
            name: "tonight", recurrence: .at(ZoneRules.utc.local(start + .minutes(10))), length: .elapsed(.hours(2)),
            timeZone: ZoneRules.utc.name)
        let policy =
            rollout
            ? Policy(
                name: "upgrade", cluster: clusterName, schedule: .rollout, strategy: Strategy(maxFailures: 2),
                sequence: upgrade, kind: .rollout(revision: "2.0.0", approval: nil))
            : Policy(
                name: "tonight", cluster: clusterName,
                schedule: PolicySchedule(windows: [window], cutoff: .minutes(5), onWindowEnd: .restore),
                strategy: Strategy(maxFailures: 2), sequence: rest)
        return Scenario(
            seed: seed,
            policies: PolicySet(
                clusters: [cluster], policies: [policy], zones: [ZoneRules.utc.name: .utc], digest: "simulated"),
            nodes: machines, start: start, length: .hours(3),
            traffic: Traffic(arrivalsPerSecond: 0.08, meanHold: .minutes(2), channels: 60))
    }
}
