import ModeCore
import Primitives

/// What becomes of the nodes' parts in runs.
extension Controller {
    /// Moves a node on as far as it goes now, and its mode with it.
    mutating func touch(_ node: NodeIndex, _ turn: inout Turn) {
        turn.cost.nodes += 1
        noteHold(of: node, &turn)
        settleChange(of: node, &turn)
        reconcileMode(node, &turn)
        leaveFormerAddress(node, &turn)
        let cluster = fleet.cluster(of: node)
        if let place = fleet[seat: node].lease, ledger.part(place)?.phase.kind == .soaking,
            !fleet.isConnected(node, at: turn.now)
        {
            fleet[node].interruptService()
        }
        // After a start every node of the cluster is looked at once before anything is decided on deadlines and budgets.
        if fleet[cluster].isKnown {
            // What others say of it may have changed since its own read.
            if !fleet[seat: node].working.isEmpty { noteFacts(of: node, &turn) }
            for place in fleet[seat: node].working { move(place, of: node, &turn) }
        }
        noteOut(node, &turn)
        noteContested(node, &turn)
        noteAbsence(node, &turn)
        // Whose block is taken back need not be shown to be who it is.
        if fleet[seat: node].lease == nil { fleet[node].contradictedSince = nil }
        // Whoever left the policies is forgotten with its cluster's last debt.
        if fleet[seat: node].isRetained { clustersToTouch.insert(cluster.raw) }
        touchRunsAwaiting(node, turn.now)
        finishWhereThere(node, &turn)
        if ledger[node].isAttached(at: turn.now.wall) || fleet[seat: node].lease != nil {
            outPlaces.insert(node.raw)
        } else {
            outPlaces.remove(node.raw)
        }
        readSooner(node, turn.now)
    }

    private mutating func move(_ place: PartPlace, of node: NodeIndex, _ turn: inout Turn) {
        // A sequence has at most so many steps that need nothing to happen.
        for _ in 0..<128 {
            guard let part = ledger.part(place), part.phase.isInWork, let header = ledger.header(place.run),
                !ledger.isObserving
            else { return }
            let situation = situation(of: part, place, header, node, turn.now)
            guard let move = part.move(in: situation) else {
                wakeForDeadlines(part, place, node, turn.now)
                guard let gate = part.openGate(in: situation) else { return }
                guard !passesByForce(part, place, header, &turn) else { continue }
                return measure(gate, of: part, place, header, node, &turn)
            }
            perform(move, of: place, header, node, &turn)
            reconcileMode(node, &turn)
        }
    }

    /// The word for the next node is for one that waits at a gate before it is taken out of service, too.
    private mutating func passesByForce(
        _ part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ turn: inout Turn
    ) -> Bool {
        guard part.needsGates, header.force?.ignored.contains(.gate) ?? false else { return false }
        var part = part
        useForce(for: &part, header, &turn)
        decide(.partChanged(header.id, place.part, part, step: nil, nil), &turn)
        return true
    }

    private mutating func wakeForDeadlines(_ part: Part, _ place: PartPlace, _ node: NodeIndex, _ now: Moment) {
        if let end = part.phase.timer?.end, end > now.uptime { wake(.node(node.raw), at: end, now) }
        // Whether the run pauses for want of a word, it says itself.
        if let clock = part.phase.timer, clock.hasPassed(at: now),
            let sequence = ledger.header(place.run)?.pinned.sequence, part.awaitedApproval(in: sequence) != nil
        {
            runsToTouch.insert(place.run.raw)
        }
        if case .soaking(let work) = part.phase, let since = fleet[node].inServiceSince,
            case .soak(let length)? = ledger.header(place.run)?.pinned.sequence.steps[work.step]
        {
            wake(.node(node.raw), at: max(since, work.since.uptime) + length, now)
        }
        if case .returning(let returning) = part.phase {
            wake(.node(node.raw), at: returning.since.uptime + fleet[node].staleAfter + .nanoseconds(1), now)
        }
        if let since = fleet[seat: node].quorumMissingSince {
            wake(.node(node.raw), at: since + fleet[node].staleAfter + .nanoseconds(1), now)
        }
    }

