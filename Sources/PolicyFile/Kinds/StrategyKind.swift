import ModeCore
import Scheduling

/// `strategy:` of a policy.
enum StrategyKind {
    private static let standard = Strategy.standard

    static let strategy: ValueType<Strategy> = .object(
        ObjectShape("a strategy").without(
            "pauseBetweenWaves", "it is `pauseBetweenNodes` now: a slot that became free stays unused for so long"),
        DefaultedField("maxUnavailable", .amount, default: standard.maxUnavailable, "so many nodes at once"),
        DefaultedField(
            "order", .list(of: order, minimum: 1, maximum: 16, isOrdered: true), default: standard.order,
            "least recently tried first, then this; by name unless given"),
        DefaultedField(
            "pauseBetweenNodes", .duration(), default: standard.pauseBetweenNodes,
            "a slot that became free stays unused for so long"),
        DefaultedField(
            "maxFailures", .integer(1...100_000), default: standard.maxFailures,
            "pauses at so many failed nodes, cumulative"),
        Field("canary", canary, "a few nodes of the first group before all others"),
        DefaultedField(
            "groups", .list(of: group, minimum: 1, maximum: 1_000, isOrdered: true), default: standard.groups,
            "groups of nodes, one after another; every selected node is in one"),
        Field(
            "progressDeadline", .duration(.seconds(1)),
            "the run pauses when no step finishes for so long, while it could act"),
        build: Strategy.init)

    private static let canary: ValueType<Canary> = .object(
        ObjectShape("a canary", mayBeEmpty: true).alone("count"),
        DefaultedField("count", .integer(1...100_000), default: Canary.standard.count, "so many nodes"),
        DefaultedField(
            "soak", .duration(), default: Canary.standard.soak,
            "how long they must be good before the others follow"),
        DefaultedField(
            "promote", .word(),
            default: Canary.standard.promote, "who says that the others follow: time alone, or a person"),
        build: Canary.init)

    private static let group: ValueType<NodeGroup> = .object(
        "a group",
        NeededField("name", .name, "what status and plan call it"),
        NeededField("selector", SelectorKind.selector, "which of the policy's nodes"),
        DefaultedField(
            "waitAfterPrevious", .duration(), default: .zero, "since the last node of the group before was done"),
        build: NodeGroup.init)

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

    private static let labelOrder: ValueType<Strategy.Order> = .object(
        "an order", NeededField("label", .text, "the label whose values are sorted"), build: Strategy.Order.label)
}
