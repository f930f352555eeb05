/// A node that no policy names: other nodes' lists say that it is a member, and where.
package struct FoundNode: Hashable, Sendable, Codable {
    package var name: String
    package var api: String

    package init(name: String, api: String) {
        self.name = name
        self.api = api
    }
}

/// The nodes of a cluster that were found, and in what they differ from those before.
package struct FoundNodes: Hashable, Sendable, Codable {
    /// In the order of their names.
    package let nodes: [FoundNode]
    package let came: [String]
    package let moved: [String]
    package let gone: [String]

    package init(_ nodes: [FoundNode], after former: [FoundNode]) {
        self.nodes = nodes.sorted { $0.name < $1.name }
        let old = Dictionary(former.map { ($0.name, $0.api) }) { first, _ in first }
        let names = Set(nodes.map(\.name))
        came = self.nodes.map(\.name).filter { old[$0] == nil }
        moved = self.nodes.filter { node in old[node.name].map { $0 != node.api } ?? false }.map(\.name)
        gone = former.map(\.name).filter { !names.contains($0) }.sorted()
    }

    /// `found node-04 at http://192.0.2.7:3000/; gone: node-02`.
    package var text: String {
        func at(_ names: [String]) -> String {
            NameList.text(names.map { name in "\(name) at \(nodes.first { $0.name == name }?.api ?? "")" })
        }
        var parts: [String] = []
        if !came.isEmpty { parts.append("found: \(at(came))") }
        if !moved.isEmpty { parts.append("moved: \(at(moved))") }
        if !gone.isEmpty { parts.append("gone from the lists: \(NameList.text(gone))") }
        return parts.joined(separator: "; ")
    }
}

extension PolicySet {
    /// The set in which clusters also have the nodes that were found, with the labels that their policy gives those.
    package func including(_ found: [String: [FoundNode]]) -> PolicySet {
        changingNodes(of: found) { cluster, nodes in
            guard cluster.isOpen, let discovery = cluster.discovery else { return }
            let names = Set(cluster.nodes.map(\.name))
            cluster.nodes += nodes.filter { !names.contains($0.name) }.map {
                ClusterNode(name: $0.name, api: $0.api, labels: discovery.labels)
            }
            cluster.nodes.sort { $0.name < $1.name }
        }
    }

    /// The set as it was before `including`.
    package func without(_ found: [String: [FoundNode]]) -> PolicySet {
        changingNodes(of: found) { cluster, nodes in
            guard cluster.isOpen else { return }
            let names = Set(nodes.map(\.name))
            cluster.nodes.removeAll { names.contains($0.name) }
        }
    }

    /// What of nodes that were found before is still to be found: whom a policy names, or where it names another, is not.
    package func foundNodes(of former: [String: [FoundNode]]) -> [String: [FoundNode]] {
        var found: [String: [FoundNode]] = [:]
        for cluster in clusters where cluster.isOpen {
            let names = Set(cluster.nodes.map(\.name))
            let addresses = Set(cluster.nodes.map { $0.api.asAddressKey })
            found[cluster.name] = former[cluster.name]?.filter {
                !names.contains($0.name) && !addresses.contains($0.api.asAddressKey)
            }
        }
        return found
    }

    private func changingNodes(
        of found: [String: [FoundNode]], _ change: (inout ClusterPolicy, [FoundNode]) -> Void
    ) -> PolicySet {
        guard found.contains(where: { !$0.value.isEmpty }) else { return self }
        var set = self
        for place in set.clusters.indices {
            if let nodes = found[set.clusters[place].name] { change(&set.clusters[place], nodes) }
        }
        return set
    }
}

extension String {
    /// Equal for spellings of one address that differ in case, in the last `/`, or in a port that need not be written.
    package var asAddressKey: String {
        var text = lowercased()
        if text.hasSuffix("/") { text.removeLast() }
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where text.hasPrefix(scheme) {
            let authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
            guard authority.hasSuffix(port) else { continue }
            text.removeSubrange(text.index(authority.endIndex, offsetBy: -port.count)..<authority.endIndex)
        }
        return text
    }
}
