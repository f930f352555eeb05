/// Which nodes a cluster has by the word of its own lists: what a majority of the configured nodes' fresh lists said last.
package struct Membership: Hashable, Sendable, Codable {
    /// Sorted.
    package var regular: [String] = []
    package var temporary: [String] = []
    /// Temporary ones that are no members any more: they vanish when they stop, and are no regular nodes for that.
    package var departed: [String] = []

    package func isTemporary(_ name: String) -> Bool { temporary.contains(name) || departed.contains(name) }
    package func isMember(_ name: String) -> Bool { regular.contains(name) || temporary.contains(name) }

    /// Remembers who was temporary before, of those that are configured.
    package func following(_ former: Membership, configured: (String) -> Bool) -> Membership {
        var membership = self
        membership.departed = (former.temporary + former.departed).filter { configured($0) && !isMember($0) }.sorted()
        return membership
    }
}
