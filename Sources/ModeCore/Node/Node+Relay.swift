import Primitives

/// A node as one of several that carry a session.
extension Node {
    /// Channels that have connections here and their session on another node.
    var guests: [ChannelID: SessionTable.Guest] { table.guests }

    func channel(of connection: ConnectionID) -> ChannelID? { table.channel(of: connection) }

    mutating func connect(
        _ channel: ChannelID, guestOf session: SessionID, on owner: Int, at time: Timestamp
    ) -> Admission {
        advance(to: time)
        return table.connect(channel, guestOf: session, on: owner, at: now, in: &scope)
    }

    mutating func guestCame(to channel: ChannelID) { table.guestCame(to: channel) }

    mutating func guestsLeft(_ count: Int, from channel: ChannelID, isEnding: Bool = false, at time: Timestamp) {
        advance(to: time)
        table.guestsLeft(count, from: channel, isEnding: isEnding, at: now, in: &scope)
    }

    mutating func inherit(_ session: Session, relayed: Int) { table.inherit(session, relayed: relayed, in: &scope) }

    mutating func merge(_ session: Session) { table.merge(session) }

    mutating func giveUp(_ channel: ChannelID, to session: SessionID, on owner: Int, at time: Timestamp) {
        advance(to: time)
        table.giveUp(channel, to: session, on: owner, at: now, in: &scope)
    }

    mutating func reassign(_ channel: ChannelID, to session: SessionID, on owner: Int) {
        table.reassign(channel, to: session, on: owner)
    }
}
