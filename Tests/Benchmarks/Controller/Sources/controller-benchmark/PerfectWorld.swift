import ModeCore
import Primitives
import Scheduling

/// A controller whose nodes answer at once and do what they are told, on a clock that jumps from event to event. Counts
/// the time that is spent in the controller, and nothing else.
struct PerfectWorld {
    private(set) var controller = Controller(ledger: Ledger())
    private(set) var now = Moment(
        wall: Timestamp(seconds: 1_800_000_000), uptime: Uptime(nanoseconds: 1_000_000_000_000))
    private(set) var events = 0
    private(set) var records = 0
    /// Spent in `handle`.
    private(set) var spent = Duration.zero
    private(set) var endedRuns = 0
    private var modes: [NodeID: NodeMode] = [:]
    /// Names of the nodes of each cluster whose nodes list each other.
    private var members: [String: [NodeID]] = [:]
    private var pending: [Event] = []
    private var isBroken: Set<NodeID> = []

    init(_ set: PolicySet, broken: Set<NodeID> = []) {
        isBroken = broken
        for cluster in set.clusters where cluster.topology == .clustered {
            members[cluster.name] = cluster.nodes.map { NodeID(cluster: cluster.name, name: $0.name) }
        }
        hand(.started(boot: "boot"))
    }

    mutating func load(_ set: PolicySet) -> Duration {
        let before = spent
        pending = [.policiesLoaded(set)]
        handleFirst()
        return spent - before
    }

    /// Whatever is under way is answered.
    mutating func answerAll() { while !pending.isEmpty { handleFirst() } }

    mutating func hand(_ event: Event) {
        pending.append(event)
        answerAll()
    }

    /// Lets so much time pass.
    mutating func pass(_ length: Duration, until isOver: (PerfectWorld) -> Bool = { _ in false }) {
        let end = now.uptime + length
        while !isOver(self) {
            let next = min(controller.nextWake ?? end, now.uptime + .seconds(30))
            guard next < end else { break }
            now = now + max(.milliseconds(1), next - now.uptime)
            hand(.ticked)
        }
    }

    /// What a whole read of the node says now.
    private func answer(of node: NodeID) -> Event {
        if isBroken.contains(node) { return .readFailed(node, .whole, begun: now, .timedOut) }
        return .observed(
            Observation(
                node: node, begun: now, mode: .known(modes[node] ?? .normal),
                load: NodeLoad(ongoingConnections: 0, sessionsCreated: 0, sessionsDestroyed: 0, connectionsCreated: 0),
                version: "1", ready: true, members: list(of: node.cluster)))
    }

    /// Texts of its own for each answer, as they come from a socket: none is equal by being the same storage.
    private func list(of cluster: String) -> [ClusterMember]? {
        members[cluster].map { nodes in
            nodes.compactMap { node in
                NodeText(exactly: String(decoding: Array(node.name.utf8), as: UTF8.self)).map { name in
                    let isConnected = !isBroken.contains(node)
                    return ClusterMember(
                        name: name, isConnected: isConnected,
                        mode: isConnected ? .known(modes[node] ?? .normal) : nil, epoch: 1, version: "1")
                }
            }
        }
    }

    private var first = 0

    private mutating func handleFirst() {
        let event = pending[first]
        first += 1
        if first == pending.count {
            pending.removeAll(keepingCapacity: true)
            first = 0
        }
        events += 1
        var effects: [Effect] = []
        spent += ContinuousClock().measure { effects = controller.handle(event, at: now) }
        for effect in effects { perform(effect) }
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .append(let facts):
            records += facts.count
            for record in facts { if case .runEnded = record.fact { endedRuns += 1 } }
        case .read(let node, .whole, _): pending.append(answer(of: node))
        case .read(let node, .mode, _):
            pending.append(.modeSeen(node, .mode, begun: now, .known(modes[node] ?? .normal)))
        case .read(let node, .newAddress, _): pending.append(.seenAtNewAddress(node, .known(modes[node] ?? .normal)))
        case .send(let change, _):
            let read = ObservedMode.known(modes[change.node] ?? .normal)
            modes[change.node] = change.target.mode
            pending.append(.answered(change.id, ModeChangeAnswer(.accepted, read: read)))
        case .start(let start), .recover(let start): pending.append(.commandEnded(start.id, .exited(status: 0)))
        case .measure(let measurement): pending.append(.measured(measurement.id, .pass("1")))
        case .answer, .stop, .askSeed: break
        }
    }
}
