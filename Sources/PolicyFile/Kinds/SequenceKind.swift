import ModeCore
import Scheduling

/// `kind: Sequence`, and the same keys inline in a policy.
enum SequenceKind {
    static let spec = ValueType<SequenceDraft>.object(Keys.shape) { fields in
        let steps = fields[Keys.steps]
        var written = 0
        if case .sequence(let items)? = fields.node["steps"]?.value { written = items.count }
        return SequenceDraft(
            steps: steps ?? [], isIncomplete: steps?.count != written || written == 0, onFailure: fields[Keys.onFailure]
        )
    }

    private enum Keys {
        static let steps = Field.required(
            "steps", ValueType<[Located<Step>]>.list(of: .located(StepKind.step), minimum: 1, maximum: 100),
            "what is done to one node, in order")
        static let onFailure = Field(
            "onFailure", ValueType<OnFailure>.word(),
            "for a node whose step failed for good; unless given, restore before a disruptive step, stay after"
        )
        static let shape = ObjectShape("a sequence", [steps.shape, onFailure.shape])
    }

    /// A name, or the keys of a sequence, or only the list of its steps.
    static let reference = ValueType<PolicyDraft.SequenceReference>(
        .oneOf([ValueType<String>.name.shape, spec.shape, Keys.steps.shape.shape])
    ) { node, findings in
        switch node.value {
        case .scalar: ValueType<String>.name.read(node, findings).map { .name($0) }
        case .mapping: spec.read(node, findings).map { .inline($0) }
        case .sequence(let items):
            Keys.steps.type.read(node, findings).map {
                .inline(SequenceDraft(steps: $0, isIncomplete: $0.count != items.count, onFailure: nil))
            }
        }
    }
}
