import ModeCore
import Primitives

/// What happens to a cluster as a whole.
extension Controller {
    /// What a cluster as a whole brings about: others' failures cost nodes their places.
    mutating func touch(_ cluster: ClusterIndex, _ turn: inout Turn) {
        turn.cost.clusters += 1
        let now = turn.now
        guard !forgetLeavers(of: cluster, &turn), !discover(in: cluster, &turn) else { return }
        let use = fleet.budgetUse(of: cluster, at: now)
        if fleet[cluster].mustCheckLists {
            fleet[cluster].mustCheckLists = false
            checkLists(of: cluster, &turn)
        }
        // While nothing answers, this host's own network is suspected, and no node is blamed for it.
        guard !network.suspendsDeadlines(at: now.uptime) else {
            fleet[cluster].exceededSince = nil
            return wake(.cluster(cluster.raw), at: now.uptime + .seconds(1), now)
        }
        guard use.excess > 0 else {
            fleet[cluster].exceededSince = nil
            if fleet[cluster].withinSince == nil, fleet[cluster].isKnown { fleet[cluster].withinSince = now.uptime }
            return noteBudgetKept(cluster, &turn)
        }
        fleet[cluster].withinSince = nil
        noteBudgetKept(cluster, &turn)
        let since = fleet[cluster].exceededSince ?? now.uptime
        fleet[cluster].exceededSince = since
        let due = since + fleet[cluster].staleAfter
        guard now.uptime > due else { return wake(.cluster(cluster.raw), at: due + .nanoseconds(1), now) }
        makeRoom(use.excess, in: cluster, now)
    }

    /// What nodes that were given back wait for can be asked about later.
    private mutating func noteBudgetKept(_ cluster: ClusterIndex, _ turn: inout Turn) {
        let name = fleet[cluster].policy.name
        let since = fleet[cluster].withinSince.map { turn.now.wall + (.zero - (turn.now.uptime - $0)) }
        guard fleet[cluster].runs.contains(where: { runs[$0.raw].awaitsBudget }),
            (since == nil) != (ledger.budgetKept[name] == nil)
        else { return }
        decide(.budgetKept(cluster: name, since: since), &turn)
    }

    /// Nodes that left the policies are asked as long as something is owed in their cluster, and no longer.
    ///
    /// - Returns: whether there were any; then everything is laid out anew.
    private mutating func forgetLeavers(of cluster: ClusterIndex, _ turn: inout Turn) -> Bool {
        let watch = fleet[cluster]
        guard watch.special.contains(where: { fleet[seat: $0].isRetained }) else { return false }
        let isNeeded = watch.nodes.contains {
            ledger[$0].isAttached(at: turn.now.wall) || !fleet[seat: $0].working.isEmpty
        }
        guard !isNeeded else { return false }
        decide(.leaversForgotten(cluster: watch.policy.name), &turn)
        layOut(&turn)
        return true
    }

    /// Gives back as many nodes as it takes, the least far first; releases that are on their way count.
    private mutating func makeRoom(_ excess: Int, in cluster: ClusterIndex, _ now: Moment) {
        var returning = 0
        var parts: [(node: NodeIndex, step: Int, since: Timestamp)] = []
        for node in fleet[cluster].out {
            let part = fleet[seat: node].lease.flatMap { ledger.part($0) }
            switch part?.phase {
            case .returning(let back)? where isOnItsWay(node, back, now): returning += 1
            // One that was left shut by an earlier run is no better for it.
            case .out(let work)? where work.isGranted && work.claim != nil && part?.isTakenOver != true:
                if fleet[seat: node].mustMakeRoom {
                    returning += 1
                } else {
                    parts.append((node, work.step, part?.since ?? .distantPast))
                }
            case nil: if ledger[node].written?.owedSince != nil, !fleet[node].isFailing { returning += 1 }
            default: break
            }
        }
        parts.sort { $0.step == $1.step ? $0.since > $1.since : $0.step < $1.step }
        for part in parts.prefix(max(0, excess - returning)) {
            fleet[seat: part.node].mustMakeRoom = true
            nodesToTouch.insert(part.node.raw)
        }
    }

    /// Its release is under way, or was until lately.
    private func isOnItsWay(_ node: NodeIndex, _ returning: PartPhase.Returning, _ now: Moment) -> Bool {
        ((ledger[node].written != nil || ledger[node].open != nil) && !fleet[node].isFailing)
            || now.uptime - returning.since.uptime <= fleet[node].staleAfter
    }

    private mutating func checkLists(of cluster: ClusterIndex, _ turn: inout Turn) {
        let name = fleet[cluster].policy.name
        let isKnown = fleet[cluster].isKnown
        var topology: String?
        if fleet.hasWrongTopology(cluster) {
            topology = "\(name) is said to be standalone, and its nodes list other members: nothing starts there"
        } else if isKnown, standsAlone(cluster) {
            let isSaid = fleet[cluster].nodes.indices.allSatisfy { !fleet[cluster].roster.isSilent($0) }
            let why = "they stand alone, or " + (isSaid ? "it has fallen apart" : "do not say who is in it")
            topology =
                "\(name) is said to be clustered, and none of its nodes lists another: \(why): nothing starts or is opened there"
        }
        alarm(Alarm.Key(.wrongTopology, cluster: name), topology, &turn)
        guard fleet[cluster].isClustered, isKnown else { return }
        // What stands alone is told once, and one list alone is no majority.
        let isComparable = topology == nil && fleet[cluster].roster.isKnown
        let odd = isComparable ? fleet[cluster].roster.columns(contradicting: fleet[cluster].membership) : []
        alarm(
            Alarm.Key(.listContradicts, cluster: name),
            odd.isEmpty
                ? nil
                : "\(odd.prefix(3).map { fleet[fleet[cluster].nodes[$0]].id.name }.joined(separator: ", ")): lists other members than the majority",
            &turn)
    }

    /// Every one of its nodes answers, and none of them says that it has others beside it.
    private func standsAlone(_ cluster: ClusterIndex) -> Bool {
        let watch = fleet[cluster]
        return watch.isClustered && watch.nodes.count > 1 && watch.roster.listsOfOthers == 0
            && watch.nodes.allSatisfy { fleet[$0].observation != nil && !fleet[$0].isFailing }
    }
}
