/// Which nodes of the cluster a policy is about.
package struct Selector: Hashable, Sendable, Codable {
    /// Every one of these labels with this value.
    package var matchLabels: [String: String]
    /// Only these names, where given.
    package var nodes: Set<String>?
    package var exclude: Set<String>
    /// All of these hold.
    package var matchExpressions: [LabelExpression]

    package init(
        matchLabels: [String: String] = [:], nodes: Set<String>? = nil, exclude: Set<String> = [],
        matchExpressions: [LabelExpression] = []
    ) {
        self.matchLabels = matchLabels
        self.nodes = nodes
        self.exclude = exclude
        self.matchExpressions = matchExpressions
    }

    package static let all = Selector()

    package func matches(_ node: ClusterNode) -> Bool {
        if exclude.contains(node.name) { return false }
        if let nodes, !nodes.contains(node.name) { return false }
        return matchLabels.allSatisfy { node.labels[$0.key] == $0.value }
            && matchExpressions.allSatisfy { $0.matches(node.labels) }
    }
}

/// A label compared with values, as Kubernetes' selectors do.
package struct LabelExpression: Hashable, Sendable, Codable {
    package enum Operator: String, Hashable, Sendable, Codable, CaseIterable {
        case `in` = "In"
        /// Also where the label is missing.
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    package var key: String
    package var `operator`: Operator
    /// Sorted; empty for `Exists` and `DoesNotExist`.
    package var values: [String]

    package init(key: String, `operator`: Operator, values: [String] = []) {
        self.key = key
        self.operator = `operator`
        self.values = values
    }

    package func matches(_ labels: [String: String]) -> Bool {
        let value = labels[key]
        return switch `operator` {
        case .in: value.map(values.contains) ?? false
        case .notIn: !(value.map(values.contains) ?? false)
        case .exists: value != nil
        case .doesNotExist: value == nil
        }
    }
}
