import ModeCore
import Primitives

/// What was read: observations in, and what follows of them.
extension Controller {
    /// Slow facts of a node that change faster than this decide nothing by themselves: the journal counts them.
    static let factSpacing = Duration.seconds(3)

    mutating func take(_ observation: Observation, of node: NodeIndex, _ turn: inout Turn) {
        let now = turn.now
        fleet[node].whole.isUnderWay = false
        guard observation.begun.uptime >= fleet[node].hereSince else { return readNow(node, now) }
        let known = ledger[node].marks
        if let failure = doubt(observation, of: node, known: known, now) {
            return takeFromAnother(observation, failure, at: node, &turn)
        }
        let isBack = isBackFromRestart(node, observation.mode)
        var life = fleet[node].take(observation, known: known, at: now)
        if isBack { life = .another }
        note(life, of: node, isFirst: known == nil && fleet[node].id == observation.node, &turn)
        noteMembers(observation.members, begun: observation.begun, of: node, &turn)
        let offset = observation.hostWall.map { $0 - observation.begun.wall }
        network.note(node.raw, .answers, offset: offset, at: now.uptime)
        noteLooser(node, begun: observation.begun, isSameLife: life == .same, &turn)
        settleChange(of: node, &turn)
        noteSeenAgain(node, observation, &turn)
        noteIdentity(node, &turn)
        noteEvidence(node, now)
        noteDrain(of: node, &turn)
        finishRead(node, begun: observation.begun, &turn)
    }

    /// Another node answers at its address. That one's mode counts only where it may be nagi's doing, in the name of the node:
    /// then it is taken back there.
    private mutating func takeFromAnother(
        _ observation: Observation, _ failure: ReadFailure, at node: NodeIndex, _ turn: inout Turn
    ) {
        guard let mode = observation.mode.requestable, mayBeOwn(mode, on: node, turn.now),
            !isOccupantsOwn(mode, at: node)
        else {
            let answeredAt = ledger[node].open?.answeredAt?.uptime
            if case .callable? = fleet[node].doubt?.said, answeredAt.map({ observation.begun.uptime >= $0 }) ?? false {
                giveUpChange(of: node, &turn)
            }
            return take(failure, .whole, begun: observation.begun, of: node, &turn)
        }
        noteMembers(nil, begun: observation.begun, of: node, &turn)
        if mode > .normal, mode != ledger[node].written?.mode { fleet[node].isSetInDoubt = true }
        believe(observation.mode, begun: observation.begun, of: node, &turn)
        fleet[node].voidEvidence()
        finishRead(node, begun: observation.begun, &turn)
    }

    /// Nagi has set it there, or may have. One that is open need not be the one that nagi opened, unless whoever answers there
    /// has said so.
    private func mayBeOwn(_ mode: RequestableMode, on node: NodeIndex, _ now: Moment) -> Bool {
        let entry = ledger[node]
        let answer = entry.open.flatMap { $0.change.target == mode ? $0.answer : nil }
        if case .accepted? = answer?.outcome { return true }
        return mode > .normal
            && (mode == entry.written?.mode || answer?.mayHaveArrived == true
                || entry.mayStillArrive(mode, at: now.wall))
    }

    /// Nagi keeps whoever stands there by now in that mode for his own sake.
    private func isOccupantsOwn(_ mode: RequestableMode, at node: NodeIndex) -> Bool {
        let seat = fleet[seat: node]
        guard
            let place = fleet[seat.cluster].roster.occupant(of: seat.address.api.asAddressKey, besides: seat.column),
            fleet[seat.cluster].nodes.indices.contains(place)
        else { return false }
        let other = ledger[fleet[seat.cluster].nodes[place]]
        return mode > .normal && (other.written?.mode == mode || other.open?.change.target == mode)
    }

    /// How the drain goes, every now and then: what it lets expect survives a restart, and can be asked about later.
    private mutating func noteDrain(of node: NodeIndex, _ turn: inout Turn) {
        guard let place = fleet[seat: node].lease, let work = ledger.part(place)?.phase.work,
            case .drain? = ledger.header(place.run)?.pinned.sequence.steps[work.step],
            let load = fleet[node].observation?.load,
            load.countedSessions ?? load.ongoingConnections <= DrainCurve.most
        else { return }
        if let curve = ledger[node].drain, curve.since == work.since.wall, !curve.wantsSample(at: turn.now.wall) {
            return
        }
        let sample = DrainCurve.Sample(
            at: turn.now.wall, sessions: load.countedSessions, connections: load.ongoingConnections)
        decide(.drainSampled(fleet[node].id, sample, of: work.since.wall), &turn)
    }

