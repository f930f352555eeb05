/// A place in an array of one kind of thing. Means nothing after the next policy set.
package struct Index<Tag>: Hashable, Sendable, Comparable, Codable {
    package let raw: Int

    package init(_ raw: Int) {
        self.raw = raw
    }

    package static func < (a: Index, b: Index) -> Bool { a.raw < b.raw }
}

package enum NodeTag {}
package enum ClusterTag {}
package enum RunTag {}

/// A node's place in the ledger's and the fleet's arrays.
package typealias NodeIndex = Index<NodeTag>
/// A cluster's place in the fleet.
package typealias ClusterIndex = Index<ClusterTag>
/// A run's place among the runs that are not over; free again when it is.
package typealias RunSlot = Index<RunTag>

/// One part of one run.
package struct PartPlace: Hashable, Sendable, Comparable {
    package let run: RunSlot
    package let part: Int

    package static func < (a: PartPlace, b: PartPlace) -> Bool { (a.run, a.part) < (b.run, b.part) }
}
