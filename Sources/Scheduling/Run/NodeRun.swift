import ModeCore
import Primitives

/// One node's part in a run: the row of the table in the design's section 5, as a value.
public struct NodeRun: Hashable, Sendable, Codable {
    public var node: NodeID
    public var phase: NodePhase
    /// Index into the run's sequence; of the step that is next while queued.
    public var step: Int
    public var since: Timestamp
    /// When the step was entered, or its latest attempt.
    public var stepSince: Moment
    /// When the step gives up.
    public var deadline: Deadline?
    /// The mode that the run wants the node at least at.
    public var claim: RequestableMode?
    /// Which wave of the run the node went with, counted from 1.
    public var wave: Int?
    /// Attempts of the current command, counted from 1.
    public var attempt: Int
    public var command: CommandID?
    /// The drain's deadline passed with `onDeadline: proceed`: live sessions no longer hold the sequence up.
    public var mayCut: Bool
    /// What the node becomes once it is given back before its sequence is through.
    public var afterRestore: AfterRestore?
    /// It was given back for others' failures, or for an exclusion, and queued again.
    public var requeues: Int
    public var error: String?
    public var milestones: Milestones
    /// Index into the groups of the run's strategy, as the labels were when the run started; nil: in none. Nil, like what
    /// follows, also in journals that are older.
    public var group: Int?
    /// One of those that go first, alone, and must be good before the others follow.
    public var isCanary: Bool?

    public init(
        node: NodeID, phase: NodePhase = .queued, since: Moment, group: Int? = nil, isCanary: Bool? = nil
    ) {
        self.node = node
        self.group = group
        self.isCanary = isCanary
        self.phase = phase
        step = 0
        self.since = since.wall
        stepSince = since
        deadline = nil
        claim = nil
        wave = nil
        attempt = 0
        command = nil
        mayCut = false
        afterRestore = nil
        requeues = 0
        error = nil
        milestones = Milestones()
    }
}

public enum NodePhase: Hashable, Sendable, Codable {
    /// Waits, with no claim and no slot.
    case queued
    /// From the claim until the block is confirmed.
    case closing
    /// Blocked, nothing disruptive begun.
    case closed
    /// A disruptive step has begun: the only way is forward.
    case committed
    /// The claim is dropped; waits until the node is back in service.
    case restoring
    /// In service again, watched.
    case soaking
    case finished(NodeResult)

    public var isFinished: Bool { if case .finished = self { true } else { false } }
    public var isFailed: Bool { if case .finished(.failed) = self { true } else { false } }

    /// Whether the node holds a slot of the run.
    public var isInWork: Bool { self != .queued && !isFinished }

    public var word: String {
        switch self {
        case .queued: "queued"
        case .closing: "closing"
        case .closed: "closed"
        case .committed: "committed"
        case .restoring: "restoring"
        case .soaking: "soaking"
        case .finished(let result): result.word
        }
    }
}

public enum NodeResult: Hashable, Sendable, Codable {
    case done
    /// Its version was the revision already.
    case alreadyThere
    /// The drain's deadline passed: given back and left out.
    case skipped
    /// The window ended before its turn.
    case notReached
    /// Given back because the run ended.
    case ended
    case failed

    public var word: String {
        switch self {
        case .done: "done"
        case .alreadyThere: "already-there"
        case .skipped: "skipped"
        case .notReached: "not-reached"
        case .ended: "ended"
        case .failed: "failed"
        }
    }
}

/// What becomes of a node that is given back early.
public enum AfterRestore: Hashable, Sendable, Codable {
    case finish(NodeResult)
    case requeue
}

/// When each stage was reached, for summaries.
public struct Milestones: Hashable, Sendable, Codable {
    /// The first claim.
    public var claimedAt: Timestamp?
    public var drainedAt: Timestamp?
    public var blockedAt: Timestamp?
    public var restoredAt: Timestamp?
    /// Sessions that the node let in between its restart and the block's return.
    public var leaked: Int?

    public init() {}
}

/// When something gives up. In one process the uptime decides; after a restart the earlier of what the wall clock and the
/// time left say, so that neither a wall jump nor a reboot makes it longer.
public struct Deadline: Hashable, Sendable, Codable {
    public var wall: Timestamp
    public var uptime: Uptime

    public init(_ duration: Duration, from moment: Moment) {
        wall = moment.wall + duration
        uptime = moment.uptime + duration
    }

    public func hasPassed(at moment: Moment) -> Bool { uptime <= moment.uptime }

    public func timeLeft(at moment: Moment) -> Duration { max(.zero, uptime - moment.uptime) }

    /// The same deadline in a process that began at `moment`, when `set` was the last known moment of the one before.
    func reanchored(from last: Moment, to moment: Moment) -> Deadline {
        let left = max(.zero, min(uptime - last.uptime, wall - moment.wall))
        var deadline = self
        deadline.uptime = moment.uptime + left
        return deadline
    }
}

/// A claim that outlives runs: placed by an operator, or left behind by a run on a node that failed.
public struct Hold: Hashable, Sendable, Codable {
    /// A run's id, or the actor.
    public var owner: String
    public var mode: RequestableMode
    public var reason: String
    public var since: Timestamp
    public var until: Timestamp?

    public init(owner: String, mode: RequestableMode, reason: String, since: Timestamp, until: Timestamp? = nil) {
        self.owner = owner
        self.mode = mode
        self.reason = reason
        self.since = since
        self.until = until
    }
}
