import Scheduling

/// `selector:` of a policy and of a group.
enum SelectorKind {
    static let selector: ValueType<Selector> = .object(
        ObjectShape("a selector").others(under: "matchLabels"),
        DefaultedField("matchLabels", ClusterKind.labels, default: [:], "each of these labels with this value"),
        DefaultedField(
            "matchExpressions", .list(of: expression, minimum: 1, maximum: 100), default: [],
            "labels compared in other ways; all of them hold"),
        Field("nodes", .list(of: .nodeName, minimum: 1), "only these"),
        DefaultedField("exclude", .list(of: .nodeName), default: [], "not these")
    ) { labels, expressions, nodes, exclude in
        Selector(
            matchLabels: labels, nodes: nodes.map { Set($0) }, exclude: Set(exclude), matchExpressions: expressions)
    }

    private static let expression: ValueType<LabelExpression> = .checkedObject(
        "an expression",
        NeededField("key", .text, "the label"),
        NeededField(
            "operator", ValueType<LabelExpression.Operator>.word(),
            "how it is compared; NotIn also where it is missing"),
        DefaultedField(
            "values", .list(of: .labelValue, minimum: 1, maximum: 1_000), default: [], "for In and NotIn")
    ) { fields, key, comparison, values in
        let comparesValues = comparison == .in || comparison == .notIn
        if comparesValues, !fields.has("values") {
            fields.findings.error(
                .missingKey, "`values` is missing: \(comparison.rawValue) compares with them",
                at: fields.node.location(of: "operator"), hint: "values: [a, b]")
            return nil
        }
        if !comparesValues, fields.has("values") {
            fields.findings.error(
                .conflictingKeys, "`values` does not go with \(comparison.rawValue), which only looks for the label",
                at: fields.keyLocation("values"),
                hint: "leave them out, or write \(comparison == .exists ? "In" : "NotIn")")
            return nil
        }
        return LabelExpression(key: key, operator: comparison, values: Set(values).sorted())
    }
}
