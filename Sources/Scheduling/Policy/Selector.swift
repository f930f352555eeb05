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
