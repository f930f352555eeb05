import ModeCore
import Primitives

/// The past: a controller that knows what the journal knew then, and can be asked the same. It decides nothing.
extension Controller {
    /// - Parameters:
    ///   - ledger: the journal, folded up to that moment.
    ///   - now: the instant that is asked about; its uptime is that of the latest record, or a little later.
    package init(recalling ledger: Ledger, at wall: Timestamp) {
        self.init(ledger: ledger)
        let last = ledger.last ?? Moment(wall: wall, uptime: Uptime(nanoseconds: 0))
        recall(at: Moment(wall: wall, uptime: last.uptime + max(.zero, wall - last.wall)))
    }

    /// The moment that goes with the instant, for a controller that recalls.
    package func moment(at wall: Timestamp) -> Moment {
        let last = ledger.last ?? Moment(wall: wall, uptime: Uptime(nanoseconds: 0))
        return Moment(wall: wall, uptime: last.uptime + max(.zero, wall - last.wall))
    }

    private mutating func recall(at now: Moment) {
        var turn = Turn(now: now)
        mayStart = true
        clock.begin(now, latest: nil, wasTrusted: wasClockTrusted)
        layOut(&turn)
        fleet.watchedSince = uptime(of: ledger.startedAt ?? now.wall, now)
        for place in fleet.clusters.indices {
            let cluster = ClusterIndex(place)
            let members = fleet[cluster].policy.topology == .clustered ? recalledMembers(of: cluster) : nil
            for node in fleet[cluster].nodes { recallRead(of: node, members, &turn) }
        }
        for place in fleet.nodes.indices { noteOut(NodeIndex(place), &turn) }
        for place in fleet.clusters.indices {
            let since = ledger.budgetKept[fleet.clusters[place].policy.name]
            fleet[ClusterIndex(place)].withinSince = since.map { uptime(of: $0, now) }
        }
        for slot in ledger.activeRuns { recallCanaries(of: slot, now) }
    }

    private func uptime(of wall: Timestamp, _ now: Moment) -> Uptime {
        now.uptime + (.zero - max(.zero, now.wall - wall))
    }

    private mutating func recallCanaries(of slot: RunSlot, _ now: Moment) {
        let canaries = ledger.withRun(slot) { $0.canaries } ?? []
        guard let last = canaries.map(\.since).max(), canaries.allSatisfy(\.phase.isFinished) else { return }
        runs[slot.raw].canariesFinishedAt = uptime(of: last, now)
    }

    /// What the journal says that the node showed last, as if it had been read just now.
    private mutating func recallRead(of node: NodeIndex, _ members: [ClusterMember]?, _ turn: inout Turn) {
        guard let facts = ledger[node].facts else { return }
        let now = turn.now
        guard let mode = facts.mode else {
            fleet[node].take(facts.failure ?? .timedOut, begun: now, at: now)
            _ = fleet.noteRead(node, begun: now.uptime, at: now.uptime)
            return
        }
        let cluster = fleet.cluster(of: node)
        var seen = Observation(
            node: fleet[node].id, begun: now, mode: mode, load: recalledLoad(of: node), version: facts.version,
            ready: facts.ready)
        seen.members = members
        _ = fleet[node].take(seen, known: nil, at: now)
        let started = ledger.startedAt ?? .distantPast
        fleet[node].serves(since: uptime(of: max(ledger[node].servingSince ?? started, started), now))
        _ = fleet[cluster].roster.take(seen.members, from: fleet[seat: node].column, begun: now)
        _ = fleet.noteRead(node, begun: now.uptime, at: now.uptime)
    }

    private func recalledLoad(of node: NodeIndex) -> NodeLoad? {
        // What it was afterwards nobody wrote down.
        guard let sample = ledger[node].drain?.samples.last, let place = fleet[seat: node].lease,
            let step = ledger.part(place)?.phase.work?.step,
            case .drain? = ledger.header(place.run)?.pinned.sequence.steps[step]
        else { return nil }
        return NodeLoad(
            ongoingConnections: sample.connections, sessionsCreated: sample.sessions ?? 0, sessionsDestroyed: 0,
            connectionsCreated: 0, relays: sample.sessions == nil)
    }

    private func recalledMembers(of cluster: ClusterIndex) -> [ClusterMember] {
        let membership = fleet[cluster].membership
        return (membership.regular.map { ($0, false) } + membership.temporary.map { ($0, true) }).compactMap {
            name, isTemporary in
            guard let text = NodeText(exactly: name) else { return nil }
            let facts = ledger.entry(NodeID(cluster: fleet[cluster].policy.name, name: name))?.facts
            let isConnected = facts.map { $0.mode != nil && $0.isConnected != false } ?? true
            return ClusterMember(
                name: text, isConnected: isConnected, mode: isConnected ? facts?.mode : nil, isTemporary: isTemporary)
        }
    }
}
