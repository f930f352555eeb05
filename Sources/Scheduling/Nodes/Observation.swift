import ModeCore
import Primitives

/// Everything that one complete read of a node said.
package struct Observation: Hashable, Sendable {
    package var node: NodeID
    /// When the read began. What it says may have been true only then: every freshness is counted from here.
    package var begun: Moment
    package var mode: ObservedMode
    package var load: NodeLoad?
    package var version: NodeText?
    /// What the readiness probe said; nil where none is configured or it did not answer.
    package var ready: Bool?
    /// The cluster as this node sees it; nil where it is not clustered or did not say.
    package var members: [ClusterMember]?
    /// The wall clock of the node's host, from the `Date` header of its answer, to the second.
    package var hostWall: Timestamp?

    package init(
        node: NodeID, begun: Moment, mode: ObservedMode, load: NodeLoad? = nil, version: NodeText? = nil,
        ready: Bool? = nil, members: [ClusterMember]? = nil, hostWall: Timestamp? = nil
    ) {
        self.node = node
        self.begun = begun
        self.mode = mode
        self.load = load
        self.version = version
        self.ready = ready
        self.members = members
        self.hostWall = hostWall
    }
}

/// The counters of GetStatsReport. Totals only grow while the node runs: a smaller one is a restart.
package struct NodeLoad: Hashable, Sendable, Codable {
    package var ongoingConnections: Int
    package var sessionsCreated: Int
    package var sessionsDestroyed: Int
    package var connectionsCreated: Int
    /// Its sessions span nodes: the report has `cluster_relay`, an entry for each other node, and it is not empty
    /// (sora_exporter CHANGES 2024.3.0). A release that can relay need not do so, so the version says nothing of it.
    package var relays: Bool

    /// Why its sessions are not counted, for people.
    package static let relayingText = "its sessions span nodes"

    package init(
        ongoingConnections: Int, sessionsCreated: Int, sessionsDestroyed: Int, connectionsCreated: Int,
        relays: Bool = false
    ) {
        self.ongoingConnections = ongoingConnections
        self.sessionsCreated = sessionsCreated
        self.sessionsDestroyed = sessionsDestroyed
        self.connectionsCreated = connectionsCreated
        self.relays = relays
    }

    /// Live sessions. Counters come from outside: nonsense is as good as full, and never as good as empty.
    package var sessions: Int {
        let (sessions, overflow) = sessionsCreated.subtractingReportingOverflow(sessionsDestroyed)
        return overflow || sessions < 0 ? .max : sessions
    }

    /// Live sessions, where they count. Nil where they span nodes: one that began here may live elsewhere for long, and one
    /// that began elsewhere is in no counter of this node.
    package var countedSessions: Int? { relays ? nil : sessions }

    /// What began on it: connections where its sessions may have begun elsewhere.
    var createdOfItsOwn: Int { relays ? connectionsCreated : sessionsCreated }

    /// At or below both; where sessions do not count, the node's own connections decide alone.
    func isWithin(maxSessions: Int, maxConnections: Int) -> Bool {
        (countedSessions.map { $0 <= maxSessions } ?? true) && ongoingConnections <= maxConnections
    }
}

/// One row of ListClusterNodes.
package struct ClusterMember: Hashable, Sendable, Codable {
    /// A list with more rows is no answer.
    package static let limit = 1000

    package var name: NodeText
    package var isConnected: Bool
    /// Nil where the list does not say: older servers, and members that are not connected.
    package var mode: ObservedMode?
    /// Changes with every join.
    package var epoch: Int?
    package var version: NodeText?
    package var isTemporary: Bool
    /// Where its mode API is; nil where the list does not say, or nobody asks.
    package var api: MemberAddress?

    package init(
        name: NodeText, isConnected: Bool, mode: ObservedMode? = nil, epoch: Int? = nil, version: NodeText? = nil,
        isTemporary: Bool = false, api: MemberAddress? = nil
    ) {
        self.name = name
        self.isConnected = isConnected
        self.mode = mode
        self.epoch = epoch
        self.version = version
        self.isTemporary = isTemporary
        self.api = api
    }
}

/// Where a list says that a member's mode API is (`cluster_api_url`), as the cluster's `discovery` judges it.
package enum MemberAddress: Hashable, Sendable, Codable {
    /// http or https, and in one of the networks that may be called.
    case callable(NodeText)
    /// It is not called, and why.
    case refused(NodeText)
}

/// Why a read gave nothing.
package enum ReadFailure: Hashable, Sendable, Codable, CustomStringConvertible {
    /// No connection, or it broke.
    case unreachable(NodeText)
    /// Connected, and nothing within the deadline.
    case timedOut
    /// An answer that is not the API's: status, or a body that cannot be read.
    case badAnswer(NodeText)
    /// Nothing was sent: what the policies name for the call cannot be used.
    case notSent(NodeText)
    /// Nothing was sent: whoever answers there shows a certificate that the policies do not trust for it.
    case distrusted(NodeText)

    /// It may be the network that is at fault.
    package var isOfNetwork: Bool {
        switch self {
        case .unreachable, .timedOut, .badAnswer: true
        case .notSent, .distrusted: false
        }
    }

    package func isSameKind(as other: ReadFailure) -> Bool {
        switch (self, other) {
        case (.unreachable, .unreachable), (.timedOut, .timedOut), (.badAnswer, .badAnswer),
            (.notSent, .notSent), (.distrusted, .distrusted):
            true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let reason): reason.description
        case .timedOut: "no answer in time"
        case .badAnswer(let reason): "bad answer: \(reason)"
        case .notSent(let reason), .distrusted(let reason): reason.description
        }
    }
}
