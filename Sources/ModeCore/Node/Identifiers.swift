/// A channel: the name that clients give to meet each other. Two names are the same channel if their bytes are.
public struct ChannelID: Hashable, Comparable, Sendable {
    public let name: String

    public init(_ name: String) { self.name = name }

    /// Strings are equal where their letters are, however those are encoded; channels are not.
    public static func == (a: ChannelID, b: ChannelID) -> Bool {
        a.name == b.name && a.name.utf8.elementsEqual(b.name.utf8)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    public static func < (a: ChannelID, b: ChannelID) -> Bool {
        a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }
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
let indexShift: UInt64 = 48

extension ConnectionID {
    /// The index of the node that admitted it.
    public var nodeIndex: Int { Int(rawValue >> indexShift) }
}

extension SessionID {
    /// The index of the node that it lives on.
    public var nodeIndex: Int { Int(rawValue >> indexShift) }
}
