import Primitives

/// Nodes that no policy names: found by the lists of their cluster, and by seeds while no node of it says anything.
extension Controller {
    /// How often it is looked whether nagi is through with a node that is gone.
    private static let passingPause = Duration.seconds(10)
    /// For how long a found node must have been gone before one seed's list is enough to forget it.
    private static let seedPatience = Duration.minutes(10)
    /// How often it is looked whether all lists are new.
    private static let listsPause = Duration.seconds(1)

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
        guard mayChange(cluster, turn.now) else { return false }
        fleet[cluster].mustDiscover = false
        noteMembership(of: cluster, &turn)
        noteSilence(in: cluster, &turn)
        // While too few of them say anything, nobody comes and nobody goes.
        if let members = fleet[cluster].roster.membership {
            let roster = fleet[cluster].roster
            let sources = Sources(
                members: members.regular + members.temporary,
                address: { roster.place(of: $0).flatMap(roster.address) },
                obscurity: { roster.place(of: $0).flatMap(roster.obscurity) }, areLists: true)
            if take(sources, in: cluster, &turn) { return true }
        }
        if !fleet[cluster].isDiscovered, fleet[cluster].roster.membership != nil {
            fleet[cluster].isDiscovered = true
            // Runs that were to begin waited for it.
            calendars.checkAll()
            wake(.cluster(cluster.raw), at: turn.now.uptime + .milliseconds(1), turn.now)
        }
        return false
    }

    /// Who is in a cluster, by its lists or by a seed.
    private struct Sources {
        var members: [String]
        var address: (String) -> MemberAddress?
        var obscurity: (String) -> String?
        var areLists: Bool
    }

    /// - Returns: whether the nodes are others than before.
    private mutating func take(_ sources: Sources, in cluster: ClusterIndex, _ turn: inout Turn) -> Bool {
        let name = fleet[cluster].policy.name
        let former = ledger.found?[name] ?? []
        let isFound = Set(former.map(\.name))
        let used = isFound.filter { isInUse(NodeID(cluster: name, name: $0), turn.now) }
        let formerAddresses = Dictionary(
            uniqueKeysWithValues: used.compactMap { node in
                ledger.entry(NodeID(cluster: name, name: node))?.formerAddress.map { (node, $0.api) }
            })
        var discovering = Discovering(
            configured: fleet[cluster].policy.nodes.filter { !isFound.contains($0.name) }, former: former,
            members: sources.members, address: sources.address, obscurity: sources.obscurity, isNeeded: used.contains,
            formerAddress: { formerAddresses[$0] })
        discovering.left = fleet[cluster].special.filter { fleet[seat: $0].isRetained }.compactMap { node in
            guard ledger[node].isAttached(at: turn.now.wall) || !fleet[seat: node].working.isEmpty else { return nil }
            return FoundNode(name: fleet[node].id.name, api: fleet[seat: node].address.api)
        }
        discovering.claim = { [ledger] node in
            let id = NodeID(cluster: name, name: node)
            return ledger.entry(id)?.hold == nil ? "" : ", which is held (to end that: nagi resume \(id))"
        }
        if sources.areLists { rest(isFound.union(sources.members), in: cluster, of: &discovering, turn.now) }
        let result = discovering.result
        alarm(
            Alarm.Key(.addressRefused, cluster: name),
            result.refused.isEmpty
                ? nil : "members that are in no policy are not called: \(NameList.text(result.refused))", &turn)
        if result.isPassing {
            fleet[cluster].mustDiscover = true
            wake(.cluster(cluster.raw), at: turn.now.uptime + Controller.passingPause, turn.now)
        }
        guard result.nodes != former else { return false }
        let change = FoundNodes(result.nodes, after: former)
        let before = doubtfulAddresses
        decide(.nodesFound(cluster: name, change), &turn)
        fleet[cluster].changes.note(change.came + change.moved + change.gone, at: turn.now.uptime)
        layOut(&turn)
        endWrongAddresses(where: before, &turn)
        touchWorkingNodes()
        return true
    }

    /// Whoever came and went again and again stays as he is for a while, and nobody else with him.
    private mutating func rest(
        _ names: Set<String>, in cluster: ClusterIndex, of discovering: inout Discovering, _ now: Moment
    ) {
        let (interval, changes) = (fleet[cluster].policy.observe.interval, fleet[cluster].changes)
        guard changes.latest != nil else { return }
        var end: Uptime?
        for name in names {
            guard let rest = changes.rest(of: name, from: interval, at: now.uptime) else { continue }
            discovering.resting.insert(name)
            end = min(end ?? rest, rest)
        }
        guard let end else { return }
        fleet[cluster].mustDiscover = true
        wake(.cluster(cluster.raw), at: end, now)
    }

    /// Its lists may be believed anew: all of them were read since the change before, and under the policy in force.
    private mutating func mayChange(_ cluster: ClusterIndex, _ now: Moment) -> Bool {
        let latest = fleet[cluster].changes.latest
        if let latest {
            let due = latest + fleet[cluster].policy.observe.interval
            guard now.uptime >= due else {
                wake(.cluster(cluster.raw), at: due, now)
                return false
            }
        }
        guard let since = [latest, fleet[cluster].openedAt].compactMap({ $0 }).max(),
            !fleet[cluster].roster.hasBegun(since: since)
        else { return true }
        wake(.cluster(cluster.raw), at: now.uptime + Controller.listsPause, now)
        return false
    }

    /// Too few nodes say who is in the cluster: nobody comes, nobody goes, and no run begins that was not known before.
    private mutating func noteSilence(in cluster: ClusterIndex, _ turn: inout Turn) {
        let roster = fleet[cluster].roster
        guard roster.membership == nil, roster.listCount > 0 else { return fleet[cluster].silentSince = nil }
        let since = fleet[cluster].silentSince ?? turn.now.uptime
        fleet[cluster].silentSince = since
        fleet[cluster].mustDiscover = true
        wake(.cluster(cluster.raw), at: max(since + fleet[cluster].staleAfter, turn.now.uptime + .seconds(5)), turn.now)
    }

    /// What there is to say of that after a while.
    private func silence(in cluster: ClusterIndex, _ now: Moment) -> String? {
        let watch = fleet[cluster]
        guard let since = watch.silentSince, now.uptime - since >= watch.staleAfter else { return nil }
        let (fewest, nodes) = watch.roster.fewest
        let silent = watch.nodes.indices.filter { watch.roster.isSilent($0) }.map { fleet[watch.nodes[$0]].id.name }
        return
            "who is in \(watch.policy.name) is not known: \(watch.roster.listCount) of \(nodes) nodes say, and it "
            + "takes \(fewest); nothing is heard of \(NameList.text(silent))"
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
            return alarm(Alarm.Key(.noSeedAnswers, cluster: name), silence(in: cluster, turn.now), &turn)
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

    /// Found nodes that a seed leaves out, and that do not answer, but did not long ago. One word does not make a cluster small
    /// in which nothing answers: whoever is cut off together with the seed says that he is alone.
    private func unheard(in cluster: ClusterIndex, besides members: [ClusterMember], _ now: Moment) -> [String] {
        let named = Set(members.map(\.name.description))
        return (ledger.found?[fleet[cluster].policy.name] ?? []).map(\.name).filter { name in
            guard !named.contains(name), let node = fleet.node(named: name, in: cluster), fleet[node].isFailing else {
                return false
            }
            return now.uptime < fleet[node].goneAt(watchedSince: fleet.watchedSince) + Controller.seedPatience
        }
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
            let unheard = unheard(in: cluster, besides: members, turn.now)
            alarm(
                Alarm.Key(.noSeedAnswers, cluster: name),
                unheard.isEmpty
                    ? nil
                    : "who is in \(name) is not known: \(seed) does not name \(NameList.text(unheard)), found before and silent",
                &turn)
            guard unheard.isEmpty, mayChange(cluster, turn.now) else { return }
            let connected = Dictionary(
                members.filter(\.isConnected).map { ($0.name.description, $0.api) },
                uniquingKeysWith: { first, _ in first })
            // Who was there and is not named any more is gone, unless something of nagi's is on it.
            _ = take(
                Sources(
                    members: Set(members.map(\.name.description)).sorted(), address: { connected[$0] ?? nil },
                    obscurity: { connected[$0] == nil ? nil : "no list says where it is" }, areLists: false),
                in: cluster, &turn)
        }
    }
}
