import ModeCore
import Scheduling

/// `strategy:` of a policy.
enum StrategyKind {
    static let strategy = ValueType<Strategy>.object(Keys.shape) { fields in
        Strategy(
            maxUnavailable: fields[Keys.maxUnavailable], order: fields[Keys.order] ?? Strategy.standard.order,
            pauseBetweenNodes: fields[Keys.pauseBetweenNodes], maxFailures: fields[Keys.maxFailures],
            canary: fields[Keys.canary], groups: fields[Keys.groups] ?? Strategy.standard.groups,
            progressDeadline: fields[Keys.progressDeadline])
    }

    private enum Keys {
        static let maxUnavailable = DefaultedField(
            "maxUnavailable", ValueType<Amount>.amount, default: Strategy.standard.maxUnavailable,
            "so many nodes at once")
        static let order = Field(
            "order", ValueType<[Strategy.Order]>.list(of: StrategyKind.order, minimum: 1, maximum: 16),
            "least recently tried first, then this; by name unless given")
        static let pauseBetweenNodes = DefaultedField(
            "pauseBetweenNodes", ValueType<Duration>.duration(), default: Strategy.standard.pauseBetweenNodes,
            "a slot that became free stays unused for so long")
        static let maxFailures = DefaultedField(
            "maxFailures", ValueType<Int>.integer(1...100_000), default: Strategy.standard.maxFailures,
            "pauses at so many failed nodes, cumulative")
        static let canary = Field("canary", StrategyKind.canary, "a few nodes of the first group before all others")
        static let groups = Field(
            "groups", ValueType<[NodeGroup]>.list(of: StrategyKind.group, minimum: 1, maximum: 1_000),
            "groups of nodes, one after another; every selected node is in one")
        static let progressDeadline = Field(
            "progressDeadline", ValueType<Duration>.duration(.seconds(1)),
            "the run pauses when no step finishes for so long, while it could act")
        static let shape = ObjectShape(
            "a strategy",
            [
                maxUnavailable.shape, order.shape, pauseBetweenNodes.shape, maxFailures.shape, canary.shape,
                groups.shape, progressDeadline.shape,
            ]
        ).without(
            "pauseBetweenWaves", "it is `pauseBetweenNodes` now: a slot that became free stays unused for so long")
    }

    private static let canary = ValueType<Canary>.object(CanaryKeys.shape) { fields in
        Canary(
            count: fields[CanaryKeys.count], soak: fields[CanaryKeys.soak], promote: fields[CanaryKeys.promote])
    }

    private enum CanaryKeys {
        static let count = DefaultedField(
            "count", ValueType<Int>.integer(1...100_000), default: Canary.standard.count, "so many nodes")
        static let soak = DefaultedField(
            "soak", ValueType<Duration>.duration(), default: Canary.standard.soak,
            "how long they must be good before the others follow")
        static let promote = DefaultedField(
            "promote",
            ValueType<Canary.Promote>.word().checkedOnly(where: "promote: manual") { $0 == .manual },
            default: Canary.standard.promote,
            "who says that the others follow: time alone, or a person")
        static let shape = ObjectShape("a canary", mayBeEmpty: true, [count.shape, soak.shape, promote.shape])
    }

    private static let group = ValueType<NodeGroup>.object(GroupKeys.shape) { fields in
        let name = fields[GroupKeys.name]
        let selector = fields[GroupKeys.selector]
        let wait = fields[GroupKeys.waitAfterPrevious]
        guard let name, let selector else { return nil }
        return NodeGroup(name: name, selector: selector, waitAfterPrevious: wait)
    }

    private enum GroupKeys {
        static let name = Field.required("name", ValueType<String>.name, "what status and plan call it")
        static let selector = Field.required("selector", SelectorKind.selector, "which of the policy's nodes")
        static let waitAfterPrevious = DefaultedField(
            "waitAfterPrevious", ValueType<Duration>.duration(), default: .zero,
            "since the last node of the group before was done")
        static let shape = ObjectShape("a group", [name.shape, selector.shape, waitAfterPrevious.shape])
    }

    /// `name`, or `{label: zone}`.
    private static let order = ValueType<Strategy.Order>(.oneOf([.words(["name"]), labelOrder.shape])) {
        node, findings in
        guard let scalar = node.scalar, !scalar.isNull else { return labelOrder.read(node, findings) }
        if scalar.text == "name" { return .name }
        findings.error(
            .unknownWord, "\"\(scalar.text)\" is not an order: `name` or `{label: …}`", at: node.location,
            hint: "for the label write {label: \(scalar.text)}")
        return nil
    }

    private static let labelOrder = ValueType<Strategy.Order>.object(
        ObjectShape("an order", [OrderKeys.label.shape])
    ) { $0[OrderKeys.label].map { .label($0) } }

    private enum OrderKeys {
        static let label = Field.required("label", ValueType<String>.text, "the label whose values are sorted")
    }
}
