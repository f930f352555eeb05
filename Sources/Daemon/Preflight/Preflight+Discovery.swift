import Scheduling

extension Preflight {
    /// The cluster with the nodes that a daemon would find, by the word of one that answers, and what there is to say of that.
    func discovering(
        _ cluster: ClusterPolicy, _ client: ModeAPIClient
    ) async -> (ClusterPolicy, [PreflightFinding]) {
        guard cluster.isOpen, let discovery = cluster.discovery else { return (cluster, []) }
        var findings: [PreflightFinding] = []
        var heard: [ClusterMember]?
        for seed in discovery.seeds {
            switch await client.members(listedAt: seed, of: cluster.name) {
            case .members(let members): heard = heard ?? members
            case .failed(let failure):
                findings.append(
                    PreflightFinding(
                        .warning, .seedSilent, in: cluster.name, "the seed \(seed) says nothing: \(failure)"))
            }
        }
        for node in cluster.nodes where heard == nil {
            if case .members(let members) = await client.members(listedAt: node.api, of: cluster.name) {
                heard = members
            }
        }
        guard let members = heard else {
            let isBlind = cluster.nodes.isEmpty
            findings.append(
                PreflightFinding(
                    isBlind ? .error : .warning, .seedSilent, in: cluster.name,
                    isBlind ? "no seed answers: nobody knows who is in it" : "no list answers: nobody can be found"))
            return (cluster, findings)
        }
        let connected = Dictionary(
            members.filter(\.isConnected).map { ($0.name.description, $0.api) }, uniquingKeysWith: { first, _ in first }
        )
        let result = Discovering(
            configured: cluster.nodes, former: [], members: Array(connected.keys), address: { connected[$0] ?? nil }
        ).result
        findings += result.nodes.map {
            PreflightFinding(.note, .nodeFound, in: cluster.name, node: $0.name, "is found at \($0.api)")
        }
        findings += result.refused.map {
            PreflightFinding(
                .warning, .addressRefused, in: cluster.name, "a member would not be called: \($0)",
                hint: "add its network to discovery.allow, or name it under nodes")
        }
        let set = PolicySet(clusters: [cluster]).including([cluster.name: result.nodes])
        return (set.clusters[0], findings)
    }
}
