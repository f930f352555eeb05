import ModeCore
import Scheduling

/// `kind: Notification`.
enum NotificationKind {
    static let spec = ValueType<NotificationDraft>.object(Keys.shape) { fields in
        NotificationDraft(
            url: fields[Keys.url], format: fields[Keys.format], on: fields[Keys.on] ?? [],
            policies: fields[Keys.policies], clusters: fields[Keys.clusters],
            timeout: fields[Keys.timeout], retries: fields[Keys.retries])
    }

    private enum Keys {
        static let url = Field.required(
            "url", SecretKind.target, "where it is sent; {env: …} or {file: …} where the address is a secret")
        static let format = DefaultedField(
            "format", ValueType<NotificationPolicy.Format>.word(), default: NotificationPolicy.standard.format,
            "how it is written")
        static let on = Field.required(
            "on", ValueType<[NotificationPolicy.Occasion]>.list(of: .word(), minimum: 1, maximum: 100), "what is told")
        private static let names = ValueType<[Located<String>]>.list(of: .located(.name), minimum: 1)
        static let policies = Field("policies", names, "only about these maintenance windows and rollouts")
        static let clusters = Field("clusters", names, "only about these clusters")
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: NotificationPolicy.standard.timeout,
            "for each attempt")
        static let retries = DefaultedField(
            "retries", ValueType<Int>.integer(0...100), default: NotificationPolicy.standard.retries,
            "attempts after the first, with back-off")
        static let shape = ObjectShape(
            "a notification",
            [
                url.shape, format.shape, on.shape, policies.shape, clusters.shape, timeout.shape, retries.shape,
            ])
    }
}
