import Primitives

/// Nodes that no policy names: found by the lists of their cluster, and by seeds while no node of it says anything.
extension Controller {
    /// How often it is looked whether nagi is through with a node that is gone.
    private static let passingPause = Duration.seconds(10)

    /// Brings what the lists say of members that no policy names into the cluster.
    ///
    /// - Returns: whether that changed its nodes; then everything is laid out anew.
    mutating func discover(in cluster: ClusterIndex, _ turn: inout Turn) -> Bool {
        guard let discovery = fleet[cluster].discovery else {
            endAlarms(of: cluster, &turn)
            return false
        }
        askSeeds(discovery, of: cluster, &turn)
        guard fleet[cluster].mustDiscover, fleet[cluster].isKnown, !fleet[cluster].nodes.isEmpty else { return false }
        // Whoever comes or goes changes what a majority is: each change is looked at with new reads.
        if let since = fleet[cluster].nodesChangedAt, turn.now.uptime < since + fleet[cluster].policy.observe.interval {
            wake(.cluster(cluster.raw), at: since + fleet[cluster].policy.observe.interval, turn.now)
            return false
        }
        fleet[cluster].mustDiscover = false
        // While too few of them say anything, nobody comes and nobody goes.
        if let members = fleet[cluster].roster.membership {
            let roster = fleet[cluster].roster
            let isChanged = take(
                members.regular + members.temporary, in: cluster,
                address: { roster.place(of: $0).flatMap(roster.address) }, &turn)
            if isChanged { return true }
        }
        if !fleet[cluster].isDiscovered, fleet[cluster].roster.membership != nil {
            fleet[cluster].isDiscovered = true
            // Runs that were to begin waited for it.
            calendars.checkAll()
            wake(.cluster(cluster.raw), at: turn.now.uptime + .milliseconds(1), turn.now)
        }
        return false
    }

    /// - Returns: whether the nodes are others than before.
    private mutating func take(
        _ members: [String], in cluster: ClusterIndex, address: @escaping (String) -> MemberAddress?,
        _ turn: inout Turn
    ) -> Bool {
        let name = fleet[cluster].policy.name
        let former = ledger.found?[name] ?? []
        let isFound = Set(former.map(\.name))
        let used = isFound.filter { isInUse(NodeID(cluster: name, name: $0), turn.now) }
        let formerAddresses = Dictionary(
            uniqueKeysWithValues: used.compactMap { node in
                ledger.entry(NodeID(cluster: name, name: node))?.formerAddress.map { (node, $0.api) }
            })
        let result = Discovering(
            configured: fleet[cluster].policy.nodes.filter { !isFound.contains($0.name) }, former: former,
            members: members, address: address, isNeeded: used.contains,
            formerAddress: { formerAddresses[$0] }
        ).result
        alarm(
            Alarm.Key(.addressRefused, cluster: name),
            result.refused.isEmpty
                ? nil : "members that are in no policy are not called: \(NameList.text(result.refused))", &turn)
        if result.isPassing {
            fleet[cluster].mustDiscover = true
            wake(.cluster(cluster.raw), at: turn.now.uptime + Controller.passingPause, turn.now)
        }
        guard result.nodes != former else { return false }
        decide(.nodesFound(cluster: name, FoundNodes(result.nodes, after: former)), &turn)
        fleet[cluster].nodesChangedAt = turn.now.uptime
        layOut(&turn)
        touchWorkingNodes()
        return true
    }

    /// Nobody looks for nodes there any more.
    private mutating func endAlarms(of cluster: ClusterIndex, _ turn: inout Turn) {
        guard !ledger.alarms.isEmpty else { return }
        for code in [Alarm.Code.addressRefused, .noSeedAnswers] {
            alarm(Alarm.Key(code, cluster: fleet[cluster].policy.name), nil, &turn)
        }
    }

    private func isInUse(_ node: NodeID, _ now: Moment) -> Bool {
        guard let index = ledger.index(of: node) else { return false }
        return ledger[index].isAttached(at: now.wall) || ledger[index].failedStay != nil
            || ledger[index].hold != nil || !fleet[seat: index].working.isEmpty
    }

    /// While no node of the cluster says who is in it.
    private func needsSeeds(_ cluster: ClusterIndex) -> Bool {
        let watch = fleet[cluster]
        return watch.nodes.isEmpty || (watch.isKnown && watch.roster.listCount == 0)
    }

    private mutating func askSeeds(_ discovery: Discovery, of cluster: ClusterIndex, _ turn: inout Turn) {
        let name = fleet[cluster].policy.name
        guard needsSeeds(cluster) else {
            fleet[cluster].seedFaults = [:]
            return alarm(Alarm.Key(.noSeedAnswers, cluster: name), nil, &turn)
        }
        let now = turn.now.uptime
        let interval = fleet[cluster].policy.observe.interval
        var due = fleet[cluster].seedsAskedAt.map { $0 + interval } ?? now
        if due <= now {
            due = now + interval
            fleet[cluster].seedsAskedAt = now
            for seed in discovery.seeds { turn.act(.askSeed(cluster: name, seed: seed)) }
        }
        wake(.cluster(cluster.raw), at: due, turn.now)
    }

    /// One seed's word is enough to ask those that it names; what they say of each other then counts.
    mutating func take(_ answer: SeedAnswer, ofSeed seed: String, of name: String, _ turn: inout Turn) {
        guard let cluster = fleet.cluster(named: name), let discovery = fleet[cluster].discovery,
            discovery.seeds.contains(seed), needsSeeds(cluster)
        else { return }
        switch answer {
        case .failed(let failure):
            fleet[cluster].seedFaults[seed] = failure
            let faults = discovery.seeds.compactMap { seed in
                fleet[cluster].seedFaults[seed].map { "\(seed): \($0)" }
            }
            guard faults.count == discovery.seeds.count else { return }
            alarm(
                Alarm.Key(.noSeedAnswers, cluster: name), "who is in \(name) is not known: \(NameList.text(faults))",
                &turn)
        case .members(let members):
            fleet[cluster].seedFaults[seed] = nil
            alarm(Alarm.Key(.noSeedAnswers, cluster: name), nil, &turn)
            let connected = Dictionary(
                members.filter(\.isConnected).map { ($0.name.description, $0.api) },
                uniquingKeysWith: { first, _ in first })
            let former = (ledger.found?[name] ?? []).map(\.name)
            _ = take(
                Array(Set(former).union(connected.keys)), in: cluster, address: { connected[$0] ?? nil }, &turn)
        }
    }
}