    mutating func take(
        _ mode: ObservedMode, _ scope: ReadScope, begun: Moment, of node: NodeIndex, _ turn: inout Turn
    ) {
        if scope == .mode { fleet[node].modeOnly.isUnderWay = false }
        guard begun.uptime >= fleet[node].hereSince else { return scheduleModeRead(node, turn.now) }
        guard !asksWhoAnswers(node, mode, turn.now) else {
            fleet[node].voidEvidence()
            readNow(node, turn.now)
            return scheduleModeRead(node, turn.now)
        }
        believe(mode, begun: begun, of: node, &turn)
    }

    private mutating func believe(
        _ mode: ObservedMode, begun: Moment, of node: NodeIndex, _ turn: inout Turn
    ) {
        let former = fleet[node].mode?.mode
        let isBack = isBackFromRestart(node, mode)
        var life = fleet[node].take(mode, begun: begun)
        if isBack { life = .another }
        if life == .another { note(life, of: node, isFirst: false, &turn) }
        network.note(node.raw, .answers, at: turn.now.uptime)
        noteLooser(node, begun: begun, isSameLife: false, &turn)
        settleChange(of: node, &turn)
        noteFacts(of: node, &turn)
        // What the mode means for sessions, version and membership only a whole read says.
        if mode != former { readNow(node, turn.now) }
        nodesToTouch.insert(node.raw)
        scheduleModeRead(node, turn.now)
    }

    mutating func take(
        _ failure: ReadFailure, _ scope: ReadScope, begun: Moment, of node: NodeIndex, _ turn: inout Turn
    ) {
        switch scope {
        case .newAddress: return
        case .mode: fleet[node].modeOnly.isUnderWay = false
        case .whole: fleet[node].whole.isUnderWay = false
        }
        guard begun.uptime >= fleet[node].hereSince else { return readNow(node, turn.now) }
        fleet[node].take(failure, begun: begun, at: turn.now)
        network.note(node.raw, failure.isOfNetwork ? .silent : .notSent, at: turn.now.uptime)
        if fleet[node].isFailing { noteMembers(nil, begun: begun, of: node, &turn) }
        if scope == .whole {
            finishRead(node, begun: begun, &turn)
        } else {
            noteFacts(of: node, &turn)
            nodesToTouch.insert(node.raw)
        }
        scheduleModeRead(node, turn.now)
        wake(.node(node.raw), at: fleet[node].goneAt(watchedSince: fleet.watchedSince), turn.now)
    }

    /// A committed node that was away and has lost its block was restarted, as its step means to, whatever its counters say:
    /// those of a node without calls are the same before and after.
    private func isBackFromRestart(_ node: NodeIndex, _ mode: ObservedMode) -> Bool {
        guard fleet[node].wentAway, fleet[node].isConfirmed, let observed = mode.requestable,
            let written = ledger[node].written?.mode, observed < written, let lease = fleet[seat: node].lease
        else { return false }
        return ledger.part(lease)?.phase.kind == .committed
    }

    private mutating func note(_ life: NodeWatch.Life, of node: NodeIndex, isFirst: Bool, _ turn: inout Turn) {
        guard life == .another, let marks = fleet[node].marks else { return }
        let entry = ledger[node]
        // A node that the journal knows nothing of has no earlier life to tell from this one.
        guard !isFirst || entry.isAttached(at: turn.now.wall) || entry.failedStay != nil else { return }
        decide(.nodeRestarted(fleet[node].id, marks), &turn)
        fleet[node].looserSince = nil
        spareNewcomers(on: node, &turn)
        for place in fleet[seat: node].working { runsToTouch.insert(place.run.raw) }
    }

