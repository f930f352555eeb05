import ModeCore
import Primitives

/// Nodes that start, and those that need not.
extension Controller {
    /// Lets the nodes after the canary follow once it is proven, or waits for an operator to say so.
    mutating func promoteIfProven(_ slot: RunSlot, _ turn: inout Turn) {
        let now = turn.now
        let (isDue, wait, promote) =
            ledger.withRun(slot) { run -> (Bool, CanaryWait?, Canary.Promote?) in
                let isDue =
                    !run.isPromoted && run.canariesMissing == 0 && !run.canaries.isEmpty && !run.isOver
                    && run.canaries.allSatisfy(\.phase.isFinished)
                return (isDue, isDue ? canaryWait(of: run, now) : nil, run.pinned.strategy.canary?.promote)
            } ?? (false, nil, nil)
        guard isDue, let id = ledger.header(slot)?.id else {
            runs[slot.raw].canariesFinishedAt = nil
            return
        }
        guard runs[slot.raw].canariesFinishedAt != nil else {
            runs[slot.raw].canariesFinishedAt = now.uptime
            return promoteIfProven(slot, &turn)
        }
        switch wait {
        case .soaks(let until)?: wake(slot, at: until, now)
        case .isBroken?: wake(.run(slot.raw), at: now.uptime + .seconds(1), now)
        case nil:
            // Else somebody says so.
            if promote == .auto { decide(.runPromoted(id), &turn) }
        }
    }

    /// Starts what may start, one node per grant: each changes what is left for the next.
    mutating func startNodes(of slot: RunSlot, _ turn: inout Turn) {
        finishNodesAlreadyThere(slot, &turn)
        while true {
            let survey = survey(of: slot, turn.now)
            turn.cost.candidates += survey.looked
            switch survey.decision {
            case .start(let index):
                let place = PartPlace(run: slot, part: index)
                if ledger.isObserving { wouldStart(place, &turn) } else { start(place, &turn) }
            case .wait(let blockers):
                note(unfit: survey.unfit, of: slot, turn.now)
                if let index = survey.gated { measureGates(before: PartPlace(run: slot, part: index), &turn) }
                guard blockers != [Blocker(.sweep)] else {
                    guard wishForSweep(slot, turn.now) else {
                        // A cluster may be slower to read than a gate is good: both are to be fresh at once.
                        if let end = survey.goodUntil { wake(.run(slot.raw), at: end + .nanoseconds(1), turn.now) }
                        return
                    }
                    continue
                }
                if !survey.isRenewal { runs[slot.raw].wish = nil }
                noteWait(of: slot, blockers.first?.code, &turn)
                if let until = blockers.compactMap(\.until).min(), until < .distantFuture {
                    wake(slot, at: until, turn.now)
                }
                return
            }
        }
    }

    /// For whoever asks later where the run's time went. A node that comes and goes would change it with every read.
    private mutating func noteWait(of slot: RunSlot, _ code: VerdictCode?, _ turn: inout Turn) {
        guard let id = ledger.header(slot)?.id, ledger.withRun(slot, { $0.waitsFor != code }) ?? false else { return }
        let next = runs[slot.raw].waits.next()
        guard next <= turn.now.uptime else { return wake(.run(slot.raw), at: next, turn.now) }
        decide(.runWaits(id, code), &turn)
        runs[slot.raw].waits.note(at: turn.now.uptime)
    }

    /// What their own state has against a start may change with their next read.
    private mutating func note(unfit: [Int], of slot: RunSlot, _ now: Moment) {
        guard let header = ledger.header(slot) else { return }
        for index in unfit {
            let place = PartPlace(run: slot, part: index)
            guard let part = ledger.part(place), let node = node(of: place) else { continue }
            let codes = blockers(of: part, place, header, now).map(\.code)
            fleet[seat: node].awaiting.removeAll { $0.place == place }
            fleet[seat: node].awaiting.append((place, codes))
        }
    }

    /// Looks again at runs that waited for the node to be better, if it is.
    mutating func touchRunsAwaiting(_ node: NodeIndex, _ now: Moment) {
        guard !fleet[seat: node].awaiting.isEmpty else { return }
        let changed = fleet[seat: node].awaiting.filter { entry in
            guard let part = ledger.part(entry.place), let header = ledger.header(entry.place.run) else { return true }
            return blockers(of: part, entry.place, header, now).map(\.code) != entry.codes
        }
        guard !changed.isEmpty else { return }
        for entry in changed { runsToTouch.insert(entry.place.run.raw) }
        fleet[seat: node].awaiting.removeAll { entry in changed.contains { $0.place == entry.place } }
    }

    /// Wishes for a read of all nodes of the cluster, begun from now on or in time before a known opening.
    ///
    /// - Returns: whether there was one.
    private mutating func wishForSweep(_ slot: RunSlot, _ moment: Moment) -> Bool {
        guard let cluster = runs[slot.raw].cluster else { return false }
        let now = moment.uptime
        var wish =
            runs[slot.raw].wish ?? fleet[cluster].sweep.wishedAt.flatMap { wished in
                now - wished <= CalendarsInForce.lead + .milliseconds(500) ? wished : nil
            } ?? now
        if !fleet[cluster].sweep.serves(wish, at: now) {
            // What was found is too old: it is asked anew.
            if fleet[cluster].sweep.done.map({ $0.since >= wish }) ?? false { wish = now }
            fleet[cluster].sweep.wish(at: wish)
            sweep(cluster, moment)
        }
        runs[slot.raw].wish = wish
        return fleet[cluster].sweep.serves(wish, at: now)
    }

