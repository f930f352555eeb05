import Primitives

/// Sessions by channel and the connections in them: who is let in, when a session begins and ends, and what is counted.
///
/// The rules of admission stand here and nowhere else. Time never goes back between two calls; whoever calls sees to it.
struct SessionTable: Sendable {
    private(set) var sessions: [ChannelID: Session] = [:]
    /// Channels that have connections here and their session on another node.
    private(set) var guests: [ChannelID: Guest] = [:]
    private(set) var counters = NodeCounters()
    /// Connections that ended because the process ended or somebody cut them, over all restarts.
    private(set) var connectionsCut = 0
    private var places: [ConnectionID: Place] = [:]

    struct Place: Sendable {
        var channel: ChannelID
        var since: Timestamp
    }

    struct Guest: Sendable {
        var session: SessionID
        /// The node that the session lives on.
        var owner: Int
        var connections: Int
    }

    var connectionCount: Int { places.count }

    /// Whether a connection of the channel is live in this table.
    func hasLiveSession(of channel: ChannelID) -> Bool {
        if let session = sessions[channel] { return session.localConnections > 0 }
        return guests[channel] != nil
    }

    func channel(of connection: ConnectionID) -> ChannelID? { places[connection]?.channel }

    /// The live connections that are wanted, in no order.
    func connections(where isWanted: (ChannelID) -> Bool = { _ in true }) -> [Connection] {
        places.compactMap { id, place in
            guard isWanted(place.channel),
                let session = sessions[place.channel]?.id ?? guests[place.channel]?.session
            else { return nil }
            return Connection(id: id, session: session, channel: place.channel, createdAt: place.since)
        }
    }

    func rejection(of channel: ChannelID, in scope: borrowing some SessionScope) -> Rejection? {
        guard scope.isRunning else { return .notRunning }
        switch scope.mode {
        case .normal: break
        case .initial: return .initial
        case .blockNewConnection: return .blockNewConnection
        case .blockNewSession: if !hasLiveSession(of: channel) { return .blockNewSession }
        }
        return scope.isFull ? .full : nil
    }

    mutating func connect(
        _ channel: ChannelID, at now: Timestamp, in scope: inout some SessionScope
    ) -> Admission {
        if let rejection = rejection(of: channel, in: scope) { return .rejected(rejection) }
        guard let connection = scope.takeConnection() else { return .rejected(.full) }
        let session = open(channel, for: connection, at: now, in: &scope)
        welcome(connection, to: session, of: channel, at: now, in: &scope)
        return .admitted(connection, session)
    }

    /// A connection of a channel whose session lives on another node.
    mutating func connect(
        _ channel: ChannelID, guestOf session: SessionID, on owner: Int, at now: Timestamp,
        in scope: inout some SessionScope
    ) -> Admission {
        if let rejection = rejection(of: channel, in: scope) { return .rejected(rejection) }
        guard let connection = scope.takeConnection() else { return .rejected(.full) }
        guests[channel, default: Guest(session: session, owner: owner, connections: 0)].connections += 1
        welcome(connection, to: session, of: channel, at: now, in: &scope)
        return .admitted(connection, session)
    }

    mutating func disconnect(_ connection: ConnectionID, at now: Timestamp, in scope: inout some SessionScope) -> Bool {
        guard let place = places.removeValue(forKey: connection) else { return false }
        if end(connection, at: place, at: now, in: &scope) == 0 { letGo(of: place.channel, at: now, in: &scope) }
        return true
    }

    mutating func cut(_ connection: ConnectionID, at now: Timestamp, in scope: inout some SessionScope) -> Bool {
        guard disconnect(connection, at: now, in: &scope) else { return false }
        connectionsCut += 1
        return true
    }

    mutating func disconnectChannel(
        _ channel: ChannelID, at now: Timestamp, in scope: inout some SessionScope
    ) -> Int {
        let cut = cutConnections(of: channel, at: now, in: &scope)
        if cut > 0, sessions[channel]?.connections == 0 { letGo(of: channel, at: now, in: &scope) }
        return cut
    }

    mutating func terminateSession(
        of channel: ChannelID, at now: Timestamp, in scope: inout some SessionScope
    ) -> SessionID? {
        guard let session = sessions[channel] else { return nil }
        if session.isOver(by: now, grace: scope.gracePeriod) {
            destroySession(of: channel, at: now, in: &scope)
            return nil
        }
        cutConnections(of: channel, at: now, in: &scope)
        destroySession(of: channel, at: now, in: &scope)
        return session.id
    }

    /// The grace period of an entry is over; its session ends unless somebody came back.
    mutating func expire(_ entry: ExpiryQueue.Entry, at now: Timestamp, in scope: inout some SessionScope) {
        guard let session = sessions[entry.channel], session.id == entry.session,
            session.emptySince == entry.emptySince
        else { return }
        destroySession(of: entry.channel, at: now, in: &scope)
    }

    /// The process ended: everything is gone without an event.
    mutating func removeAll() {
        connectionsCut += places.count
        places.removeAll(keepingCapacity: true)
        sessions.removeAll(keepingCapacity: true)
        guests.removeAll(keepingCapacity: true)
    }

    /// A process starts; it counts from zero.
    mutating func resetCounters() { counters = NodeCounters() }
}

