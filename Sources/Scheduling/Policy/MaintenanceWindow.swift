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
    /// A few nodes before all others. Nil, like all that follows, also in journals that are older.
    public var canary: Canary?
    /// Groups of nodes, one after another: the next is begun when every node of the one before is done or failed. Every
    /// selected node is in exactly one. Nil: all nodes are one group.
    public var groups: [NodeGroup]?
    /// The run pauses when no step finishes for so long, counting only time in which it could act.
    public var progressDeadline: Duration?

    public init(
        maxUnavailable: Amount = .count(1), order: [Order] = [.name], pauseBetweenWaves: Duration = .zero,
        maxFailures: Int = 1, canary: Canary? = nil, groups: [NodeGroup]? = nil, progressDeadline: Duration? = nil
    ) {
        self.maxUnavailable = maxUnavailable
        self.order = order
        self.pauseBetweenWaves = pauseBetweenWaves
        self.maxFailures = maxFailures
        self.canary = canary
        self.groups = groups
        self.progressDeadline = progressDeadline
    }
}

/// The first nodes of the first group, taken alone; any failure among them pauses the run.
public struct Canary: Hashable, Sendable, Codable {
    public enum Promote: String, Hashable, Sendable, Codable, CaseIterable {
        /// The others follow when the canary nodes have been good for `soak`.
        case auto
        /// An operator says so.
        case manual
    }

    /// At least 1, and less than the first group has nodes.
    public var count: Int
    /// How long the canary nodes must be in service, and good, before the others follow.
    public var soak: Duration
    public var promote: Promote

    public init(count: Int = 1, soak: Duration = .zero, promote: Promote = .auto) {
        self.count = count
        self.soak = soak
        self.promote = promote
    }
}

/// Nodes of a run that are taken before those of the next group.
public struct NodeGroup: Hashable, Sendable, Codable {
    public var name: String
    public var selector: Selector
    /// Since the last node of the group before was done.
    public var waitAfterPrevious: Duration

    public init(name: String, selector: Selector, waitAfterPrevious: Duration = .zero) {
        self.name = name
        self.selector = selector
        self.waitAfterPrevious = waitAfterPrevious
    }
}

/// Which nodes of the cluster a policy is about.
public struct Selector: Hashable, Sendable, Codable {
    /// Every one of these labels with this value.
    public var matchLabels: [String: String]
    /// Only these names, where given.
    public var nodes: Set<String>?
    public var exclude: Set<String>
    /// All of these hold. Nil: none; also in journals that are older.
    public var matchExpressions: [LabelExpression]?

    public init(
        matchLabels: [String: String] = [:], nodes: Set<String>? = nil, exclude: Set<String> = [],
        matchExpressions: [LabelExpression]? = nil
    ) {
        self.matchLabels = matchLabels
        self.nodes = nodes
        self.exclude = exclude
        self.matchExpressions = matchExpressions
    }

    public static let all = Selector()

    public func matches(_ node: ClusterNode) -> Bool {
        if exclude.contains(node.name) { return false }
        if let nodes, !nodes.contains(node.name) { return false }
        return matchLabels.allSatisfy { node.labels[$0.key] == $0.value }
            && (matchExpressions ?? []).allSatisfy { $0.matches(node.labels) }
    }
}

/// A label compared with values, as Kubernetes' selectors do.
public struct LabelExpression: Hashable, Sendable, Codable {
    public enum Operator: String, Hashable, Sendable, Codable, CaseIterable {
        case `in` = "In"
        /// Also where the label is missing.
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    public var key: String
    public var `operator`: Operator
    /// Sorted; empty for `Exists` and `DoesNotExist`.
    public var values: [String]

    public init(key: String, `operator`: Operator, values: [String] = []) {
        self.key = key
        self.operator = `operator`
        self.values = values
    }

    public func matches(_ labels: [String: String]) -> Bool {
        let value = labels[key]
        return switch `operator` {
        case .in: value.map(values.contains) ?? false
        case .notIn: !(value.map(values.contains) ?? false)
        case .exists: value != nil
        case .doesNotExist: value == nil
        }
    }
}
