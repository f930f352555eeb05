import ModeCore
import Primitives

/// May this node start now? The decision, made once, with everything that stands in its way.
extension Controller {
    /// The next node of the run: start it, or all that stands in the way.
    func decision(of slot: RunSlot, _ now: Moment) -> StartDecision { survey(of: slot, now).decision }

    /// A decision, and what it was found by.
    struct Survey {
        var decision: StartDecision
        /// Whose own state stands in its way: a read of one of those may lift that.
        var unfit: [Int] = []
        var looked = 0
        /// The part that nothing but gates stands against.
        var gated: Int?
        /// Those gates were good, and are only to be measured once more.
        var isRenewal = false
        /// Until when the gates of the part that could start are good.
        var goodUntil: Uptime?
    }

    func survey(of slot: RunSlot, _ now: Moment) -> Survey {
        guard let header = ledger.header(slot), let cluster = runs[slot.raw].cluster else {
            return Survey(decision: .wait([Blocker(.suspended)]))
        }
        let general = blockers(of: slot, header, cluster, now)
        let order = ledger.withRun(slot) { orderBlockers(of: $0, now) } ?? []
        var found: [Blocker] = []
        var firstRoom: [Blocker]?
        var unfit: [Int] = []
        var looked = 0
        var candidate = ledger.withRun(slot) { $0.candidate(after: nil) } ?? nil
        while let index = candidate {
            candidate = ledger.withRun(slot) { $0.candidate(after: index) } ?? nil
            looked += 1
            let place = PartPlace(run: slot, part: index)
            guard let part = ledger.part(place) else { continue }
            // One that was exempt when it started is exempt at its grant.
            let wide =
                part.exempt.isEmpty
                ? general : blockers(of: slot, header, cluster, now, exempt: exemptions(of: part, header))
            let shared = part.phase.isQueued ? wide + order : wide
            let own = blockers(of: part, place, header, now).map { blocker in
                Blocker(blocker.reason, until: blocker.until, node: part.node)
            }
            // What stands against one stands against all behind it.
            guard shared.isEmpty else {
                let further = own.filter { one in !shared.contains { $0.reason == one.reason } }
                let noRoom = roomBlockers(for: part, place, header, cluster, now)
                return Survey(decision: .wait(shared + further + noRoom), unfit: unfit, looked: looked)
            }
            guard own.isEmpty else {
                if found.count < Controller.blockerLimit { found += own }
                unfit.append(index)
                continue
            }
            let room = roomBlockers(for: part, place, header, cluster, now)
            if room.isEmpty {
                let gates = gateStands(before: part, place, header, now)
                let closed = gates.compactMap(\.blocker)
                guard closed.isEmpty else {
                    let isRenewal = gates.allSatisfy(\.hasBeenGood)
                    return Survey(
                        decision: .wait(closed), unfit: unfit, looked: looked, gated: index, isRenewal: isRenewal)
                }
                let isSwept = isSwept(part, slot, header, cluster, now)
                return Survey(
                    decision: isSwept ? .start(part: index) : .wait([Blocker(.sweep)]), unfit: unfit, looked: looked,
                    goodUntil: gates.compactMap(\.goodUntil).min())
            }
            firstRoom = firstRoom ?? room
            // Temporary nodes do not count for everything that regular ones do: one behind may have room.
            let isRegular = node(of: place).map { !fleet[seat: $0].isTemporary } ?? true
            guard isRegular, !fleet[cluster].special.isEmpty else { break }
        }
        let all = firstRoom ?? (found.isEmpty ? general + order : found)
        return Survey(decision: .wait(all), unfit: unfit, looked: looked)
    }

    /// What the part need not wait for: that from which it was exempt as it started, and that from which the run's next node
    /// is.
    func exemptions(of part: Part, _ header: Ledger.RunHeader) -> [Ignorable] {
        header.force?.exemptions(beside: part.exempt) ?? part.exempt
    }

