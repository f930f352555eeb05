import ModeCore
import ServiceLifecycle

/// Serves the nodes of one cluster over loopback sockets: the mode API, `/.ok`, made-up clients, and an admin API.
package final class ModeServer: Service {
    /// How often clients come and go and the log is written.
    static let tick = Duration.milliseconds(20)

    let settings: ModeServerSettings
    let served: ServedCluster
    let directory = NodeDirectory()
    private let nodes: NodeLifecycle
    private let log: @Sendable ([String]) -> Void
    private let beforeListening: @Sendable () async throws -> Void
    private let onReady: @Sendable (ServedAddresses) -> Void

    /// - Parameters:
    ///   - log: takes the lines of the server's log, in order.
    ///   - beforeListening: awaited when the nodes have booted and joined, before their listeners open: time for whoever
    ///     lives in the same process to set modes before the first client comes.
    ///   - onReady: called once, when all listeners are open.
    package init(
        _ settings: ModeServerSettings, log: @escaping @Sendable ([String]) -> Void = { _ in },
        beforeListening: @escaping @Sendable () async throws -> Void = {},
        onReady: @escaping @Sendable (ServedAddresses) -> Void = { _ in }
    ) throws(ModeServerError) {
        try settings.check()
        self.settings = settings
        served = ServedCluster(settings)
        nodes = NodeLifecycle(settings, served: served, directory: directory)
        self.log = log
        self.beforeListening = beforeListening
        self.onReady = onReady
    }

    /// Serves until cancelled or shut down, then closes everything and logs a summary.
    package func run() async throws {
        var admin: HTTPListener?
        var isReady = false
        do {
            served.update { state, now in state.cluster.joinAll(at: now) }
            try await beforeListening()
            writeLog()
            try await nodes.open()
            served.begin(settings.traffic)
            let host = settings.nodes[0].host
            if let port = settings.adminPort {
                admin = try await HTTPListener.open(
                    host: host, port: port, serverName: settings.serverName,
                    responder: AdminResponder(
                        nodes: nodes, served: served, directory: directory, bodyDeadline: settings.bodyDeadline))
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
            group.addTask { try await self.nodes.run() }
        }
    }

    private func close(_ admin: HTTPListener?) async {
        await admin?.close()
        served.cutSocketClients()
        await nodes.close()
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
