import ModeCore
import Scheduling

/// `kind: Cluster`.
enum ClusterKind {
    static let spec = ValueType<ClusterDraft>.object(Keys.shape) { fields in
        ClusterDraft(
            topology: fields[Keys.topology], nodes: fields[Keys.nodes] ?? [],
            api: fields[Keys.api] ?? .standard, observe: fields[Keys.observe] ?? .standard,
            budget: fields[Keys.budget] ?? .standard, timeZone: fields[Keys.timeZone],
            exclusions: fields[Keys.exclusions] ?? [], discovery: fields[Keys.discovery])
    }

    private enum Keys {
        static let topology = Field.required(
            "topology", ValueType<ClusterPolicy.Topology>.word(),
            "clustered where the nodes form one cluster, standalone where each stands alone")
        static let nodes = Field.required(
            "nodes", ValueType<[Located<ClusterNode>]>.list(of: .located(node), minimum: 1), "the nodes")
        static let api = Field("api", ClusterKind.api, "how the mode API is called")
        static let observe = Field("observe", ClusterKind.observe, "how often the nodes are read")
        static let budget = Field("budget", ClusterKind.budget, "how many nodes may be out of service at once")
        static let timeZone = Field(
            "timeZone", ValueType<Located<String>>.located(.text), "for every exclusion that has none of its own")
        static let exclusions = Field(
            "exclusions", SpanKind.exclusions, "when no policy of the cluster may act, whatever the windows say")
        static let discovery = Field(
            "discovery", DiscoveryKind.discovery, "nodes that are not listed are found by the nodes' own lists"
        ).checkedOnly
        static let shape = ObjectShape(
            "a cluster",
            [
                topology.shape, nodes.shape, api.shape, observe.shape, budget.shape, timeZone.shape,
                exclusions.shape, discovery.shape,
            ])
    }

    private static let node = ValueType<ClusterNode>.object(NodeKeys.shape) { fields in
        let name = fields[NodeKeys.name]
        let api = fields[NodeKeys.api]
        let ready = fields[NodeKeys.ready]
        let labels = fields[NodeKeys.labels]
        let embedded = fields[NodeKeys.embedded]
        guard !fields.has(NodeKeys.embedded.key) else {
            let isFaulty = [(NodeKeys.api.key, api), (NodeKeys.ready.key, ready)].contains {
                fields.has($0) && $1 == nil
            }
            guard let name, let embedded, !isFaulty else { return nil }
            return EmbeddedKind.node(named: name, embedded, api: api, ready: ready, labels: labels, fields)
        }
        if !fields.has(NodeKeys.api.key) { fields.reportMissing(NodeKeys.api, in: NodeKeys.shape) }
        guard let name, let api else { return nil }
        return ClusterNode(name: name, api: api, ready: ready, labels: labels)
    }

    private enum NodeKeys {
        static let name = Field.required("name", ValueType<String>.nodeName, "the node's own name")
        static let api = Field("api", ValueType<String>.address, "where its mode API listens")
        static let ready = Field("ready", ValueType<String>.address, "its readiness gate, `/.ok` of the signaling port")
        static let labels = DefaultedField(
            "labels", ClusterKind.labels, default: [:], "what selectors and orders refer to")
        static let embedded = Field("embedded", EmbeddedKind.settings, "the node runs inside the daemon")
        static let shape = ObjectShape(
            "a node", [name.shape, api.shape, ready.shape, labels.shape, embedded.shape]
        ).needing(oneOf: "api", "embedded")
    }

    static let labels = ValueType<[String: String]>.map(
        of: .labelValue, key: { !$0.isEmpty && $0.utf8.count <= 63 && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } },
        keyIsA: "a label: at most 63 characters, without spaces", pattern: "^[!-~]{1,63}$")

    private static let api = ValueType<APISettings>.object(APIKeys.shape) { fields in
        APISettings(
            timeout: fields[APIKeys.timeout], headers: fields[APIKeys.headers],
            tls: fields[APIKeys.tls])
    }

    private enum APIKeys {
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.milliseconds(1)), default: APISettings.standard.timeout,
            "for one call")
        static let headers = DefaultedField(
            "headers", SecretKind.headers, default: [:],
            "sent with every call; the values are read from the environment or a file")
        static let tls = Field("tls", DiscoveryKind.tls, "certificates of https addresses").checkedOnly
        static let shape = ObjectShape("api", [timeout.shape, headers.shape, tls.shape])
    }

    private static let observe = ValueType<ObserveSettings>.object(ObserveKeys.shape) { fields in
        ObserveSettings(
            interval: fields[ObserveKeys.interval], jitter: fields[ObserveKeys.jitter],
            staleAfter: fields[ObserveKeys.staleAfter])
    }

    private enum ObserveKeys {
        static let interval = DefaultedField(
            "interval", ValueType<Duration>.duration(.milliseconds(100)), default: ObserveSettings.standard.interval,
            "how often each node is read")
        static let jitter = DefaultedField(
            "jitter", ValueType<Double>.share, default: ObserveSettings.standard.jitter,
            "spreads the reads of the nodes")
        static let staleAfter = Field(
            "staleAfter", ValueType<Duration>.duration(.milliseconds(100)),
            "for how long an observation is believed; four intervals unless given")
        static let shape = ObjectShape("observe", [interval.shape, jitter.shape, staleAfter.shape])
    }

    private static let budget = ValueType<Budget>.object(BudgetKeys.shape) { fields in
        Budget(
            maxUnavailable: fields[BudgetKeys.maxUnavailable],
            minAvailable: fields[BudgetKeys.minAvailable])
    }

    private enum BudgetKeys {
        static let maxUnavailable = DefaultedField(
            "maxUnavailable", ValueType<Amount>.amount, default: Budget.standard.maxUnavailable,
            "at most so many nodes out of service")
        static let minAvailable = Field("minAvailable", ValueType<Amount>.amount, "at least so many nodes in service")
        static let shape = ObjectShape("a budget", [maxUnavailable.shape, minAvailable.shape])
    }
}
