import ModeCore
import Primitives
import Scheduling

/// The JSON of `/v1/status` and of `nagi status --format json`. Other programs build on it: fields may come, these
/// stay. Instants are RFC 3339 with offset, nodes outside their cluster's list `cluster/name`.
package struct StatusDocument: Codable, Hashable, Sendable {
    package var at: String
    /// The daemon only observes: nothing is sent, and no command is run.
    package var observing: Bool
    /// Of the policies in force, and since when they are.
    package var digest: String
    @Nullable package var since: String?
    /// Policies that were read later and did not come into force.
    @Nullable package var refusedReload: RefusedReload?
    package var clusters: [Cluster]
    package var runs: [Run]
    package var policies: [Policy]
    package var holds: [Hold]
    package var owed: [Owed]
    package var unlisted: [Unlisted]
    package var pauses: [Pause]
    package var alarms: [Alarm]
    /// Receivers of notices that do not take them.
    package var undelivered: [Undelivered]

    package struct Cluster: Codable, Hashable, Sendable {
        package var name: String
        package var budget: Budget
        package var nodes: [Node]
    }

    package struct Node: Codable, Hashable, Sendable {
        package var name: String
        @Nullable package var observed: String?
        @Nullable package var desired: String?
        @Nullable package var ready: Bool?
        @Nullable package var version: String?
        /// Null also where they do not count: they span nodes.
        @Nullable package var sessions: Int?
        @Nullable package var connections: Int?
        /// Its sessions span nodes: it drains by its connections.
        package var relays = false
        @Nullable package var observedAt: String?
        package var verdict: Verdict
        /// Since when it has been so, where that is known.
        @Nullable package var since: String?
        /// The run that has it in work, and the step that it is at.
        @Nullable package var run: String?
        @Nullable package var step: String?
        @Nullable package var drain: Drain?
        package var claims: [Claim]
        /// Everything that stands in the way of its start, the most important first.
        package var blockers: [Blocker]
        /// The run that they are of: of those that wait for the node, the one that may take it soonest.
        @Nullable package var queuedIn: String?
        /// What its part in the run that has it in work need not wait for: an operator forced it.
        package var exempt: [String]
        /// A stricter mode that somebody else set.
        @Nullable package var floor: String?
        package var owed: Bool
        /// It left the policies, and is looked after until it owes nothing.
        package var retained: Bool
        /// It failed after commitment, and stays as it is until a person says what becomes of it.
        @Nullable package var failed: Failed?
        /// How the latest command on it ended, where the node failed in it or after it.
        @Nullable package var command: Command?
    }

    /// How a drain goes, and what that lets expect.
    package struct Drain: Codable, Hashable, Sendable {
        /// Null: not counted, they span nodes.
        @Nullable package var sessions: Int?
        package var connections: Int
        @Nullable package var halfLifeSeconds: Int?
        @Nullable package var projectedEnd: String?
        /// Since when its calls have not become fewer, if that is long.
        @Nullable package var flatSince: String?
        @Nullable package var deadline: String?
        package var samples: [Sample]

        package struct Sample: Codable, Hashable, Sendable {
            package var at: String
            @Nullable package var sessions: Int?
            package var connections: Int
        }
    }

    package struct Blocker: Codable, Hashable, Sendable {
        package var code: String
        package var `class`: String
        package var text: String
        @Nullable package var have: Int?
        @Nullable package var limit: Int?
        package var holders: [String]
        @Nullable package var until: String?
        package var lift: String
        /// `cluster/name`, where it is the own state of a node that stands in a run's way.
        @Nullable package var node: String?

        /// The text, with the node in front.
        var told: String {
            guard let node else { return text }
            return "\(node.split(separator: "/", maxSplits: 1).last ?? ""): \(text)"
        }
    }

    package struct Run: Codable, Hashable, Sendable {
        package var id: String
        package var policy: String
        package var cluster: String
        @Nullable package var revision: String?
        package var phase: String
        package var text: String
        package var startedAt: String
        @Nullable package var endedAt: String?
        /// About when its last node is through, if the others take as long as those that are; null: nobody knows.
        @Nullable package var projectedEnd: String?
        /// What stands in the way of its next node, the most important first.
        package var blockers: [Blocker]
        /// What its next node need not wait for; null: nothing.
        @Nullable package var force: Force?
        package var nodes: [RunNode]
    }

    /// An operator's word that a run's next node is exempt from something.
    package struct Force: Codable, Hashable, Sendable {
        package var ignore: [String]
        package var actor: String
        package var reason: String
        package var since: String

        /// `Forced by mika: the next node ignores exclusion: security fix`.
        var text: String {
            "by \(actor): the next node ignores \(ignore.joined(separator: " and "))"
                + (reason.isEmpty ? "" : ": \(reason)")
        }
    }

    package struct Hold: Codable, Hashable, Sendable {
        package var node: String
        /// `hands-off`, `mode`, `keep-open`, `reserved`.
        package var kind: String
        @Nullable package var mode: String?
        package var actor: String
        package var reason: String
        package var since: String
        @Nullable package var until: String?
    }
}