    mutating func perform(
        _ move: PartMove, of place: PartPlace, _ header: Ledger.RunHeader, _ node: NodeIndex, _ turn: inout Turn
    ) {
        var part = move.part
        let former = ledger.part(place)
        if case .returning(let returning) = part.phase, case .goOn = returning.after {
            part.milestones.leaked = fleet[node].leaked
        }
        var start: CommandStart?
        if let command = move.command, let work = part.phase.work {
            let id = CommandID(number: ledger.lastCommand + 1)
            part.phase.change { $0.command = id }
            let isCommitted = former?.phase.kind == .committed
            start = self.start(
                command, id: id, attempt: work.attempt, isCommitted: isCommitted,
                isExempt: part.exempt.contains(.window), node, header, turn.now)
        }
        if let cut = cut(by: former?.phase.command, nowAt: part.phase.command) {
            part.milestones.cut = max(part.milestones.cut ?? 0, cut)
        }
        let isDecisive =
            start != nil || former?.phase.kind != part.phase.kind
            || former?.milestones.drainedAt != part.milestones.drainedAt
        let grounds = isDecisive ? grounds(for: node, header, turn.now) : nil
        // A deadline that stands or runs is no news of the step.
        let isSameStep = former?.phase.kind == part.phase.kind && former?.phase.work?.step == part.phase.work?.step
        let isNews = !isSameStep || former?.phase.work?.attempt != part.phase.work?.attempt
        // Asked before the part is done with it: the ledger forgets it then.
        let open = former?.phase.command.flatMap { ledger.commands[$0] }.flatMap {
            $0.outcome == nil ? $0.start.step : nil
        }
        decide(
            .partChanged(header.id, place.part, part, step: isNews ? stepWord(of: part, header) : nil, grounds), &turn)
        // Nobody is to go any more for whom it ends the calls.
        if case .returning = part.phase, former?.phase.kind != .returning, let command = termination(on: node) {
            turn.act(.stop(command))
        }
        if let start {
            decide(.commandIntended(start), &turn)
            runningCommands[start.id] = place
            turn.act(.start(start))
        }
        if let notice = move.notice {
            decide(.noticed(header.id, fleet[node].id, facts(about: node, header).filled(notice)), &turn)
        }
        if let mode = move.stay {
            let reason = part.error ?? "the node failed"
            let stay = FailedStay(
                run: header.root, policy: header.pinned.name, mode: mode, reason: reason, since: turn.now.wall)
            let stayed = StayedPart(pinned: header.pinned, part: former ?? part, openCommand: open)
            decide(.stayPlaced(fleet[node].id, stay, stayed), &turn)
            if header.isRetry { takeOverLater(node, header, &turn) }
        }
        if case .finished(.held) = part.phase { keepClaim(former, node, &turn) }
        if let reason = move.abort { decide(.runChanged(header.id, .ending(.aborted(reason))), &turn) }
        if move.voidsEvidence { fleet[node].voidEvidence() }
        runs[place.run.raw].note(part, former: former, at: place.part, in: header.pinned.sequence)
        reseat(place, node, part, former)
        noteIdentityAlarm(part, node, &turn)
        touchEverything(about: node)
        runsToTouch.insert(place.run.raw)
        if part.phase.isInWork != former?.phase.isInWork { touchRunsAwaiting(node, turn.now) }
    }

    /// Connections that a command found which is over now, and may have cut.
    private func cut(by former: CommandID?, nowAt present: CommandID?) -> Int? {
        guard let former, former != present, let command = ledger.commands[former],
            command.outcome?.hasRun ?? true
        else { return nil }
        if case .terminated(0, _, _)? = command.outcome { return nil }
        return command.start.live?.connections
    }

    /// A person's hold keeps the claim that stands.
    private mutating func keepClaim(_ former: Part?, _ node: NodeIndex, _ turn: inout Turn) {
        // Of one on its way back nothing is kept: it was to be open.
        guard var hold = ledger[node].hold, let former, former.phase.kind != .returning, let claim = former.phase.claim
        else { return }
        switch hold.wish {
        case .handsOff: hold.wish = .mode(claim)
        case .mode(let mode) where mode < claim: hold.wish = .mode(claim)
        case .mode, .keepOpen, .reserved: return
        }
        decide(.holdPlaced(fleet[node].id, hold), &turn)
    }

    /// It failed alone, while a newer run of the policy waits for it: that takes it over, as it would have at its start.
    private mutating func takeOverLater(_ node: NodeIndex, _ header: Ledger.RunHeader, _ turn: inout Turn) {
        for place in fleet[seat: node].parts {
            guard let other = ledger.header(place.run), other.pinned.name == header.pinned.name, other.id != header.id,
                var part = ledger.part(place), part.phase.isQueued
            else { continue }
            part.isTakenOver = true
            decide(.partChanged(other.id, place.part, part, step: nil, nil), &turn)
            runsToTouch.insert(place.run.raw)
        }
    }

    private mutating func noteIdentityAlarm(_ part: Part, _ node: NodeIndex, _ turn: inout Turn) {
        let isRefuted = part.isFailed && identity(of: node, turn.now) == .refuted
        guard isRefuted else { return }
        alarm(
            Alarm.Key(.wrongAddress, node: fleet[node].id),
            "\(fleet[node].id.name): the cluster's lists do not show this name in the mode that was set at its address",
            &turn)
    }

