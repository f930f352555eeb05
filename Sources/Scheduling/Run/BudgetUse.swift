/// How much of a cluster's budget is used, in numbers of nodes.
public struct BudgetUse: Hashable, Sendable {
    /// N: configured and known regular nodes, reachable or not.
    public var total: Int
    /// U: nodes not freshly known to be normal and ready, and those about to be taken out, whatever the cause.
    public var unavailable: Int
    public var maxUnavailable: Int
    public var minAvailable: Int?
    /// Nodes whose absence the cluster survives; nil where not clustered.
    public var quorumSlack: Int?

    public init(total: Int, unavailable: Int, budget: Budget, isClustered: Bool) {
        self.total = total
        self.unavailable = unavailable
        maxUnavailable = budget.maxUnavailable.asMaxUnavailable(of: total)
        minAvailable = budget.minAvailable?.asMinAvailable(of: total)
        quorumSlack = isClustered ? (total - 1) / 2 : nil
    }

    /// Whether one more node, available until now, may be taken out of service.
    public var hasRoom: Bool { fits(unavailable + 1) }

    /// Whether more is used than there is, by whosever fault.
    public var isExceeded: Bool { !fits(unavailable) }

    /// How many nodes can be out at once at the very most: the size of a wave.
    public var limit: Int {
        var limit = maxUnavailable
        if let minAvailable { limit = min(limit, total - minAvailable) }
        return max(0, limit)
    }

    private func fits(_ unavailable: Int) -> Bool {
        guard unavailable <= maxUnavailable else { return false }
        guard let minAvailable else { return true }
        return total - unavailable >= minAvailable
    }
}
