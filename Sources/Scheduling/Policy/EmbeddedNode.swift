import Primitives

/// A node that runs inside the daemon: where it listens, and what it is like. It lives as long as the process.
///
/// Stored in journals: whatever is added must be optional.
public struct EmbeddedNode: Hashable, Sendable, Codable {
    public static let standardAPI = "http://127.0.0.1:3000/"
    public static let standardReady = "http://127.0.0.1:5000/.ok"
    /// Nodes of one embedded cluster.
    public static let limit = 100

    /// A loopback address, without brackets: the mode API has no authentication of its own.
    public var host: String
    public var apiPort: Int
    /// Of signaling and of the readiness gate.
    public var signalingPort: Int
    /// What it says its version is.
    public var version: String
    /// How long a session outlives its last connection.
    public var gracePeriod: Duration
    /// Connections that it takes at once.
    public var maxConnections: Int
    public var webhooks: EmbeddedWebhooks
    /// Clients that are made up, for rehearsals.
    public var traffic: MadeUpTraffic?

    public init(
        host: String = "127.0.0.1", apiPort: Int = 3000, signalingPort: Int = 5000, version: String = "2025.1.0",
        gracePeriod: Duration = .seconds(1), maxConnections: Int = 10_000,
        webhooks: EmbeddedWebhooks = EmbeddedWebhooks(), traffic: MadeUpTraffic? = nil
    ) {
        self.host = host
        self.apiPort = apiPort
        self.signalingPort = signalingPort
        self.version = version
        self.gracePeriod = gracePeriod
        self.maxConnections = maxConnections
        self.webhooks = webhooks
        self.traffic = traffic
    }
}

/// Whom an embedded node tells what happens on it: addresses, nil where it tells nobody.
public struct EmbeddedWebhooks: Hashable, Sendable, Codable {
    /// Asked before a client is admitted.
    public var auth: String?
    public var session: String?
    public var event: String?
    /// For one call.
    public var timeout: Duration

    public init(auth: String? = nil, session: String? = nil, event: String? = nil, timeout: Duration = .seconds(3)) {
        self.auth = auth
        self.session = session
        self.event = event
        self.timeout = timeout
    }
}

/// Made-up clients of one node: they come at random, are admitted by the real rules, stay and leave.
public struct MadeUpTraffic: Hashable, Sendable, Codable {
    public var arrivalsPerSecond: Double
    public var meanHold: Duration
    /// Nobody stays longer; nil: no limit.
    public var maxHold: Duration?
    /// How many channels the clients choose from.
    public var channels: Int

    public init(
        arrivalsPerSecond: Double = 1, meanHold: Duration = .minutes(1), maxHold: Duration? = nil, channels: Int = 20
    ) {
        self.arrivalsPerSecond = arrivalsPerSecond
        self.meanHold = meanHold
        self.maxHold = maxHold
        self.channels = channels
    }
}
