import ModeCore
import Primitives
import Scheduling

/// What one look at a cluster's nodes gave, and what is wrong with it.
package struct ClusterSurvey: Sendable {
    /// What one node said, or why it said nothing.
    package enum Answer: Hashable, Sendable {
        case seen(Observation)
        case failed(ReadFailure)
    }

    package let cluster: ClusterPolicy
    /// In the order of the cluster's nodes.
    package let answers: [Answer]
    /// Of the cluster.
    package let policies: [Policy]

    package init(_ cluster: ClusterPolicy, answers: [Answer], policies: [Policy] = []) {
        self.cluster = cluster
        self.answers = answers
        self.policies = policies
    }

    /// Farther apart is an error: no deadline and no window is to be believed then.
    static let clockLimit = Duration.seconds(60)
    /// The header that tells a host's time has whole seconds.
    private static let headerGrain = Duration.seconds(1)
    /// More names are not told.
    private static let nameLimit = 5

    var seen: [(node: ClusterNode, observation: Observation)] {
        zip(cluster.nodes, answers).compactMap { node, answer in
            if case .seen(let observation) = answer { (node, observation) } else { nil }
        }
    }

    /// `3 of 3 APIs answer (2025.1.1), 3 of 3 probes, clocks within 1s`.
    package var summary: String {
        let seen = seen
        var parts = ["\(seen.count) of \(cluster.nodes.count) APIs answer"]
        let versions = Set(seen.compactMap { $0.observation.version?.description }).sorted()
        if !versions.isEmpty { parts[0] += " (\(versions.prefix(Self.nameLimit).joined(separator: ", ")))" }
        let probed = cluster.nodes.count { $0.ready != nil }
        let asked = seen.count { $0.node.ready != nil }
        if probed > 0 {
            let left = probed == asked ? "" : " (\(probed - asked) not asked: no API answers there)"
            parts.append("\(seen.count { $0.observation.ready != nil }) of \(asked) probes\(left)")
        }
        if let farthest = seen.compactMap({ clockDifference($0.observation) }).max() {
            parts.append("clocks within \(max(farthest, Self.headerGrain).spoken)")
        }
        return parts.joined(separator: ", ")
    }

    package var findings: [PreflightFinding] {
        zip(cluster.nodes, answers).flatMap(findings) + releases + membership + swapped + versions
    }

    func finding(
        _ severity: PreflightFinding.Severity, _ code: PreflightFinding.Code, _ node: ClusterNode? = nil,
        _ message: String, hint: String? = nil
    ) -> PreflightFinding {
        PreflightFinding(severity, code, in: cluster.name, node: node?.name, message, hint: hint)
    }

    private func findings(_ node: ClusterNode, _ answer: Answer) -> [PreflightFinding] {
        let observation: Observation
        switch answer {
        case .failed(let failure): return [finding(.error, .apiUnreachable, node, "GetMode at \(node.api): \(failure)")]
        case .seen(let found): observation = found
        }
        var found: [PreflightFinding] = []
        if observation.load == nil {
            found.append(
                finding(
                    .error, .statsMissing, node, "GetStatsReport gave no counts: nothing can be shown to be drained"))
        }
        if observation.members == nil, cluster.topology == .clustered {
            found.append(
                finding(
                    .error, .listMissing, node, "ListClusterNodes gave no list: it would count as isolated",
                    hint: lists.isEmpty ? "topology: standalone, if the nodes are no cluster" : nil))
        }
        if let probe = node.ready {
            switch observation.ready {
            case nil: found.append(finding(.error, .probeMissing, node, "the readiness probe \(probe) does not answer"))
            case false? where observation.mode == .known(.normal):
                found.append(finding(.warning, .notReady, node, "is normal, and its probe says that it is not ready"))
            default: break
            }
        }
        switch observation.mode {
        case .known(.normal): break
        case .known(.initial), .unknown:
            found.append(finding(.warning, .notServing, node, "is \(observation.mode): nothing starts there"))
        case .known:
            found.append(
                finding(
                    .note, .blockedAlready, node,
                    "is \(observation.mode) already: unless nagi itself has shut it, that is left so"))
        }
        if let difference = clockDifference(observation), difference > Self.clockLimit {
            found.append(
                finding(.error, .clocksDiffer, node, "its clock and this machine's are \(difference.spoken) apart"))
        }
        return found
    }

    /// How far the host's clock is from this machine's, at least: what the header's seconds and the way of the answer leave
    /// open is not counted.
    private func clockDifference(_ observation: Observation) -> Duration? {
        guard let wall = observation.hostWall else { return nil }
        let difference = wall - observation.begun.wall
        return max(.zero, max(difference, .zero - difference) - Self.headerGrain)
    }
}

