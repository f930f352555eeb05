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
        var nodes: [NodeIndex] = []
        for name in names {
            let node = try node(named: name)
            if !nodes.contains(node) { nodes.append(node) }
        }
        var answer = okToStop(nodes, by: actor, now)
        guard answer.isOK, most > nodes.count else { return answer }
        for cluster in Set(nodes.map { fleet.cluster(of: $0) }).sorted(by: { $0.raw < $1.raw }) {
            for other in fleet[cluster].nodes where !nodes.contains(other) {
                guard nodes.count < most else { return answer }
                guard okToStop(nodes + [other], by: actor, now).isOK else { continue }
                nodes.append(other)
                answer.more.append(fleet[other].id)
            }
        }
        return answer
    }

    func okToStop(_ nodes: [NodeIndex], by actor: String, _ now: Moment) -> StopAnswer {
        var blockers: [Blocker] = []
        if let pause = ledger.pause { blockers.append(Blocker(.allPaused(pause), until: pause.until)) }
        if !clock.isTrusted { blockers.append(Blocker(.clock)) }
        func add(_ blocker: Blocker) {
            if !blockers.contains(blocker) { blockers.append(blocker) }
        }
        for node in nodes {
            let own = ledger[node].hold.map { $0.wish == .reserved && $0.actor == actor } ?? false
            if !own { personBlockers(of: node, now).forEach(add) }
            if let run = fleet[seat: node].working.first.flatMap({ ledger.header($0.run)?.id }) {
                add(Blocker(.nodeBusy(run)))
            }
        }
        for cluster in Set(nodes.map { fleet.cluster(of: $0) }).sorted(by: { $0.raw < $1.raw }) {
            clusterBlockers(of: cluster, stopping: nodes.filter { fleet.cluster(of: $0) == cluster }, now).forEach(add)
        }
        return StopAnswer(nodes: nodes.map { fleet[$0].id }, blockers: blockers)
    }

    private func clusterBlockers(of cluster: ClusterIndex, stopping nodes: [NodeIndex], _ now: Moment) -> [Blocker] {
        guard fleet[cluster].isKnown else { return [Blocker(.notRead)] }
        var blockers: [Blocker] = []
        if let taken = calendars.exclusion(of: fleet[cluster].policy.name, at: now.wall) {
            blockers.append(Blocker(.excluded(by: taken.by, reason: taken.reason), until: taken.span.end))
        }
        if fleet.hasWrongTopology(cluster) { blockers.append(Blocker(.wrongTopology)) }
        // Those that are out already take nothing more.
        let further = nodes.filter { !fleet[seat: $0].isOut }
        let use = fleet.budgetUse(of: cluster, at: now)
        let regular = further.count { !fleet[seat: $0].isTemporary }
        if !further.isEmpty, !use.hasRoom(for: further.count, regular: regular) {
            blockers.append(
                Blocker(
                    .budget(
                        have: use.unavailable, limit: use.limit,
                        holders: fleet.out(of: cluster, at: now, atMost: Controller.holderLimit))))
        }
        if let missing = missingForQuorum(disrupting: nodes, now) {
            blockers.append(Blocker(.quorum(missing: missing)))
        }
        return blockers
    }
}
