import Primitives

/// A measurement that must be good before it goes on.
public struct HealthGate: Hashable, Sendable, Codable {
    public enum Probe: Hashable, Sendable, Codable {
        case http(HTTPRequest, HTTPExpectation)
        case prometheus(PrometheusQuery)
        /// Program and arguments, without a shell; good is exit status 0.
        case command([String])
    }

    /// What follows when nobody knows: no answer, no data. That is not the same as bad.
    public enum OnUnknown: String, Hashable, Sendable, Codable, CaseIterable {
        case fail
        case pass
        /// Measured again until the timeout.
        case wait
    }

    public var name: String
    public var probe: Probe
    /// Between two measurements.
    public var interval: Duration
    public var timeout: Duration
    /// The gate has failed at so many bad measurements.
    public var failureLimit: Int
    public var onUnknown: OnUnknown

    public init(
        name: String, probe: Probe, interval: Duration = .seconds(30), timeout: Duration = .minutes(10),
        failureLimit: Int = 1, onUnknown: OnUnknown = .fail
    ) {
        self.name = name
        self.probe = probe
        self.interval = interval
        self.timeout = timeout
        self.failureLimit = failureLimit
        self.onUnknown = onUnknown
    }
}

/// Asks a Prometheus server. Good is every value of the answer within the bounds; an empty answer is unknown.
public struct PrometheusQuery: Hashable, Sendable, Codable {
    /// Base address of the server.
    public var url: String
    public var query: String
    public var headers: [String: SecretReference]
    /// At least one of the two is given; both are included.
    public var min: Double?
    public var max: Double?

    public init(
        url: String, query: String, headers: [String: SecretReference] = [:], min: Double? = nil, max: Double? = nil
    ) {
        self.url = url
        self.query = query
        self.headers = headers
        self.min = min
        self.max = max
    }
}
