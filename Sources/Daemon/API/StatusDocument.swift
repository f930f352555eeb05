import ModeCore
import Scheduling

/// The JSON of `/v1/status` and of `nagi status --format json`. Other programs build on it: fields may come, these
/// stay. Instants are RFC 3339 with offset.
public struct StatusDocument: Codable, Hashable, Sendable {
    public var at: String
    public var policyDigest: String
    public var clusters: [Cluster]
    public var runs: [Run]

    public struct Cluster: Codable, Hashable, Sendable {
        public var name: String
        public var budget: Budget
        public var nodes: [Node]
    }

    public struct Budget: Codable, Hashable, Sendable {
        public var unavailable: Int
        public var maxUnavailable: Int
        @Nullable public var minAvailable: Int?
    }

    public struct Node: Codable, Hashable, Sendable {
        public var name: String
        @Nullable public var observed: String?
        @Nullable public var desired: String?
        @Nullable public var ready: Bool?
        @Nullable public var version: String?
        @Nullable public var sessions: Int?
        @Nullable public var connections: Int?
        @Nullable public var observedAt: String?
        public var verdict: Verdict
        public var claims: [Claim]
    }

    public struct Verdict: Codable, Hashable, Sendable {
        public var code: String
        public var text: String
        @Nullable public var until: String?
    }

    public struct Claim: Codable, Hashable, Sendable {
        public var owner: String
        public var mode: String
        public var reason: String
        public var since: String
        @Nullable public var until: String?
    }

    public struct Run: Codable, Hashable, Sendable {
        public var id: String
        public var policy: String
        public var cluster: String
        @Nullable public var revision: String?
        public var phase: String
        public var text: String
        public var startedAt: String
        @Nullable public var endedAt: String?
        public var nodes: [RunNode]
    }

    public struct RunNode: Codable, Hashable, Sendable {
        public var name: String
        public var phase: String
        @Nullable public var step: String?
        public var since: String
        @Nullable public var until: String?
        @Nullable public var error: String?
        @Nullable public var group: String?
        public var isCanary: Bool
        public var milestones: Milestones
    }

    public struct Milestones: Codable, Hashable, Sendable {
        @Nullable public var claimedAt: String?
        @Nullable public var drainedAt: String?
        @Nullable public var blockedAt: String?
        @Nullable public var restoredAt: String?
        @Nullable public var drainedInSeconds: Int?
        @Nullable public var outOfServiceSeconds: Int?
        @Nullable public var leaked: Int?
    }
}

extension StatusDocument {
    public init(_ report: StatusReport, zone: DisplayZone) {
        at = zone.text(report.at)
        policyDigest = report.policyDigest
        clusters = report.clusters.map { cluster in
            Cluster(
                name: cluster.name,
                budget: Budget(
                    unavailable: cluster.unavailable, maxUnavailable: cluster.maxUnavailable,
                    minAvailable: cluster.minAvailable),
                nodes: cluster.nodes.map { Node($0, zone: zone) })
        }
        runs = report.runs.map { Run($0, zone: zone) }
    }
}

extension StatusDocument.Node {
    init(_ node: NodeStatus, zone: DisplayZone) {
        name = node.name
        observed = node.observed?.description
        desired = node.desired?.rawValue
        ready = node.ready
        version = node.version
        sessions = node.sessions
        connections = node.connections
        observedAt = node.observedAt.map(zone.text)
        verdict = StatusDocument.Verdict(
            code: node.verdict.code.rawValue, text: node.verdict.text, until: node.verdict.until.map(zone.text))
        claims = node.claims.map { claim in
            StatusDocument.Claim(
                owner: claim.owner, mode: claim.mode.rawValue, reason: claim.reason, since: zone.text(claim.since),
                until: claim.until.map(zone.text))
        }
    }
}

extension StatusDocument.Run {
    init(_ run: RunStatus, zone: DisplayZone) {
        id = run.id
        policy = run.policy
        cluster = run.cluster
        revision = run.revision
        phase = run.phase
        text = run.text
        startedAt = zone.text(run.startedAt)
        endedAt = run.endedAt.map(zone.text)
        nodes = run.nodes.map { node in
            StatusDocument.RunNode(
                name: node.name, phase: node.phase, step: node.step, since: zone.text(node.since),
                until: node.until.map(zone.text), error: node.error, group: node.group,
                isCanary: node.isCanary,
                milestones: StatusDocument.Milestones(
                    claimedAt: node.milestones.claimedAt.map(zone.text),
                    drainedAt: node.milestones.drainedAt.map(zone.text),
                    blockedAt: node.milestones.blockedAt.map(zone.text),
                    restoredAt: node.milestones.restoredAt.map(zone.text),
                    drainedInSeconds: node.milestones.seconds(to: node.milestones.drainedAt),
                    outOfServiceSeconds: node.milestones.seconds(to: node.milestones.restoredAt),
                    leaked: node.milestones.leaked))
        }
    }
}
