import Primitives

/// Sessions that span nodes. Such a session is kept and counted by its owner, the node on which it began; the other
/// nodes carry connections of it as guests. Owner and carriers are in touch with each other; where that ends, every part
/// of the network that still carries connections goes on with an owner of its own, and they become one when they meet.
extension Cluster {
    /// What a stopping node leaves to others.
    struct RelayedSessions {
        /// Its own sessions that have connections elsewhere.
        var owned: [Session]
        /// Connections that it carried for others.
        var carried: [(channel: ChannelID, guest: SessionTable.Guest)]
    }

    func relayedPlacement(of channel: ChannelID, contacting contacted: Int) -> Placement {
        let mode = nodes[contacted].mode
        guard nodes[contacted].isRunning else { return .rejected(.notRunning) }
        if mode == .initial { return .rejected(.initial) }
        if mode == .blockNewConnection, !nodes[contacted].settings.profile.redirectsWhileBlocked {
            return .rejected(.blockNewConnection)
        }
        guard isJoined(contacted) || nodes[contacted].hasLiveSession(of: channel) else {
            return .rejected(nodes[contacted].rejection(of: channel) ?? .noNode)
        }
        guard let chosen = leastLoaded(seenBy: contacted, where: { $0.rejection(of: channel) == nil }) else {
            return .rejected(nodes[contacted].rejection(of: channel) ?? .noNode)
        }
        return chosen == contacted ? .here : .redirect(chosen)
    }

    mutating func connectRelayed(
        _ channel: ChannelID, contacting contacted: Int, at time: Timestamp
    ) -> ClusterAdmission {
        advance(to: time)
        switch relayedPlacement(of: channel, contacting: contacted) {
        case .here: return admitRelayed(channel, on: contacted, at: time)
        case .redirect(let other): return admitRelayed(channel, on: other, at: time)
        case .rejected(let rejection): return .rejected(rejection)
        }
    }

    /// Lets the node decide, as the session's owner or for one that another node owns.
    mutating func admitRelayed(_ channel: ChannelID, on target: Int, at time: Timestamp) -> ClusterAdmission {
        let admission: Admission
        let owner = relayOwner(of: channel, seenBy: target) ?? target
        if owner != target, let session = nodes[owner].session(of: channel)?.id {
            admission = nodes[target].connect(channel, guestOf: session, on: owner, at: time)
        } else {
            admission = nodes[target].connect(channel, at: time)
        }
        switch admission {
        case .rejected(let rejection): return .rejected(rejection)
        case .admitted(let connection, let session):
            if owner != target { nodes[owner].guestCame(to: channel) }
            remember(owner, of: channel)
            return .admitted(node: target, connection, session)
        }
    }

    /// A connection ends in the way that is given; its session hears of it, wherever it lives.
    mutating func endRelayed(
        _ connection: ConnectionID, at time: Timestamp, by end: (inout Node) -> Bool
    ) -> Bool {
        let index = connection.nodeIndex
        let channel = nodes[index].channel(of: connection)
        let guest = channel.flatMap { nodes[index].guests[$0] }
        guard end(&nodes[index]) else { return false }
        if let channel, let guest { nodes[guest.owner].guestsLeft(1, from: channel, at: time) }
        return true
    }

    mutating func terminateRelayed(_ channel: ChannelID, on index: Int, at time: Timestamp) -> SessionID? {
        advance(to: time)
        guard let owner = relayOwner(of: channel, seenBy: index) else { return nil }
        cutGuests(of: channel, ownedBy: owner, isEnding: true, at: time)
        return nodes[owner].terminateSession(of: channel, at: time)
    }

    mutating func disconnectRelayed(_ channel: ChannelID, on index: Int, at time: Timestamp) -> Int {
        advance(to: time)
        guard let owner = relayOwner(of: channel, seenBy: index) else { return 0 }
        let own = nodes[owner].disconnectChannel(channel, at: time)
        return own + cutGuests(of: channel, ownedBy: owner, isEnding: false, at: time)
    }

    @discardableResult
    private mutating func cutGuests(
        of channel: ChannelID, ownedBy owner: Int, isEnding: Bool, at time: Timestamp
    ) -> Int {
        var all = 0
        for carrier in carriers(of: channel, ownedBy: owner) {
            let cut = nodes[carrier].disconnectChannel(channel, at: time)
            nodes[owner].guestsLeft(cut, from: channel, isEnding: isEnding, at: time)
            all += cut
        }
        return all
    }

