/// What the handling of events looked at: the cost of a turn in things, however fast the machine is. It is to follow what an
/// event changes, and not how many nodes and runs there are.
package struct Cost: Hashable, Sendable {
    /// Nodes that were moved on, or asked who they are.
    package var nodes = 0
    package var clusters = 0
    package var runs = 0
    /// Parts that might have started.
    package var candidates = 0
    /// Rows of lists that were compared.
    package var rows = 0

    package static func += (cost: inout Cost, other: Cost) {
        cost.nodes += other.nodes
        cost.clusters += other.clusters
        cost.runs += other.runs
        cost.candidates += other.candidates
        cost.rows += other.rows
    }
}
