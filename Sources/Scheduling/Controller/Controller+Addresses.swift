import ModeCore
import Primitives

/// A node whose address changed while something of nagi's was on it: it keeps the old one until it was seen at the new one.
extension Controller {
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
