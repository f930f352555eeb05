import Primitives

/// One line of the membership list, as one node sees it.
public struct Member: Hashable, Sendable {
    public var index: Int
    public var name: String
    public var isTemporary: Bool
    /// Whether the node that was asked is in touch with it.
    public var isConnected: Bool
    /// What is known of a connected member; of a disconnected one only the name is.
    public var details: Details?

    public init(index: Int, name: String, isTemporary: Bool, isConnected: Bool, details: Details?) {
        self.index = index
        self.name = name
        self.isTemporary = isTemporary
        self.isConnected = isConnected
        self.details = details
    }

    public struct Details: Hashable, Sendable {
        public var epoch: UInt64
        public var mode: NodeMode
        public var version: String
        public var memberSince: Timestamp
    }

    public var mode: NodeMode? { details?.mode }
    public var version: String? { details?.version }
    public var epoch: UInt64? { details?.epoch }
}

/// What a node of a cluster says about the consensus that it is part of.
public struct Consensus: Hashable, Sendable {
    public enum Role: String, Hashable, Sendable { case leader, follower, candidate }

    public var role: Role
    public var term: UInt64
    public var commitIndex: UInt64
}

/// Where a client that contacted a node has to go.
public enum Placement: Hashable, Sendable {
    /// The contacted node takes it.
    case here
    /// Another node, by its index, takes it; the client is told to go there.
    case redirect(Int)
    case rejected(Rejection)
}

/// The answer of a cluster to a client that followed redirects.
public enum ClusterAdmission: Hashable, Sendable {
    case admitted(node: Int, ConnectionID, SessionID)
    case rejected(Rejection)
}
