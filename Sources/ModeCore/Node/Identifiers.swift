/// A channel: the name that clients give to meet each other. Two names are the same channel if their bytes are.
public struct ChannelID: Hashable, Comparable, Sendable {
    public let name: String

    public init(_ name: String) {
        var name = name
        name.makeContiguousUTF8()
        self.name = name
    }

    /// Strings are equal where their letters are, however those are encoded; channels are not.
    public static func == (a: ChannelID, b: ChannelID) -> Bool {
        let (left, right) = (a.name.utf8, b.name.utf8)
        guard left.count == right.count else { return false }
        let isSame = left.withContiguousStorageIfAvailable { x in
            right.withContiguousStorageIfAvailable { y in areSame(UnsafeRawBufferPointer(x), UnsafeRawBufferPointer(y))
            }
        }
        return (isSame ?? nil) ?? left.elementsEqual(right)
    }

    /// Eight bytes at a time: channels are compared with every look into a table of them.
    private static func areSame(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset + 8 <= a.count {
            guard
                a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    == b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            else { return false }
            offset += 8
        }
        while offset < a.count {
            guard a[offset] == b[offset] else { return false }
            offset += 1
        }
        return true
    }

    /// Of the bytes as well: all spellings of one text have the same hash as strings, and there can be very many.
    public func hash(into hasher: inout Hasher) {
        _ = name.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

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
