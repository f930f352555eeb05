/// A channel that is alive on a node.
public struct Session: Hashable, Sendable {
    public let id: SessionID
    public let channel: ChannelID
    public let createdAt: Timestamp
    /// Connections that are live now. Zero only within the grace period.
    public internal(set) var connections: Int
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
        self.maxConnections = 0
        self.totalConnections = 0
        self.emptySince = nil
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

    public var ongoingSessions: Int { sessionsCreated - sessionsDestroyed }
    public var ongoingConnections: Int { connectionsCreated - connectionsDestroyed }

    /// Mean length of the connections that ended, in whole seconds.
    public var averageDurationSeconds: Int64 {
        connectionsDestroyed == 0 ? 0 : connectedTime.components.seconds / Int64(connectionsDestroyed)
    }
}