    /// All that comes of a start in a process that only observes: the word, and no slot, so that the next is decided too.
    private mutating func wouldStart(_ place: PartPlace, _ turn: inout Turn) {
        guard var part = ledger.part(place), let header = ledger.header(place.run) else { return }
        let sequence = header.pinned.sequence
        let waitsForEnd = sequence.steps.contains(.wait(.windowEnd))
        part.isCanary = ledger.withRun(place.run) { !$0.isPromoted && $0.canariesMissing > 0 } ?? false
        part.error = sequence.text
        useForce(for: &part, header, &turn)
        decide(
            .would(
                header.id, part.node, steps: sequence.text, longest: waitsForEnd ? nil : sequence.worstCase.total),
            &turn)
        finish(part, place, header, as: .would, &turn)
    }

    /// Whoever is granted takes the word for the next node, unless that says nothing new of it.
    mutating func useForce(for part: inout Part, _ header: Ledger.RunHeader, _ turn: inout Turn) {
        let exemptions = exemptions(of: part, header)
        guard exemptions != part.exempt else { return }
        part.exempt = exemptions
        decide(.forceUsed(header.id, part.node, header.force), &turn)
    }

    private mutating func start(_ place: PartPlace, _ turn: inout Turn) {
        guard var part = ledger.part(place), let header = ledger.header(place.run),
            let node = node(of: place)
        else { return }
        let former = part
        let carried = takesOver(part, header, node) ? ledger[node].failedStay?.mode : nil
        if !part.isCanary, let missing = ledger.withRun(place.run, { $0.isPromoted ? 0 : $0.canariesMissing }),
            missing > 0
        {
            part.isCanary = true
        }
        let situation = situation(of: part, place, header, node, turn.now)
        part = part.started(situation, carrying: carried)
        useForce(for: &part, header, &turn)
        if carried != nil { decide(.stayEnded(fleet[node].id, reason: "taken over by \(header.id)"), &turn) }
        var move = PartMove(part)
        move.voidsEvidence = former.phase.claim == nil
        perform(move, of: place, header, node, &turn)
        nodesToTouch.insert(node.raw)
        touch(node, &turn)
    }

    /// Nodes that show the wanted version need nothing. Once the run may act all are looked at, and from then on those that
    /// were read.
    private mutating func finishNodesAlreadyThere(_ slot: RunSlot, _ turn: inout Turn) {
        guard let header = ledger.header(slot), header.pinned.wantedVersion != nil, mayFinish(slot, header, turn.now)
        else {
            runs[slot.raw].mustCheckVersions = true
            return
        }
        guard runs[slot.raw].mustCheckVersions else { return }
        runs[slot.raw].mustCheckVersions = false
        var candidate = ledger.withRun(slot) { $0.candidate(after: nil) } ?? nil
        while let index = candidate {
            candidate = ledger.withRun(slot) { $0.candidate(after: index) } ?? nil
            turn.cost.candidates += 1
            finishIfThere(PartPlace(run: slot, part: index), header, &turn)
        }
    }

    /// Of the runs that have the node queued: whether it is where they want it.
    mutating func finishWhereThere(_ node: NodeIndex, _ turn: inout Turn) {
        for place in fleet[seat: node].parts {
            guard ledger.part(place)?.phase.isQueued == true, let header = ledger.header(place.run),
                hasVersion(header.pinned.wantedVersion, node, turn.now), mayFinish(place.run, header, turn.now)
            else { continue }
            finishIfThere(place, header, &turn)
        }
    }

    private func mayFinish(_ slot: RunSlot, _ header: Ledger.RunHeader, _ now: Moment) -> Bool {
        guard let cluster = runs[slot.raw].cluster else { return false }
        // Nothing is done to a node that is there: nobody has to say yes to that.
        return blockers(of: slot, header, cluster, now).allSatisfy { blocker in
            if case .approval = blocker.reason { true } else { false }
        }
            && ledger.withRun(slot) { orderBlockers(of: $0, now).allSatisfy(\.isOrdered) } ?? false
    }

    func hasVersion(_ wanted: String?, _ node: NodeIndex, _ now: Moment) -> Bool {
        guard let wanted, let seen = fleet[node].freshObservation(at: now)?.version else { return false }
        return seen.description == wanted
    }

    private mutating func finishIfThere(_ place: PartPlace, _ header: Ledger.RunHeader, _ turn: inout Turn) {
        guard let part = ledger.part(place), part.phase.isQueued, let node = node(of: place),
            hasVersion(header.pinned.wantedVersion, node, turn.now), !takesOver(part, header, node),
            ledger.withRun(place.run, { $0.isInCurrentGroup(part) }) ?? false
        else { return }
        finish(part, place, header, as: .alreadyThere, &turn)
    }

    /// Whoever was to take the node over starts it like any other.
    mutating func endStay(of node: NodeIndex, _ reason: String, _ turn: inout Turn) {
        decide(.stayEnded(fleet[node].id, reason: reason), &turn)
        for place in fleet[seat: node].parts {
            guard let header = ledger.header(place.run), var part = ledger.part(place), part.isTakenOver,
                part.phase.isQueued
            else { continue }
            part.isTakenOver = false
            decide(.partChanged(header.id, place.part, part, step: nil, nil), &turn)
            runsToTouch.insert(place.run.raw)
        }
    }
}
