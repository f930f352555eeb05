import ModeCore
import ModeServer
import Scheduling

/// Why the embedded nodes do not serve.
package enum EmbeddedFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotListen(cluster: String, node: String, address: String, reason: String)
    case cannotServe(cluster: String, reason: String)

    package var description: String {
        switch self {
        case .cannotListen(let cluster, let node, let address, let reason):
            "the embedded node \(node) of \(cluster) cannot listen on \(address): \(reason)"
        case .cannotServe(let cluster, let reason): "the embedded nodes of \(cluster) cannot be served: \(reason)"
        }
    }
}

/// The nodes that live in this process, for as long as it does: one mode server for each embedded cluster, and one for
/// each embedded node that stands alone.
package final class EmbeddedNodes: Sendable {
    /// Version, addresses and the like: what changes only with a restart.
    private let layout: [String: Layout]
    private let units: [Unit]
    private let booted: AsyncStream<Void>
    private let log: @Sendable (String) -> Void

    fileprivate struct Unit: Sendable {
        var cluster: String
        /// As they stand in the policies.
        var nodes: [ClusterNode]
        var server: ModeServer
    }

    private struct Layout: Hashable, Sendable {
        var topology: ClusterPolicy.Topology
        var nodes: [ClusterNode]

        /// Nil where the cluster is elsewhere.
        init?(_ cluster: ClusterPolicy) {
            guard cluster.isEmbedded else { return nil }
            topology = cluster.topology
            nodes = cluster.nodes.map { node in
                var node = node
                node.labels = [:]
                return node
            }.sorted { $0.name < $1.name }
        }
    }

    /// Nothing is served yet, but the nodes can be called already.
    ///
    /// - Parameters:
    ///   - board: where it is seen which claims are in force.
    ///   - patience: for how long listeners wait for a claim until the log says so.
    ///   - log: takes one line.
    package init(
        _ set: PolicySet, board: StatusBoard, patience: Duration = OpeningGate.standardPatience,
        log: @escaping @Sendable (String) -> Void
    ) throws(EmbeddedFailure) {
        let (booted, boot) = AsyncStream.makeStream(of: Void.self)
        self.booted = booted
        self.log = log
        layout = Self.layout(of: set)
        var units: [Unit] = []
        for cluster in set.clusters where cluster.isEmbedded {
            let groups = cluster.topology == .clustered ? [cluster.nodes] : cluster.nodes.map { [$0] }
            for nodes in groups {
                let gate = OpeningGate(
                    cluster: cluster.name, nodes: nodes.map(\.name), board: board, patience: patience, log: log)
                do throws(ModeServerError) {
                    let server = try ModeServer(
                        ModeServerSettings(nodes, isClustered: cluster.topology == .clustered),
                        log: { lines in
                            for line in lines { log("embedded \(cluster.name): \(line)") }
                        },
                        beforeListening: {
                            boot.yield()
                            try await gate.pass()
                        },
                        onReady: { addresses in
                            for node in addresses.nodes {
                                log("embedded \(cluster.name): \(node.name) listens on \(node.api) and \(node.ready)")
                            }
                        })
                    units.append(Unit(cluster: cluster.name, nodes: nodes, server: server))
                } catch {
                    throw .cannotServe(cluster: cluster.name, reason: "\(error)")
                }
            }
        }
        self.units = units
    }

    package var isEmpty: Bool { units.isEmpty }

    /// From now on the client calls them in process.
    package func join(_ client: ModeAPIClient) {
        for unit in units {
            for node in unit.nodes { client.embed(NodeID(cluster: unit.cluster, name: node.name), in: unit.server) }
        }
    }

    /// Refuses ports that are taken before anything is decided or begun.
    package func checkPorts() throws(EmbeddedFailure) {
        for unit in units {
            for node in unit.nodes {
                guard let embedded = node.embedded else { continue }
                for port in [embedded.apiPort, embedded.signalingPort] {
                    if let reason = PortProbe.obstacle(host: embedded.host, port: port) {
                        throw unit.cannotListen(node: node.name, embedded.host, port, reason)
                    }
                }
            }
        }
    }

    /// Serves until cancelled. The listeners open when the claims on their nodes are in force.
    package func run() async throws(EmbeddedFailure) {
        let failure = await withTaskGroup(of: EmbeddedFailure?.self) { group in
            for unit in units {
                group.addTask {
                    do {
                        try await unit.server.run()
                        return nil
                    } catch {
                        return unit.failure(error)
                    }
                }
            }
            var failure: EmbeddedFailure?
            for await ended in group where ended != nil {
                failure = failure ?? ended
                group.cancelAll()
            }
            return failure
        }
        if let failure { throw failure }
    }

    /// Waits until the nodes have booted, and joined where they form a cluster. For one caller.
    package func untilBooted() async {
        guard !units.isEmpty else { return }
        var count = 0
        for await _ in booted {
            count += 1
            if count == units.count { return }
        }
    }

    /// Says what ends together with the process.
    package func logEnd() {
        guard !units.isEmpty else { return }
        let live = units.reduce(0) { sum, unit in
            sum + unit.nodes.reduce(0) { $0 + InProcessTransport(server: unit.server, node: $1.name).liveConnections }
        }
        let nodes = units.reduce(0) { $0 + $1.nodes.count }
        log(
            "\(nodes == 1 ? "the embedded node ends" : "\(nodes) embedded nodes end") with this process, "
                + "live connections that end with \(nodes == 1 ? "it" : "them"): \(live)")
    }

    /// Why the set cannot take the place of the one that the nodes were started from.
    package func objections(to set: PolicySet) -> [String] {
        let new = Self.layout(of: set)
        return Set(layout.keys).union(new.keys).sorted().compactMap { name in
            let what: String
            switch (layout[name], new[name]) {
            case (nil, nil): return nil
            case (nil, _?): what = "the embedded nodes of \(name) are new"
            case (_?, nil): what = "the embedded nodes of \(name) are no longer in it"
            case (let old?, let new?):
                if old == new { return nil }
                let changed = Set(old.nodes).symmetricDifference(new.nodes).map(\.name)
                what =
                    "it has other embedded nodes in \(name)"
                    + (changed.isEmpty ? "" : " (\(Set(changed).sorted().joined(separator: ", ")))")
            }
            return what + ": embedded nodes change with a restart of the daemon"
        }
    }

    private static func layout(of set: PolicySet) -> [String: Layout] {
        var layout: [String: Layout] = [:]
        for cluster in set.clusters { layout[cluster.name] = Layout(cluster) }
        return layout
    }
}

