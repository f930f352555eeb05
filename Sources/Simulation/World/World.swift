import ModeCore
import Primitives
import Scheduling

/// One simulated run: cluster, network, commands and the daemon's process on one virtual clock. The controller is the
/// one that the daemon drives; everything around it is made up, and everything is a function of the scenario.
package struct World: Sendable {
    enum Happening: Sendable {
        case arrival
        case departure(ConnectionID)
        case join(node: Int)
        case tick(process: Int)
        /// A call of a read reaches the machine at the address.
        case readArrives(ReadCall)
        case readGoesOn(ReadCall, Observation, ReadSample)
        case deliver(Delivery)
        /// The read before a write reaches the machine, its answer the daemon, then the write the machine.
        case preReadArrives(WriteCall)
        case preReadReturns(WriteCall, NodeMode, ReadSample)
        case writeArrives(WriteCall)
        case writeApplies(WriteCall)
        case commandBegins(CommandID)
        case commandStops(CommandID)
        case commandStarts(CommandID)
        case commandEnds(CommandID, CommandOutcome)
        case commandVanishes(CommandID)
        /// What was being ended on a node in vain can be ended now.
        case callsEnd(CommandID, process: Int)
        case daemonStarts(wallOff: Duration)
        case daemonGoesOn(process: Int)
        case fault(Int)
        case faultHappens(Fault)
        case faultEnds(Fault)
        case nodeStarts(node: Int, version: String?)
        /// Somebody opens a node beside a call.
        case opens(Int, NodeFault.Timing)
        case policiesFollow([Int])
        /// Somebody who was asked says yes.
        case approves(RunID)
        case hint(node: Int, every: Duration, until: Int64)
        case check
    }

    struct ReadCall: Sendable {
        var node: NodeID
        var scope: ReadScope
        var address: NodeAddress
        var begun: Moment
        var process: Int
    }

    struct WriteCall: Sendable {
        var write: Oracle.Write
        var address: NodeAddress
        var process: Int
        var read: ObservedMode?
        var seen: SeenLayer?
    }

    struct Delivery: Sendable {
        var event: Event
        var process: Int
        /// What was really read, and the latest that the machine was set to by then.
        var sample: ReadSample?
        var seen: SeenLayer?
    }

    struct SeenLayer: Sendable {
        var place: Int
        var layer: Int?
    }

    /// A command, and what becomes of it.
    struct CommandRun: Sendable {
        enum State: Sendable {
            case asked, running
            case ended(CommandOutcome)
        }

        var start: CommandStart
        /// Of the daemon, which had it begun.
        var process: Int
        var state = State.asked
        var isDisruptive: Bool
        var fault: CommandFault?
        /// The machine that it acts on.
        var place: Int?
        var hasStopped = false
        /// The daemon has told it to end.
        var isToEnd = false
    }

    let scenario: Scenario
    var directory: Directory
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
    /// Nothing of the daemon's process moves until then, or its loop alone does not.
    var stalledUntil: Int64?
    var isFrozen = false
    /// Deliveries that wait for the loop, and what it was doing when it stalled.
    var mailbox: [Delivery] = []
    var halted: Halted?
    var nextAppendTakes: Duration?
    /// Levers that were pulled, and the last one that was answered.
    var tickets = 0
    var lastAnswered = 0
    var isDirectoryBroken = false

    struct Halted: Sendable {
        var records: [Record]
        var effects: ArraySlice<Effect>
        var seen: SeenLayer?
    }

    var clock: HostClockModel
    var conditions: [Condition]
    var addresses: [NodeAddress]
    var hosts: [String: Int] = [:]
    var commands: [CommandRun] = []
    /// Faults that wait for their occasion, by their places in the plan, and until when.
    var waiting: [(fault: Int, until: Int64)] = []
    /// Who opens a node at its next call of a kind.
    var ambushes: [(node: Int, timing: NodeFault.Timing)] = []

    var oracle: Oracle
    var marks = Marks()
    /// Since when nothing has been wrong that will be right again.
    var calmSince: Int64 = 0
    var disturbances = 0
    /// How long the journal was at the last look.
    var recordsBefore = 0
    var digest = StableHash()
    var trace: [String] = []
    var admitted = 0
    var rejected = 0
    var callsCut = 0
    /// About which runs somebody has been asked, and has not answered yet.
    var asked: Set<RunID> = []
    /// Since which look runs have waited for nothing but a gate.
    var gateWaits: [RunID: Int64] = [:]
    /// Events that the loop handled, and those among them that only said that time has passed.
    var handled = 0
    var ticks = 0

    var traffic: RandomStream
    /// The channels that clients choose from.
    let channels: [ChannelID]
    var network: RandomStream

    package init(_ scenario: Scenario) {
        self.scenario = scenario
        directory = Directory(scenario)
        let isClustered = scenario.isClustered
        let profile = scenario.relays ? ModeProfile.relay : .current
        cluster = ModeCore.Cluster(
            isClustered: isClustered,
            nodes: scenario.nodes.map { node in
                NodeSettings(
                    name: node.name, isClustered: isClustered, isTemporary: node.isTemporary,
                    version: scenario.commands.versionPrefix + node.version, profile: profile, gracePeriod: .seconds(3),
                    interest: .none)
            })
        conditions = Array(repeating: Condition(), count: scenario.nodes.count)
        addresses = scenario.nodes.map(\.address)
        for (place, address) in addresses.enumerated() { hosts[address.api] = place }
        oracle = Oracle(scenario)
        clock = HostClockModel(start: scenario.start)
        traffic = RandomStream(seed: scenario.seed, label: "traffic")
        channels = (0..<max(1, scenario.traffic.channels)).map { ChannelID("channel-\($0)") }
        network = RandomStream(seed: scenario.seed, label: "network")
    }

    /// Runs it to its end.
    package static func run(_ scenario: Scenario) -> SimulationResult {
        var world = World(scenario)
        return world.run()
    }

    /// The time of the nodes' hosts, which is right.
    var wall: Timestamp { scenario.start + .nanoseconds(now) }
    /// The clocks of the daemon's host.
    var moment: Moment { clock.moment(at: now) }

    private mutating func run() -> SimulationResult {
        cluster.joinAll(at: wall)
        for place in scenario.nodes.indices { noteService(of: place) }
        if scenario.traffic.arrivalsPerSecond > 0 { insert(.arrival, in: .zero) }
        for (place, planned) in scenario.plan.faults.enumerated() {
            heap.insert(.fault(place), at: planned.after.nanoseconds)
        }
        insert(.daemonStarts(wallOff: .zero), in: .zero)
        insert(.check, in: World.checkInterval)
        let end = scenario.length.nanoseconds
        while let next = heap.next, next <= end, let entry = heap.pop() {
            now = entry.at
            happen(entry.payload)
        }
        now = end
        checkRest(isEnd: true)
        checkFold()
        return SimulationResult(
            seed: scenario.seed, digest: digest.value, violations: oracle.violations, appends: appends,
            records: journal, callsCut: callsCut, changesReceived: oracle.changesReceived, admitted: admitted,
            rejected: rejected, crashes: crashes, handled: handled, ticks: ticks, marks: marks, trace: trace,
            finalStatus: controller?.status(at: moment) ?? StatusReport(at: wall))
    }

    static let checkInterval = Duration.seconds(30)

    mutating func insert(_ happening: Happening, in delay: Duration) {
        heap.insert(happening, at: now + delay.nanoseconds)
    }

    mutating func say(_ text: String) {
        digest.add(now)
        digest.add(text)
        if scenario.isTraced { trace.append("\(Duration.nanoseconds(now).spoken)  \(text)") }
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .arrival: arrive()
        case .departure(let connection): depart(connection)
        case .join(let node): join(node)
        case .tick(let process): if isAlive(process), wakeAt == now { tick() }
        case .readArrives(let call): read(call)
        case .readGoesOn(let call, let observation, let sample): goOn(call, observation, sample)
        case .deliver(let delivery): deliver(delivery)
        case .preReadArrives(let call): preRead(call)
        case .preReadReturns(let call, let mode, let sample): decide(call, reading: mode, sample)
        case .writeArrives(let call): write(call)
        case .writeApplies(let call): _ = receive(call)
        case .commandBegins(let id): begin(id)
        case .commandStops(let id): stop(id)
        case .commandStarts(let id): bringBack(id)
        case .commandEnds(let id, let outcome): end(id, outcome)
        case .commandVanishes(let id): vanish(id)
        case .callsEnd(let id, let process): if isAlive(process) { endCalls(id, isLate: true) }
        case .daemonStarts(let wallOff): startDaemon(wallOff: wallOff)
        case .daemonGoesOn(let process): goOn(process: process)
        case .fault(let place): apply(planned: place)
        case .faultHappens(let fault): apply(fault)
        case .faultEnds(let fault): lift(fault)
        case .nodeStarts(let node, let version): startNode(node, version: version)
        case .opens(let node, let timing): open(node, timing)
        case .policiesFollow(let nodes): policiesFollow(nodes)
        case .hint(let node, let every, let until): hint(node: node, every: every, until: until)
        case .approves(let run): approve(run)
        case .check: check()
        }
    }

    func isAlive(_ process: Int) -> Bool { controller != nil && process == self.process }
}