    /// The node on which the channel's session lives, as far as the node that is asked can tell.
    private func relayOwner(of channel: ChannelID, seenBy observer: Int) -> Int? {
        if let guest = nodes[observer].guests[channel] { return guest.owner }
        if nodes[observer].session(of: channel) != nil { return observer }
        if let known = owners[channel], part(of: known) == part(of: observer),
            nodes[known].session(of: channel) != nil
        {
            return known
        }
        return nodes.indices.first {
            part(of: $0) == part(of: observer) && nodes[$0].session(of: channel) != nil
        }
    }

    private func carriers(of channel: ChannelID, ownedBy owner: Int) -> [Int] {
        nodes.indices.filter { nodes[$0].guests[channel]?.owner == owner }
    }
}

/// What becomes of them when nodes stop, or the network changes.
extension Cluster {
    mutating func relayedSessions(of index: Int, at time: Timestamp) -> RelayedSessions {
        advance(to: time)
        return RelayedSessions(
            owned: nodes[index].sessions.filter { $0.relayedConnections > 0 },
            carried: nodes[index].guests.map { (channel: $0.key, guest: $0.value) }.sorted { $0.channel < $1.channel })
    }

    mutating func handOver(_ left: RelayedSessions, of index: Int, at time: Timestamp) {
        for (channel, guest) in left.carried {
            nodes[guest.owner].guestsLeft(guest.connections, from: channel, at: time)
        }
        for session in left.owned {
            leave(session, to: carriers(of: session.channel, ownedBy: index))
        }
    }

    /// Makes owners and carriers be in touch again.
    mutating func rehome(at time: Timestamp) {
        separate(at: time)
        meet(at: time)
    }

    /// Carriers that lost their owner go on without it.
    private mutating func separate(at time: Timestamp) {
        for owner in nodes.indices {
            for session in nodes[owner].sessions where session.relayedConnections > 0 {
                let lost = carriers(of: session.channel, ownedBy: owner).filter { part(of: $0) != part(of: owner) }
                guard !lost.isEmpty else { continue }
                let count = lost.reduce(0) { $0 + (nodes[$1].guests[session.channel]?.connections ?? 0) }
                leave(session, to: lost)
                if count < session.connections {
                    nodes[owner].guestsLeft(count, from: session.channel, at: time)
                } else if let heir = lost.first {
                    nodes[owner].giveUp(session.channel, to: session.id, on: heir, at: time)
                }
            }
        }
    }

    /// In each part of the network the first of the carriers becomes the owner of the session.
    private mutating func leave(_ session: Session, to carriers: [Int]) {
        for heir in carriers where carriers.first(where: { part(of: $0) == part(of: heir) }) == heir {
            let others = carriers.filter { $0 != heir && part(of: $0) == part(of: heir) }
            let relayed = others.reduce(0) { $0 + (nodes[$1].guests[session.channel]?.connections ?? 0) }
            nodes[heir].inherit(session, relayed: relayed)
            for other in others { nodes[other].reassign(session.channel, to: session.id, on: heir) }
            remember(heir, of: session.channel)
        }
    }

    /// Sessions of one channel that are in touch again become one: the oldest that has connections.
    private mutating func meet(at time: Timestamp) {
        var holders: [ChannelID: [Int]] = [:]
        for index in nodes.indices {
            for session in nodes[index].sessions { holders[session.channel, default: []].append(index) }
        }
        for (channel, indices) in holders.filter({ $0.value.count > 1 }).sorted(by: { $0.key < $1.key }) {
            for index in indices {
                let others = indices.filter { $0 != index && part(of: $0) == part(of: index) }
                for other in others where goesOn(index, before: other, with: channel) {
                    absorb(channel, of: other, into: index, at: time)
                }
            }
        }
    }

    private func goesOn(_ a: Int, before b: Int, with channel: ChannelID) -> Bool {
        guard let first = nodes[a].session(of: channel), let second = nodes[b].session(of: channel) else {
            return false
        }
        if (first.connections == 0) != (second.connections == 0) { return second.connections == 0 }
        return (first.createdAt, a) < (second.createdAt, b)
    }

    private mutating func absorb(_ channel: ChannelID, of former: Int, into owner: Int, at time: Timestamp) {
        guard let old = nodes[former].session(of: channel), let session = nodes[owner].session(of: channel)?.id
        else { return }
        for carrier in carriers(of: channel, ownedBy: former) {
            nodes[carrier].reassign(channel, to: session, on: owner)
        }
        nodes[former].giveUp(channel, to: session, on: owner, at: time)
        nodes[owner].merge(old)
        remember(owner, of: channel)
    }
}
