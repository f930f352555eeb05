import Primitives

/// What is done to one node, in order.
public struct StepSequence: Hashable, Sendable, Codable {
    public var name: String
    /// Never empty. Ends with `restore` (and perhaps `soak`), written or implied.
    public var steps: [Step]
    /// What happens to a node whose step failed for good before commitment; nil: restore before it, stay after it.
    public var onFailure: OnFailure?

    public init(name: String, steps: [Step], onFailure: OnFailure? = nil) {
        self.name = name
        self.steps = steps
        self.onFailure = onFailure
    }
}

public enum OnFailure: String, Hashable, Sendable, Codable, CaseIterable {
    /// The node keeps its mode until an operator decides.
    case stay
    /// The node is given back.
    case restore
}

/// One step of a sequence.
public enum Step: Hashable, Sendable, Codable {
    case drain(DrainStep)
    case block
    case run(RunStep)
    case verify(VerifyStep)
    case restore
    case soak(Duration)
    case wait(WaitStep)
    case http(HTTPStep)
    case approval(ApprovalStep)
    case terminate(TerminateStep)
    case gate(HealthGate)
    case notify(NotifyStep)

    /// The key that the policy writes, also shown in status and journal.
    public var word: String {
        switch self {
        case .drain: "drain"
        case .block: "block"
        case .run: "run"
        case .verify: "verify"
        case .restore: "restore"
        case .soak: "soak"
        case .wait: "wait"
        case .http: "http"
        case .approval: "approval"
        case .terminate: "terminate"
        case .gate: "gate"
        case .notify: "notify"
        }
    }

    /// Past the start of such a step there is no way back but forward.
    public var isDisruptive: Bool {
        switch self {
        case .run(let run): run.isDisruptive
        case .http(let call): call.isDisruptive
        default: false
        }
    }
}

/// Lets live sessions end while no new ones come.
public struct DrainStep: Hashable, Sendable, Codable {
    public enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
        /// `block_new_session`, or `block_new_connection` on servers where sessions are not counted.
        case auto
        case blockNewSession = "block_new_session"
        case blockNewConnection = "block_new_connection"
    }

    public enum OnDeadline: String, Hashable, Sendable, Codable, CaseIterable {
        /// Goes on with live sessions, which a disruptive step will cut.
        case proceed
        /// Ends the live sessions.
        case terminate
        /// Restores the node and leaves it out.
        case skip
        /// Restores the node and ends the run.
        case abort
    }

    public var mode: Mode
    /// Drained means at or below both.
    public var maxSessions: Int
    public var maxConnections: Int
    public var deadline: Duration
    public var onDeadline: OnDeadline

    public init(
        mode: Mode = .auto, maxSessions: Int = 0, maxConnections: Int = 0, deadline: Duration = .hours(1),
        onDeadline: OnDeadline = .skip
    ) {
        self.mode = mode
        self.maxSessions = maxSessions
        self.maxConnections = maxConnections
        self.deadline = deadline
        self.onDeadline = onDeadline
    }
}

/// Runs a command of the operator's about the node, without a shell.
public struct RunStep: Hashable, Sendable, Codable {
    public enum OnInterrupted: String, Hashable, Sendable, Codable, CaseIterable {
        case fail
        case rerun
    }

    public var name: String
    /// Program and arguments; the program is an absolute path, or relative to the policy's directory.
    public var command: [String]
    public var timeout: Duration
    /// Further attempts after the first.
    public var retries: Int
    public var isDisruptive: Bool
    /// What follows when neither an outcome nor a live process is found after a restart of the daemon.
    public var onInterrupted: OnInterrupted

    public init(
        name: String, command: [String], timeout: Duration = .minutes(15), retries: Int = 0,
        isDisruptive: Bool = false, onInterrupted: OnInterrupted = .fail
    ) {
        self.name = name
        self.command = command
        self.timeout = timeout
        self.retries = retries
        self.isDisruptive = isDisruptive
        self.onInterrupted = onInterrupted
    }
}

/// Waits until the node shows what the step before was meant to bring about.
public struct VerifyStep: Hashable, Sendable, Codable {
    /// The nodes of the cluster list it as connected.
    public var connected: Bool
    /// The node answers its readiness gate; not possible while blocked in a cluster.
    public var ready: Bool
    /// Exact version; `{revision}` stands for the rollout's revision.
    public var version: String?
    public var timeout: Duration

    public init(connected: Bool = false, ready: Bool = false, version: String? = nil, timeout: Duration = .minutes(10))
    {
        self.connected = connected
        self.ready = ready
        self.version = version
        self.timeout = timeout
    }
}

public enum WaitStep: Hashable, Sendable, Codable {
    case duration(Duration)
    /// Until the window that the run acts in is over.
    case windowEnd
}

extension StepSequence {
    /// `drain-then-block`: out of service until the window ends.
    public static let drainThenBlock = StepSequence(
        name: "drain-then-block", steps: [.drain(DrainStep()), .block, .wait(.windowEnd), .restore])

    public var hasDisruptiveStep: Bool { steps.contains { $0.isDisruptive } }
}
