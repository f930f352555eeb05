import ModeCore
import Scheduling

/// `approval`, `terminate` and `notify`.
enum FurtherStepKind {
    static let approval: ValueType<Approval> = .object(
        ObjectShape("an approval step", mayBeEmpty: true),
        DefaultedField(
            "timeout", .duration(.seconds(1)), default: Approval.standard.timeout,
            "of open time; the run pauses after it"),
        build: Approval.init)

    static let terminate: ValueType<TerminateStep> = .object(
        ObjectShape("a terminate step").alone("reason"), NeededField("reason", .text, "what the clients are told"),
        build: TerminateStep.init)

    static let notify: ValueType<NotifyStep> = .checkedObject(
        "a notify step",
        NeededField("notification", .name, "the name of a Notification"),
        NeededField("text", .text, "what is said; {node} and the other placeholders of an http step")
    ) { fields, notification, text in
        fields.checkPlaceholders(text, key: "text")
        return NotifyStep(notification: notification, text: text)
    }
}
