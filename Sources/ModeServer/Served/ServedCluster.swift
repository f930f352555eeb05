import ModeCore
import Synchronization

/// The state of everything that is served, behind one lock: short, synchronous sections only.
final class ServedCluster: Sendable {
    struct State {
        var cluster: Cluster
        var traffic: [TrafficGenerator]
        var faults: [NodeFaults]
        var generator: SplitMix64
        var facts: FactLog
        /// Nodes that are on their way down or up.
        var isChanging: Set<Int> = []
    }

    let clock = ServerClock()
    private let state: Mutex<State>

    init(_ settings: ModeServerSettings) {
        let nodes = settings.nodes.map(\.node)
        state = Mutex(
            State(
                cluster: Cluster(isClustered: settings.isClustered, nodes: nodes),
                traffic: settings.traffic.map { [clock] in TrafficGenerator($0, startingAt: clock.now) },
                faults: Array(repeating: .none, count: settings.nodes.count),
                generator: SplitMix64(seed: settings.seed ^ 0xFA17),
                facts: FactLog(names: nodes.map(\.name))))
    }

    /// Reads or changes the state as of now: who should have arrived or left by now has.
    func update<Result: Sendable>(_ body: (inout State, Timestamp) -> Result) -> Result {
        state.withLock { state in
            let now = clock.now
            state.advance(to: now)
            let result = body(&state, now)
            state.facts.observe(&state.cluster, at: now)
            return result
        }
    }

    /// Reads the state as it was left.
    func read<Result: Sendable>(_ body: (borrowing State) -> Result) -> Result { state.withLock { body($0) } }

    /// The mode of a node, and nil where nothing is wrong with it: the path of every poll.
    func mode(of index: Int) -> (mode: NodeMode, faults: NodeFaults?) {
        state.withLock { state in
            (state.cluster[index].mode, state.faults[index] == .none ? nil : state.faults[index])
        }
    }

    func isReady(_ index: Int) -> Bool { state.withLock { $0.cluster.isReady(index) } }

    /// The log lines since the last call.
    func takeLines() -> [String] { state.withLock { $0.facts.take() } }

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
}