extension ClusterSurvey {
    private var lists: [(node: ClusterNode, members: [ClusterMember])] {
        seen.compactMap { entry in entry.observation.members.map { (entry.node, $0) } }
    }

    /// What the lists say of the names.
    private var membership: [PreflightFinding] {
        let lists = lists
        guard cluster.topology == .clustered else {
            return lists.filter { $0.members.count > 1 }.prefix(1).map { node, members in
                finding(
                    .error, .wrongTopology, node,
                    "the policies say standalone, and its list has \(members.count) members: nothing starts there",
                    hint: "topology: clustered")
            }
        }
        var members: [String: ClusterMember] = [:]
        var connected: [String: Int] = [:]
        for member in lists.flatMap(\.members) {
            members[member.name.description] = member
            connected[member.name.description, default: 0] += member.isConnected ? 1 : 0
        }
        if listsAreAlone {
            return [
                finding(
                    .error, .wrongTopology, nil, "the policies say clustered, and no node lists another one",
                    hint: "topology: standalone")
            ]
        }
        guard !members.isEmpty else { return [] }
        let known = Set(cluster.nodes.map(\.name))
        let strangers = members.keys.filter { !known.contains($0) }.sorted()
        var found: [PreflightFinding] = []
        var taken: Set<String> = []
        for node in cluster.nodes {
            if members[node.name] == nil {
                let own = strangers.first { $0.isLike(node) }
                taken.formUnion(own.map { [$0] } ?? [])
                found.append(missing(node, own, strangers))
            } else if connected[node.name, default: 0] * 2 <= lists.count {
                found.append(
                    finding(.warning, .notConnected, node, "a majority of the lists does not have it as connected"))
            }
        }
        let others = strangers.filter { !taken.contains($0) && !cluster.isOpen }
        found += others.prefix(20).map { name in
            let isTemporary = members[name]?.isTemporary == true
            return finding(
                isTemporary ? .note : .warning, .unlistedNode, nil,
                "the cluster has a member that no policy lists: \(name): it counts for the budget"
                    + (isTemporary ? " while it is there" : ""))
        }
        if members.values.contains(where: { $0.isConnected && $0.mode == nil }) {
            found.append(
                finding(
                    .warning, .listWithoutMode, nil,
                    "the lists do not say in which mode a node is: that an address belongs to a name cannot be shown"))
        }
        return found
    }

    /// A node that stands alone lists nobody, or only itself. One that answers alone may have just begun to join the others; a
    /// cluster of one node lists that one.
    private var listsAreAlone: Bool {
        guard cluster.nodes.count > 1 else {
            return cluster.nodes.count == lists.count && lists.allSatisfy { $0.members.isEmpty }
        }
        return lists.count > 1 && lists.allSatisfy { $0.members.count <= 1 }
    }

    private func missing(_ node: ClusterNode, _ own: String?, _ strangers: [String]) -> PreflightFinding {
        if let own {
            return finding(
                .error, .nameMismatch, node, "the cluster calls it \(own), the policies call it \(node.name)",
                hint: "name: \(own)")
        }
        let names = strangers.prefix(Self.nameLimit).joined(separator: ", ")
        return finding(
            .error, .notListed, node,
            "the cluster knows no \(node.name)" + (names.isEmpty ? "" : "; it knows \(names), which no policy lists"))
    }

    private var versions: [PreflightFinding] {
        let versions = Dictionary(grouping: seen.compactMap { $0.observation.version?.description }) { $0 }
        guard versions.count > 1 else { return [] }
        let text = versions.keys.sorted().prefix(Self.nameLimit).map { "\(versions[$0]?.count ?? 0) at \($0)" }
        return [
            finding(.note, .versionsDiffer, nil, "the nodes have several versions: \(text.joined(separator: ", "))")
        ]
    }
}

extension String {
    /// A member of the cluster that is likely to be the node: `node-02@192.0.2.6` for `node-02`, or at its host.
    fileprivate func isLike(_ node: ClusterNode) -> Bool {
        let (name, host) = (prefix { $0 != "@" }, split(separator: "@").dropFirst().last)
        if name == node.name.prefix(while: { $0 != "@" }) { return true }
        guard let host else { return false }
        let address = node.api.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        // Several nodes of one machine have the same host.
        return host == address.prefix { $0 != ":" } && host != "127.0.0.1"
    }
}
