import ModeCore

/// What a mode server serves: nodes of one cluster, or nodes that each stand alone.
package struct ModeServerSettings: Sendable {
    package static let maxNodes = 100

    package var nodes: [ServedNodeSettings]
    package var isClustered: Bool
    /// Port of the admin API, on the host of the first node; nil leaves it off, 0 takes a free one.
    package var adminPort: Int?
    /// How long a restart keeps the process down.
    package var downFor: Duration
    /// How long a started node needs until it has joined.
    package var joinDelay: Duration
    /// Clients to make.
    package var traffic: [TrafficSettings]
    /// Seeds what is random about faults.
    package var seed: UInt64
    /// For the whole body of a request, however it trickles in.
    package var bodyDeadline: Duration
    /// Value of the `server` header.
    package var serverName: String

    package init(
        nodes: [ServedNodeSettings], isClustered: Bool = false, adminPort: Int? = nil,
        downFor: Duration = .seconds(1), joinDelay: Duration = .milliseconds(500), traffic: [TrafficSettings] = [],
        seed: UInt64 = 1, bodyDeadline: Duration = .seconds(30), serverName: String = "nagi"
    ) {
        self.nodes = nodes
        self.isClustered = isClustered
        self.adminPort = adminPort
        self.downFor = downFor
        self.joinDelay = joinDelay
        self.traffic = traffic
        self.seed = seed
        self.bodyDeadline = bodyDeadline
        self.serverName = serverName
    }

    /// Nodes of one kind, `node-01@HOST` and so on. The first takes the ports that are given, the others the next ones;
    /// 0 takes free ones.
    ///
    /// - Parameter temporaryCount: how many of the nodes, the last ones, are temporary.
    package init(
        host: String = "127.0.0.1", nodeCount: Int = 1, temporaryCount: Int = 0, isClustered: Bool = false,
        version: String = "2025.1.0", apiPort: Int = 0, signalingPort: Int = 0, adminPort: Int? = nil,
        profile: ModeProfile = .current, gracePeriod: Duration = .seconds(1), maxConnections: Int = 10_000,
        webhooks: WebhookSettings = WebhookSettings(), downFor: Duration = .seconds(1),
        joinDelay: Duration = .milliseconds(500), traffic: [TrafficSettings] = [], seed: UInt64 = 1,
        serverName: String = "nagi"
    ) {
        let nodes = (0..<max(0, nodeCount)).map { index in
            ServedNodeSettings(
                NodeSettings(
                    name: "node-\(index < 9 ? "0" : "")\(index + 1)@\(host)", isClustered: isClustered,
                    isTemporary: index >= nodeCount - temporaryCount, version: version, profile: profile,
                    gracePeriod: gracePeriod, maxConnections: maxConnections),
                host: host, apiPort: apiPort == 0 ? 0 : apiPort + index,
                signalingPort: signalingPort == 0 ? 0 : signalingPort + index, webhooks: webhooks)
        }
        self.init(
            nodes: nodes, isClustered: isClustered, adminPort: adminPort, downFor: downFor, joinDelay: joinDelay,
            traffic: traffic, seed: seed, serverName: serverName)
    }

    /// Refuses what could not be served.
    func check() throws(ModeServerError) {
        guard (1...Self.maxNodes).contains(nodes.count) else {
            throw .invalid("the number of nodes must be 1 to \(Self.maxNodes), not \(nodes.count)")
        }
        var ports: Set<Int> = []
        for node in nodes {
            try node.check()
            for port in [node.apiPort, node.signalingPort] where port != 0 {
                guard ports.insert(port).inserted else {
                    throw .invalid("port \(port) is asked for twice: API and signaling ports overlap")
                }
            }
        }
        if let adminPort, !(0...65535).contains(adminPort) { throw .invalid("\(adminPort) is not a port") }
        for duration in [downFor, joinDelay] where duration < .zero { throw .invalid("durations can't be negative") }
        guard bodyDeadline > .zero else { throw .invalid("the deadline of a body must be more than zero") }
        for traffic in traffic { try traffic.check(nodeCount: nodes.count) }
    }
}
