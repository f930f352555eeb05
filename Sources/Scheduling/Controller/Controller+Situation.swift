import ModeCore
import Primitives

/// Everything that decides about a node's part.
extension Controller {
    /// Everything that decides about the part now.
    func situation(
        of part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ node: NodeIndex, _ now: Moment
    ) -> PartSituation {
        let seat = fleet[seat: node]
        let entry = ledger[node]
        let isLeased = seat.lease == place
        var situation = PartSituation(
            now: now, sequence: header.pinned.sequence, onWindowEnd: header.pinned.schedule.onWindowEnd,
            readings: readings(of: part, header, node, now))
        situation.clearance = header.clearance
        situation.runPhase =
            seat.isRetained && !header.isEnding ? .ending(.nodeRemoved) : header.phase
        situation.pauses = pauses(of: header)
        situation.order = part.order
        situation.isHeld = entry.hold != nil
        situation.isClockTrusted = clock.isTrusted
        if isLeased, seat.mustMakeRoom {
            let others = fleet.out(of: seat.cluster, at: now, atMost: 6).filter { $0 != fleet[node].id.name }
            situation.mustMakeRoomFor = Array(others.prefix(5))
        }
        situation.isYieldDue = isLeased && seat.isYieldDue
        situation.isQuorumMissing = seat.quorumMissingSince.map { now.uptime - $0 > fleet[node].staleAfter } ?? false
        situation.isGone = fleet[node].isGone(at: now, watchedSince: fleet.watchedSince)
        situation.isIsolated =
            fleet[node].freshMode(at: now) == .known(.initial)
            || (isLeased && fleet[node].freshObservation(at: now) != nil && !fleet.isConnected(node, at: now))
        situation.hasFloor = entry.floor != nil
        situation.doesNothingAnswer = network.suspendsDeadlines(at: now.uptime)
        situation.isSettled = entry.open == nil && entry.written == nil
        if case .returning(let returning) = part.phase {
            situation.hasWaitedLong = now.uptime - returning.since.uptime > fleet[node].staleAfter
        }
        situation.outcome = part.phase.command.flatMap { ledger.commands[$0]?.outcome }
        situation.incarnation = entry.incarnation
        return situation
    }

    private func readings(
        of part: Part, _ header: Ledger.RunHeader, _ node: NodeIndex, _ now: Moment
    ) -> StepContext {
        let watch = fleet[node]
        var readings = StepContext(now: now)
        readings.revision = header.pinned.revision
        readings.mode = watch.freshMode(at: now)
        readings.hasReadinessProbe = watch.hasReadinessProbe
        let since: Moment? =
            if case .returning(let returning) = part.phase { returning.since } else { part.phase.work?.since }
        let observation = watch.freshObservation(at: now)
        readings.relays = relays(node)
        readings.sessions = observation?.load?.countedSessions
        readings.connections = observation?.load?.ongoingConnections
        readings.version = observation?.version
        readings.ready = observation?.ready
        guard let since, let work = part.phase.work ?? part.phase.returningWork else { return readings }
        readings.isObservedSinceStep = observation.map { $0.begun.uptime >= since.uptime } ?? false
        readings.isConnectedSinceStep = fleet.isConnected(node, since: since.uptime, at: now)
        readings.isDrained = isProven(node, since: nil, now)
        readings.isDrainedSinceStep = isProven(node, since: since.uptime, now)
        let steps = header.pinned.sequence.steps
        if let load = observation?.load, let drain = header.pinned.sequence.drain(before: work.step)?.step {
            readings.isRefilled = !load.isWithin(
                maxSessions: drain.maxSessions, maxConnections: drain.maxConnections)
        }
        if case .soaking = part.phase, let serving = watch.inServiceSince, watch.isServing(at: now),
            fleet.isConnected(node, at: now)
        {
            readings.serviceFor = now.uptime - max(serving, since.uptime)
        }
        readings.identity = identity(of: node, now)
        if steps.indices.contains(work.step), work.command == nil {
            let step = steps[work.step]
            if step.isDisruptive { readings.hasQuorum = hasQuorum(disrupting: node, now) }
            if case .http = step { readings.lack = facts(about: node, header).lack(for: step) }
        }
        return readings
    }

    /// Complete evidence, and recent: like every reading it expires.
    private func isProven(_ node: NodeIndex, since: Uptime?, _ now: Moment) -> Bool {
        let fresh = now.uptime + (.zero - fleet[node].staleAfter)
        return fleet[node].evidence.isComplete(since: max(since ?? fresh, fresh))
    }

    func hasQuorum(disrupting node: NodeIndex, _ now: Moment) -> Bool { missingForQuorum(disrupting: node, now) == nil }

    func missingForQuorum(disrupting node: NodeIndex, _ now: Moment) -> [String]? {
        missingForQuorum(disrupting: [node], now)
    }

    /// Nodes of one cluster.
    func missingForQuorum(disrupting nodes: [NodeIndex], _ now: Moment) -> [String]? {
        fleet.missingForQuorum(disrupting: nodes, isCommitted: { mayStop($0) }, at: now)
    }

    func majority(of cluster: ClusterIndex, _ now: Moment) -> Fleet.Majority? {
        fleet.majority(of: cluster, isCommitted: { mayStop($0) }, at: now)
    }

    /// At any time: whoever reserved it may stop it.
    private func mayStop(_ node: NodeIndex) -> Bool {
        ledger[node].hold?.wish == .reserved
            || fleet[seat: node].lease.flatMap { ledger.part($0) }?.phase.kind == .committed
    }
}

extension PartPhase {
    /// The `restore` that a returning part is in, as work.
    fileprivate var returningWork: Work? {
        guard case .returning(let returning) = self, case .goOn(let step) = returning.after else { return nil }
        return Work(step: step, since: returning.since, isGranted: true)
    }
}
