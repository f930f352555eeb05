import ModeCore
import Primitives

/// What is done to the nodes of a server while it serves: they are taken down and brought back, cut off from one another,
/// let fail.
final class NodeLifecycle: Sendable {
    /// Why a node is not stopped, started or restarted.
    enum Obstacle: Error {
        case isChanging
        case isRunning
        case isNotRunning
        case isConnected
        case isStandalone
    }

    /// A stopped node that is to come back.
    private struct PendingStart: Sendable {
        var index: Int
        var version: String?
        var after: Duration
    }

    private let isClustered: Bool
    private let downFor: Duration
    private let joinDelay: Duration
    private let served: ServedCluster
    private let listeners: [NodeListeners]
    private let starts: AsyncStream<PendingStart>
    private let requestStart: AsyncStream<PendingStart>.Continuation

    init(_ settings: ModeServerSettings, served: ServedCluster, directory: NodeDirectory) {
        isClustered = settings.isClustered
        downFor = settings.downFor
        joinDelay = settings.joinDelay
        self.served = served
        listeners = settings.nodes.indices.map {
            NodeListeners(index: $0, settings: settings, served: served, directory: directory)
        }
        (starts, requestStart) = AsyncStream.makeStream()
    }

    /// Opens the listeners of all nodes.
    func open() async throws {
        for listener in listeners { try await listener.open() }
    }

    /// Closes the listeners of all nodes, for good.
    func close() async {
        for listener in listeners { await listener.close() }
    }

    /// Brings nodes back as that is asked for, until cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await start in starts {
                group.addTask { try await self.bringBack(start) }
            }
        }
    }
}

extension NodeLifecycle {
    /// Ends the process of a node: its connections are cut, its listeners closed. Answers how many were cut.
    ///
    /// - Parameter isCrash: nobody is told.
    func stop(_ index: Int, isCrash: Bool = false) async throws(Obstacle) -> Int {
        let disconnection = Disconnection(isCrash ? .nodeCrashed : .nodeStopped)
        let cut = try takeDown(index, because: disconnection)
        if isCrash { served.update { state, now in state.facts.note("crashed", of: index, at: now) } }
        await listeners[index].close(because: disconnection)
        finishChange(of: index)
        return cut
    }

    /// Starts a stopped node; it joins by itself some time later.
    func start(_ index: Int, version: String?) throws(Obstacle) {
        try beginChange(of: index, ifRunning: false)
        requestStart.yield(PendingStart(index: index, version: version, after: .zero))
    }

    /// Takes a node down, and brings it back with another version if one is given. Answers how many were cut.
    func restart(_ index: Int, version: String?) async throws(Obstacle) -> Int {
        let cut = try takeDown(index)
        await listeners[index].close()
        requestStart.yield(PendingStart(index: index, version: version, after: downFor))
        return cut
    }

    /// Cuts nodes of a cluster off from each other, or brings them back.
    func changeMembership(_ change: @Sendable (inout Cluster, Timestamp) -> Void) throws(Obstacle) {
        guard isClustered else { throw .isStandalone }
        served.update { state, now in change(&state.cluster, now) }
    }

    /// Lets a file operation of a clustered node fail.
    func fileFault(_ index: Int) throws(Obstacle) {
        guard isClustered else { throw .isStandalone }
        let isRunning = served.update { state, now in
            state.cluster.fileFault(index, at: now)
            return state.cluster[index].isRunning
        }
        if !isRunning { throw .isNotRunning }
    }

    /// Takes a disconnected node off the membership list, until it joins again.
    func purge(_ index: Int) throws(Obstacle) {
        guard isClustered else { throw .isStandalone }
        let isPurged = served.update { state, now in
            let isPurged = state.cluster.purge(index, at: now)
            if isPurged { state.facts.note("purged", of: index, at: now) }
            return isPurged
        }
        if !isPurged { throw .isConnected }
    }

    private func takeDown(
        _ index: Int, because disconnection: Disconnection = Disconnection(.nodeStopped)
    ) throws(Obstacle) -> Int {
        try beginChange(of: index, ifRunning: true)
        return served.update(because: disconnection) { state, now in state.cluster.stop(index, at: now) }
    }

    private func beginChange(of index: Int, ifRunning: Bool) throws(Obstacle) {
        let obstacle = served.update { state, _ -> Obstacle? in
            if state.isChanging.contains(index) { return .isChanging }
            let isRunning = state.cluster[index].isRunning
            if isRunning != ifRunning { return isRunning ? .isRunning : .isNotRunning }
            state.isChanging.insert(index)
            return nil
        }
        if let obstacle { throw obstacle }
    }

    private func finishChange(of index: Int) {
        served.update { state, _ in _ = state.isChanging.remove(index) }
    }

    private func bringBack(_ start: PendingStart) async throws {
        try await Task.sleep(for: start.after)
        served.update { state, now in state.cluster.start(start.index, version: start.version, at: now) }
        do {
            try await listeners[start.index].open()
        } catch {
            served.update { state, now in
                state.facts.note("cannot open its listeners again: \(error)", of: start.index, at: now)
                state.cluster.stop(start.index, at: now)
            }
            await listeners[start.index].close()
            finishChange(of: start.index)
            return
        }
        try await Task.sleep(for: joinDelay)
        served.update { state, now in state.cluster.join(start.index, at: now) }
        finishChange(of: start.index)
    }
}
