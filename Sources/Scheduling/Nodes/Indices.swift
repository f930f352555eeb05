/// A node's place in the ledger's and the fleet's arrays. Means nothing after the next policy set.
package struct NodeIndex: Hashable, Sendable, Comparable, Codable {
    package let raw: Int

    package init(_ raw: Int) {
        self.raw = raw
    }

    package static func < (a: NodeIndex, b: NodeIndex) -> Bool { a.raw < b.raw }
}

/// A cluster's place in the fleet.
package struct ClusterIndex: Hashable, Sendable, Comparable {
    package let raw: Int

    package init(_ raw: Int) {
        self.raw = raw
    }

    package static func < (a: ClusterIndex, b: ClusterIndex) -> Bool { a.raw < b.raw }
}

/// A run's place among the runs that are not over; free again when it is.
package struct RunSlot: Hashable, Sendable, Comparable, Codable {
    package let raw: Int

    package init(_ raw: Int) {
        self.raw = raw
    }

    package static func < (a: RunSlot, b: RunSlot) -> Bool { a.raw < b.raw }
}

/// One part of one run.
package struct PartPlace: Hashable, Sendable, Comparable {
    package let run: RunSlot
    package let part: Int

    package init(run: RunSlot, part: Int) {
        self.run = run
        self.part = part
    }

    package static func < (a: PartPlace, b: PartPlace) -> Bool { (a.run, a.part) < (b.run, b.part) }
}
