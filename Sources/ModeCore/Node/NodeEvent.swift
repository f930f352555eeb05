import Primitives

/// Something that happened on a node. Its owner drains them, in order.
public struct NodeEvent: Hashable, Sendable {
    public var at: Timestamp
    public var kind: Kind

    public init(at: Timestamp, kind: Kind) {
        self.at = at
        self.kind = kind
    }

    public enum Kind: Hashable, Sendable {
        case sessionCreated(Session)
        /// The session as it was at its end.
        case sessionDestroyed(Session)
        /// The last session is gone while the node is in `block_new_session` or `block_new_connection`.
        case sessionVanished
        case connectionCreated(ConnectionID, SessionID, ChannelID)
        case connectionDestroyed(ConnectionID, SessionID, ChannelID)
        case modeChanged(from: NodeMode, to: NodeMode, on: ModeCause)
        case started(version: String)
        /// The process ended, with it this many live connections.
        case stopped(connectionsCut: Int)
        case joined(epoch: UInt64)
        case isolated
        case rejoined
        case fileFault
    }

    /// Which events a node keeps for its owner.
    public enum Interest: Hashable, Sendable {
        case all
        /// Everything but the coming and going of single sessions and connections.
        case facts
        case none
    }
}
