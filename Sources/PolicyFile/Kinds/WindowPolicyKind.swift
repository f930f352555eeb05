import ModeCore
import Scheduling

/// `kind: MaintenanceWindow` and `kind: Rollout`: the same keys but for a few.
enum WindowPolicyKind {
    static let maintenanceWindow: ValueType<PolicyDraft> = .object(
        ObjectShape("a maintenance window").withoutWordsOfOthers
            .without("approval", "it is a rollout's; an `approval` step waits for a person's word about each node")
            .without("revision", "only a rollout brings nodes to a revision"),
        common(
            windows: .required("windows", windowList, "when it may act"),
            onWindowEnd: PolicySchedule.maintenanceWindow.onWindowEnd,
            sequence: Field(
                "sequence", .located(SequenceKind.reference),
                "the name of a Sequence, or its steps; drain-then-block unless given"))
    ) { $0 }

    static let rollout: ValueType<PolicyDraft> = .object(
        ObjectShape("a rollout").withoutWordsOfOthers,
        common(
            windows: Field("windows", windowList, "when it may act; absent: at any time"),
            onWindowEnd: PolicySchedule.rollout.onWindowEnd,
            sequence: .required(
                "sequence", .located(SequenceKind.reference), "the name of a Sequence, or its steps")),
        Field.required("revision", .text, "the version that the nodes shall have; a new one is a new run"),
        Field(
            "approval", approval, "a person's word before it starts")
    ) { draft, revision, approval in
        var draft = draft
        let approval = approval.flatMap { $0.isRequired ? Approval(timeout: $0.timeout) : nil }
        draft.kind = .rollout(revision: revision, approval: approval)
        return draft
    }

    private static let windowList = ValueType<[Located<SpanDraft>]>.list(
        of: .located(SpanKind.window), minimum: 1, maximum: 1_000)

    /// The keys that both kinds have, three of them each in its own way. The draft is a maintenance window's.
    private static func common(
        windows: Field<[Located<SpanDraft>]>, onWindowEnd: OnWindowEnd,
        sequence: Field<Located<PolicyDraft.SequenceReference>>
    ) -> FieldGroup<PolicyDraft> {
        FieldGroup(
            Field.required("cluster", .located(.name), "the name of a Cluster"),
            Field("selector", .located(SelectorKind.selector), "which nodes; absent: all"),
            Field("timeZone", .located(.text), "for every span that has none of its own"),
            DefaultedField(
                "exclusions", SpanKind.exclusions, default: [], "when it may not act, whatever the windows say"),
            Field("cutoff", .located(.duration()), "no node is started this close to the end"),
            DefaultedField(
                "startOnlyIf", .word(),
                default: StartOnlyIf.standard, "fits: no node whose longest course would not end before the window does"
            ),
            DefaultedField(
                "strategy", StrategyKind.strategy, default: .standard, "in which order and how many at once"),
            DefaultedField(
                "gates", .list(of: .located(GateKind.ofPolicy), minimum: 1, maximum: 100), default: [],
                "measurements that must be good before each node starts"
            ),
            DefaultedField(
                "onDrift", .word(), default: OnDrift.standard,
                "for a node that somebody opens before a disruptive step: it is closed again, or left alone in this run"
            ),
            DefaultedField("suspend", .boolean, default: false, "the policy does nothing"),
            windows,
            DefaultedField(
                "onWindowEnd", .word(), default: onWindowEnd,
                "for nodes that are closed but not past a disruptive step"),
            sequence
        ) {
            (
                fields, cluster, selector, timeZone, exclusions, cutoff, startOnlyIf, strategy, gates, onDrift,
                isSuspended, windows, onWindowEnd, sequence
            ) in
            PolicyDraft(
                kind: .maintenanceWindow, cluster: cluster, selector: selector, timeZone: timeZone,
                windows: fields.has("windows") ? windows ?? [] : nil, exclusions: exclusions, cutoff: cutoff,
                onWindowEnd: onWindowEnd, startOnlyIf: startOnlyIf, strategy: strategy, sequence: sequence,
                gates: gates, onDrift: onDrift, isSuspended: isSuspended)
        }
    }

    private struct ApprovalWord: Sendable {
        var isRequired: Bool
        var timeout: Duration
    }

    private static let approval: ValueType<ApprovalWord> = .object(
        "an approval",
        Field.required("required", .boolean, "whether it waits for it"),
        DefaultedField(
            "timeout", .duration(.seconds(1)), default: Approval.standard.timeout,
            "of open time; the run pauses after it")
    ) { ApprovalWord(isRequired: $0 ?? true, timeout: $1) }
}

extension ObjectShape {
    fileprivate var withoutWordsOfOthers: ObjectShape {
        let suspend = "a policy acts unless `suspend: true` is written"
        let window = "write windows: [{weekly: {days: [sat, sun], start: \"22:00\"}, until: \"05:00\"}]"
        var shape = without(
            "dryRun", "`nagi daemon --observe-only` decides everything and sends nothing, `nagi simulate` rehearses it")
        for key in ["enabled", "enable", "active"] { shape = shape.without(key, suspend) }
        for key in ["startTime", "endTime", "rebootDays"] { shape = shape.without(key, window) }
        return shape
    }
}
