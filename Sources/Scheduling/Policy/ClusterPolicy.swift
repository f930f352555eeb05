import Calendars
import ModeCore

/// The nodes that are scheduled together, how they are reached, and how many of them may be out of service at once.
package struct ClusterPolicy: Hashable, Sendable, Codable {
    package enum Topology: String, Hashable, Sendable, Codable, CaseIterable {
        /// The nodes form one cluster of the media server: membership, majority, `initial`, readiness gate.
        case clustered
        /// Each node stands alone.
        case standalone
    }

    package var name: String
    package var topology: Topology
    /// In the order of their names.
    package var nodes: [ClusterNode]
    package var api: APISettings
    package var observe: ObserveSettings
    package var budget: Budget
    /// Hold for every policy of the cluster.
    package var exclusions: [Exclusion]
    /// How nodes that are not listed are found. Nil: not at all.
    package var discovery: Discovery?
    /// How webhooks of the nodes are known to be theirs. Nil: none is taken.
    package var hooks: HookSettings?

    package init(
        name: String, topology: Topology, nodes: [ClusterNode], api: APISettings = .standard,
        observe: ObserveSettings = .standard, budget: Budget = .standard, exclusions: [Exclusion] = [],
        discovery: Discovery? = nil, hooks: HookSettings? = nil
    ) {
        self.name = name
        self.topology = topology
        self.nodes = nodes
        self.api = api
        self.observe = observe
        self.budget = budget
        self.exclusions = exclusions
        self.discovery = discovery
        self.hooks = hooks
    }

    /// Its nodes run inside the daemon: all of them or none.
    package var isEmbedded: Bool { nodes.contains { $0.embedded != nil } }

    /// Nodes that it does not name are found by the lists of others: only clustered nodes have lists, and embedded ones are
    /// those that are written.
    package var isOpen: Bool { discovery != nil && topology == .clustered && !isEmbedded }
}

/// One node as the policy writes it. The name is the node's own (`node_name` of ListClusterNodes).
package struct ClusterNode: Hashable, Sendable, Codable {
    package var name: String
    /// Where the mode API listens, `http://host:port/path`.
    package var api: String
    /// The readiness gate (`/.ok` of the signaling port); without it a node counts as ready whenever it is `normal`.
    package var ready: String?
    package var labels: [String: String]
    /// The node runs inside the daemon, which listens at `api` and `ready` itself.
    package var embedded: EmbeddedNode?

    package init(
        name: String, api: String, ready: String? = nil, labels: [String: String] = [:], embedded: EmbeddedNode? = nil
    ) {
        self.name = name
        self.api = api
        self.ready = ready
        self.labels = labels
        self.embedded = embedded
    }

    package var address: NodeAddress { NodeAddress(api: api, ready: ready) }
}

/// How the mode API is called.
package struct APISettings: Hashable, Sendable, Codable {
    package static let standard = APISettings()

    /// For one call, connect to last byte.
    package var timeout: Duration
    /// Header values are read from the environment or from files when the cluster is loaded; texts never hold them.
    package var headers: [String: SecretReference]
    /// Certificates of https addresses. Nil: what the host trusts.
    package var tls: TLSSettings?

    package init(
        timeout: Duration = .seconds(3), headers: [String: SecretReference] = [:], tls: TLSSettings? = nil
    ) {
        self.timeout = timeout
        self.headers = headers
        self.tls = tls
    }
}

/// Paths of PEM files.
package struct TLSSettings: Hashable, Sendable, Codable {
    /// Whom to trust instead of those that the host trusts.
    package var caFile: String?
    /// What the daemon shows of itself; together with the key or not at all.
    package var certificateFile: String?
    package var keyFile: String?

    package init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// Webhooks of the nodes, which bring the next read of their node forward and do nothing else.
package struct HookSettings: Hashable, Sendable, Codable {
    /// Whoever knows it is believed: as the last segment of the path, as a password, or as the key of a signature.
    package var secret: SecretReference

    package init(secret: SecretReference) {
        self.secret = secret
    }
}

/// Nodes that are found by the lists of other nodes.
package struct Discovery: Hashable, Sendable, Codable {
    /// Addresses of mode APIs that are asked first.
    package var seeds: [String]
    /// Networks whose addresses are called, `192.0.2.0/24`; empty: any.
    package var allow: [String]
    /// Given to every node that is found.
    package var labels: [String: String]

    package init(seeds: [String], allow: [String] = [], labels: [String: String] = [:]) {
        self.seeds = seeds
        self.allow = allow
        self.labels = labels
    }
}

/// How often the nodes are read, and for how long an observation is believed.
package struct ObserveSettings: Hashable, Sendable, Codable {
    package static let standard = ObserveSettings()

    package var interval: Duration
    /// Share of the interval by which reads of different nodes are spread, 0 to 1.
    package var jitter: Double
    package var staleAfter: Duration

    /// `staleAfter` is four intervals unless it is given.
    package init(interval: Duration = .seconds(5), jitter: Double = 0.1, staleAfter: Duration? = nil) {
        self.interval = interval
        self.jitter = jitter
        self.staleAfter = staleAfter ?? interval * 4
    }
}

/// How many nodes may be out of service at once. Where both are given the tighter one wins.
package struct Budget: Hashable, Sendable, Codable {
    package static let standard = Budget()

    package var maxUnavailable: Amount
    package var minAvailable: Amount?

    package init(maxUnavailable: Amount = .count(1), minAvailable: Amount? = nil) {
        self.maxUnavailable = maxUnavailable
        self.minAvailable = minAvailable
    }
}

/// A number of nodes, or a share of a set of nodes.
package enum Amount: Hashable, Sendable, Codable {
    case count(Int)
    /// 1 to 100.
    case percent(Int)

    /// As a `maxUnavailable` of so many nodes: percentages round down, but to at least 1.
    package func asMaxUnavailable(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): max(1, total * percent / 100)
        }
    }

    /// As a `minAvailable` of so many nodes: percentages round up.
    package func asMinAvailable(of total: Int) -> Int {
        switch self {
        case .count(let count): count
        case .percent(let percent): (total * percent + 99) / 100
        }
    }
}
