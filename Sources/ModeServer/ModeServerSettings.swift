import ModeCore

/// What a mode server serves and where.
public struct ModeServerSettings: Sendable {
    public static let maxNodes = 100

    /// A loopback address: the mode API has no authentication of its own.
    public var host: String
    public var nodeCount: Int
    public var isClustered: Bool
    public var version: String
    /// Port of the first node's API, the next nodes take the next ones; 0 takes free ones.
    public var apiPort: Int
    /// Port of the first node's signaling listener, likewise.
    public var signalingPort: Int
    /// Port of the admin API; nil leaves it off, 0 takes a free one.
    public var adminPort: Int?
    public var profile: ModeProfile
    /// How long a session outlives its last connection.
    public var gracePeriod: Duration
    /// Connections that a node's license allows.
    public var maxConnections: Int
    /// How long a restart keeps the process down.
    public var downFor: Duration
    /// How long a started node needs until it has joined.
    public var joinDelay: Duration
    /// Clients to make; nil makes none.
    public var traffic: TrafficSettings?
    /// Seeds what is random about faults.
    public var seed: UInt64
    /// Value of the `server` header.
    public var serverName: String

    public init(
        host: String = "127.0.0.1", nodeCount: Int = 1, isClustered: Bool = false, version: String = "2025.1.0",
        apiPort: Int = 0, signalingPort: Int = 0, adminPort: Int? = nil, profile: ModeProfile = .current,
        gracePeriod: Duration = .seconds(1), maxConnections: Int = 10_000, downFor: Duration = .seconds(1),
        joinDelay: Duration = .milliseconds(500), traffic: TrafficSettings? = nil, seed: UInt64 = 1,
        serverName: String = "nagi"
    ) {
        self.host = host
        self.nodeCount = nodeCount
        self.isClustered = isClustered
        self.version = version
        self.apiPort = apiPort
        self.signalingPort = signalingPort
        self.adminPort = adminPort
        self.profile = profile
        self.gracePeriod = gracePeriod
        self.maxConnections = maxConnections
        self.downFor = downFor
        self.joinDelay = joinDelay
        self.traffic = traffic
        self.seed = seed
        self.serverName = serverName
    }

    /// Refuses what could not be served.
    func check() throws(ModeServerError) {
        guard Self.isLoopback(host) else { throw .notLoopback(host) }
        guard (1...Self.maxNodes).contains(nodeCount) else {
            throw .invalid("the number of nodes must be 1 to \(Self.maxNodes), not \(nodeCount)")
        }
        for port in [apiPort, signalingPort] where port != 0 && !(1...65535 - nodeCount).contains(port) {
            throw .invalid("\(nodeCount) ports from \(port) on are not within 1 to 65535")
        }
        if apiPort != 0, signalingPort != 0, abs(apiPort - signalingPort) < nodeCount {
            throw .invalid("the API ports from \(apiPort) and signaling ports from \(signalingPort) on overlap")
        }
        guard (1...128).contains(version.utf8.count), version.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalid("a version is 1 to 128 visible ASCII characters")
        }
        if let adminPort, !(0...65535).contains(adminPort) { throw .invalid("\(adminPort) is not a port") }
        for duration in [gracePeriod, downFor, joinDelay] where duration < .zero {
            throw .invalid("durations can't be negative")
        }
        guard maxConnections > 0 else { throw .invalid("a node must be licensed for at least one connection") }
        if let traffic {
            guard traffic.arrivalsPerSecond >= 0, traffic.arrivalsPerSecond <= 100_000 else {
                throw .invalid("arrivals per second must be 0 to 100000")
            }
            guard traffic.channels > 0 else { throw .invalid("traffic needs at least one channel") }
            guard traffic.maxHold.map({ $0 >= .zero }) ?? true else {
                throw .invalid("the longest hold time is negative")
            }
            guard traffic.meanHold > .zero else { throw .invalid("the mean hold time must be more than zero") }
        }
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    func nodeName(_ index: Int) -> String {
        let number = index + 1
        return "node-\(number < 10 ? "0" : "")\(number)@\(host)"
    }
}

/// Why a mode server does not serve.
public enum ModeServerError: Error, Hashable, Sendable, CustomStringConvertible {
    case notLoopback(String)
    case invalid(String)
    case cannotListen(host: String, port: Int, reason: String)
    case listenerClosed(port: Int)
    case cannotWriteLog(path: String, reason: String)

    public var description: String {
        switch self {
        case .notLoopback(let host):
            "\(host) is not a loopback address; the mode API has no authentication, it is only served on loopback"
        case .invalid(let text): text
        case .cannotListen(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
        case .listenerClosed(let port): "the listener on port \(port) closed while it was opened"
        case .cannotWriteLog(let path, let reason): "cannot write the log \(path): \(reason)"
        }
    }
}
