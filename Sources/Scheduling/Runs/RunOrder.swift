import Primitives

/// In which order a run takes its nodes: those that an earlier run of the policy left shut, then group after group; in each
/// the least recently tried first, then as the strategy says, then by name.
package enum RunOrder {
    package struct Member {
        package var node: ClusterNode
        package var group: Int?
        package var triedAt: Timestamp?
        package var isTakenOver: Bool
    }

    package static func members(
        of nodes: [ClusterNode], groups: [NodeGroup], tried: (String) -> Timestamp?, isTakenOver: (String) -> Bool
    ) -> [Member] {
        nodes.map { node in
            Member(
                node: node, group: groups.firstIndex { $0.selector.matches(node) }, triedAt: tried(node.name),
                isTakenOver: isTakenOver(node.name))
        }
    }

    package static func sorted(_ members: [Member], by order: [Strategy.Order]) -> [Member] {
        members.sorted { a, b in
            if a.isTakenOver != b.isTakenOver { return a.isTakenOver }
            if a.group != b.group { return (a.group ?? .max) < (b.group ?? .max) }
            if a.triedAt != b.triedAt { return (a.triedAt ?? .distantPast) < (b.triedAt ?? .distantPast) }
            for key in order {
                guard case .label(let label) = key else { break }
                let (left, right) = (a.node.labels[label] ?? "", b.node.labels[label] ?? "")
                if left != right { return left < right }
            }
            return a.node.name < b.node.name
        }
    }
}
