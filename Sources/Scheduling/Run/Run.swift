import Calendars
import Primitives

/// `weekly-night/sunday/2026-11-29T02:00` or `sora-upgrade@2025.2.0#1`: derived, never drawn.
public struct RunID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public var text: String

    public init(_ occurrence: OccurrenceID) {
        text = occurrence.description
    }

    public init(policy: String, revision: String, ordinal: Int) {
        text = "\(policy)@\(revision)#\(ordinal)"
    }

    public var description: String { text }

    public static func < (a: RunID, b: RunID) -> Bool { a.text < b.text }
}

/// One execution of a policy. It pins what the policy said when it started; exclusions, suspension, budgets and addresses
/// are always the current ones.
public struct Run: Hashable, Sendable, Codable {
    public enum Origin: Hashable, Sendable, Codable {
        /// One occurrence of a maintenance window, with the span in which it runs.
        case window(OccurrenceID, Span)
        /// One revision of a rollout.
        case rollout(revision: String, ordinal: Int)
    }

    public var id: RunID
    public var policy: String
    public var cluster: String
    public var origin: Origin
    public var startedAt: Timestamp
    public var sequence: StepSequence
    public var strategy: Strategy
    public var cutoff: Duration
    public var onWindowEnd: OnWindowEnd
    /// Windows as they were; the run acts in these and in the policy's current ones. Empty: at any time.
    public var windows: [Window]
    /// In the order in which they are taken.
    public var nodes: [NodeRun]
    public var phase: RunPhase
    /// When the canary nodes had been good for long enough and the others might follow.
    public var promotedAt: Timestamp?
    /// How long it may stand still; nil: for ever.
    public var progress: ProgressClock?

    public init(
        id: RunID, policy: String, cluster: String, origin: Origin, startedAt: Timestamp, sequence: StepSequence,
        strategy: Strategy, cutoff: Duration, onWindowEnd: OnWindowEnd, windows: [Window], nodes: [NodeRun],
        phase: RunPhase = .active
    ) {
        self.id = id
        self.policy = policy
        self.cluster = cluster
        self.origin = origin
        self.startedAt = startedAt
        self.sequence = sequence
        self.strategy = strategy
        self.cutoff = cutoff
        self.onWindowEnd = onWindowEnd
        self.windows = windows
        self.nodes = nodes
        self.phase = phase
        progress = strategy.progressDeadline.map { ProgressClock($0) }
    }

    public var revision: String? {
        if case .rollout(let revision, _) = origin { revision } else { nil }
    }

    /// Nodes of the run that have failed so far.
    public var failures: Int { nodes.count { $0.phase.isFailed || $0.afterRestore == .finish(.failed) } }
}

public enum RunPhase: Hashable, Sendable, Codable {
    case active
    /// Takes no further node and starts no command until somebody decides.
    case paused(reason: String)
    /// Gives back what it may and ends.
    case ending(EndReason)
}

/// Why a run ends before all its nodes are done.
public enum EndReason: Hashable, Sendable, Codable, CustomStringConvertible {
    case windowEnded
    case suspended
    case policyRemoved
    /// A newer revision has its own run.
    case superseded
    /// A drain's deadline with `onDeadline: abort`.
    case aborted(String)

    public var description: String {
        switch self {
        case .windowEnded: "the window ended"
        case .suspended: "the policy is suspended"
        case .policyRemoved: "the policy is gone"
        case .superseded: "a newer revision took over"
        case .aborted(let reason): reason
        }
    }
}

public enum RunOutcome: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Every node is done or was already there.
    case completed
    /// It ended in order, and some nodes were not done.
    case partial(EndReason?)
    /// At least one node failed.
    case failed

    public var description: String {
        switch self {
        case .completed: "completed"
        case .partial(let reason): "partial" + (reason.map { ": \($0)" } ?? "")
        case .failed: "failed"
        }
    }
}
