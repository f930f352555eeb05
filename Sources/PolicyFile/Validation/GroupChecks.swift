import ModeCore
import Scheduling

extension PolicyValidator {
    /// Groups part the selected nodes, and the canary nodes are of the first of them, and others follow.
    func checkGroups(_ strategy: Strategy, _ selected: [ClusterNode], of cluster: CheckedCluster, _ spec: YAMLNode) {
        guard !selected.isEmpty else { return }
        var first = (nodes: selected.count, title: "the policy selects")
        let groups = strategy.groups
        if case .sequence(let items)? = spec["strategy"]?["groups"]?.value {
            // A group that could not be read hides which nodes are in none.
            guard groups.count == items.count else { return }
            let members = zip(groups, items).map { group, item in
                selectedNodes(of: group, at: item, among: selected, cluster)
            }
            checkNames(zip(groups, items).map { ($0.name, $1) }, of: "group")
            checkMembership(selected, groups, members, at: spec.location(of: "strategy", "groups"))
            if let group = groups.first, let nodes = members.first {
                first = (nodes.count, "the first group, \(group.name), has")
                if group.waitAfterPrevious > .zero {
                    findings.warning(
                        .hasNoEffect, "`waitAfterPrevious` has no effect: there is no group before",
                        at: items[0].location(of: "waitAfterPrevious"))
                }
            }
        }
        // A whole first group may be the canary of the groups that follow.
        let doOthersFollow = first.nodes < selected.count
        let most = doOthersFollow ? first.nodes : first.nodes - 1
        if let canary = strategy.canary, first.nodes > 0, !cluster.isOpen, canary.count > most {
            let isWritten = spec["strategy"]?["canary"]?.hasKey("count") == true
            findings.error(
                .canaryTooLarge,
                "\(plural(canary.count, "canary node")): \(first.title) \(first.nodes), "
                    + (doOthersFollow ? "and only they are asked to be canaries" : "none would follow"),
                at: isWritten
                    ? spec.location(of: "strategy", "canary", "count") : spec.location(of: "strategy", "canary"),
                hint: most > 0 ? "at most \(most)" : "leave out `canary`")
        }
    }

    private func selectedNodes(
        of group: NodeGroup, at item: YAMLNode, among selected: [ClusterNode], _ cluster: CheckedCluster
    ) -> Set<String> {
        let node = item["selector"] ?? item
        let members = self.selected(Located(value: group.selector, node: node), of: cluster)
        let names = Set(members.map(\.name)).intersection(selected.map(\.name))
        if names.isEmpty, !members.isEmpty {
            findings.error(
                .selectorMatchesNothing, "the group \"\(group.name)\" matches no node that the policy selects",
                at: node.location)
        }
        return names
    }

    private func checkNames(_ named: [(name: String, node: YAMLNode)], of what: String) {
        var seen: [String: SourceLocation] = [:]
        for (name, node) in named {
            let place = node.location(of: "name")
            if let first = seen[name] {
                findings.duplicate(
                    .duplicateName, "there is already a \(what) called \"\(name)\"", at: place, first: first)
            } else {
                seen[name] = place
            }
        }
    }

    func checkGateNames(_ gates: [Located<HealthGate>]) {
        checkNames(gates.map { ($0.value.name, $0.node) }, of: "gate")
    }

    private func checkMembership(
        _ selected: [ClusterNode], _ groups: [NodeGroup], _ members: [Set<String>], at place: SourceLocation
    ) {
        var outside: [String] = []
        for name in selected.map(\.name).sorted() {
            let names = zip(groups, members).filter { $0.1.contains(name) }.map(\.0.name)
            if names.isEmpty { outside.append(name) }
            if names.count > 1 {
                findings.error(
                    .nodeInTwoGroups, "\(name) is in more than one group: \(listed(names, conjunction: "and"))",
                    at: place)
            }
        }
        guard let first = outside.first else { return }
        let more = outside.count == 1 ? "" : " (and \(outside.count - 1) more)"
        findings.error(
            .nodeInNoGroup, "\(first) is selected, but in no group\(more)", at: place,
            hint: "add a group for what is left, or exclude it in `selector`")
    }
}
