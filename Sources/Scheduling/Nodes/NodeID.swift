/// A node of a cluster, by the names that the policies give them.
package struct NodeID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package var cluster: String
    package var name: String

    package init(cluster: String, name: String) {
        self.cluster = cluster
        self.name = name
    }

    package var description: String { "\(cluster)/\(name)" }

    package static func < (a: NodeID, b: NodeID) -> Bool { (a.cluster, a.name) < (b.cluster, b.name) }
}
