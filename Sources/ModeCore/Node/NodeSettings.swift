/// What is fixed about a node for as long as it exists.
public struct NodeSettings: Hashable, Sendable {
    /// `node-01@192.0.2.5`: unique in its cluster.
    public var name: String
    public var isClustered: Bool
    /// Vanishes from the cluster when it stops and does not count for the majority.
    public var isTemporary: Bool
    /// The version that runs first.
    public var version: String
    public var profile: ModeProfile
    /// How long a session outlives its last connection. Zero ends it at once.
    public var gracePeriod: Duration
    /// Connections that the license allows at once.
    public var maxConnections: Int
    public var interest: NodeEvent.Interest
    /// Events kept until drained; later ones are counted as dropped.
    public var eventLimit: Int

    public init(
        name: String, isClustered: Bool = true, isTemporary: Bool = false, version: String = "2025.1.0",
        profile: ModeProfile = .current, gracePeriod: Duration = .zero, maxConnections: Int = 10_000,
        interest: NodeEvent.Interest = .facts, eventLimit: Int = 100_000
    ) {
        self.name = name
        self.isClustered = isClustered
        self.isTemporary = isTemporary
        self.version = version
        self.profile = profile
        self.gracePeriod = gracePeriod
        self.maxConnections = maxConnections
        self.interest = interest
        self.eventLimit = eventLimit
    }
}
