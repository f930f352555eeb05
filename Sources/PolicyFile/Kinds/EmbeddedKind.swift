import ModeCore
import Primitives
import Scheduling

/// `embedded:` of a node in a Cluster.
enum EmbeddedKind {
    private static let standard = EmbeddedNode.standard

    /// What is written under the key; where the node listens comes from its `api` and `ready`.
    static let settings: ValueType<EmbeddedNode> = .object(
        ObjectShape("an embedded node", mayBeEmpty: true),
        DefaultedField("version", .nodeVersion, default: standard.version, "what it says its version is"),
        DefaultedField(
            "gracePeriod", .duration(atMost: .hours(1)), default: standard.gracePeriod,
            "how long a session outlives its last connection"),
        DefaultedField(
            "maxConnections", .integer(1...1_000_000), default: standard.maxConnections,
            "connections that it takes at once"),
        DefaultedField("webhooks", webhooks, default: standard.webhooks, "whom it tells what happens"),
        Field("traffic", traffic, "made-up clients, for rehearsals")
    ) { version, gracePeriod, maxConnections, webhooks, traffic in
        EmbeddedNode(
            version: version, gracePeriod: gracePeriod, maxConnections: maxConnections, webhooks: webhooks,
            traffic: traffic)
    }

    private static let webhooks: ValueType<EmbeddedWebhooks> = .object(
        "webhooks",
        Field("auth", .address, "asked before a client is admitted"),
        Field("session", .address, "told of sessions"),
        Field("event", .address, "told of connections"),
        DefaultedField("timeout", .duration(.milliseconds(1)), default: standard.webhooks.timeout, "for one call"),
        build: EmbeddedWebhooks.init)

    private static let traffic: ValueType<MadeUpTraffic> = .object(
        ObjectShape("traffic", mayBeEmpty: true),
        DefaultedField(
            "arrivalsPerSecond", .number(upTo: 100_000), default: MadeUpTraffic.standard.arrivalsPerSecond,
            "clients that come each second"),
        DefaultedField(
            "meanHold", .duration(.milliseconds(1)), default: MadeUpTraffic.standard.meanHold, "how long they stay"),
        Field("maxHold", .duration(), "how long nobody stays"),
        DefaultedField(
            "channels", .integer(1...1_000_000), default: MadeUpTraffic.standard.channels, "what they choose from"),
        build: MadeUpTraffic.init)

    /// The node with its addresses; nil where the daemon could not listen at them, which is reported.
    static func node(
        named name: String, _ settings: EmbeddedNode, api: String?, ready: String?, labels: [String: String],
        _ fields: ObjectFields
    ) -> ClusterNode? {
        let first = listener(api ?? EmbeddedNode.standardAPI, "api", path: "/", fields)
        let second = listener(ready ?? EmbeddedNode.standardReady, "ready", path: "/.ok", fields)
        guard let first, let second else { return nil }
        guard first.host == second.host else {
            fields.findings.error(
                .embeddedAddress,
                "an embedded node has one host: `api` says \(first.host), `ready` \(second.host)",
                at: fields.node.location(of: fields.has("ready") ? "ready" : "api"),
                hint: fields.has("ready") ? nil : "write `ready` too: its default is \(EmbeddedNode.standardReady)")
            return nil
        }
        var embedded = settings
        (embedded.host, embedded.apiPort, embedded.signalingPort) = (first.host, first.port, second.port)
        return ClusterNode(
            name: name, api: api ?? EmbeddedNode.standardAPI, ready: ready ?? EmbeddedNode.standardReady,
            labels: labels, embedded: embedded)
    }

    private static func listener(
        _ text: String, _ key: String, path: String, _ fields: ObjectFields
    ) -> (host: String, port: Int)? {
        guard let address = try? HTTPAddress(text) else { return nil }
        var complaint: Complaint?
        if address.scheme != "http" {
            complaint = Complaint("the daemon listens here itself, and it has no TLS", hint: "write http")
        } else if !address.isLoopback {
            complaint = Complaint(
                "the daemon listens here itself, on loopback only: the mode API has no authentication",
                hint: "127.0.0.1, [::1] or localhost; without `embedded` it is a node elsewhere")
        } else if address.path != path {
            complaint = Complaint("the path of `\(key)` is always \(path) where the daemon listens itself")
        }
        if let complaint {
            fields.findings.error(
                .embeddedAddress, complaint.message, at: fields.node.location(of: key), hint: complaint.hint)
            return nil
        }
        // The name can be made to mean something else.
        let host = address.host == "localhost" ? "127.0.0.1" : address.host
        return (String(host.drop { $0 == "[" }.prefix { $0 != "]" }), address.port)
    }
}

extension HTTPAddress {
    /// 127.0.0.0/8, `[::1]` and `localhost`.
    fileprivate var isLoopback: Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

extension ValueType where Value == String {
    /// As a node says it: visible ASCII.
    fileprivate static let nodeVersion = checked(pattern: "^[!-~]{1,128}$", code: .invalidText) { text in
        text.utf8.count <= 128 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            ? nil : Complaint("a version has 1 to 128 characters of ASCII and no spaces")
    }
}
