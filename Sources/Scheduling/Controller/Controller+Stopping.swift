import Calendars
import ModeCore
import Primitives

/// May a node be stopped now, by somebody who does the work without a policy? Asked by budget and quorum as a run's start is.
extension Controller {
    /// - Parameters:
    ///   - nodes: as they were written.
    ///   - most: how many may go together, those among them; further ones are looked for up to it.
    package func okToStop(_ names: [String], most: Int, by actor: String, at now: Moment) throws(LeverRefusal)
        -> StopAnswer
    {
        var cost = Cost()
        return try okToStop(names, most: most, by: actor, at: now, &cost)
    }

    func okToStop(_ names: [String], most: Int, by actor: String, at now: Moment, _ cost: inout Cost)
        throws(LeverRefusal) -> StopAnswer
    {
        var nodes: [NodeIndex] = []
        var chosen: Set<NodeIndex> = []
        for name in names {
            let node = try node(named: name)
            if chosen.insert(node).inserted { nodes.append(node) }
        }
        var answer = okToStop(nodes, by: actor, now, &cost)
        guard answer.isOK, most > nodes.count else { return answer }
        for cluster in clusters(of: nodes) {
            // Nothing but what they take is changed by those that go: all else is asked once.
            var room = room(in: cluster, stopping: nodes.filter { fleet.cluster(of: $0) == cluster }, now, &cost)
            for other in fleet[cluster].nodes where !chosen.contains(other) {
                guard chosen.count < most else { return answer }
                cost.candidates += 1
                var further = room
                further.take(other, fleet[seat: other])
                guard further.isWithinBudget, further.keepsMajority, ownBlockers(of: other, by: actor, now).isEmpty
                else { continue }
                room = further
                chosen.insert(other)
                answer.more.append(fleet[other].id)
            }
        }
        return answer
    }

    func okToStop(_ nodes: [NodeIndex], by actor: String, _ now: Moment, _ cost: inout Cost) -> StopAnswer {
        var blockers: [Blocker] = []
        if let pause = ledger.pause { blockers.append(Blocker(.allPaused(pause), until: pause.until)) }
        if !clock.isTrusted { blockers.append(Blocker(.clock)) }
        func add(_ blocker: Blocker) {
            if !blockers.contains(blocker) { blockers.append(blocker) }
        }
        for node in nodes { ownBlockers(of: node, by: actor, now).forEach(add) }
        for cluster in clusters(of: nodes) {
            let own = nodes.filter { fleet.cluster(of: $0) == cluster }
            clusterBlockers(of: cluster, stopping: own, now, &cost).forEach(add)
        }
        return StopAnswer(nodes: nodes.map { fleet[$0].id }, blockers: blockers)
    }

    private func clusters(of nodes: [NodeIndex]) -> [ClusterIndex] {
        Set(nodes.map { fleet.cluster(of: $0) }).sorted { $0.raw < $1.raw }
    }

    /// What the node itself has against it.
    private func ownBlockers(of node: NodeIndex, by actor: String, _ now: Moment) -> [Blocker] {
        let isOwn = ledger[node].hold.map { $0.wish == .reserved && $0.actor == actor } ?? false
        let blockers = isOwn ? [] : personBlockers(of: node, now)
        let run = fleet[seat: node].working.first.flatMap { ledger.header($0.run)?.id }
        return blockers + (run.map { [Blocker(.nodeBusy($0))] } ?? [])
    }

    private func clusterBlockers(
        of cluster: ClusterIndex, stopping nodes: [NodeIndex], _ now: Moment, _ cost: inout Cost
    ) -> [Blocker] {
        guard fleet[cluster].isKnown else { return [Blocker(.notRead)] }
        var blockers: [Blocker] = []
        if let taken = calendars.exclusion(of: fleet[cluster].policy.name, at: now.wall) {
            blockers.append(Blocker(.excluded(by: taken.by, reason: taken.reason), until: taken.span.end))
        }
        if fleet.hasWrongTopology(cluster) { blockers.append(Blocker(.wrongTopology)) }
        let room = room(in: cluster, stopping: nodes, now, &cost)
        if !room.isWithinBudget {
            blockers.append(
                Blocker(
                    .budget(
                        have: room.use.unavailable, limit: room.use.limit,
                        holders: fleet.out(of: cluster, at: now, atMost: Controller.holderLimit))))
        }
        if !room.keepsMajority, let missing = missingForQuorum(disrupting: nodes, now) {
            blockers.append(Blocker(.quorum(missing: missing)))
        }
        return blockers
    }

    private func room(
        in cluster: ClusterIndex, stopping nodes: [NodeIndex], _ now: Moment, _ cost: inout Cost
    ) -> StopRoom {
        cost.clusters += 1
        let empty = StopRoom(fleet.budgetUse(of: cluster, at: now), majority(of: cluster, now))
        return nodes.reduce(into: empty) { room, node in room.take(node, fleet[seat: node]) }
    }
}

/// What a cluster can spare, and what is taken of it.
private struct StopRoom {
    let use: BudgetUse
    private let majority: Fleet.Majority?
    private let missing: Set<NodeIndex>
    /// Those that were in service, and the regular ones among them.
    private var further = (all: 0, regular: 0)
    /// Regular nodes, and those among them that were missing from the majority anyway.
    private var stopped = (all: 0, missing: 0)

    init(_ use: BudgetUse, _ majority: Fleet.Majority?) {
        (self.use, self.majority) = (use, majority)
        missing = Set(majority?.missing ?? [])
    }

    mutating func take(_ node: NodeIndex, _ seat: Fleet.Seat) {
        // One that is out already takes nothing more of the budget.
        if !seat.isOut { further.all += 1 }
        guard !seat.isTemporary else { return }
        if !seat.isOut { further.regular += 1 }
        stopped.all += 1
        if missing.contains(node) { stopped.missing += 1 }
    }

    var isWithinBudget: Bool { further.all == 0 || use.hasRoom(for: further.all, regular: further.regular) }

    var keepsMajority: Bool {
        guard let majority, stopped.all > 0 else { return true }
        return majority.survives(stopped.all - stopped.missing)
    }
}
