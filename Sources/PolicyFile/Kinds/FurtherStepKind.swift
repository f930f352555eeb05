import ModeCore
import Scheduling

/// `approval`, `terminate` and `notify`.
enum FurtherStepKind {
    static let approval = ValueType<ApprovalStep>.object(ApprovalKeys.shape) { fields in
        ApprovalStep(timeout: fields[ApprovalKeys.timeout])
    }

    private enum ApprovalKeys {
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: ApprovalStep.standard.timeout,
            "of open time; the run pauses after it")
        static let shape = ObjectShape("an approval step", mayBeEmpty: true, [timeout.shape])
    }

    static let terminate = ValueType<TerminateStep>.object(ObjectShape("a terminate step", [Terminate.reason.shape])) {
        $0[Terminate.reason].map { TerminateStep(reason: $0) }
    }

    private enum Terminate {
        static let reason = Field.required("reason", ValueType<String>.text, "what the clients are told")
    }

    static let notify = ValueType<NotifyStep>.object(NotifyKeys.shape) { fields in
        let name = fields[NotifyKeys.notification]
        let text = fields[NotifyKeys.text]
        guard let name, let text else { return nil }
        return NotifyStep(notification: name, text: text)
    }

    private enum NotifyKeys {
        static let notification = Field.required(
            "notification", ValueType<String>.name, "the name of a Notification")
        static let text = Field.required("text", ValueType<String>.text, "what is said")
        static let shape = ObjectShape("a notify step", [notification.shape, text.shape])
    }
}
