import ModeCore
import Primitives

/// A node of a cluster, by the names that the policies give them.
public struct NodeID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public var cluster: String
    public var name: String

    public init(cluster: String, name: String) {
        self.cluster = cluster
        self.name = name
    }

    public var description: String { "\(cluster)/\(name)" }

    public static func < (a: NodeID, b: NodeID) -> Bool { (a.cluster, a.name) < (b.cluster, b.name) }
}

/// What GetMode answered.
public enum ObservedMode: Hashable, Sendable, Codable, CustomStringConvertible {
    case known(NodeMode)
    /// A word that this program does not know: observed, shown, never acted on.
    case unknown(String)

    public init(word: String) {
        self = NodeMode(rawValue: word).map(ObservedMode.known) ?? .unknown(word)
    }

    public var description: String {
        switch self {
        case .known(let mode): mode.rawValue
        case .unknown(let word): word
        }
    }

    /// Nil for `initial` and for unknown words.
    public var requestable: RequestableMode? {
        if case .known(let mode) = self { mode.requestable } else { nil }
    }
}

/// Everything that one complete read of a node said.
public struct Observation: Hashable, Sendable {
    public var node: NodeID
    /// When the read began. What it says may have been true only then.
    public var begun: Moment
    public var mode: ObservedMode
    public var load: NodeLoad?
    public var version: String?
    /// What the readiness gate said; nil where none is configured or it did not answer.
    public var ready: Bool?
    /// The cluster as this node sees it; nil where it is not clustered or did not say.
    public var members: [ClusterMember]?

    public init(
        node: NodeID, begun: Moment, mode: ObservedMode, load: NodeLoad? = nil, version: String? = nil,
        ready: Bool? = nil, members: [ClusterMember]? = nil
    ) {
        self.node = node
        self.begun = begun
        self.mode = mode
        self.load = load
        self.version = version
        self.ready = ready
        self.members = members
    }
}

/// The counters of GetStatsReport. Totals only grow while the node runs: a smaller one is a restart.
public struct NodeLoad: Hashable, Sendable, Codable {
    public var ongoingConnections: Int
    public var sessionsCreated: Int
    public var sessionsDestroyed: Int
    public var connectionsCreated: Int

    public init(ongoingConnections: Int, sessionsCreated: Int, sessionsDestroyed: Int, connectionsCreated: Int) {
        self.ongoingConnections = ongoingConnections
        self.sessionsCreated = sessionsCreated
        self.sessionsDestroyed = sessionsDestroyed
        self.connectionsCreated = connectionsCreated
    }

    /// Live sessions. Counters come from outside: nonsense is as good as full, and never as good as empty.
    public var sessions: Int {
        let (sessions, overflow) = sessionsCreated.subtractingReportingOverflow(sessionsDestroyed)
        return overflow || sessions < 0 ? .max : sessions
    }
}

/// One row of ListClusterNodes.
public struct ClusterMember: Hashable, Sendable, Codable {
    public var name: String
    public var isConnected: Bool
    /// Changes with every join.
    public var epoch: Int?
    public var version: String?
    public var isTemporary: Bool

    public init(name: String, isConnected: Bool, epoch: Int? = nil, version: String? = nil, isTemporary: Bool = false) {
        self.name = name
        self.isConnected = isConnected
        self.epoch = epoch
        self.version = version
        self.isTemporary = isTemporary
    }
}

/// Why a read gave nothing.
public enum ReadFailure: Hashable, Sendable, Codable, CustomStringConvertible {
    /// No connection, or it broke.
    case unreachable(String)
    /// Connected, and nothing within the deadline.
    case timedOut
    /// An answer that is not the API's: status, or a body that cannot be read.
    case badAnswer(String)

    func isSameKind(as other: ReadFailure) -> Bool {
        switch (self, other) {
        case (.unreachable, .unreachable), (.timedOut, .timedOut), (.badAnswer, .badAnswer): true
        default: false
        }
    }

    public var description: String {
        switch self {
        case .unreachable(let reason): "unreachable: \(reason)"
        case .timedOut: "no answer in time"
        case .badAnswer(let reason): "bad answer: \(reason)"
        }
    }
}
