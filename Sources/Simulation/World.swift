import ModeCore
import Primitives
import Scheduling

/// One simulated run: cluster, network, commands and the daemon's process on one virtual clock. The controller is the one
/// that the daemon drives; everything around it is made up, and everything is a function of the scenario.
public struct World: Sendable {
    enum Happening: Sendable {
        case arrival
        case departure(ConnectionID)
        case join(node: Int)
        case tick(process: Int)
        /// A read reaches the node, and its answer the daemon.
        case readArrives(NodeID, begun: Moment, process: Int)
        case deliver(Event, process: Int)
        /// The read before a write reaches the node, then the write itself.
        case preReadArrives(ModeChange, process: Int)
        case preReadReturns(ModeChange, ObservedMode, revision: Int, process: Int)
        case writeArrives(ModeChange, revision: Int, process: Int)
        case writeApplies(ModeChange, revision: Int)
        case commandBegins(CommandStart)
        case commandStops(CommandID, node: Int)
        case commandEnds(CommandID, CommandOutcome)
        case daemonStarts
        case fault(Fault)
        case faultEnds(Fault)
    }

    enum CommandState: Sendable {
        case asked
        case running
        case ended(CommandOutcome)
    }

    /// What the network and the process of a node do to callers, as counters of faults in force.
    struct Condition: Sendable {
        var unreachable = 0
        var silent = 0
        var failing = 0
        var answerLost = 0
        var isolated = 0
        var listFailing = 0
        var late = 0
    }

    let scenario: Scenario
    let policy: ClusterPolicy
    var cluster: ModeCore.Cluster
    var heap = EventHeap<Happening>()
    var now: Int64 = 0

    var controller: Controller?
    /// Grows with every start of the daemon; what was meant for an earlier one is lost.
    var process = 0
    var journal: [Record] = []
    var appends = 0
    var crashes = 0
    var wakeAt: Int64?

    var conditions: [Condition]
    /// Since when each node has been cut off from the others.
    var isolatedSince: [Int64?]
    var commands: [CommandID: CommandState] = [:]
    var starts: [CommandID: CommandStart] = [:]
    var places: [String: Int] = [:]

    var oracle: Oracle
    var digest = StableHash()
    var trace: [String] = []
    var admitted = 0
    var rejected = 0
    var callsCut = 0

    var traffic: RandomStream
    /// The channels that clients choose from.
    let channels: [ChannelID]
    var network: RandomStream

    public init(_ scenario: Scenario) {
        self.scenario = scenario
        let clusters = scenario.policies.clusters
        precondition(clusters.count == 1, "a simulated run has one cluster")
        let policy = clusters[0]
        self.policy = policy
        cluster = ModeCore.Cluster(
            isClustered: policy.topology == .clustered,
            nodes: zip(policy.nodes, scenario.versions).map { node, version in
                NodeSettings(
                    name: node.name, isClustered: policy.topology == .clustered, version: version,
                    gracePeriod: .seconds(3), interest: .none)
            })
        conditions = Array(repeating: Condition(), count: policy.nodes.count)
        isolatedSince = Array(repeating: nil, count: policy.nodes.count)
        for (place, node) in policy.nodes.enumerated() { places[node.name] = place }
        oracle = Oracle(
            nodes: policy.nodes.count,
            limit: policy.budget.maxUnavailable.asMaxUnavailable(of: policy.nodes.count),
            freshness: policy.observe.staleAfter + policy.api.timeout * 2, policies: scenario.policies)
        traffic = RandomStream(seed: scenario.seed, label: "traffic")
        channels = (0..<max(1, scenario.traffic.channels)).map { ChannelID("channel-\($0)") }
        network = RandomStream(seed: scenario.seed, label: "network")
    }

    /// Runs it to its end.
    public static func run(_ scenario: Scenario) -> SimulationResult {
        var world = World(scenario)
        return world.run()
    }

    var wall: Timestamp { scenario.start + .nanoseconds(now) }
    /// The machine has been up for a while, so that wall clock and uptime are never mistaken for one another.
    var moment: Moment { Moment(wall: wall, uptime: Uptime(nanoseconds: 1_000_000_000_000 + now)) }

    private mutating func run() -> SimulationResult {
        cluster.joinAll(at: wall)
        if scenario.traffic.arrivalsPerSecond > 0 { insert(.arrival, in: .zero) }
        for planned in scenario.plan.faults { heap.insert(.fault(planned.fault), at: planned.after.nanoseconds) }
        insert(.daemonStarts, in: .zero)
        let end = scenario.length.nanoseconds
        while let next = heap.next, next <= end, let entry = heap.pop() {
            now = entry.at
            happen(entry.payload)
        }
        now = end
        checkRest()
        checkFold()
        return SimulationResult(
            seed: scenario.seed, digest: digest.value, violations: oracle.violations, appends: appends,
            records: journal, callsCut: callsCut, changesReceived: oracle.changesReceived, admitted: admitted,
            rejected: rejected, crashes: crashes, trace: trace,
            finalStatus: controller?.status(at: moment)
                ?? StatusReport(at: wall, clusters: [], runs: [], policyDigest: ""))
    }

    mutating func insert(_ happening: Happening, in delay: Duration) {
        heap.insert(happening, at: now + delay.nanoseconds)
    }

    mutating func say(_ text: String) {
        digest.add(now)
        digest.add(text)
        if scenario.isTraced { trace.append("\(traceTime)  \(text)") }
    }

    private var traceTime: String {
        let milliseconds = now / 1_000_000
        let seconds = milliseconds / 1000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = milliseconds % 1000
        let fraction = rest < 10 ? "00\(rest)" : rest < 100 ? "0\(rest)" : "\(rest)"
        return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(fraction)"
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .arrival: arrive()
        case .departure(let connection): cluster.disconnect(connection, at: wall)
        case .join(let node): join(node)
        case .tick(let process): if isAlive(process), wakeAt == now { handle(.ticked) }
        case .readArrives(let node, let begun, let process): read(node, begun: begun, process: process)
        case .deliver(let event, let process): if isAlive(process) { handle(event) }
        case .preReadArrives(let change, let process): preRead(change, process: process)
        case .preReadReturns(let change, let mode, let revision, let process):
            decide(change, reading: mode, revision: revision, process: process)
        case .writeArrives(let change, let revision, let process):
            write(change, revision: revision, process: process)
        case .writeApplies(let change, let revision): _ = receive(change, revision: revision)
        case .commandBegins(let start): begin(start)
        case .commandStops(let id, let node): upgrade(node, by: id)
        case .commandEnds(let id, let outcome): end(id, outcome)
        case .daemonStarts: startDaemon()
        case .fault(let fault): apply(fault)
        case .faultEnds(let fault): lift(fault)
        }
    }

    func isAlive(_ process: Int) -> Bool { controller != nil && process == self.process }
}