extension StatusDocument {
    package init(
        _ report: StatusReport, zone: DisplayZone, refusedReload: StatusBoard.RefusedReload? = nil,
        undelivered: [String: StatusBoard.Undelivered] = [:]
    ) {
        at = zone.text(report.at)
        observing = report.isObserving
        digest = report.policyDigest
        since = report.policiesSince.map(zone.text)
        self.refusedReload = refusedReload.map { refusal in
            RefusedReload(
                at: zone.text(refusal.at), digest: refusal.digest, reasons: refusal.reasons, path: refusal.path)
        }
        clusters = report.clusters.map { Cluster($0, zone: zone) }
        runs = report.runs.map { Run($0, zone: zone) }
        policies = report.policies.map { Policy($0, zone: zone) }
        holds = report.holds.map { Hold($0, zone: zone) }
        owed = report.owed.map { owed in
            Owed(
                node: "\(owed.node)", mode: owed.mode.rawValue, since: zone.text(owed.since), text: owed.obstacle)
        }
        unlisted = report.clusters.flatMap { cluster in
            cluster.unlisted.map { member in
                Unlisted(
                    cluster: cluster.name, name: member.name, temporary: member.isTemporary, serving: member.isServing)
            }
        }
        pauses = report.pauses.map { status in
            Pause(
                run: status.run?.text, cause: status.pause.cause.rawValue, actor: status.pause.actor,
                reason: status.pause.reason, restore: status.pause.givesBack, since: zone.text(status.pause.since),
                until: status.pause.until.map(zone.text))
        }
        alarms = report.alarms.map { alarm in
            Alarm(
                code: alarm.key.code.rawValue, text: alarm.text, since: zone.text(alarm.since),
                cluster: alarm.key.cluster, node: alarm.key.node?.description, run: alarm.key.run?.text)
        }
        self.undelivered = undelivered.sorted { $0.key < $1.key }.map { name, trouble in
            Undelivered(
                notification: name, since: zone.text(trouble.since), lost: trouble.lost, text: trouble.why)
        }
    }
}

extension StatusDocument.Policy {
    init(_ policy: PolicyStatus, zone: DisplayZone) {
        self.init(
            name: policy.name, state: policy.state, reason: policy.reason, next: policy.next.map(zone.text),
            until: policy.until.map(zone.text))
    }
}

extension StatusDocument.Cluster {
    fileprivate init(_ cluster: ClusterStatus, zone: DisplayZone) {
        name = cluster.name
        budget = StatusDocument.Budget(
            unavailable: cluster.unavailable, maxUnavailable: cluster.maxUnavailable,
            minAvailable: cluster.minAvailable, limit: cluster.limit ?? cluster.maxUnavailable)
        nodes = cluster.nodes.map { StatusDocument.Node($0, zone: zone) }
    }
}

