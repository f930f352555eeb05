import Primitives

/// How much of a cluster's budget is used, in numbers of nodes.
package struct BudgetUse: Hashable, Sendable {
    /// N: configured and known regular nodes, reachable or not.
    package var total: Int
    /// U: nodes not freshly known to be normal and ready, and those about to be taken out, whatever the cause; temporary
    /// ones while they are members.
    package var unavailable: Int
    /// The regular ones among them.
    package var unavailableRegular: Int
    package var maxUnavailable: Int
    package var minAvailable: Int?

    package init(total: Int, unavailable: Int, unavailableRegular: Int? = nil, budget: Budget) {
        self.total = total
        self.unavailable = unavailable
        self.unavailableRegular = unavailableRegular ?? unavailable
        maxUnavailable = budget.maxUnavailable.asMaxUnavailable(of: total)
        minAvailable = budget.minAvailable?.asMinAvailable(of: total)
    }

    /// Whether one more node, available until now, may be taken out of service.
    package func hasRoom(forTemporary isTemporary: Bool = false) -> Bool {
        fits(unavailable + 1, unavailableRegular + (isTemporary ? 0 : 1))
    }

    /// How many of the nodes in U would have to be back for the rest to be within budget.
    package var excess: Int {
        var excess = max(0, unavailable - maxUnavailable)
        if let minAvailable { excess = max(excess, minAvailable - (total - unavailableRegular)) }
        return excess
    }

    /// How many nodes can be out at once at the very most.
    package var limit: Int {
        var limit = maxUnavailable
        if let minAvailable { limit = min(limit, total - minAvailable) }
        return max(0, limit)
    }

    /// Whether so many more nodes, so many of them regular, may go at once.
    package func hasRoom(for count: Int, regular: Int) -> Bool {
        fits(unavailable + count, unavailableRegular + regular)
    }

    private func fits(_ unavailable: Int, _ regular: Int) -> Bool {
        guard unavailable <= maxUnavailable else { return false }
        guard let minAvailable else { return true }
        return total - regular >= minAvailable
    }
}
