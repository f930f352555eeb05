import Primitives

/// A channel that is alive on a node.
public struct Session: Hashable, Sendable {
    public let id: SessionID
    public let channel: ChannelID
    public let createdAt: Timestamp
    /// Connections that are live now, on whichever nodes. Zero only within the grace period.
    public internal(set) var connections: Int
    /// Those of them that are on other nodes. Zero unless sessions span nodes (`ModeProfile.relays`).
    public internal(set) var relayedConnections: Int
    /// The most connections that were live at once.
    public internal(set) var maxConnections: Int
    /// All connections that it ever had.
    public internal(set) var totalConnections: Int
    /// When its last connection left; nil while it has one.
    public internal(set) var emptySince: Timestamp?

    init(id: SessionID, channel: ChannelID, createdAt: Timestamp) {
        self.id = id
        self.channel = channel
        self.createdAt = createdAt
        self.connections = 0
        self.relayedConnections = 0
        self.maxConnections = 0
        self.totalConnections = 0
        self.emptySince = nil
    }

    /// Those of its connections that are on the node that it lives on.
    public var localConnections: Int { connections - relayedConnections }

    mutating func add() -> SessionID {
        connections += 1
        totalConnections += 1
        maxConnections = max(maxConnections, connections)
        emptySince = nil
        return id
    }

    /// Answers how many connections are left.
    mutating func remove() -> Int {
        connections -= 1
        return connections
    }

    /// The same session on another node.
    func carrying(_ here: Int, relayed: Int) -> Session {
        var session = self
        session.connections = here + relayed
        session.relayedConnections = relayed
        session.emptySince = nil
        return session
    }

    /// Two sessions of one channel met. Where they were one before, what it had before is not counted twice.
    mutating func merge(_ other: Session) {
        connections += other.connections
        relayedConnections += other.connections
        totalConnections =
            id == other.id
            ? max(totalConnections, other.totalConnections, connections) : totalConnections + other.totalConnections
        maxConnections = max(maxConnections, other.maxConnections, connections)
        if connections > 0 { emptySince = nil }
    }

    /// Whether its grace period has ended, though it may not be destroyed yet.
    func isOver(by now: Timestamp, grace: Duration) -> Bool {
        guard let emptySince else { return false }
        return emptySince + grace <= now
    }
}

/// A client that is connected to a node.
public struct Connection: Hashable, Sendable {
    public let id: ConnectionID
    public let session: SessionID
    public let channel: ChannelID
    public let createdAt: Timestamp
}

/// What a node counts since its process started; the numbers of `GetStatsReport`.
public struct NodeCounters: Hashable, Sendable {
    public internal(set) var sessionsCreated = 0
    public internal(set) var sessionsDestroyed = 0
    public internal(set) var connectionsCreated = 0
    public internal(set) var connectionsDestroyed = 0
    /// Time that all ended connections lasted, together.
    public internal(set) var connectedTime: Duration = .zero

    public init() {}

    static func += (a: inout NodeCounters, b: NodeCounters) {
        a.sessionsCreated += b.sessionsCreated
        a.sessionsDestroyed += b.sessionsDestroyed
        a.connectionsCreated += b.connectionsCreated
        a.connectionsDestroyed += b.connectionsDestroyed
        a.connectedTime += b.connectedTime
    }

    public var ongoingSessions: Int { sessionsCreated - sessionsDestroyed }
    public var ongoingConnections: Int { connectionsCreated - connectionsDestroyed }

    /// Mean length of the connections that ended, in whole seconds.
    public var averageDurationSeconds: Int64 {
        connectionsDestroyed == 0 ? 0 : connectedTime.components.seconds / Int64(connectionsDestroyed)
    }
}