    /// The claimed mode was there and is not any more. Whether somebody did that, or a restart, a whole read says.
    private mutating func noteLooser(_ node: NodeIndex, begun: Moment, isSameLife: Bool, _ turn: inout Turn) {
        guard let observed = fleet[node].mode?.mode.requestable, let wanted = wish(of: node, turn.now).mode,
            ledger[node].formerAddress == nil
        else { return }
        let written = ledger[node].written
        // A late write of nagi's own is nobody's hand.
        let isLoosened =
            observed < wanted && fleet[node].isConfirmed && written.map { $0.mode > observed } ?? false
            && !ledger[node].mayStillArrive(observed, at: turn.now.wall)
        if observed >= wanted { fleet[node].isConfirmed = true } else { fleet[node].voidEvidence() }
        if isLoosened {
            fleet[node].isConfirmed = false
            fleet[node].looserSince = begun.uptime
            spareNewcomers(on: node, &turn)
        }
        // Also where the block is back already: it was loosened all the same.
        guard let since = fleet[node].looserSince, isSameLife, begun.uptime >= since else { return }
        fleet[node].looserSince = nil
        guard written?.incarnation == ledger[node].incarnation else { return }
        let times = ledger[node].recentLoosenings(at: turn.now.wall).count + 1
        decide(
            .nodeLoosened(
                fleet[node].id, to: .known(observed < wanted ? observed.mode : .normal),
                times: ledger.isObserving ? nil : times), &turn)
        if let until = ledger[node].contestedUntil(at: turn.now.wall) {
            wake(.node(node.raw), at: turn.now.uptime + (until - turn.now.wall), turn.now)
        }
    }

    /// A drain that went on with live calls has given these their time; whoever came while the node was open has had none.
    private mutating func spareNewcomers(on node: NodeIndex, _ turn: inout Turn) {
        guard let place = fleet[seat: node].lease, var part = ledger.part(place), let header = ledger.header(place.run),
            let work = part.phase.work
        else { return }
        let step = header.pinned.sequence.steps[work.step]
        // Whose calls were ended has had its time, and who came since has not.
        let isAfterEnding = if case .drain = step { work.attempt > 0 && work.command == nil } else { false }
        guard work.mayDropSessions || isAfterEnding else { return }
        part.phase.change { work in
            work.mayDropSessions = false
            guard isAfterEnding else { return }
            work.attempt = 0
            work.timer = step.deadline().map { Countdown($0, from: turn.now) }
        }
        decide(.partChanged(header.id, place.part, part, step: nil, nil), &turn)
        nodesToTouch.insert(node.raw)
    }

    private mutating func noteSeenAgain(_ node: NodeIndex, _ observation: Observation, _ turn: inout Turn) {
        guard let written = ledger[node].written, observation.mode.requestable == written.mode,
            written.seenIn != ledger[node].incarnation, ledger[node].open == nil,
            fleet[node].mode?.begun == observation.begun
        else { return }
        // A restart takes every mode with it: what was seen before it is there again by another hand. Of a node that may
        // have left its address nothing of the kind is known.
        guard written.seenIn == nil || ledger[node].formerAddress != nil else {
            return decide(.ownershipDropped(fleet[node].id, reason: .foreign), &turn)
        }
        // Whoever came in between a restart and this.
        let incarnation = ledger[node].incarnation
        if (fleet[node].leakedIn ?? written.incarnation) != incarnation {
            fleet[node].leaked += observation.load?.createdOfItsOwn ?? 0
        }
        fleet[node].leakedIn = incarnation
        decide(.modeSeenAgain(fleet[node].id), &turn)
    }

    private mutating func noteMembers(
        _ members: [ClusterMember]?, begun: Moment, of node: NodeIndex, _ turn: inout Turn
    ) {
        let cluster = fleet.cluster(of: node)
        let compared = fleet[cluster].roster.compared
        let change = fleet[cluster].roster.take(members, from: fleet[seat: node].column, begun: begun)
        turn.cost.rows += fleet[cluster].roster.compared - compared
        guard change != .nothing else { return }
        fleet[cluster].mustDiscover = true
        if change == .members { noteMembership(of: cluster, &turn) }
        clustersToTouch.insert(cluster.raw)
        touchRuns(of: cluster)
    }

    mutating func noteMembership(of cluster: ClusterIndex, _ turn: inout Turn) {
        fleet[cluster].mustCheckLists = true
        guard let said = fleet[cluster].roster.takeNewMembership() else { return }
        let names = Set(fleet[cluster].nodes.map { fleet[$0].id.name })
        let found = said.following(fleet[cluster].membership, configured: names.contains)
        guard found != fleet[cluster].membership else { return }
        decide(.membershipChanged(cluster: fleet[cluster].policy.name, found), &turn)
        fleet[cluster].membership = found
        fleet.noteMembership(of: cluster)
    }

    private mutating func noteEvidence(_ node: NodeIndex, _ now: Moment) {
        guard let place = fleet[seat: node].lease, let work = ledger.part(place)?.phase.work, let claim = work.claim,
            let sequence = ledger.header(place.run)?.pinned.sequence
        else { return }
        let drain = sequence.drain(before: work.step)?.step
        fleet[node].noteEvidence(
            confirmed: claim, maxSessions: drain?.maxSessions ?? 0, maxConnections: drain?.maxConnections ?? 0, at: now)
    }

