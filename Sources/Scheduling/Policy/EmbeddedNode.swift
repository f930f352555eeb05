import ModeCore
import Primitives

/// A node that runs inside the daemon: where it listens, and what it is like. It lives as long as the process.
package struct EmbeddedNode: Hashable, Sendable, Codable {
    package static let standardAPI = "http://127.0.0.1:3000/"
    package static let standardReady = "http://127.0.0.1:5000/.ok"
    package static let standard = EmbeddedNode()
    /// Nodes of one embedded cluster.
    package static let limit = 100

    /// A loopback address, without brackets: the mode API has no authentication of its own.
    package var host: String
    package var apiPort: Int
    /// Of signaling and of the readiness gate.
    package var signalingPort: Int
    /// What it says its version is.
    package var version: String
    /// How long a session outlives its last connection.
    package var gracePeriod: Duration
    /// Connections that it takes at once.
    package var maxConnections: Int
    package var webhooks: EmbeddedWebhooks
    /// Clients that are made up, for rehearsals.
    package var traffic: MadeUpTraffic?

    package init(
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
package struct EmbeddedWebhooks: Hashable, Sendable, Codable {
    /// Asked before a client is admitted.
    package var auth: String?
    package var session: String?
    package var event: String?
    /// For one call.
    package var timeout: Duration

    package init(auth: String? = nil, session: String? = nil, event: String? = nil, timeout: Duration = .seconds(3)) {
        self.auth = auth
        self.session = session
        self.event = event
        self.timeout = timeout
    }
}

/// Made-up clients of one node: they come at random, are admitted by the real rules, stay and leave.
package struct MadeUpTraffic: Hashable, Sendable, Codable {
    package static let standard = MadeUpTraffic()

    package var arrivalsPerSecond: Double
    package var meanHold: Duration
    /// Nobody stays longer; nil: no limit.
    package var maxHold: Duration?
    /// How many channels the clients choose from.
    package var channels: Int

    package init(
        arrivalsPerSecond: Double = 1, meanHold: Duration = .minutes(1), maxHold: Duration? = nil, channels: Int = 20
    ) {
        self.arrivalsPerSecond = arrivalsPerSecond
        self.meanHold = meanHold
        self.maxHold = maxHold
        self.channels = channels
    }
}