    /// Of those that hold the budget only so many are looked up.
    static let holderLimit = 10

    /// Of nodes that cannot start only the first few say why.
    private static let blockerLimit = 8

    /// What stands in the way of every node of the run.
    ///
    /// - Parameter exempt: what an operator has it ignore; nil: as the run's next node would.
    func blockers(
        of slot: RunSlot, _ header: Ledger.RunHeader, _ cluster: ClusterIndex, _ now: Moment, exempt: [Ignorable]? = nil
    ) -> [Blocker] {
        var blockers: [Blocker] = []
        if case .ending(let reason) = header.phase { blockers.append(Blocker(.runEnding(reason))) }
        if calendars.policy(header.pinned.name)?.isSuspended == true { blockers.append(Blocker(.suspended)) }
        if !mayStart { blockers.append(Blocker(.policiesMissing)) }
        if let pause = ledger.pause { blockers.append(Blocker(.allPaused(pause), until: pause.until)) }
        blockers += header.pauses.map { Blocker(.runPaused($0), until: $0.until) }
        if !clock.isTrusted {
            let until = clock.trustedFrom.map { now.wall + ($0 - now.uptime) }
            blockers.append(Blocker(.clock, until: until))
        }
        blockers += clearanceBlockers(header, ignoring: exempt ?? header.force?.ignored ?? [], now)
        if fleet.hasWrongTopology(cluster) { blockers.append(Blocker(.wrongTopology)) }
        if header.isApprovalAwaited {
            let count = ledger.withRun(slot, \.parts.count) ?? 0
            let nodes = "\(count) node\(count == 1 ? "" : "s")"
            blockers.append(
                Blocker(
                    .approval("\(header.pinned.sequence.text) on \(nodes)"),
                    until: ledger.withRun(slot) { $0.approval.clock?.shownEnd(at: now) } ?? nil))
        }
        // The sweep before a start would wait for the others anyway.
        if !fleet[cluster].isKnown { blockers.append(Blocker(.notRead)) }
        return blockers
    }

    private func clearanceBlockers(
        _ header: Ledger.RunHeader, ignoring ignored: [Ignorable], _ now: Moment
    ) -> [Blocker] {
        guard let blocker = clearanceBlocker(header, now) else { return [] }
        let isExclusion = if case .excluded = blocker.reason { true } else { false }
        guard ignored.contains(isExclusion ? .exclusion : .window) else { return [blocker] }
        // Behind a freeze that is ignored the windows still count, which the clearance does not tell.
        guard isExclusion, !ignored.contains(.window), !header.isRetry,
            let place = calendars.places[header.pinned.name]
        else { return [] }
        guard let end = calendars.endOfWindows(place, origin: header.origin, at: now.wall) else {
            return [Blocker(.outsideWindow)]
        }
        return now.wall >= end + (.zero - header.pinned.startMargin)
            ? [Blocker(.cutoff(header.pinned.startMargin), until: end)] : []
    }

    private func clearanceBlocker(_ header: Ledger.RunHeader, _ now: Moment) -> Blocker? {
        switch header.clearance {
        case .closed(let closure):
            switch closure.cause {
            case .excluded(let by, let reason): return Blocker(.excluded(by: by, reason: reason), until: closure.until)
            case .outsideWindow: return Blocker(.outsideWindow, until: closure.until)
            }
        case .open(let until?)
        where header.pinned.startMargin > .zero && now.wall >= until - header.pinned.startMargin:
            return Blocker(.cutoff(header.pinned.startMargin), until: until)
        case .open(let until?) where now.wall >= until: return Blocker(.outsideWindow)
        case .open: return nil
        }
    }

