import Primitives

/// Which node of a run starts next, and what the strategy makes it wait for.
extension Controller {
    /// What the policy itself lets a run wait for before its next node.
    enum OrderedWait: Hashable, Sendable {
        /// The canary nodes are good, and have to stay so.
        case canarySoak(until: Timestamp)
        /// A canary node is done and not in service: its soak does not count.
        case canaryBroken(NodeID)
        /// The canary is proven, and somebody has to say that the others may follow.
        case promotion
        case group(previous: Int?, until: Timestamp)
        case wave(until: Timestamp)

        var until: Timestamp? {
            switch self {
            case .canarySoak(let until), .group(_, let until), .wave(let until): until
            case .canaryBroken, .promotion: nil
            }
        }
    }

    /// Nil: the next node waits for nothing but room.
    func orderedWait(of run: Run) -> OrderedWait? {
        guard let stage = run.stage else { return nil }
        if !stage.isCanary, !run.isPromoted { return canaryWait(of: run) ?? .promotion }
        let wave = run.nextWaveOpens.flatMap { $0 > now.wall ? $0 : nil }
        guard let group = run.groupOpens(stage), group > max(now.wall, wave ?? .distantPast) else {
            return wave.map { .wave(until: $0) }
        }
        return .group(previous: run.previousGroup(of: stage)?.first?.group, until: group)
    }

    /// What keeps the canary nodes, which are all finished, from being proven: each must have been in service and good for
    /// the soak, without a break, since the last of them was finished. Nobody watched while the daemon was away: the soak
    /// begins anew with each process.
    private func canaryWait(of run: Run) -> OrderedWait? {
        let canaries = run.canaries
        guard let finished = canaries.map(\.stepSince.uptime).max() else { return nil }
        var since = finished
        for canary in canaries {
            // One that the policy has no more: what it proved stays proven.
            guard let place = index[canary.node] else { continue }
            guard isReadable(place), let serving = nodes[place].inServiceSince else {
                return .canaryBroken(canary.node)
            }
            since = max(since, serving)
        }
        let left = (run.strategy.canary?.soak ?? .zero) - (now.uptime - since)
        return left > .zero ? .canarySoak(until: now.wall + left) : nil
    }

    /// Lets the nodes after the canary follow once it is proven, or waits for an operator to say so.
    mutating func promoteIfProven(_ run: Run) {
        guard !run.isPromoted, let stage = run.stage, !stage.isCanary else { return }
        if let wait = canaryWait(of: run) {
            if let until = wait.until { wake(at: now.uptime + min(.seconds(30), until - now.wall)) }
            return
        }
        switch run.strategy.canary?.promote {
        case .auto?: decide(.runPromoted(run.id))
        case .manual?, nil: decide(.runChanged(run.id, .paused(reason: "the canary is good: waits for promote")))
        }
    }

    /// Why an active run may go no further until somebody decides.
    func reasonToPause(_ run: Run) -> String? {
        guard run.nodes.contains(where: { !$0.phase.isFinished }) else { return nil }
        if !run.isPromoted, let setback = run.canaries.lazy.compactMap(\.setback).first { return "canary \(setback)" }
        if run.failures >= run.strategy.maxFailures { return "\(run.failures) failed of \(run.strategy.maxFailures)" }
        guard let length = run.strategy.progressDeadline, run.progress?.hasPassed(at: now) == true, isProgressDue(run)
        else { return nil }
        return "no step finished for \(length.spoken) (progressDeadline)"
    }

    /// Starts and stops the clock of the run's `progressDeadline`.
    mutating func noteProgressClock(of id: RunID) {
        guard let run = ledger.run(id), let clock = run.progress else { return }
        let isDue = isProgressDue(run)
        if isDue != clock.isRunning {
            decide(.progressChanged(id, isDue ? clock.started(at: now) : clock.stopped(at: now)))
        }
        if let deadline = ledger.run(id)?.progress?.deadline { wake(at: deadline.uptime) }
    }

    /// Whether the run could act, and what it waits for is not what its policy orders.
    private func isProgressDue(_ run: Run) -> Bool {
        guard run.phase == .active, clock.isTrusted, case .open(let until)? = schedule.gates[run.id] else {
            return false
        }
        let inWork = run.nodes.filter { $0.phase.isInWork }
        guard inWork.isEmpty else {
            return inWork.contains { $0.phase == .restoring || !run.sequence.steps[$0.step].isOrderedWait }
        }
        if let until, now.wall >= until - run.cutoff { return false }
        guard mayStart, run.stage != nil, !isWaitingForOthers(run) else { return false }
        switch orderedWait(of: run) {
        case .canaryBroken?, nil: return true
        case .canarySoak?, .promotion?, .group?, .wave?: return false
        }
    }

    /// Other runs of nagi have nodes of the cluster in work, and with them the place that this one waits for.
    private func isWaitingForOthers(_ run: Run) -> Bool {
        nodes.contains { node in
            node.id.cluster == run.cluster && node.assignment.map { $0 != run.id } ?? false
        }
    }

    /// Starts what may start, one node per grant: each changes what is left for the next.
    mutating func startNodes(of run: Run) {
        guard mayStart, clock.isTrusted, case .open(let until)? = schedule.gates[run.id] else { return }
        if let until, now.wall >= until - run.cutoff { return }
        noteNodesAlreadyThere(run)
        while let run = ledger.run(run.id), let (place, wave) = nextNode(of: run) {
            guard let nodeRun = run.nodes.first(where: { $0.node == nodes[place].id }) else { return }
            nodes[place].assignment = run.id
            nodes[place].evidence.void()
            nodes[place].leaked = 0
            decide(.nodeRunChanged(run.id, nodeRun.started(wave: wave, sequence: run.sequence, at: now)))
            touch(place)
        }
    }

    private mutating func noteNodesAlreadyThere(_ run: Run) {
        guard let revision = run.revision else { return }
        for nodeRun in run.nodes where nodeRun.phase == .queued {
            guard let place = index[nodeRun.node], isReadable(place), nodes[place].observation?.version == revision
            else { continue }
            finish(nodeRun, as: .alreadyThere, of: run.id)
        }
    }

    /// The node that is granted a place now, and its wave; nil: none.
    private mutating func nextNode(of run: Run) -> (place: Int, wave: Int)? {
        guard let stage = run.stage, let number = clusters.firstIndex(where: { $0.policy.name == run.cluster }) else {
            return nil
        }
        if let wait = orderedWait(of: run) {
            if let until = wait.until { wake(at: now.uptime + min(.seconds(30), until - now.wall)) }
            return nil
        }
        let use = budgetUse(of: number)
        let size = min(run.strategy.maxUnavailable.asMaxUnavailable(of: run.nodes.count), use.limit)
        guard use.hasRoom, run.nodes.count(where: { $0.phase.isInWork }) < size else { return nil }
        let current = run.nodes.compactMap(\.wave).max() ?? 0
        let members = run.nodes.filter { $0.wave == current }
        let isOver = members.allSatisfy(\.phase.isFinished)
        guard isOver || members.count < size else { return nil }
        for nodeRun in run.nodes where nodeRun.phase == .queued && nodeRun.stage == stage {
            if let place = index[nodeRun.node], isStartable(place) { return (place, isOver ? current + 1 : current) }
        }
        return nil
    }

    /// Only a node freshly seen in service, that nobody claims, is taken out of it.
    private func isStartable(_ place: Int) -> Bool {
        nodes[place].assignment == nil && !isUnavailable(place) && ledger.nodes[nodes[place].id]?.written == nil
            && isConnected(place)
    }
}