    /// Node, cluster slot and the run's slot go with the phase.
    private mutating func reseat(_ place: PartPlace, _ node: NodeIndex, _ part: Part, _ former: Part?) {
        if part.phase.holdsSlot {
            if fleet[seat: node].lease != place {
                fleet.lease(node, to: place)
                fleet[node].voidEvidence()
                (fleet[node].leaked, fleet[node].leakedIn) = (0, ledger[node].incarnation)
                fleet[node].isConfirmed = ledger[node].written != nil
            }
        } else if fleet[seat: node].lease == place {
            fleet.lease(node, to: nil)
        }
        let isListed = fleet[seat: node].working.contains(place)
        if part.phase.isInWork, !isListed { fleet[seat: node].working.append(place) }
        if !part.phase.isInWork, isListed { fleet[seat: node].working.removeAll { $0 == place } }
        if part.phase.claim == nil || former?.phase.kind != part.phase.kind {
            fleet[seat: node].mustMakeRoom = false
            fleet[seat: node].isYieldDue = false
            fleet[seat: node].quorumMissingSince = nil
        }
        if let command = former?.phase.command, command != part.phase.command { runningCommands[command] = nil }
    }

    private func stepWord(of part: Part, _ header: Ledger.RunHeader) -> String? {
        guard let work = part.phase.work else { return nil }
        return header.pinned.sequence.steps[work.step].label
    }

    private func grounds(for node: NodeIndex, _ header: Ledger.RunHeader, _ now: Moment) -> Grounds {
        var grounds = Grounds(clearance: header.clearance)
        grounds.mode = fleet[node].mode?.mode
        grounds.readBegun = fleet[node].observation?.begun
        grounds.first = fleet[node].evidence.first
        grounds.latest = fleet[node].evidence.latest
        grounds.ready = fleet[node].observation?.ready
        let cluster = fleet[fleet.cluster(of: node)]
        if cluster.isClustered {
            grounds.votes = fleet.votes(for: node, at: now)
            grounds.regular = cluster.quorum.total
        }
        return grounds
    }

    /// Whether the node counts as out of service, whatever the cause.
    mutating func noteOut(_ node: NodeIndex, _ turn: inout Turn) {
        let now = turn.now
        let entry = ledger[node]
        noteQuorum(node, now)
        let isReserved = entry.hold?.wish == .reserved
        let isClaimed = wish(of: node, now).mode != nil || entry.written != nil
        let isOpening = entry.open.map { $0.change.target != .normal } ?? false
        let isOut = isReserved || isClaimed || isOpening || !fleet[node].isServing(at: now)
        guard fleet.setOut(isOut, node) else { return }
        let cluster = fleet.cluster(of: node)
        clustersToTouch.insert(cluster.raw)
        touchRuns(of: cluster)
    }

    private mutating func noteQuorum(_ node: NodeIndex, _ now: Moment) {
        guard let place = fleet[seat: node].lease, let part = ledger.part(place), let work = part.phase.work,
            let step = ledger.header(place.run)?.pinned.sequence.steps[work.step], step.isDisruptive,
            work.command == nil, fleet[fleet.cluster(of: node)].isKnown, !network.suspendsDeadlines(at: now.uptime),
            !hasQuorum(disrupting: node, now)
        else {
            fleet[seat: node].quorumMissingSince = nil
            return
        }
        guard fleet[seat: node].quorumMissingSince == nil else { return }
        fleet[seat: node].quorumMissingSince = now.uptime
        wake(.node(node.raw), at: now.uptime + fleet[node].staleAfter + .nanoseconds(1), now)
    }

    private mutating func noteContested(_ node: NodeIndex, _ turn: inout Turn) {
        let key = Alarm.Key(.contested, node: fleet[node].id)
        guard !ledger[node].loosenings.isEmpty || ledger.alarms[key] != nil else { return }
        let isContested =
            ledger[node].contestedUntil(at: turn.now.wall) != nil && wish(of: node, turn.now).mode != nil
            && !runsDisruptiveCommand(node)
        alarm(
            key,
            isContested
                ? "\(fleet[node].id.name): somebody loosens its mode again and again: nagi does not set it again for up to \(NodeLedger.contestedMemory.spoken)"
                : nil,
            &turn)
    }

    /// A node that has come into work is read sooner than it was planned.
    private mutating func readSooner(_ node: NodeIndex, _ now: Moment) {
        scheduleModeRead(node, now)
        guard fleet[seat: node].lease != nil, !fleet[node].whole.isUnderWay else { return }
        let soon = max(now.uptime, (fleet[node].whole.begun ?? now.uptime) + cadence.close)
        if let next = fleet[node].whole.next, next > soon { read(node, at: soon) }
    }
}
