import Calendars
import Primitives

/// Brings the selected nodes to a revision, one wave after another.
public struct Rollout: Hashable, Sendable, Codable {
    public var name: String
    public var cluster: String
    public var selector: Selector
    /// A new revision is a new run. Nodes whose version already equals it are skipped.
    public var revision: String
    /// Progresses only inside; empty: at any time.
    public var windows: [Window]
    public var exclusions: [Exclusion]
    public var cutoff: Duration
    public var onWindowEnd: OnWindowEnd
    public var strategy: Strategy
    public var sequence: StepSequence
    public var isSuspended: Bool
    /// Everything but sends and commands. Nil: false, also in journals that are older.
    public var dryRun: Bool?
    /// What must be good before each node starts. Nil: nothing, also in journals that are older.
    public var gates: [HealthGate]?
    /// A person's word before the run starts. Nil: none is needed, also in journals that are older.
    public var approval: Approval?

    public init(
        name: String, cluster: String, selector: Selector = .all, revision: String, windows: [Window] = [],
        exclusions: [Exclusion] = [], cutoff: Duration = .zero, onWindowEnd: OnWindowEnd = .finish,
        strategy: Strategy = Strategy(), sequence: StepSequence, isSuspended: Bool = false, dryRun: Bool? = nil,
        gates: [HealthGate]? = nil, approval: Approval? = nil
    ) {
        self.name = name
        self.cluster = cluster
        self.selector = selector
        self.revision = revision
        self.windows = windows
        self.exclusions = exclusions
        self.cutoff = cutoff
        self.onWindowEnd = onWindowEnd
        self.strategy = strategy
        self.sequence = sequence
        self.isSuspended = isSuspended
        self.dryRun = dryRun
        self.gates = gates
        self.approval = approval
    }
}

/// A person's word without which a rollout does not start.
public struct Approval: Hashable, Sendable, Codable {
    public var isRequired: Bool
    /// Of open time; the run pauses after it.
    public var timeout: Duration

    public init(isRequired: Bool = true, timeout: Duration = .hours(12)) {
        self.isRequired = isRequired
        self.timeout = timeout
    }
}