extension EmbeddedNodes.Unit {
    fileprivate func failure(_ error: any Error) -> EmbeddedFailure {
        guard case .cannotListen(let host, let port, let reason)? = error as? ModeServerError else {
            return .cannotServe(cluster: cluster, reason: "\(error)")
        }
        let node = nodes.first { [$0.embedded?.apiPort, $0.embedded?.signalingPort].contains(port) }
        // The operating system says it in fewer words.
        return cannotListen(
            node: node?.name ?? "", host, port, PortProbe.obstacle(host: host, port: port) ?? reason)
    }

    fileprivate func cannotListen(node: String, _ host: String, _ port: Int, _ reason: String) -> EmbeddedFailure {
        let authority = host.contains(":") ? "[\(host)]" : host
        return .cannotListen(cluster: cluster, node: node, address: "\(authority):\(port)", reason: reason)
    }
}

extension ModeServerSettings {
    /// Nodes of one embedded cluster, or one that stands alone.
    fileprivate init(_ nodes: [ClusterNode], isClustered: Bool) {
        var served: [ServedNodeSettings] = []
        var traffic: [TrafficSettings] = []
        for node in nodes {
            guard let embedded = node.embedded else { continue }
            if let made = embedded.traffic {
                traffic.append(
                    TrafficSettings(
                        arrivalsPerSecond: made.arrivalsPerSecond, meanHold: made.meanHold, maxHold: made.maxHold,
                        channels: made.channels, contacts: served.count, seed: UInt64(embedded.apiPort)))
            }
            let hooks = embedded.webhooks
            served.append(
                ServedNodeSettings(
                    NodeSettings(
                        name: node.name, isClustered: isClustered, version: embedded.version,
                        gracePeriod: embedded.gracePeriod, maxConnections: embedded.maxConnections),
                    host: embedded.host, apiPort: embedded.apiPort, signalingPort: embedded.signalingPort,
                    webhooks: WebhookSettings(
                        auth: hooks.auth, session: hooks.session, event: hooks.event, timeout: hooks.timeout)))
        }
        self.init(nodes: served, isClustered: isClustered, traffic: traffic)
    }
}
