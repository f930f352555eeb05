import ModeCore
import Primitives

/// Everything that status, page and metrics show, at one instant. Made by the controller, read by everybody else.
package struct StatusReport: Hashable, Sendable {
    package var at: Timestamp
    /// Nothing is sent, and no command is run.
    package var isObserving = false
    package var clusters: [ClusterStatus] = []
    /// Runs that are not over, and the latest that are, newest last.
    package var runs: [RunStatus] = []
    package var policies: [PolicyStatus] = []
    /// The policies in force, and since when.
    package var policyDigest = ""
    package var policiesSince: Timestamp?
    /// Nodes whose release is owed; nodes that are not in the policies among them.
    package var owed: [OwedStatus] = []
    package var holds: [HoldStatus] = []
    /// That of everything first, then those of runs.
    package var pauses: [PauseStatus] = []
    package var alarms: [Alarm] = []

    package init(at: Timestamp) {
        self.at = at
    }
}

package struct ClusterStatus: Hashable, Sendable {
    package var name: String
    /// Nodes not freshly known to be normal and ready.
    package var unavailable: Int
    package var maxUnavailable: Int
    package var minAvailable: Int?
    /// The tighter of both, now; nil: `maxUnavailable`.
    package var limit: Int?
    package var nodes: [NodeStatus]
    /// Members that are in the cluster's lists and not in the policies.
    package var unlisted: [UnlistedStatus]
}

package struct UnlistedStatus: Hashable, Sendable {
    package var name: String
    package var isTemporary: Bool
    /// Connected and open, by the others' lists.
    package var isServing: Bool
}

package struct NodeStatus: Hashable, Sendable {
    package var name: String
    /// Nil before the first observation.
    package var observed: ObservedMode?
    /// The strictest claim; nil: unmanaged.
    package var desired: RequestableMode?
    package var ready: Bool?
    package var version: String?
    /// Nil where they do not count, too.
    package var sessions: Int?
    package var connections: Int?
    /// Its sessions span nodes: it drains by its connections.
    package var relays = false
    /// When the latest successful read began.
    package var observedAt: Timestamp?
    package var verdict: Verdict
    /// Since when it has been so, where that is known.
    package var since: Timestamp?
    /// The run that has it in work, and the step that it is at.
    package var run: RunID?
    package var step: String?
    /// While it drains.
    package var drain: DrainStatus?
    /// Everything that stands in the way of a start; the first is the verdict, where the node is queued. Empty where it is
    /// in work.
    package var blockers: [Blocker]
    /// The run that the blockers are of: of those that wait for the node, the one that may take it soonest.
    package var queuedIn: RunID?
    /// What the part that has it in work need not wait for: an operator said so.
    package var exempt: [Ignorable] = []
    package var claims: [ClaimStatus]
    package var floor: RequestableMode?
    package var isOwed: Bool
    /// It left the policies, and is looked after until it owes nothing.
    package var isRetained: Bool
    /// It failed after commitment, and is kept shut until a person says what becomes of it.
    package var stay: Shared<FailedStay>?
    /// The step whose command may still run there: nothing was heard of it since it began.
    package var openCommand: String?
    /// How the latest command on it ended, where the node or its part failed after it.
    package var command: Shared<LatestCommand>?
}

/// How a drain goes, and what that lets expect.
package struct DrainStatus: Hashable, Sendable {
    /// Nil: not counted, they span nodes.
    package var sessions: Int?
    package var connections: Int
    package var halfLife: Duration?
    package var projectedEnd: Timestamp?
    /// Since when its calls have not become fewer, if that is long.
    package var flatSince: Timestamp?
    /// Nil where it stands.
    package var deadline: Timestamp?
    package var samples: [DrainCurve.Sample]
}

package struct ClaimStatus: Hashable, Sendable {
    package var owner: String
    package var mode: RequestableMode
    package var reason: String
    package var since: Timestamp
    /// When it ends, or nagi gives up; nil: nobody knows, or the time stands.
    package var until: Timestamp?
    /// How much of a time that stands is left.
    package var left: Duration?
}

package struct OwedStatus: Hashable, Sendable {
    package var node: NodeID
    package var mode: RequestableMode
    package var since: Timestamp
    package var obstacle: String
}

package struct HoldStatus: Hashable, Sendable {
    package var node: NodeID
    package var hold: Hold

    package init(node: NodeID, hold: Hold) {
        (self.node, self.hold) = (node, hold)
    }
}

package struct PauseStatus: Hashable, Sendable {
    /// Nil: everything is paused.
    package var run: RunID?
    package var pause: Pause
}

package struct PolicyStatus: Hashable, Sendable {
    package var name: String
    /// `open`, `closed`, `frozen`, `suspended`.
    package var state: String
    /// What freezes it.
    package var reason: String?
    /// How long it is open or frozen; nil: it is neither, or no end is in sight.
    package var until: Timestamp?
    /// When it opens next, after the present opening where it is open; nil: not in sight, or it is always open.
    package var next: Timestamp?
}

package struct RunStatus: Hashable, Sendable {
    package var id: String
    package var policy: String
    package var cluster: String
    package var revision: String?
    /// `active`, `paused`, `ending`, or the outcome: `completed`, `partial`, `failed`.
    package var phase: String
    /// What it waits for, or why it ended.
    package var text: String
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    /// About when its last node is through, as far as those tell that are; nil: nobody knows.
    package var projectedEnd: Timestamp?
    /// What stands in the way of its next node.
    package var blockers: [Blocker] = []
    /// What its next node need not wait for: an operator said so.
    package var force: Force?
    package var parts: [PartStatus]
}

package struct PartStatus: Hashable, Sendable {
    package var name: String
    /// `PartPhase.word`.
    package var phase: String
    /// The step's word; nil while queued and when finished.
    package var step: String?
    package var since: Timestamp
    /// When its step gives up; nil: never, or the time stands.
    package var until: Timestamp?
    /// How much of a time that stands is left.
    package var left: Duration?
    package var error: String?
    package var milestones: Milestones
    /// Its group's name, where the strategy has groups.
    package var group: String?
    package var isCanary: Bool

    /// `Part.isThrough`
    package var isThrough: Bool {
        milestones.throughAt != nil && PartResult(rawValue: phase)?.mayFollowSteps ?? false
    }
}

/// What is going on with a node, why, and until when. Every node always has exactly one.
package struct Verdict: Hashable, Sendable, Codable {
    package var code: VerdictCode
    package var text: String
    package var until: Timestamp?

    package init(_ code: VerdictCode, _ text: String, until: Timestamp? = nil) {
        self.code = code
        self.text = text
        self.until = until
    }

    init(_ blocker: Blocker) {
        self.init(blocker.code, blocker.text, until: blocker.until)
    }

    /// Nobody wants anything of the node, and nothing is left undone.
    package static let noClaim = Verdict(.unmanaged, "no claim")
}
