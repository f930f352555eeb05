import ModeCore
import Primitives

/// A node whose address changed while something of nagi's was on it: it keeps the old one until it was seen at the new one.
extension Controller {
    /// For so long a lost block is not put back on a node at which a command is at work, where another one may answer.
    private static let committedPatience = Duration.seconds(5)
    /// And for so long where no list says who answers.
    private static let listPatience = Duration.milliseconds(250)

    /// Why a whole read of a node that was found says nothing of that node: another one has its address by now. Whoever
    /// answers has all names in his list, and where they are.
    ///
    /// - Returns: nil where he is it, or nothing of nagi's is on the node: then nothing can be done to another in its name.
    mutating func doubt(
        _ observation: Observation, of node: NodeIndex, known: IncarnationMarks?, _ now: Moment
    ) -> ReadFailure? {
        let seat = fleet[seat: node]
        guard seat.isFound,
            let doubt = fleet[node].noteSaid(
                by: observation.members, besides: seat.address.api.asAddressKey, begun: observation.begun),
            ledger[node].isAttached(at: now.wall) || seat.lease != nil
        else { return nil }
        let isPatienceOver = now.uptime - doubt.since > identityPatience(of: node)
        guard case .callable(let api)? = doubt.said else {
            // Where a command is at work a process that has not joined is what it means to see.
            let isWanted = observation.mode.requestable.map { $0 == ledger[node].open?.change.target } ?? false
            let isAsBefore =
                (isWanted || !isLess(observation.mode, on: node))
                && fleet[node].mayBeSameLife(by: observation, known: known)
            guard !isAsBefore, !isPatienceOver, !isCommitted(node) else { return nil }
            return .badAnswer("its list does not say which node answers there")
        }
        // A list that is alone with its word for long spells the address in another way.
        if !isShownElsewhere(node) {
            guard !isPatienceOver, fleet[node].alias != doubt.said else {
                fleet[node].alias = doubt.said
                return nil
            }
        }
        return .badAnswer(
            NodeText(cutting: "another node answers there: by its list \(fleet[node].id.name) is at \(api)"))
    }

    /// By the others' lists it is where the list of whoever answers at its address has it.
    func isShownElsewhere(_ node: NodeIndex) -> Bool {
        guard fleet[seat: node].isFound, case .callable? = fleet[node].doubt?.said else { return false }
        let seat = fleet[seat: node]
        return fleet[seat.cluster].roster.addressByOthers(of: seat.column) == fleet[node].doubt?.said
    }

    /// A looser mode that was read alone may be another node's, and any where another one answers; a whole read says. Where a
    /// command is at work nobody waits for that longer than `listPatience`, or `committedPatience` where a list says that it is
    /// another one: a restart is meant to lose the mode.
    mutating func asksWhoAnswers(_ node: NodeIndex, _ mode: ObservedMode, _ now: Moment) -> Bool {
        guard fleet[seat: node].isFound else { return false }
        let isCommitted = isCommitted(node)
        if fleet[node].isElsewhere {
            let since = fleet[node].doubt?.since ?? now.uptime
            return !isCommitted || now.uptime - since < Self.committedPatience
        }
        guard isLess(mode, on: node) else { return false }
        guard isCommitted else { return true }
        guard mode.requestable != nil else { return false }
        let asked = fleet[node].askedWhoAnswers ?? now.uptime
        fleet[node].askedWhoAnswers = asked
        return now.uptime - asked < Self.listPatience
    }

    /// Than what nagi wrote, or is writing.
    private func isLess(_ mode: ObservedMode, on node: NodeIndex) -> Bool {
        let entry = ledger[node]
        guard let set = [entry.written?.mode, entry.open?.change.target].compactMap({ $0 }).max(), set > .normal else {
            return false
        }
        return mode.requestable.map { $0 < set } ?? true
    }

    private func isCommitted(_ node: NodeIndex) -> Bool {
        fleet[seat: node].lease.flatMap { ledger.part($0) }?.phase.kind == .committed
    }

    private func newAddress(of node: NodeIndex) -> NodeAddress? {
        guard ledger[node].formerAddress != nil else { return nil }
        return fleet[seat: node].configured?.address
    }

    mutating func askNewAddress(_ node: NodeIndex, _ turn: inout Turn) {
        guard let address = newAddress(of: node) else { return }
        turn.act(.read(fleet[node].id, .newAddress, at: address))
    }

    /// Nothing of nagi's is left at the former address: from here on only the new one counts.
    mutating func leaveFormerAddress(_ node: NodeIndex, _ turn: inout Turn) {
        guard let address = newAddress(of: node), ledger[node].written == nil, ledger[node].open == nil,
            fleet[seat: node].lease == nil
        else { return }
        move(node, to: address, isSameLife: false, &turn)
    }

    private mutating func move(_ node: NodeIndex, to address: NodeAddress, isSameLife: Bool, _ turn: inout Turn) {
        decide(.addressMoved(fleet[node].id), &turn)
        alarm(Alarm.Key(.wrongAddress, node: fleet[node].id), nil, &turn)
        fleet[seat: node].address = address
        // What the former address showed says nothing about the node.
        fleet[node].forget(isSameLife: isSameLife, at: turn.now)
        readNow(node, turn.now)
    }

    /// Only a mode that nagi wrote shows that it is the node.
    mutating func moveAddress(of node: NodeIndex, _ mode: ObservedMode, _ turn: inout Turn) {
        guard let address = newAddress(of: node) else { return }
        if mode.requestable != ledger[node].written?.mode, !isLateWrite(mode, of: node, turn.now) {
            // The cluster sees the name, and nothing is left at the old address, or another node: that life of it is over. Where
            // nagi's mode stands there still it is whoever answers there that would stay shut: it is given back first.
            let cluster = fleet.cluster(of: node)
            let former = fleet[seat: node].address.api.asAddressKey
            let isGivenUp = fleet[node].freshMode(at: turn.now).map { $0.requestable != ledger[node].written?.mode }
            let isReadSince =
                ledger[node].open?.answeredAt.map { at in
                    fleet[node].mode.map { $0.begun.uptime >= at.uptime } ?? false
                } ?? true
            let isElsewhere =
                fleet[cluster].isClustered && fleet.isConnected(node, at: turn.now)
                && (fleet[node].isGone(at: turn.now, watchedSince: fleet.watchedSince)
                    || isGivenUp == true && isReadSince
                        && fleet[cluster].roster.isTaken(former, byOtherThan: fleet[seat: node].column))
            guard isElsewhere else { return }
            // What was sent to the former address, and not answered, no read tells any more.
            giveUpChange(of: node, &turn)
            guard ledger[node].open == nil else { return }
            if ledger[node].written != nil {
                decide(.ownershipDropped(fleet[node].id, reason: .alreadyNormal), &turn)
            }
        }
        move(node, to: address, isSameLife: ledger[node].written != nil, &turn)
    }

    /// A write that nagi gave up may have done it. An open node is that only where nobody else has the former address: it may be
    /// he who stands at the new one, too.
    private func isLateWrite(_ mode: ObservedMode, of node: NodeIndex, _ now: Moment) -> Bool {
        guard let mode = mode.requestable, ledger[node].mayStillArrive(mode, at: now.wall) else { return false }
        let seat = fleet[seat: node]
        return mode > .normal
            || !fleet[seat.cluster].roster.isTaken(seat.address.api.asAddressKey, byOtherThan: seat.column)
    }
}