    private mutating func finishRead(_ node: NodeIndex, begun: Moment, _ turn: inout Turn) {
        let cluster = fleet.cluster(of: node)
        let (isClusterKnown, isSwept) = fleet.noteRead(node, begun: begun.uptime, at: turn.now.uptime)
        // Whether nodes without lists stand alone hangs on who of them answers.
        if fleet[cluster].isClustered, fleet[cluster].isKnown, fleet[cluster].roster.listsOfOthers == 0 {
            fleet[cluster].mustCheckLists = true
            clustersToTouch.insert(cluster.raw)
        }
        if isClusterKnown {
            fleet[cluster].mustCheckLists = true
            fleet[cluster].mustDiscover = true
            clustersToTouch.insert(cluster.raw)
            for other in fleet[cluster].nodes { nodesToTouch.insert(other.raw) }
        }
        if isClusterKnown || isSwept { touchRuns(of: cluster) }
        if isSwept { sweep(cluster, turn.now) }
        noteFacts(of: node, &turn)
        nodesToTouch.insert(node.raw)
        let at = fleet[node].whole.wantsMore ? turn.now.uptime : turn.now.uptime + interval(of: node, turn.now)
        fleet[node].whole.wantsMore = false
        read(node, at: at)
        scheduleModeRead(node, turn.now)
    }

    mutating func touchRuns(of cluster: ClusterIndex) {
        for slot in fleet[cluster].runs { runsToTouch.insert(slot.raw) }
    }

    /// Journals what the node shows where that differs from what the journal says: at once, or as soon as the spacing is
    /// over, so that the past is answered as the present was.
    mutating func noteFacts(of node: NodeIndex, _ turn: inout Turn) {
        guard let facts = facts(of: node, turn.now) else { return }
        guard !isSame(facts, ledger[node].facts) else {
            fleet[node].unjournaledFacts = nil
            return
        }
        let isAtWork = !fleet[seat: node].working.isEmpty || ledger[node].isAttached(at: turn.now.wall)
        let isMode = facts.mode != ledger[node].facts?.mode
        let isService = facts.differsInService(from: ledger[node].facts)
        let next = fleet[node].journaled.next(after: isAtWork ? Burst.limitAtWork : Burst.limit)
        if !(isAtWork && isMode), !(isService && next <= turn.now.uptime),
            let last = fleet[node].journaled.toldAt, turn.now.uptime - last < Controller.factSpacing
        {
            if fleet[node].unjournaledFacts != facts { fleet[node].unjournaled += 1 }
            fleet[node].unjournaledFacts = facts
            return wake(.facts(node.raw), at: last + Controller.factSpacing, turn.now)
        }
        decide(
            .nodeObserved(fleet[node].id, facts, fleet[node].marks, skipped: fleet[node].unjournaled), &turn)
        fleet[node].journaled.note(at: turn.now.uptime)
        fleet[node].unjournaled = 0
        fleet[node].unjournaledFacts = nil
    }

    /// What the journal keeps of the node's latest read; nil before the first.
    private func facts(of node: NodeIndex, _ now: Moment) -> NodeLedger.NodeFacts? {
        let watch = fleet[node]
        let spans: Bool? = relays(node) ? true : nil
        if let failure = watch.failure { return NodeLedger.NodeFacts(mode: nil, relays: spans, failure: failure) }
        guard let mode = watch.mode?.mode else { return nil }
        // Before every node was asked once, nobody can say what the majority says.
        let cluster = fleet[fleet.cluster(of: node)]
        let isConnected = cluster.isClustered && cluster.isKnown ? fleet.isConnected(node, at: now) : nil
        return NodeLedger.NodeFacts(
            mode: mode, version: watch.observation?.version, ready: watch.observation?.ready, isConnected: isConnected,
            relays: spans)
    }

    /// Whether its sessions span nodes, by what it said last. What is not known is no: there sessions count.
    func relays(_ node: NodeIndex) -> Bool {
        fleet[node].observation?.load?.relays ?? ledger[node].facts?.relays ?? false
    }

    /// The text of a failure may differ each time; its kind is what is journaled on change.
    private func isSame(_ a: NodeLedger.NodeFacts, _ b: NodeLedger.NodeFacts?) -> Bool {
        guard let failure = a.failure, let former = b?.failure else { return a == b }
        return failure.isSameKind(as: former)
    }
}