    /// What the strategy lets every node that is queued wait for.
    func orderBlockers(of run: Run, _ now: Moment) -> [Blocker] {
        var blockers: [Blocker] = []
        if !run.isPromoted, run.canariesMissing == 0 {
            let names = run.canaries.map(\.node.name)
            let unfinished = run.canaries.filter { !$0.phase.isFinished }.map(\.node.name)
            if !unfinished.isEmpty {
                blockers.append(Blocker(.canaryFirst(unfinished)))
            } else {
                switch canaryWait(of: run, now) {
                case .soaks(let until)?: blockers.append(Blocker(.canarySoak(names), until: until))
                // What is told of one that failed is that the run is paused by it.
                case .isBroken(let name)?:
                    if !run.pauses.contains(where: { $0.cause == .canary }) {
                        blockers.append(Blocker(.canaryBroken(name)))
                    }
                // One that proves nothing pauses the run, and an approval makes it no better.
                case nil: if run.canaries.allSatisfy({ $0.setback == nil }) { blockers.append(Blocker(.promotion)) }
                }
            }
        }
        if let wait = run.groupWait(at: now) {
            blockers.append(
                Blocker(.groupWait(previous: run.groupName(wait.previous) ?? ""), until: now.wall + wait.left))
        }
        return blockers
    }

    enum CanaryWait {
        case soaks(until: Timestamp)
        case isBroken(String)
    }

    /// What keeps the canary nodes, which are all finished, from being proven: each must have been in service and good for
    /// the soak, without a break, since the last of them was finished. Nobody watched while the daemon was away: the soak
    /// begins anew with each process.
    func canaryWait(of run: Run, _ now: Moment) -> CanaryWait? {
        let soak = run.pinned.strategy.canary?.soak ?? .zero
        let finishedAt = ledger.slot(of: run.id).flatMap { runs[$0.raw].canariesFinishedAt } ?? now.uptime
        var served = now.uptime - max(finishedAt, fleet.watchedSince)
        for canary in run.canaries {
            // One that the policy has no more: what it proved stays proven.
            guard let node = ledger.index(of: canary.node), !fleet[seat: node].isRetained else { continue }
            guard fleet[node].isServing(at: now), let since = fleet[node].inServiceSince else {
                return .isBroken(canary.node.name)
            }
            served = min(served, now.uptime - since)
        }
        return served < soak ? .soaks(until: now.wall + (soak - served)) : nil
    }

    /// What stands in the way of that node.
    ///
    /// - Parameter state: `stateBlockers` of a node that is not taken over, where they are known.
    func blockers(
        of part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, state: [Blocker]? = nil, _ now: Moment
    ) -> [Blocker] {
        guard let node = node(of: place) else { return [Blocker(.notRead)] }
        var blockers = personBlockers(of: node, now)
        // A node is in one run at most, before its first `drain` too.
        if let other = fleet[seat: node].working.first(where: { $0 != place }), let run = ledger.header(other.run)?.id {
            blockers.append(Blocker(.nodeBusy(run)))
        }
        let isTakenOver = takesOver(part, header, node)
        // Nor is it taken over beside a command of which nothing was heard.
        if let stay = ledger[node].failedStay, !isTakenOver || openCommand(on: node) != nil {
            blockers.append(Blocker(.failedStay(stay.run)))
        }
        let isAttached = ledger[node].written != nil || ledger[node].open != nil || ledger[node].formerAddress != nil
        // What a person keeps shut is not to be given back.
        let isKeptShut = if case .mode? = ledger[node].hold?.wish { true } else { false }
        if !isTakenOver, isAttached, !isKeptShut, ledger[node].failedStay == nil, fleet[seat: node].lease == nil {
            blockers.append(Blocker(.owed))
        }
        let known = isTakenOver ? nil : state
        blockers += known ?? stateBlockers(of: node, isTakenOver: isTakenOver, now)
        if case .queued(let queued) = part.phase, let backOff = queued.backOff {
            let within = fleet[fleet.cluster(of: node)].withinSince
            let until = within.map { now.wall + ($0 + backOff - now.uptime) }
            if until.map({ $0 > now.wall }) ?? true {
                let holders = fleet.out(of: fleet.cluster(of: node), at: now, atMost: Controller.holderLimit)
                blockers.append(Blocker(.backOff(backOff, why: part.error, holders: holders), until: until))
            }
        }
        return blockers
    }

