import Calendars

/// Takes the selected nodes out of service, one wave after another, in each occurrence of its windows.
public struct MaintenanceWindow: Hashable, Sendable, Codable {
    public var name: String
    public var cluster: String
    public var selector: Selector
    /// Never empty.
    public var windows: [Window]
    public var exclusions: [Exclusion]
    /// No node is started this close to the end of the window.
    public var cutoff: Duration
    public var onWindowEnd: OnWindowEnd
    public var strategy: Strategy
    public var sequence: StepSequence
    public var isSuspended: Bool
    /// Everything but sends and commands. Nil: false, also in journals that are older.
    public var dryRun: Bool?
    /// What must be good before each node starts. Nil: nothing, also in journals that are older.
    public var gates: [HealthGate]?

    public init(
        name: String, cluster: String, selector: Selector = .all, windows: [Window], exclusions: [Exclusion] = [],
        cutoff: Duration = .zero, onWindowEnd: OnWindowEnd = .restore, strategy: Strategy = Strategy(),
        sequence: StepSequence = .drainThenBlock, isSuspended: Bool = false, dryRun: Bool? = nil,
        gates: [HealthGate]? = nil
    ) {
        self.name = name
        self.cluster = cluster
        self.selector = selector
        self.windows = windows
        self.exclusions = exclusions
        self.cutoff = cutoff
        self.onWindowEnd = onWindowEnd
        self.strategy = strategy
        self.sequence = sequence
        self.isSuspended = isSuspended
        self.dryRun = dryRun
        self.gates = gates
    }
}

/// What happens at the window's end to nodes that are closed but not committed.
public enum OnWindowEnd: String, Hashable, Sendable, Codable, CaseIterable {
    case finish
    case restore
}
