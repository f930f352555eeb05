import ModeCore
import Scheduling

/// `kind: MaintenanceWindow` and `kind: Rollout`: the same keys but for a few.
enum WindowPolicyKind {
    static let maintenanceWindow = ValueType<PolicyDraft>.object(
        ObjectShape(
            "a maintenance window",
            Keys.common + [
                Keys.requiredWindows.shape, Keys.sequence.shape,
                .later("dryRun", "everything but sends and commands"),
            ])
    ) { read($0, revision: nil, sequence: Keys.sequence) }

    static let rollout = ValueType<PolicyDraft>.object(
        ObjectShape(
            "a rollout",
            Keys.common + [
                Keys.revision.shape, Keys.windows.shape, Keys.requiredSequence.shape,
                .later("approval", "a person's word before the start"),
                .later("dryRun", "everything but sends and commands"),
            ])
    ) { read($0, revision: $0[Keys.revision], sequence: Keys.requiredSequence) }

    private static func read(
        _ fields: ObjectFields, revision: String?, sequence: Field<Located<PolicyDraft.SequenceReference>>
    ) -> PolicyDraft {
        PolicyDraft(
            cluster: fields[Keys.cluster], selector: fields[Keys.selector], revision: revision,
            timeZone: fields[Keys.timeZone], windows: fields.has("windows") ? fields[Keys.windows] ?? [] : nil,
            exclusions: fields[Keys.exclusions] ?? [], cutoff: fields[Keys.cutoff],
            onWindowEnd: fields[Keys.onWindowEnd], strategy: fields[Keys.strategy] ?? Strategy(),
            sequence: fields[sequence], isSuspended: fields[Keys.suspend] ?? false)
    }

    private enum Keys {
        static let cluster = Field.required(
            "cluster", ValueType<Located<String>>.located(.name), "the name of a Cluster")
        static let selector = Field(
            "selector", ValueType<Located<Selector>>.located(WindowPolicyKind.selector), "which nodes; absent: all")
        static let revision = Field.required(
            "revision", ValueType<String>.text, "the version that the nodes shall have; a new one is a new run")
        static let timeZone = Field(
            "timeZone", ValueType<Located<String>>.located(.text), "for every span that has none of its own")
        private static let windowList = ValueType<[Located<SpanDraft>]>.list(
            of: .located(SpanKind.window), minimum: 1, maximum: 1_000)
        static let requiredWindows = Field.required("windows", windowList, "when it may act")
        static let windows = Field("windows", windowList, "when it may act; absent: at any time")
        static let exclusions = Field(
            "exclusions",
            ValueType<[Located<SpanDraft>]>.list(of: .located(SpanKind.exclusion), maximum: 1_000),
            "when it may not act, whatever the windows say")
        static let cutoff = Field(
            "cutoff", ValueType<Located<Duration>>.located(.duration()), "no node is started this close to the end")
        static let onWindowEnd = Field(
            "onWindowEnd", ValueType<OnWindowEnd>.word(), "for nodes that are closed but not past a disruptive step")
        static let strategy = Field("strategy", WindowPolicyKind.strategy, "in which order and how many at once")
        private static let reference = ValueType<Located<PolicyDraft.SequenceReference>>.located(SequenceKind.reference)
        static let sequence = Field(
            "sequence", reference, "the name of a Sequence, or its steps; drain-then-block unless given")
        static let requiredSequence = Field.required("sequence", reference, "the name of a Sequence, or its steps")
        static let suspend = Field("suspend", ValueType<Bool>.boolean, default: false, "the policy does nothing")
        static let common = [
            cluster.shape, selector.shape, timeZone.shape, exclusions.shape, cutoff.shape, onWindowEnd.shape,
            strategy.shape, suspend.shape, .later("gates", "measurements that must be good before a node starts"),
        ]
    }

    private static let selector = ValueType<Selector>.object(SelectorKeys.shape) { fields in
        let nodes = fields[SelectorKeys.nodes]
        return Selector(
            matchLabels: fields[SelectorKeys.matchLabels] ?? [:], nodes: nodes.map { Set($0) },
            exclude: Set(fields[SelectorKeys.exclude] ?? []))
    }

    private enum SelectorKeys {
        static let matchLabels = Field("matchLabels", ClusterKind.labels, "each of these labels with this value")
        static let nodes = Field("nodes", ValueType<[String]>.list(of: .nodeName, minimum: 1), "only these")
        static let exclude = Field("exclude", ValueType<[String]>.list(of: .nodeName), "not these")
        static let shape = ObjectShape(
            "a selector",
            [
                matchLabels.shape, nodes.shape, exclude.shape,
                .later("matchExpressions", "labels compared in other ways"),
            ])
    }

    private static let strategy = ValueType<Strategy>.object(StrategyKeys.shape) { fields in
        Strategy(
            maxUnavailable: fields[StrategyKeys.maxUnavailable] ?? .count(1),
            order: fields[StrategyKeys.order] ?? [.name],
            pauseBetweenWaves: fields[StrategyKeys.pauseBetweenWaves] ?? .zero,
            maxFailures: fields[StrategyKeys.maxFailures] ?? 1)
    }

    private enum StrategyKeys {
        static let maxUnavailable = Field(
            "maxUnavailable", ValueType<Amount>.amount, default: .count(1), "so many nodes at once")
        static let order = Field(
            "order", ValueType<[Strategy.Order]>.list(of: WindowPolicyKind.order, minimum: 1, maximum: 16),
            "least recently completed first, then this; by name unless given")
        static let pauseBetweenWaves = Field(
            "pauseBetweenWaves", ValueType<Duration>.duration(), default: .zero, "between the end of one and the next")
        static let maxFailures = Field(
            "maxFailures", ValueType<Int>.integer(1...100_000), default: 1, "pauses at so many failed nodes, cumulative"
        )
        static let shape = ObjectShape(
            "a strategy",
            [
                maxUnavailable.shape, order.shape, pauseBetweenWaves.shape, maxFailures.shape,
                .later("canary", "a few nodes before all others"), .later("groups", "groups of nodes in order"),
                .later("progressDeadline", "how long a run may stand still"),
            ])
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
