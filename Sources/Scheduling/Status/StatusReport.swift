import ModeCore
import Primitives

/// Everything that status, page and metrics show, at one instant. Made by the controller, read by everybody else.
public struct StatusReport: Hashable, Sendable {
    public var at: Timestamp
    public var clusters: [ClusterStatus]
    /// Runs that are not over, and the latest that are, newest last.
    public var runs: [RunStatus]
    /// The policies in force.
    public var policyDigest: String

    public init(at: Timestamp, clusters: [ClusterStatus], runs: [RunStatus], policyDigest: String) {
        self.at = at
        self.clusters = clusters
        self.runs = runs
        self.policyDigest = policyDigest
    }
}

public struct ClusterStatus: Hashable, Sendable {
    public var name: String
    /// Nodes not freshly known to be normal and ready.
    public var unavailable: Int
    public var maxUnavailable: Int
    public var minAvailable: Int?
    public var nodes: [NodeStatus]

    public init(name: String, unavailable: Int, maxUnavailable: Int, minAvailable: Int?, nodes: [NodeStatus]) {
        self.name = name
        self.unavailable = unavailable
        self.maxUnavailable = maxUnavailable
        self.minAvailable = minAvailable
        self.nodes = nodes
    }
}

public struct NodeStatus: Hashable, Sendable {
    public var name: String
    /// Nil before the first observation.
    public var observed: ObservedMode?
    /// The strictest claim; nil: unmanaged.
    public var desired: RequestableMode?
    public var ready: Bool?
    public var version: String?
    public var sessions: Int?
    public var connections: Int?
    public var observedAt: Timestamp?
    public var verdict: Verdict
    public var claims: [ClaimStatus]

    public init(
        name: String, observed: ObservedMode?, desired: RequestableMode?, ready: Bool?, version: String?,
        sessions: Int?, connections: Int?, observedAt: Timestamp?, verdict: Verdict, claims: [ClaimStatus]
    ) {
        self.name = name
        self.observed = observed
        self.desired = desired
        self.ready = ready
        self.version = version
        self.sessions = sessions
        self.connections = connections
        self.observedAt = observedAt
        self.verdict = verdict
        self.claims = claims
    }
}

public struct ClaimStatus: Hashable, Sendable {
    public var owner: String
    public var mode: RequestableMode
    public var reason: String
    public var since: Timestamp
    public var until: Timestamp?

    public init(owner: String, mode: RequestableMode, reason: String, since: Timestamp, until: Timestamp?) {
        self.owner = owner
        self.mode = mode
        self.reason = reason
        self.since = since
        self.until = until
    }
}

public struct RunStatus: Hashable, Sendable {
    public var id: String
    public var policy: String
    public var cluster: String
    public var revision: String?
    /// `active`, `paused`, `ending`, or the outcome: `completed`, `partial`, `failed`.
    public var phase: String
    /// What it waits for, or why it ended.
    public var text: String
    public var startedAt: Timestamp
    public var endedAt: Timestamp?
    public var nodes: [NodeRunStatus]

    public init(
        id: String, policy: String, cluster: String, revision: String?, phase: String, text: String,
        startedAt: Timestamp, endedAt: Timestamp?, nodes: [NodeRunStatus]
    ) {
        self.id = id
        self.policy = policy
        self.cluster = cluster
        self.revision = revision
        self.phase = phase
        self.text = text
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.nodes = nodes
    }
}

public struct NodeRunStatus: Hashable, Sendable {
    public var name: String
    /// `NodePhase.word`.
    public var phase: String
    /// The step's word; nil while queued and when finished.
    public var step: String?
    public var since: Timestamp
    public var until: Timestamp?
    public var error: String?
    public var milestones: Milestones
    /// Its group's name, where the strategy has groups.
    public var group: String?
    public var isCanary: Bool

    public init(
        name: String, phase: String, step: String?, since: Timestamp, until: Timestamp?, error: String?,
        milestones: Milestones, group: String? = nil, isCanary: Bool = false
    ) {
        self.name = name
        self.phase = phase
        self.step = step
        self.since = since
        self.until = until
        self.error = error
        self.milestones = milestones
        self.group = group
        self.isCanary = isCanary
    }
}
