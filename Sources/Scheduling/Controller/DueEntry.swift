import Primitives

/// What is due at an instant: the read of a node. Of one instant the node with the lower index is first.
struct DueEntry: Hashable, Comparable, Sendable {
    var at: Uptime
    /// Negative for a look at the runs, which is no node's.
    var node: Int

    static func < (a: DueEntry, b: DueEntry) -> Bool { a.at == b.at ? a.node < b.node : a.at < b.at }
}
