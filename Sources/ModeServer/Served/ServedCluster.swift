import ModeCore
import Primitives
import Synchronization

/// The state of everything that is served, behind one lock: short, synchronous sections only. What the nodes report
/// goes to the log within them; sockets and webhooks are told after them.
final class ServedCluster: Sendable {
    struct State {
        var cluster: Cluster
        var traffic: [TrafficGenerator]
        var faults: [NodeFaults]
        /// Calls of each node that met a fault, since it was switched on.
        var disturbedCalls: [Int]
        var generator: RandomStream
        var facts: FactLog
        /// Nodes that are on their way down or up.
        var isChanging: Set<Int> = []
        var clients = SocketClients()
        var notices: NoticeDesk
        /// Sockets that are to be told that they are over.
        var endings: [SocketEnding] = []
        /// Events of each node that were lost to its limit, as far as that was seen to.
        var lostEvents: [Int]
    }

    struct SocketEnding: Sendable {
        var socket: SignalingSocket
        var disconnection: Disconnection
    }

    let clock = ServerClock()
    let ids = WireIDs()
    let names: [String]
    let profiles: [ModeProfile]
    let webhooks: Webhooks
    private let state: Mutex<State>

    init(_ settings: ModeServerSettings) {
        let nodes = settings.nodes.map { served in
            var node = served.node
            node.interest = .all
            return node
        }
        names = nodes.map(\.name)
        profiles = nodes.map(\.profile)
        webhooks = Webhooks(settings.nodes.map(\.webhooks))
        state = Mutex(
            State(
                cluster: Cluster(isClustered: settings.isClustered, nodes: nodes),
                traffic: [],
                faults: Array(repeating: .none, count: settings.nodes.count),
                disturbedCalls: Array(repeating: 0, count: settings.nodes.count),
                generator: RandomStream(seed: settings.seed ^ 0xFA17),
                facts: FactLog(names: nodes.map(\.name)),
                notices: NoticeDesk(settings.nodes, ids),
                lostEvents: nodes.map { _ in 0 }))
    }

    /// Reads or changes the state as of now: who should have arrived or left by now has.
    ///
    /// - Parameter disconnection: why connections end that end by this change.
    func update<Result: Sendable>(
        because disconnection: Disconnection = Disconnection(.ended), _ body: (inout State, Timestamp) -> Result
    ) -> Result {
        let (result, endings, notices) = state.withLock { state in
            let now = clock.now
            state.advance(to: now)
            state.route(because: Disconnection(.ended), at: now)
            let result = body(&state, now)
            state.route(because: disconnection, at: now)
            state.facts.observe(state.cluster, at: now)
            state.notices.noteUpdates(in: state.cluster, state.clients, at: now)
            return (result, state.takeEndings(), state.notices.take())
        }
        for ending in endings { ending.socket.end(ending.disconnection) }
        webhooks.tell(notices)
        return result
    }

    /// From now on clients are made up: not before anybody could come in by the listeners.
    func begin(_ traffic: [TrafficSettings]) {
        update { state, now in state.traffic = traffic.map { TrafficGenerator($0, startingAt: now) } }
    }

    /// Reads the state as it was left.
    func read<Result: Sendable>(_ body: (borrowing State) -> Result) -> Result { state.withLock { body($0) } }

    /// Nodes and clients as of now, for listings that are made without the lock.
    func snapshot(_ choice: (Cluster) -> [Int]) -> (nodes: [Node], clients: SocketClients) {
        update { state, _ in (choice(state.cluster).map { state.cluster[$0] }, state.clients) }
    }

    /// The mode of a node, and nil where nothing is wrong with it: the path of every poll. Nil of a node that does not
    /// run: its listeners are about to close.
    func mode(of index: Int) -> (mode: NodeMode, faults: NodeFaults?)? {
        state.withLock { state in
            guard state.cluster[index].isRunning else { return nil }
            return (state.cluster[index].mode, state.faults[index] == .none ? nil : state.faults[index])
        }
    }

    /// The faults that one call of a node meets, and whether it is one of those that fail.
    func disturb(_ operation: String, of index: Int) -> (faults: NodeFaults, fails: Bool) {
        state.withLock { state in
            let faults = state.faults[index]
            guard faults != .none, faults.affects(operation) else { return (.none, false) }
            state.disturbedCalls[index] += 1
            return (faults, faults.errorRate > 0 && state.generator.unit() < faults.errorRate)
        }
    }

    /// Cuts the clients that came in over sockets, because the server ends and their sockets with it.
    func cutSocketClients() {
        update(because: Disconnection(.nodeStopped)) { state, now in
            for connection in state.clients.connections.sorted() { state.cluster.cut(connection, at: now) }
        }
    }

    func isReady(_ index: Int) -> Bool { state.withLock { $0.cluster.isReady(index) } }

    /// The log lines since the last call.
    func takeLines() -> [String] {
        let troubles = webhooks.takeTroubles()
        return state.withLock { state in
            for (index, trouble) in troubles { state.facts.note(trouble, of: index, at: clock.now) }
            return state.facts.take()
        }
    }

    /// The closing lines of the log: one for each node, one for all.
    func summary() -> [String] {
        update { state, now in state.facts.summary(of: state.cluster, traffic: state.traffic, at: now) }
    }
}

extension ServedCluster.State {
    mutating func advance(to now: Timestamp) {
        for index in traffic.indices { traffic[index].advance(to: now, in: &cluster) }
        cluster.advance(to: now)
    }

    /// Hands what the nodes report to everybody who wants to know, once.
    mutating func route(because disconnection: Disconnection, at now: Timestamp) {
        for index in 0..<cluster.count {
            for event in cluster.takeEvents(of: index) {
                facts.note(event, of: index)
                if notices.wants(index) {
                    notices.note(event, of: index, version: cluster[index].version, clients, because: disconnection)
                }
                settle(event.kind, of: index, because: disconnection)
            }
            let lost = cluster[index].droppedEvents
            if lost != lostEvents[index] {
                facts.note("\(lost - lostEvents[index]) events lost", of: index, at: now)
                lostEvents[index] = lost
                let live = cluster[index].connections
                notices.recount(live, of: index)
                dropClients(of: index, besides: Set(live.map(\.id)), because: disconnection)
            }
        }
    }

    /// Whose connection ended is told so, and forgotten.
    private mutating func settle(_ event: NodeEvent.Kind, of index: Int, because disconnection: Disconnection) {
        switch event {
        case .connectionDestroyed(let connection, _, _): end(connection, disconnection)
        case .stopped:
            for connection in clients.connections.filter({ $0.nodeIndex == index }).sorted() {
                end(connection, Disconnection(disconnection.reason == .nodeCrashed ? .nodeCrashed : .nodeStopped))
            }
        default: return
        }
    }

    /// Events were lost, so the connections themselves are looked at.
    private mutating func dropClients(
        of index: Int, besides live: Set<ConnectionID>, because disconnection: Disconnection
    ) {
        for connection in clients.connections.filter({ $0.nodeIndex == index && !live.contains($0) }).sorted() {
            end(connection, disconnection)
        }
    }

    private mutating func end(_ connection: ConnectionID, _ disconnection: Disconnection) {
        guard let client = clients.remove(connection) else { return }
        endings.append(.init(socket: client.socket, disconnection: disconnection))
    }

    fileprivate mutating func takeEndings() -> [ServedCluster.SocketEnding] {
        guard !endings.isEmpty else { return [] }
        defer { endings = [] }
        return endings
    }
}
