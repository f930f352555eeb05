import ModeCore

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

    public init(
        name: String, cluster: String, selector: Selector = .all, windows: [Window], exclusions: [Exclusion] = [],
        cutoff: Duration = .zero, onWindowEnd: OnWindowEnd = .restore, strategy: Strategy = Strategy(),
        sequence: StepSequence = .drainThenBlock, isSuspended: Bool = false
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
    }
}

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

    public init(
        name: String, cluster: String, selector: Selector = .all, revision: String, windows: [Window] = [],
        exclusions: [Exclusion] = [], cutoff: Duration = .zero, onWindowEnd: OnWindowEnd = .finish,
        strategy: Strategy = Strategy(), sequence: StepSequence, isSuspended: Bool = false
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
    }
}

/// What happens at the window's end to nodes that are closed but not committed.
public enum OnWindowEnd: String, Hashable, Sendable, Codable, CaseIterable {
    case finish
    case restore
}

/// In which order and how many at once.
public struct Strategy: Hashable, Sendable, Codable {
    public enum Order: Hashable, Sendable, Codable {
        case label(String)
        case name
    }

    public var maxUnavailable: Amount
    /// Least recently completed first, then this.
    public var order: [Order]
    public var pauseBetweenWaves: Duration
    /// The run pauses at this many failed nodes, cumulative.
    public var maxFailures: Int

    public init(
        maxUnavailable: Amount = .count(1), order: [Order] = [.name], pauseBetweenWaves: Duration = .zero,
        maxFailures: Int = 1
    ) {
        self.maxUnavailable = maxUnavailable
        self.order = order
        self.pauseBetweenWaves = pauseBetweenWaves
        self.maxFailures = maxFailures
    }
}

/// Which nodes of the cluster a policy is about.
public struct Selector: Hashable, Sendable, Codable {
    /// Every one of these labels with this value.
    public var matchLabels: [String: String]
    /// Only these names, where given.
    public var nodes: Set<String>?
    public var exclude: Set<String>

    public init(matchLabels: [String: String] = [:], nodes: Set<String>? = nil, exclude: Set<String> = []) {
        self.matchLabels = matchLabels
        self.nodes = nodes
        self.exclude = exclude
    }

    public static let all = Selector()

    public func matches(_ node: ClusterNode) -> Bool {
        if exclude.contains(node.name) { return false }
        if let nodes, !nodes.contains(node.name) { return false }
        return matchLabels.allSatisfy { node.labels[$0.key] == $0.value }
    }
}
