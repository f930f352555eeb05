/// A channel: what clients name to meet each other. An integer here; whoever talks to the outside maps the names.
public struct ChannelID: Hashable, Comparable, Sendable {
    public var rawValue: UInt64

    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (a: ChannelID, b: ChannelID) -> Bool { a.rawValue < b.rawValue }
}

/// One life of a channel on a node, from its first connection until the grace period after its last one.
public struct SessionID: Hashable, Comparable, Sendable {
    public var rawValue: UInt64

    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (a: SessionID, b: SessionID) -> Bool { a.rawValue < b.rawValue }
}

/// One connection of one client. Never used twice, not even after a restart of its node.
public struct ConnectionID: Hashable, Comparable, Sendable {
    public var rawValue: UInt64

    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.rawValue < b.rawValue }
}

/// Ids of a node carry its index above this bit, so that they are unique in a cluster and lead back to their node.
let indexShift: UInt64 = 40

extension ConnectionID {
    /// The index of the node that admitted it.
    public var nodeIndex: Int { Int(rawValue >> indexShift) }
}

extension SessionID {
    /// The index of the node that it lives on.
    public var nodeIndex: Int { Int(rawValue >> indexShift) }
}