    /// The step of a node that was left shut whose command may still run: nothing was heard of it since it began.
    func openCommand(on node: NodeIndex) -> String? {
        ledger[node].failedStay == nil ? nil : ledger.stayed[fleet[node].id]?.openCommand
    }

    /// An earlier run of the policy left the node shut, and it still is.
    func takesOver(_ part: Part, _ header: Ledger.RunHeader, _ node: NodeIndex) -> Bool {
        part.isTakenOver && ledger[node].failedStay?.policy == header.pinned.name
    }

    func personBlockers(of node: NodeIndex, _ now: Moment) -> [Blocker] {
        guard let hold = ledger[node].hold, hold.until.map({ now.wall < $0 }) ?? true else { return [] }
        switch hold.wish {
        case .keepOpen: return [Blocker(.keptOpen(actor: hold.actor, reason: hold.reason), until: hold.until)]
        case .reserved: return [Blocker(.reserved(actor: hold.actor, reason: hold.reason), until: hold.until)]
        case .handsOff, .mode: return [Blocker(.held(actor: hold.actor, reason: hold.reason), until: hold.until)]
        }
    }

    /// Only a node freshly seen normal, ready and connected is taken out of service; one that an earlier run of the policy
    /// left shut from where it stands.
    func stateBlockers(of node: NodeIndex, isTakenOver: Bool, _ now: Moment) -> [Blocker] {
        if let failure = fleet[node].failure { return [Blocker(.unreachable(failure))] }
        guard let mode = fleet[node].mode?.mode, fleet[node].observation != nil else { return [Blocker(.notRead)] }
        guard fleet[node].isModeFresh(at: now), fleet[node].isObservationFresh(at: now) else {
            return [Blocker(.stale)]
        }
        switch mode {
        case .unknown(let word): return [Blocker(.unknownMode(word))]
        case .known(.initial): return [Blocker(.initial)]
        case .known: break
        }
        var blockers: [Blocker] = []
        if let floor = ledger[node].floor, !isTakenOver {
            blockers.append(Blocker(isFaulted(node) ? .faulted : .foreign(floor)))
        } else if let found = mode.requestable, found > .normal, !isTakenOver, ledger[node].written == nil {
            blockers.append(Blocker(.notNormal(found)))
        }
        if !fleet.isConnected(node, at: now) { blockers.append(Blocker(.isolated)) }
        if isTakenOver { return blockers }
        if blockers.isEmpty, !fleet[node].isServing(at: now), ledger[node].written == nil {
            blockers.append(Blocker(.notReady))
        }
        if blockers.isEmpty, mode == .known(.normal), ledger[node].written == nil,
            case .mode(let listed) = sight(of: node, now), listed != mode, listed != .known(.initial)
        {
            blockers.append(Blocker(.listedOtherwise(listed)))
        }
        return blockers
    }

    private func sight(of node: NodeIndex, _ now: Moment) -> Roster.Sight {
        let cluster = fleet.cluster(of: node)
        guard fleet[cluster].isClustered, fleet[cluster].roster.isRestrained(fleet[seat: node].column),
            let mode = fleet[node].mode
        else { return .unseen }
        return fleet[cluster].roster.sight(
            of: fleet[seat: node].column, since: mode.begun.uptime, at: now, staleAfter: fleet[cluster].staleAfter)
    }

    /// `block_new_connection` that nobody asked nagi for, in a cluster, on a node whose mode nagi did not write in this
    /// life of it: maybe a fault of the node.
    func isFaulted(_ node: NodeIndex) -> Bool {
        ledger[node].floor == .blockNewConnection && ledger[node].written == nil
            && fleet[fleet.cluster(of: node)].isClustered
    }

