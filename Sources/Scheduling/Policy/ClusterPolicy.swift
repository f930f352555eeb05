/// The nodes that are scheduled together, how they are reached, and how many of them may be out of service at once.
public struct ClusterPolicy: Hashable, Sendable, Codable {
    public enum Topology: String, Hashable, Sendable, Codable, CaseIterable {
        /// The nodes form one cluster of the media server: membership, majority, `initial`, readiness gate.
        case clustered
        /// Each node stands alone.
        case standalone
    }

    public var name: String
    public var topology: Topology
    /// In the order of their names.
    public var nodes: [ClusterNode]
    public var api: APISettings
    public var observe: ObserveSettings
    public var budget: Budget
    /// How nodes that are not listed are found. Nil: not at all, also in journals that are older.
    public var discovery: Discovery?

    public init(
        name: String, topology: Topology, nodes: [ClusterNode], api: APISettings = APISettings(),
        observe: ObserveSettings = ObserveSettings(), budget: Budget = Budget(), discovery: Discovery? = nil
    ) {
        self.name = name
        self.topology = topology
        self.nodes = nodes
        self.api = api
        self.observe = observe
        self.budget = budget
        self.discovery = discovery
    }

    /// How many nodes must see each other for the cluster to work: more than half of the regular ones.
    public var majority: Int { nodes.count / 2 + 1 }

    /// Its nodes run inside the daemon: all of them or none.
    public var isEmbedded: Bool { nodes.contains { $0.embedded != nil } }
}

/// One node as the policy writes it. The name is the node's own (`node_name` of ListClusterNodes).
public struct ClusterNode: Hashable, Sendable, Codable {
    public var name: String
    /// Where the mode API listens, `http://host:port/path`.
    public var api: String
    /// The readiness gate (`/.ok` of the signaling port); without it a node counts as ready whenever it is `normal`.
    public var ready: String?
    public var labels: [String: String]
    /// The node runs inside the daemon, which listens at `api` and `ready` itself. Nil also in journals that are older.
    public var embedded: EmbeddedNode?

    public init(
        name: String, api: String, ready: String? = nil, labels: [String: String] = [:], embedded: EmbeddedNode? = nil
    ) {
        self.name = name
        self.api = api
        self.ready = ready
        self.labels = labels
        self.embedded = embedded
    }
}

/// How the mode API is called.
public struct APISettings: Hashable, Sendable, Codable {
    /// For one call, connect to last byte.
    public var timeout: Duration
    /// Header values are read from the environment or from files when the cluster is loaded; texts never hold them.
    public var headers: [String: SecretReference]
    /// Certificates of https addresses. Nil: what the host trusts, also in journals that are older.
    public var tls: TLSSettings?

    public init(
        timeout: Duration = .seconds(3), headers: [String: SecretReference] = [:], tls: TLSSettings? = nil
    ) {
        self.timeout = timeout
        self.headers = headers
        self.tls = tls
    }
}

/// Paths of PEM files.
public struct TLSSettings: Hashable, Sendable, Codable {
    /// Whom to trust instead of those that the host trusts.
    public var caFile: String?
    /// What the daemon shows of itself; together with the key or not at all.
    public var certificateFile: String?
    public var keyFile: String?

    public init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// Nodes that are found by the lists of other nodes.
public struct Discovery: Hashable, Sendable, Codable {
    /// Addresses of mode APIs that are asked first.
    public var seeds: [String]
    /// Networks whose addresses are called, `192.0.2.0/24`; empty: any.
    public var allow: [String]
    /// Given to every node that is found.
    public var labels: [String: String]

    public init(seeds: [String], allow: [String] = [], labels: [String: String] = [:]) {
        self.seeds = seeds
        self.allow = allow
        self.labels = labels
    }
}

/// Where a secret is to be read.
public enum SecretReference: Hashable, Sendable, Codable {
    case environment(String)
    case file(String)
}

/// How often the nodes are read, and for how long an observation is believed.
public struct ObserveSettings: Hashable, Sendable, Codable {
    public var interval: Duration
    /// Share of the interval by which reads of different nodes are spread, 0 to 1.
    public var jitter: Double
    public var staleAfter: Duration

    /// `staleAfter` is four intervals unless it is given.
    public init(interval: Duration = .seconds(5), jitter: Double = 0.1, staleAfter: Duration? = nil) {
        self.interval = interval
        self.jitter = jitter
        self.staleAfter = staleAfter ?? interval * 4
    }
}

/// How many nodes may be out of service at once. Where both are given the tighter one wins.
public struct Budget: Hashable, Sendable, Codable {
    public var maxUnavailable: Amount
    public var minAvailable: Amount?

    public init(maxUnavailable: Amount = .count(1), minAvailable: Amount? = nil) {
        self.maxUnavailable = maxUnavailable
        self.minAvailable = minAvailable
    }
}

/// A number of nodes, or a share of a set of nodes.
public enum Amount: Hashable, Sendable, Codable {
    case count(Int)
    /// 1 to 100.
    case percent(Int)

    /// As a `maxUnavailable` of so many nodes: percentages round down, but to at least 1.
    public func asMaxUnavailable(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): max(1, total * percent / 100)
        }
    }

    /// As a `minAvailable` of so many nodes: percentages round up.
    public func asMinAvailable(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): (total * percent + 99) / 100
        }
    }
}
