import ModeCore

/// In which order and how many at once.
package struct Strategy: Hashable, Sendable, Codable {
    package static let standard = Strategy()

    package enum Order: Hashable, Sendable, Codable {
        case label(String)
        case name
    }

    package var maxUnavailable: Amount
    /// Least recently tried first, then this.
    package var order: [Order]
    /// A slot that became free stays unused for so long.
    package var pauseBetweenNodes: Duration
    /// The run pauses at this many failed nodes, cumulative.
    package var maxFailures: Int
    /// A few nodes before all others.
    package var canary: Canary?
    /// Groups of nodes, one after another: the next is begun when every node of the one before is done or failed. Every
    /// selected node is in exactly one. Empty: all nodes are one group.
    package var groups: [NodeGroup]
    /// The run pauses when no step finishes for so long, counting only time in which it could act.
    package var progressDeadline: Duration?

    package init(
        maxUnavailable: Amount = .count(1), order: [Order] = [.name], pauseBetweenNodes: Duration = .zero,
        maxFailures: Int = 1, canary: Canary? = nil, groups: [NodeGroup] = [], progressDeadline: Duration? = nil
    ) {
        self.maxUnavailable = maxUnavailable
        self.order = order
        self.pauseBetweenNodes = pauseBetweenNodes
        self.maxFailures = maxFailures
        self.canary = canary
        self.groups = groups
        self.progressDeadline = progressDeadline
    }
}

/// The first nodes of the first group, taken alone; any failure among them pauses the run.
package struct Canary: Hashable, Sendable, Codable {
    package static let standard = Canary()

    package enum Promote: String, Hashable, Sendable, Codable, CaseIterable {
        /// The others follow when the canary nodes have been good for `soak`.
        case auto
        /// An operator says so.
        case manual
    }

    /// At least 1, and less than the first group has nodes.
    package var count: Int
    /// How long the canary nodes must be in service, and good, before the others follow.
    package var soak: Duration
    package var promote: Promote

    package init(count: Int = 1, soak: Duration = .zero, promote: Promote = .auto) {
        self.count = count
        self.soak = soak
        self.promote = promote
    }
}

/// Nodes of a run that are taken before those of the next group.
package struct NodeGroup: Hashable, Sendable, Codable {
    package var name: String
    package var selector: Selector
    /// Since the last node of the group before was done.
    package var waitAfterPrevious: Duration

    package init(name: String, selector: Selector, waitAfterPrevious: Duration = .zero) {
        self.name = name
        self.selector = selector
        self.waitAfterPrevious = waitAfterPrevious
    }
}
