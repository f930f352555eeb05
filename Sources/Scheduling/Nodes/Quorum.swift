/// How many of a cluster's regular nodes must see each other for it to work: more than half. Temporary nodes never count.
package struct Quorum: Hashable, Sendable {
    /// Regular nodes.
    package var total: Int

    package init(total: Int) {
        self.total = total
    }

    package var majority: Int { total / 2 + 1 }

    /// How many may be missing.
    package var slack: Int { max(0, total - majority) }

    package func isMajority(_ votes: Int) -> Bool { votes >= majority }

    /// Whether so many may be missing: not connected, or in a disruptive step.
    package func survives(_ missing: Int) -> Bool { missing <= slack }
}