    /// What is left of the run's slots, of the cluster's budget and its quorum, for a node that nothing else stands
    /// against.
    func roomBlockers(
        for part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ cluster: ClusterIndex, _ now: Moment
    ) -> [Blocker] {
        guard let node = node(of: place) else { return [] }
        let use = fleet.budgetUse(of: cluster, at: now)
        var blockers: [Blocker] = []
        var quorum: [Blocker] = []
        if header.pinned.sequence.hasDisruptiveStep, let missing = missingForQuorum(disrupting: node, now) {
            quorum.append(Blocker(.quorum(missing: missing)))
        }
        // What nagi keeps shut anyway needs no further slot.
        if takesOver(part, header, node) { return quorum }
        let (have, limit, resting) = runSlots(of: place.run, header, use, now)
        if have >= limit {
            let holders = runs[place.run.raw].working.prefix(Controller.holderLimit).compactMap { index in
                ledger.part(PartPlace(run: place.run, part: index))?.node.name
            }
            blockers.append(Blocker(.runFull(have: have, limit: limit, holders: holders)))
        } else if have + resting.count >= limit {
            blockers.append(Blocker(.betweenNodes, until: resting.left.map { now.wall + $0 }))
        }
        // A command before the first drain takes no slot of the cluster, and needs none.
        let isPrelude = part.phase.isQueued && !header.pinned.sequence.steps[0].takesOut
        if isPrelude { return blockers + quorum }
        if !use.hasRoom(forTemporary: fleet[seat: node].isTemporary) {
            blockers.append(
                Blocker(
                    .budget(
                        have: use.unavailable, limit: use.limit,
                        holders: fleet.out(of: cluster, at: now, atMost: Controller.holderLimit))))
        }
        blockers += quorum
        if let other = unidentified(in: cluster, but: node, now) { blockers.append(Blocker(.identity(other))) }
        return blockers
    }

    private func runSlots(
        of slot: RunSlot, _ header: Ledger.RunHeader, _ use: BudgetUse, _ now: Moment
    ) -> (have: Int, limit: Int, resting: (count: Int, left: Duration?)) {
        ledger.withRun(slot) { run -> (have: Int, limit: Int, resting: (count: Int, left: Duration?)) in
            let limit = min(header.pinned.strategy.maxUnavailable.asMaxUnavailable(of: run.parts.count), use.limit)
            // Parts before their grant count too: they are about to need a slot.
            let waiting = run.tally.ungranted.filter { index in
                guard let work = run.parts[index].phase.work else { return false }
                return !run.pinned.sequence.steps[work.step].takesOut
            }.count
            return (have: run.tally.holdingSlots + waiting, limit: limit, resting: run.restingSlots(at: now))
        } ?? (have: 0, limit: 0, resting: (count: 0, left: nil))
    }

    /// Another node of the cluster is out by nagi's doing and has not been shown to be the one that the policies name.
    private func unidentified(in cluster: ClusterIndex, but node: NodeIndex, _ now: Moment) -> String? {
        guard fleet[cluster].isClustered else { return nil }
        return fleet[cluster].leased.first { other in
            guard other != node, let lease = fleet[seat: other].lease, ledger.part(lease)?.phase.claim != nil else {
                return false
            }
            return identity(of: other, now) != .shown
        }.map { fleet[$0].id.name }
    }

    /// A start is granted on reads of all nodes of the cluster that began after it was wished for.
    private func isSwept(
        _ part: Part, _ slot: RunSlot, _ header: Ledger.RunHeader, _ cluster: ClusterIndex, _ now: Moment
    ) -> Bool {
        // Steps before the first `drain` or `block` take nothing.
        if part.phase.isQueued, !header.pinned.sequence.steps[0].takesOut, !part.isTakenOver { return true }
        return runs[slot.raw].wish.map { fleet[cluster].sweep.serves($0, at: now.uptime) } ?? false
    }
}
