/// In which order and how many at once.
public struct Strategy: Hashable, Sendable, Codable {
    public enum Order: Hashable, Sendable, Codable {
        case label(String)
        case name
    }

    public var maxUnavailable: Amount
    /// Least recently completed first, then this.
    public var order: [Order]
    public var pauseBetweenWaves: Duration
    /// The run pauses at this many failed nodes, cumulative.
    public var maxFailures: Int
    /// A few nodes before all others. Nil, like all that follows, also in journals that are older.
    public var canary: Canary?
    /// Groups of nodes, one after another: the next is begun when every node of the one before is done or failed. Every
    /// selected node is in exactly one. Nil: all nodes are one group.
    public var groups: [NodeGroup]?
    /// The run pauses when no step finishes for so long, counting only time in which it could act.
    public var progressDeadline: Duration?

    public init(
        maxUnavailable: Amount = .count(1), order: [Order] = [.name], pauseBetweenWaves: Duration = .zero,
        maxFailures: Int = 1, canary: Canary? = nil, groups: [NodeGroup]? = nil, progressDeadline: Duration? = nil
    ) {
        self.maxUnavailable = maxUnavailable
        self.order = order
        self.pauseBetweenWaves = pauseBetweenWaves
        self.maxFailures = maxFailures
        self.canary = canary
        self.groups = groups
        self.progressDeadline = progressDeadline
    }
}

/// The first nodes of the first group, taken alone; any failure among them pauses the run.
public struct Canary: Hashable, Sendable, Codable {
    public enum Promote: String, Hashable, Sendable, Codable, CaseIterable {
        /// The others follow when the canary nodes have been good for `soak`.
        case auto
        /// An operator says so.
        case manual
    }

    /// At least 1, and less than the first group has nodes.
    public var count: Int
    /// How long the canary nodes must be in service, and good, before the others follow.
    public var soak: Duration
    public var promote: Promote

    public init(count: Int = 1, soak: Duration = .zero, promote: Promote = .auto) {
        self.count = count
        self.soak = soak
        self.promote = promote
    }
}

/// Nodes of a run that are taken before those of the next group.
public struct NodeGroup: Hashable, Sendable, Codable {
    public var name: String
    public var selector: Selector
    /// Since the last node of the group before was done.
    public var waitAfterPrevious: Duration

    public init(name: String, selector: Selector, waitAfterPrevious: Duration = .zero) {
        self.name = name
        self.selector = selector
        self.waitAfterPrevious = waitAfterPrevious
    }
}
