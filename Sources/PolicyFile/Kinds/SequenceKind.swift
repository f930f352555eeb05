import ModeCore
import Scheduling

/// `kind: Sequence`, and the same keys inline in a policy.
enum SequenceKind {
    private static let steps = ValueType<[Located<Step>]>.list(
        of: .located(StepKind.step), minimum: 1, maximum: 100, isOrdered: true)

    /// Nothing that was done to a node is undone.
    private static let undoing = Dictionary(
        uniqueKeysWithValues: ["rollback", "revert", "undo"].map {
            ($0, "nothing is undone: `restore` opens the node as it is, `stay` leaves it closed")
        })

    static let spec: ValueType<SequenceDraft> = .checkedObject(
        "a sequence",
        Field.required("steps", steps, "what is done to one node, in order"),
        Field(
            "onFailure", ValueType<OnFailure>.word(hints: undoing),
            "for a node whose step failed for good; unless given, restore before a disruptive step, stay after")
    ) { fields, steps, onFailure in
        var written = 0
        if case .sequence(let items)? = fields.node["steps"]?.value { written = items.count }
        return SequenceDraft(
            steps: steps ?? [], isIncomplete: steps?.count != written || written == 0, onFailure: onFailure)
    }

    /// A name, or the keys of a sequence, or only the list of its steps.
    static let reference = ValueType<PolicyDraft.SequenceReference>(
        .oneOf([ValueType<String>.name.shape, spec.shape, steps.shape])
    ) { node, findings in
        switch node.value {
        case .scalar: ValueType<String>.name.read(node, findings).map { .name($0) }
        case .mapping: spec.read(node, findings).map { .inline($0) }
        case .sequence(let items):
            steps.read(node, findings).map {
                .inline(SequenceDraft(steps: $0, isIncomplete: $0.count != items.count, onFailure: nil))
            }
        }
    }
}
