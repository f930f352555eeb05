import ModeCore
import Primitives
import ServiceLifecycle

/// Serves the nodes of one cluster over loopback sockets: the mode API, `/.ok`, made-up clients, and an admin API.
public final class ModeServer: Service {
    /// How often clients come and go and the log is written.
    static let tick = Duration.milliseconds(20)

    let settings: ModeServerSettings
    let served: ServedCluster
    let directory = NodeDirectory()
    private let listeners: [NodeListeners]
    private let log: @Sendable ([String]) -> Void
    private let beforeListening: @Sendable () async throws -> Void
    private let onReady: @Sendable (ServedAddresses) -> Void
    private let starts: AsyncStream<PendingStart>
    private let requestStart: AsyncStream<PendingStart>.Continuation

    /// A stopped node that is to come back.
    private struct PendingStart: Sendable {
        var index: Int
        var version: String?
        var after: Duration
    }

    /// - Parameters:
    ///   - log: takes the lines of the server's log, in order.
    ///   - beforeListening: awaited when the nodes have booted and joined, before their listeners open: time for whoever
    ///     lives in the same process to set modes before the first client comes.
    ///   - onReady: called once, when all listeners are open.
    public init(
        _ settings: ModeServerSettings, log: @escaping @Sendable ([String]) -> Void = { _ in },
        beforeListening: @escaping @Sendable () async throws -> Void = {},
        onReady: @escaping @Sendable (ServedAddresses) -> Void = { _ in }
    ) throws(ModeServerError) {
        try settings.check()
        let (served, directory) = (ServedCluster(settings), directory)
        self.settings = settings
        self.served = served
        self.listeners = settings.nodes.indices.map {
            NodeListeners(index: $0, settings: settings, served: served, directory: directory)
        }
        self.log = log
        self.beforeListening = beforeListening
        self.onReady = onReady
        (starts, requestStart) = AsyncStream.makeStream()
    }

    /// Serves until cancelled or shut down, then closes everything and logs a summary.
    public func run() async throws {
        var admin: HTTPListener?
        var isReady = false
        do {
            served.update { state, now in state.cluster.joinAll(at: now) }
            try await beforeListening()
            writeLog()
            for listener in listeners { try await listener.open() }
            served.begin(settings.traffic)
            let host = settings.nodes[0].host
            if let port = settings.adminPort {
                admin = try await HTTPListener.open(
                    host: host, port: port, serverName: settings.serverName,
                    responder: AdminResponder(server: self))
            }
            let authority = host.contains(":") ? "[\(host)]" : host
            isReady = true
            onReady(
                ServedAddresses(
                    nodes: settings.nodes.indices.compactMap { directory[$0] },
                    admin: admin.map { "http://\(authority):\($0.port)/" }))
            try await cancelWhenGracefulShutdown { try await self.tickUntilCancelled() }
        } catch is CancellationError {
            // The way to end it.
        } catch {
            await close(admin)
            if isReady { summarize() }
            throw error
        }
        await close(admin)
        summarize()
    }

    private func tickUntilCancelled() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                while true {
                    self.served.update { _, _ in }
                    self.writeLog()
                    try await Task.sleep(for: Self.tick)
                }
            }
            group.addTask { await self.served.webhooks.run() }
            for await start in starts {
                group.addTask { try await self.bringBack(start) }
            }
        }
    }

    private func close(_ admin: HTTPListener?) async {
        await admin?.close()
        served.cutSocketClients()
        for listener in listeners { await listener.close() }
        await served.webhooks.close()
    }

    private func summarize() {
        let summary = served.summary()
        writeLog()
        log(summary)
    }

    private func writeLog() {
        let lines = served.takeLines()
        if !lines.isEmpty { log(lines) }
    }
}

extension ModeServer {
    /// Why a node is not stopped, started or restarted.
    enum Obstacle: Error {
        case isChanging
        case isRunning
        case isNotRunning
        case isConnected
        case isStandalone
    }

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
        requestStart.yield(PendingStart(index: index, version: version, after: settings.downFor))
        return cut
    }

    /// Cuts nodes of a cluster off from each other, or brings them back.
    func changeMembership(_ change: @Sendable (inout Cluster, Timestamp) -> Void) throws(Obstacle) {
        guard settings.isClustered else { throw .isStandalone }
        served.update { state, now in change(&state.cluster, now) }
    }

    /// Lets a file operation of a clustered node fail.
    func fileFault(_ index: Int) throws(Obstacle) {
        guard settings.isClustered else { throw .isStandalone }
        let isRunning = served.update { state, now in
            state.cluster.fileFault(index, at: now)
            return state.cluster[index].isRunning
        }
        if !isRunning { throw .isNotRunning }
    }

    /// Takes a disconnected node off the membership list, until it joins again.
    func purge(_ index: Int) throws(Obstacle) {
        guard settings.isClustered else { throw .isStandalone }
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
        try await Task.sleep(for: settings.joinDelay)
        served.update { state, now in state.cluster.join(start.index, at: now) }
        finishChange(of: start.index)
    }
}
