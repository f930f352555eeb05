import ModeCore
import Primitives

/// A node whose address changed while something of nagi's was on it: it keeps the old one until it was seen at the new one.
extension Controller {
    private func newAddress(of node: NodeIndex) -> NodeAddress? {
        guard ledger[node].formerAddress != nil else { return nil }
        return fleet[seat: node].configured?.address
    }

    /// Notes what a whole read says of who answers at the address of a node that was found: its list has all names.
    mutating func noteWhoAnswers(for node: NodeIndex, begun: Moment) {
        fleet[node].noteLess(than: ledger[node].written?.mode)
        guard fleet[seat: node].isFound, case .callable(let api)? = fleet[node].saidAddress,
            api.description.asAddressKey != fleet[seat: node].address.api.asAddressKey
        else { return fleet[node].elsewhereSince = nil }
        fleet[node].elsewhereSince = fleet[node].elsewhereSince ?? begun.uptime
    }

    /// Another node answers there by now, as it says itself or most lists do. A list that is alone with that for long is
    /// wrong.
    func isAnotherThere(_ node: NodeIndex, _ now: Moment) -> Bool {
        if let since = fleet[node].elsewhereSince, now.uptime - since <= identityPatience(of: node) { return true }
        guard ledger[node].formerAddress != nil else { return false }
        let seat = fleet[seat: node]
        return fleet[seat.cluster].roster.isTaken(seat.address.api.asAddressKey, byOtherThan: seat.column)
    }

    /// Where a mode is looser than the one that nagi wrote, it may be another node's. Where a command is at work nobody waits
    /// to hear that: a restart is meant to lose the mode.
    func mayHaveLeft(_ node: NodeIndex, _ now: Moment) -> Bool {
        let seat = fleet[seat: node]
        if ledger[node].formerAddress != nil || isAnotherThere(node, now) { return true }
        guard seat.isFound, fleet[node].isLessUnseen else { return false }
        return seat.lease.flatMap { ledger.part($0) }?.phase.kind != .committed
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

    /// Only the mode that nagi wrote shows that it is the node.
    mutating func moveAddress(of node: NodeIndex, _ mode: ObservedMode, _ turn: inout Turn) {
        guard let address = newAddress(of: node) else { return }
        if mode.requestable != ledger[node].written?.mode {
            // The cluster sees the name, and nothing is left at the old address, or another node: that life of it is over. Where
            // nagi's mode stands there still it is whoever answers there that would stay shut: it is given back first.
            let cluster = fleet.cluster(of: node)
            let former = fleet[seat: node].address.api.asAddressKey
            let isGivenUp = fleet[node].freshMode(at: turn.now).map { $0.requestable != ledger[node].written?.mode }
            let isElsewhere =
                fleet[cluster].isClustered && fleet.isConnected(node, at: turn.now)
                && (fleet[node].isGone(at: turn.now, watchedSince: fleet.watchedSince)
                    || isGivenUp == true
                        && fleet[cluster].roster.isTaken(former, byOtherThan: fleet[seat: node].column))
            guard isElsewhere, ledger[node].open == nil else { return }
            if ledger[node].written != nil {
                decide(.ownershipDropped(fleet[node].id, reason: .alreadyNormal), &turn)
            }
        }
        move(node, to: address, isSameLife: ledger[node].written != nil, &turn)
    }
}
