import ModeCore
import Scheduling

/// `kind: Cluster`.
enum ClusterKind {
    static let spec: ValueType<ClusterDraft> = .checkedObject(
        ObjectShape("a cluster").needing(oneOf: "nodes", "discovery"),
        Field.required(
            "topology", ValueType<ClusterPolicy.Topology>.word(),
            "clustered where the nodes form one cluster, standalone where each stands alone"),
        nodes,
        DefaultedField("api", api, default: .standard, "how the mode API is called"),
        DefaultedField("observe", observe, default: .standard, "how often the nodes are read"),
        DefaultedField("budget", budget, default: .standard, "how many nodes may be out of service at once"),
        Field("timeZone", .located(.text), "for every exclusion that has none of its own"),
        DefaultedField(
            "exclusions", SpanKind.exclusions, default: [],
            "when no policy of the cluster may act, whatever the windows say"),
        Field(
            "discovery", DiscoveryKind.discovery,
            "members that are not under `nodes` are found by the nodes' own lists, and are nodes like the others; each "
                + "counts as ready when it is normal"),
        Field("hooks", hooks, "webhooks of the nodes, which bring their next read forward: POST /hooks/CLUSTER")
    ) { fields, topology, nodes, api, observe, budget, timeZone, exclusions, discovery, hooks in
        // Where nodes are found none need be named; of those that stand alone nobody has a list.
        if !fields.has("nodes"), !fields.has("discovery") || topology == .standalone {
            fields.reportMissing(Self.nodes, in: "a cluster")
        }
        return ClusterDraft(
            topology: topology, nodes: nodes ?? [], api: api, observe: observe, budget: budget, timeZone: timeZone,
            exclusions: exclusions, discovery: discovery, hooks: hooks)
    }

    private static let nodes = Field("nodes", .list(of: .located(node), minimum: 1), "the nodes")

    private static let node: ValueType<ClusterNode> = .checkedObject(
        ObjectShape("a node").needing(oneOf: "api", "embedded").others(under: "labels"),
        Field.required("name", .nodeName, "the node's own name"),
        address,
        Field("ready", .address, "its readiness gate, `/.ok` of the signaling port"),
        DefaultedField("labels", labels, default: [:], "what selectors and orders refer to"),
        Field("embedded", EmbeddedKind.settings, "the node runs inside the daemon")
    ) { fields, name, api, ready, labels, embedded in
        guard !fields.has("embedded") else {
            let isFaulty = [("api", api), ("ready", ready)].contains { fields.has($0) && $1 == nil }
            guard let name, let embedded, !isFaulty else { return nil }
            return EmbeddedKind.node(named: name, embedded, api: api, ready: ready, labels: labels, fields)
        }
        if !fields.has("api") { fields.reportMissing(address, in: "a node") }
        guard let name, let api else { return nil }
        return ClusterNode(name: name, api: api, ready: ready, labels: labels)
    }

    private static let address = Field("api", .address, "where its mode API listens")

    static let labels = ValueType<[String: String]>.map(
        of: .labelValue, key: { !$0.isEmpty && $0.utf8.count <= 63 && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } },
        keyIsA: "a label: at most 63 characters, without spaces", pattern: "^[!-~]{1,63}$")

    private static let api: ValueType<APISettings> = .object(
        "api",
        DefaultedField("timeout", .duration(.milliseconds(1)), default: APISettings.standard.timeout, "for one call"),
        DefaultedField(
            "headers", SecretKind.headers, default: [:],
            "sent with every call; the values are read from the environment or a file"),
        Field("tls", DiscoveryKind.tls, "certificates of https addresses"),
        build: APISettings.init)

    private static let hooks = ValueType<HookSettings>.object(
        "hooks",
        Field.required(
            "secret", SecretKind.secret,
            "who knows it is believed: as the path's last part, as a password, or as the key of a signature")
    ) { secret in secret.map { HookSettings(secret: $0) } }
    .withoutSecret(write: "{secret: {env: VARIABLE}}")

    private static let observe: ValueType<ObserveSettings> = .object(
        "observe",
        DefaultedField(
            "interval", .duration(.milliseconds(100)), default: ObserveSettings.standard.interval,
            "how often each node is read"),
        DefaultedField(
            "jitter", .share, default: ObserveSettings.standard.jitter, "spreads the reads of the nodes"),
        Field(
            "staleAfter", .duration(.milliseconds(100)),
            "for how long an observation is believed; four intervals unless given"),
        build: ObserveSettings.init)

    private static let budget: ValueType<Budget> = .object(
        ObjectShape("a budget").alone("maxUnavailable"),
        DefaultedField(
            "maxUnavailable", .amount, default: Budget.standard.maxUnavailable, "at most so many nodes out of service"),
        Field("minAvailable", .amount, "at least so many nodes in service"),
        build: Budget.init)
}
