import ModeCore
import Scheduling

/// `kind: MaintenanceWindow` and `kind: Rollout`: the same keys but for a few.
enum WindowPolicyKind {
    static let maintenanceWindow = ValueType<PolicyDraft>.object(
        shape("a maintenance window", Keys.common + Keys.ofWindow.shapes)
            .without("approval", "it is a rollout's; an `approval` step waits for a person's word about each node")
            .without("revision", "only a rollout brings nodes to a revision")
    ) { read($0, Keys.ofWindow, kind: .maintenanceWindow) }

    static let rollout = ValueType<PolicyDraft>.object(
        shape("a rollout", Keys.common + Keys.ofRollout.shapes + [Keys.revision.shape, Keys.approval.shape])
    ) { fields in
        let approval = fields[Keys.approval].flatMap { $0.isRequired ? Approval(timeout: $0.timeout) : nil }
        return read(fields, Keys.ofRollout, kind: .rollout(revision: fields[Keys.revision], approval: approval))
    }

    private static func shape(_ title: String, _ fields: [FieldShape]) -> ObjectShape {
        ObjectShape(title, fields).without(
            "dryRun",
            "`nagi daemon --observe-only` decides everything and sends nothing, `nagi simulate` rehearses it")
    }

    private static func read(_ fields: ObjectFields, _ keys: KindKeys, kind: PolicyDraft.Kind) -> PolicyDraft {
        PolicyDraft(
            kind: kind, cluster: fields[Keys.cluster], selector: fields[Keys.selector],
            timeZone: fields[Keys.timeZone],
            windows: fields.has(keys.windows.key) ? fields[keys.windows] ?? [] : nil,
            exclusions: fields[Keys.exclusions] ?? [], cutoff: fields[Keys.cutoff],
            onWindowEnd: fields[keys.onWindowEnd], startOnlyIf: fields[Keys.startOnlyIf],
            strategy: fields[Keys.strategy] ?? .standard, sequence: fields[keys.sequence],
            gates: fields[Keys.gates] ?? [], onDrift: fields[Keys.onDrift], isSuspended: fields[Keys.suspend])
    }

    /// The keys that both kinds have, each in its own way.
    private struct KindKeys: Sendable {
        let windows: Field<[Located<SpanDraft>]>
        let onWindowEnd: DefaultedField<OnWindowEnd>
        let sequence: Field<Located<PolicyDraft.SequenceReference>>

        var shapes: [FieldShape] { [windows.shape, onWindowEnd.shape, sequence.shape] }
    }

    private enum Keys {
        static let cluster = Field.required(
            "cluster", ValueType<Located<String>>.located(.name), "the name of a Cluster")
        static let selector = Field(
            "selector", ValueType<Located<Selector>>.located(SelectorKind.selector), "which nodes; absent: all")
        static let revision = Field.required(
            "revision", ValueType<String>.text, "the version that the nodes shall have; a new one is a new run")
        static let timeZone = Field(
            "timeZone", ValueType<Located<String>>.located(.text), "for every span that has none of its own")
        static let exclusions = Field(
            "exclusions", SpanKind.exclusions, "when it may not act, whatever the windows say")
        static let cutoff = Field(
            "cutoff", ValueType<Located<Duration>>.located(.duration()), "no node is started this close to the end")
        static let startOnlyIf = DefaultedField(
            "startOnlyIf",
            ValueType<StartOnlyIf>.word().checkedOnly(where: "startOnlyIf: fits") { $0 == .fits },
            default: .standard, "fits: no node whose longest course would not end before the window does")
        static let strategy = Field("strategy", StrategyKind.strategy, "in which order and how many at once")
        static let suspend = DefaultedField(
            "suspend", ValueType<Bool>.boolean, default: false, "the policy does nothing")
        static let gates = Field(
            "gates", ValueType<[Located<HealthGate>]>.list(of: .located(GateKind.gate), minimum: 1, maximum: 100),
            "measurements that must be good before each node starts"
        ).checkedOnly
        static let onDrift = DefaultedField(
            "onDrift", ValueType<OnDrift>.word(), default: .standard,
            "for a node that somebody opens before a disruptive step: it is closed again, or left alone in this run")
        static let approval = Field(
            "approval", WindowPolicyKind.approval.checkedOnly(where: "approval") { $0.isRequired },
            "a person's word before it starts")
        static let common = [
            cluster.shape, selector.shape, timeZone.shape, exclusions.shape, cutoff.shape, startOnlyIf.shape,
            strategy.shape, gates.shape, onDrift.shape, suspend.shape,
        ]

        private static let windowList = ValueType<[Located<SpanDraft>]>.list(
            of: .located(SpanKind.window), minimum: 1, maximum: 1_000)
        private static let reference = ValueType<Located<PolicyDraft.SequenceReference>>.located(SequenceKind.reference)
        private static func onWindowEnd(default fallback: OnWindowEnd) -> DefaultedField<OnWindowEnd> {
            DefaultedField(
                "onWindowEnd", ValueType<OnWindowEnd>.word(), default: fallback,
                "for nodes that are closed but not past a disruptive step")
        }

        static let ofWindow = KindKeys(
            windows: .required("windows", windowList, "when it may act"),
            onWindowEnd: onWindowEnd(default: PolicySchedule.maintenanceWindow.onWindowEnd),
            sequence: Field(
                "sequence", reference, "the name of a Sequence, or its steps; drain-then-block unless given"))
        static let ofRollout = KindKeys(
            windows: Field("windows", windowList, "when it may act; absent: at any time"),
            onWindowEnd: onWindowEnd(default: PolicySchedule.rollout.onWindowEnd),
            sequence: .required("sequence", reference, "the name of a Sequence, or its steps"))
    }

    private struct ApprovalWord: Sendable {
        var isRequired: Bool
        var timeout: Duration
    }

    private static let approval = ValueType<ApprovalWord>.object(ApprovalKeys.shape) { fields in
        ApprovalWord(isRequired: fields[ApprovalKeys.required] ?? true, timeout: fields[ApprovalKeys.timeout])
    }

    private enum ApprovalKeys {
        static let required = Field.required("required", ValueType<Bool>.boolean, "whether it waits for it")
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: Approval.standard.timeout,
            "of open time; the run pauses after it")
        static let shape = ObjectShape("an approval", [required.shape, timeout.shape])
    }
}