extension SessionTable {
    private mutating func open(
        _ channel: ChannelID, for connection: ConnectionID, at now: Timestamp, in scope: inout some SessionScope
    ) -> SessionID {
        if let place = sessions.index(forKey: channel) {
            if !sessions.values[place].isOver(by: now, grace: scope.gracePeriod) {
                return sessions.values[place].add()
            }
            destroySession(of: channel, at: now, in: &scope)
        }
        let id = SessionID(connection.rawValue)
        var session = Session(id: id, channel: channel, createdAt: now)
        _ = session.add()
        sessions[channel] = session
        counters.sessionsCreated += 1
        scope.sessionOpened()
        if scope.keepsTraffic { scope.record(.sessionCreated(session), at: now) }
        return id
    }

    private mutating func welcome(
        _ connection: ConnectionID, to session: SessionID, of channel: ChannelID, at now: Timestamp,
        in scope: inout some SessionScope
    ) {
        places[connection] = Place(channel: channel, since: now)
        counters.connectionsCreated += 1
        if scope.keepsTraffic { scope.record(.connectionCreated(connection, session, channel), at: now) }
    }

    /// Answers how many connections the session has left; nil where the session lives on another node.
    private mutating func end(
        _ connection: ConnectionID, at place: Place, at now: Timestamp, in scope: inout some SessionScope
    ) -> Int? {
        counters.connectionsDestroyed += 1
        counters.connectedTime += now - place.since
        scope.returnConnections(1)
        let (session, left): (SessionID, Int?)
        if let index = sessions.index(forKey: place.channel) {
            (session, left) = (sessions.values[index].id, sessions.values[index].remove())
        } else if let guest = guests[place.channel] {
            (session, left) = (guest.session, nil)
            if guest.connections > 1 {
                guests[place.channel]?.connections -= 1
            } else {
                guests[place.channel] = nil
            }
        } else {
            return nil
        }
        if scope.keepsTraffic { scope.record(.connectionDestroyed(connection, session, place.channel), at: now) }
        return left
    }

    @discardableResult
    private mutating func cutConnections(
        of channel: ChannelID, at now: Timestamp, in scope: inout some SessionScope
    ) -> Int {
        guard hasLiveSession(of: channel) else { return 0 }
        let doomed = places.filter { $0.value.channel == channel }.keys.sorted()
        for connection in doomed {
            guard let place = places.removeValue(forKey: connection) else { continue }
            _ = end(connection, at: place, at: now, in: &scope)
        }
        connectionsCut += doomed.count
        return doomed.count
    }

    /// The last connection of a session left.
    private mutating func letGo(of channel: ChannelID, at now: Timestamp, in scope: inout some SessionScope) {
        guard scope.gracePeriod > .zero else { return destroySession(of: channel, at: now, in: &scope) }
        guard let index = sessions.index(forKey: channel) else { return }
        sessions.values[index].emptySince = now
        scope.awaitExpiry(
            .init(
                at: now + scope.gracePeriod, emptySince: now, channel: channel, session: sessions.values[index].id))
    }

    private mutating func destroySession(
        of channel: ChannelID, at now: Timestamp, in scope: inout some SessionScope
    ) {
        guard let session = sessions.removeValue(forKey: channel) else { return }
        counters.sessionsDestroyed += 1
        if scope.keepsTraffic { scope.record(.sessionDestroyed(session), at: now) }
        closed(at: now, in: &scope)
    }

    private func closed(at now: Timestamp, in scope: inout some SessionScope) {
        if scope.sessionClosed(), scope.isBlocking { scope.record(.sessionVanished, at: now) }
    }
}

/// A session that spans nodes: told to the table of its owner, or moved from one owner to the next.
extension SessionTable {
    /// A connection of an own session came to another node.
    mutating func guestCame(to channel: ChannelID) {
        guard let index = sessions.index(forKey: channel) else { return }
        _ = sessions.values[index].add()
        sessions.values[index].relayedConnections += 1
    }

    /// Connections of an own session left on another node. `isEnding` where the session is about to be destroyed anyway.
    mutating func guestsLeft(
        _ count: Int, from channel: ChannelID, isEnding: Bool, at now: Timestamp, in scope: inout some SessionScope
    ) {
        guard count > 0, let index = sessions.index(forKey: channel) else { return }
        sessions.values[index].connections -= count
        sessions.values[index].relayedConnections -= count
        if sessions.values[index].connections == 0, !isEnding { letGo(of: channel, at: now, in: &scope) }
    }

    /// Goes on with a session of another node of which there are connections here; `relayed` more are on other nodes.
    mutating func inherit(_ former: Session, relayed: Int, in scope: inout some SessionScope) {
        guard let here = guests.removeValue(forKey: former.channel)?.connections else { return }
        sessions[former.channel] = former.carrying(here, relayed: relayed)
        counters.sessionsCreated += 1
        scope.sessionOpened()
    }

    /// Takes in what another node's session of the same channel carries.
    mutating func merge(_ other: Session) {
        guard let index = sessions.index(forKey: other.channel) else { return }
        sessions.values[index].merge(other)
    }

    /// Ends an own session because the channel goes on in one of another node, whose guests the connections here become.
    /// Not told to anybody where it is the same session.
    mutating func giveUp(
        _ channel: ChannelID, to session: SessionID, on owner: Int, at now: Timestamp,
        in scope: inout some SessionScope
    ) {
        guard let former = sessions.removeValue(forKey: channel) else { return }
        if former.localConnections > 0 {
            guests[channel] = Guest(session: session, owner: owner, connections: former.localConnections)
        }
        counters.sessionsDestroyed += 1
        if former.id != session, scope.keepsTraffic { scope.record(.sessionDestroyed(former), at: now) }
        closed(at: now, in: &scope)
    }

    /// The session that guests here belong to goes on elsewhere.
    mutating func reassign(_ channel: ChannelID, to session: SessionID, on owner: Int) {
        guests[channel]?.session = session
        guests[channel]?.owner = owner
    }
}
