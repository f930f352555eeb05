import Primitives
import Scheduling

/// `kind: MaintenanceWindow` and `kind: Rollout`: the same keys but for a few.
enum WindowPolicyKind {
    static let maintenanceWindow = ValueType<PolicyDraft>.object(
        ObjectShape(
            "a maintenance window",
            Keys.common + [
                Keys.requiredWindows.shape, Keys.sequence.shape,
            ])
    ) { read($0, revision: nil, sequence: Keys.sequence) }

    static let rollout = ValueType<PolicyDraft>.object(
        ObjectShape(
            "a rollout",
            Keys.common + [
                Keys.revision.shape, Keys.windows.shape, Keys.requiredSequence.shape,
                Keys.approval.shape,
            ])
    ) { read($0, revision: $0[Keys.revision], sequence: Keys.requiredSequence) }

    private static func read(
        _ fields: ObjectFields, revision: String?, sequence: Field<Located<PolicyDraft.SequenceReference>>
    ) -> PolicyDraft {
        // A maintenance window has no such key: what is written there is an error already.
        let approval = revision == nil ? nil : fields[Keys.approval]
        return PolicyDraft(
            cluster: fields[Keys.cluster], selector: fields[Keys.selector], revision: revision,
            timeZone: fields[Keys.timeZone], windows: fields.has("windows") ? fields[Keys.windows] ?? [] : nil,
            exclusions: fields[Keys.exclusions] ?? [], cutoff: fields[Keys.cutoff],
            onWindowEnd: fields[Keys.onWindowEnd], strategy: fields[Keys.strategy] ?? Strategy(),
            sequence: fields[sequence], isSuspended: fields[Keys.suspend] ?? false,
            dryRun: fields[Keys.dryRun] ?? false, gates: fields[Keys.gates] ?? [], approval: approval)
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
        static let strategy = Field("strategy", StrategyKind.strategy, "in which order and how many at once")
        private static let reference = ValueType<Located<PolicyDraft.SequenceReference>>.located(SequenceKind.reference)
        static let sequence = Field(
            "sequence", reference, "the name of a Sequence, or its steps; drain-then-block unless given")
        static let requiredSequence = Field.required("sequence", reference, "the name of a Sequence, or its steps")
        static let suspend = Field("suspend", ValueType<Bool>.boolean, default: false, "the policy does nothing")
        static let gates = Field(
            "gates", ValueType<[Located<HealthGate>]>.list(of: .located(GateKind.gate), minimum: 1, maximum: 100),
            "measurements that must be good before each node starts"
        ).checkedOnly
        static let dryRun = Field(
            "dryRun", ValueType<Bool>.boolean.checkedOnly(where: "dryRun: true") { $0 }, default: false,
            "everything but sends and commands")
        static let approval = Field(
            "approval", WindowPolicyKind.approval.checkedOnly(where: "approval") { $0.isRequired },
            "a person's word before it starts")
        static let common = [
            cluster.shape, selector.shape, timeZone.shape, exclusions.shape, cutoff.shape, onWindowEnd.shape,
            strategy.shape, suspend.shape, gates.shape, dryRun.shape,
        ]
    }

    private static let approval = ValueType<Approval>.object(ApprovalKeys.shape) { fields in
        Approval(
            isRequired: fields[ApprovalKeys.required] ?? true, timeout: fields[ApprovalKeys.timeout] ?? .hours(12))
    }

    private enum ApprovalKeys {
        static let required = Field.required("required", ValueType<Bool>.boolean, "whether it waits for it")
        static let timeout = Field(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: .hours(12),
            "of open time; the run pauses after it")
        static let shape = ObjectShape("an approval", [required.shape, timeout.shape])
    }
}
