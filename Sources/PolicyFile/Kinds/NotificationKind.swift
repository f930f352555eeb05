import ModeCore
import Scheduling

/// `kind: Notification`.
enum NotificationKind {
    private static let standard = NotificationPolicy.standard
    private static let names = ValueType<[Located<String>]>.list(of: .located(.name), minimum: 1)

    static let spec: ValueType<NotificationDraft> = .object(
        "a notification",
        Field.required(
            "url", SecretKind.target, "where it is sent; {env: …} or {file: …} where the address is a secret"),
        DefaultedField("format", .word(), default: standard.format, "how it is written"),
        Field.required(
            "on", ValueType<[NotificationPolicy.Occasion]>.list(of: .word(), minimum: 1, maximum: 100), "what is told"),
        Field("policies", names, "only about these maintenance windows and rollouts"),
        Field("clusters", names, "only about these clusters"),
        DefaultedField("timeout", .duration(.seconds(1)), default: standard.timeout, "for each attempt"),
        DefaultedField(
            "retries", .integer(0...100), default: standard.retries, "attempts after the first, with back-off")
    ) { url, format, on, policies, clusters, timeout, retries in
        NotificationDraft(
            url: url, format: format, on: on ?? [], policies: policies, clusters: clusters, timeout: timeout,
            retries: retries)
    }
}
