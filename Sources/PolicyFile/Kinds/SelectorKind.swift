import Scheduling

/// `selector:` of a policy and of a group.
enum SelectorKind {
    static let selector = ValueType<Selector>.object(Keys.shape) { fields in
        let nodes = fields[Keys.nodes]
        return Selector(
            matchLabels: fields[Keys.matchLabels] ?? [:], nodes: nodes.map { Set($0) },
            exclude: Set(fields[Keys.exclude] ?? []), matchExpressions: fields[Keys.matchExpressions] ?? [])
    }

    private enum Keys {
        static let matchLabels = Field("matchLabels", ClusterKind.labels, "each of these labels with this value")
        static let matchExpressions = Field(
            "matchExpressions",
            ValueType<[LabelExpression]>.list(of: SelectorKind.expression, minimum: 1, maximum: 100),
            "labels compared in other ways; all of them hold")
        static let nodes = Field("nodes", ValueType<[String]>.list(of: .nodeName, minimum: 1), "only these")
        static let exclude = Field("exclude", ValueType<[String]>.list(of: .nodeName), "not these")
        static let shape = ObjectShape(
            "a selector", [matchLabels.shape, matchExpressions.shape, nodes.shape, exclude.shape])
    }

    private static let expression = ValueType<LabelExpression>.object(ExpressionKeys.shape) { fields in
        let key = fields[ExpressionKeys.key]
        let comparison = fields[ExpressionKeys.operator]
        let values = fields[ExpressionKeys.values]
        guard let key, let comparison else { return nil }
        let comparesValues = comparison == .in || comparison == .notIn
        if comparesValues, !fields.has(ExpressionKeys.values.key) {
            fields.findings.error(
                .missingKey, "`values` is missing: \(comparison.rawValue) compares with them",
                at: fields.node.location(of: "operator"), hint: "values: [a, b]")
            return nil
        }
        if !comparesValues, fields.has(ExpressionKeys.values.key) {
            fields.findings.error(
                .conflictingKeys, "`values` does not go with \(comparison.rawValue), which only looks for the label",
                at: fields.keyLocation("values"),
                hint: "leave them out, or write \(comparison == .exists ? "In" : "NotIn")")
            return nil
        }
        return LabelExpression(key: key, operator: comparison, values: Set(values ?? []).sorted())
    }

    private enum ExpressionKeys {
        static let key = Field.required("key", ValueType<String>.text, "the label")
        static let `operator` = Field.required(
            "operator", ValueType<LabelExpression.Operator>.word(), "how it is compared; NotIn also where it is missing"
        )
        static let values = Field(
            "values", ValueType<[String]>.list(of: .labelValue, minimum: 1, maximum: 1_000), "for In and NotIn")
        static let shape = ObjectShape("an expression", [key.shape, `operator`.shape, values.shape])
    }
}