extension StatusDocument.Drain {
    init(_ drain: DrainStatus, zone: DisplayZone) {
        (sessions, connections) = (drain.sessions, drain.connections)
        halfLifeSeconds = drain.halfLife.map { Int($0.inSeconds.rounded()) }
        projectedEnd = drain.projectedEnd.map(zone.text)
        flatSince = drain.flatSince.map(zone.text)
        deadline = drain.deadline.map(zone.text)
        samples = drain.samples.map { sample in
            Sample(at: zone.text(sample.at), sessions: sample.sessions, connections: sample.connections)
        }
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
        relays = node.relays
        observedAt = node.observedAt.map(zone.text)
        verdict = StatusDocument.Verdict(
            code: node.verdict.code.rawValue, text: node.verdict.text, until: node.verdict.until.map(zone.text))
        since = node.since.map(zone.text)
        run = node.run?.text
        step = node.step
        drain = node.drain.map { StatusDocument.Drain($0, zone: zone) }
        claims = node.claims.map { claim in
            StatusDocument.Claim(
                owner: claim.owner, mode: claim.mode.rawValue, reason: claim.reason, since: zone.text(claim.since),
                until: claim.until.map(zone.text), leftSeconds: claim.left?.wholeSeconds)
        }
        blockers = node.blockers.map { StatusDocument.Blocker($0, zone: zone) }
        queuedIn = node.queuedIn?.text
        exempt = node.exempt.map(\.rawValue)
        floor = node.floor?.rawValue
        owed = node.isOwed
        retained = node.isRetained
        failed = node.stay.map { stay in
            StatusDocument.Failed(
                run: stay.run.text, mode: stay.mode.rawValue, reason: stay.reason, since: zone.text(stay.since),
                openCommand: node.openCommand)
        }
        command = node.command.map { command in
            StatusDocument.Command(
                run: command.run.text, step: command.step, outcome: command.outcome.description,
                lines: command.output?.lines ?? [], path: command.output?.path, cut: command.output?.isCut ?? false)
        }
    }
}

extension StatusDocument.Blocker {
    /// - Parameter lift: what lifts it, where that is known better than in a word.
    init(_ blocker: Blocker, zone: DisplayZone, lift: String? = nil) {
        code = blocker.code.rawValue
        self.class = blocker.class.rawValue
        text = blocker.text
        self.lift = lift ?? blocker.lift
        node = blocker.node?.description
        until = blocker.until.map(zone.text)
        switch blocker.reason {
        case .budget(let have, let limit, let holders), .runFull(let have, let limit, let holders):
            self.have = have
            self.limit = limit
            self.holders = holders
        default:
            have = nil
            limit = nil
            holders = blocker.names
        }
    }
}

extension Blocker {
    /// Whom it waits for: nodes, a run, or a person.
    fileprivate var names: [String] {
        switch reason {
        case .stepApproval(let names), .canaryFirst(let names), .canarySoak(let names), .groupFirst(_, let names),
            .quorum(let names),
            .backOff(_, _, let names):
            names
        case .canaryBroken(let name), .identity(let name): [name]
        case .nodeBusy(let run), .failedStay(let run): [run.text]
        case .held(let actor, _), .keptOpen(let actor, _), .reserved(let actor, _): [actor]
        default: []
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
        projectedEnd = run.projectedEnd.map(zone.text)
        blockers = run.blockers.map { StatusDocument.Blocker($0, zone: zone) }
        force = run.force.map { force in
            StatusDocument.Force(
                ignore: force.ignored.map(\.rawValue), actor: force.actor, reason: force.reason,
                since: zone.text(force.since))
        }
        nodes = run.parts.map { part in
            StatusDocument.RunNode(
                name: part.name, phase: part.phase, step: part.step, since: zone.text(part.since),
                until: part.until.map(zone.text), leftSeconds: part.left?.wholeSeconds, error: part.error,
                group: part.group,
                isCanary: part.isCanary,
                milestones: StatusDocument.Milestones(
                    claimedAt: part.milestones.claimedAt.map(zone.text),
                    drainedAt: part.milestones.drainedAt.map(zone.text),
                    blockedAt: part.milestones.blockedAt.map(zone.text),
                    throughAt: part.milestones.throughAt.map(zone.text),
                    restoredAt: part.milestones.restoredAt.map(zone.text),
                    drainedInSeconds: part.milestones.seconds(to: part.milestones.drainedAt),
                    outOfServiceSeconds: part.milestones.seconds(to: part.milestones.restoredAt),
                    leaked: part.milestones.leaked, cut: part.milestones.cut))
        }
    }
}

extension StatusDocument.Hold {
    /// For people: its mode, else what it is.
    var word: String { mode ?? kind.replacing("-", with: " ") }

    init(_ status: HoldStatus, zone: DisplayZone) {
        node = "\(status.node)"
        switch status.hold.wish {
        case .handsOff: kind = "hands-off"
        case .mode: kind = "mode"
        case .keepOpen: kind = "keep-open"
        case .reserved: kind = "reserved"
        }
        mode = if case .mode(let mode) = status.hold.wish { mode.rawValue } else { nil }
        actor = status.hold.actor
        reason = status.hold.reason
        since = zone.text(status.hold.since)
        until = status.hold.until.map(zone.text)
    }
}

extension Duration {
    /// Seconds, rounded up: what is left is not nothing.
    fileprivate var wholeSeconds: Int { Int(inSeconds.rounded(.up)) }
}
