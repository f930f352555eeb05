/// Whom to tell what happens (kind Notification): a webhook out, retried with back-off, that never holds up a run.
public struct NotificationPolicy: Hashable, Sendable, Codable {
    public enum Format: String, Hashable, Sendable, Codable, CaseIterable {
        case json
        case slack
    }

    public enum Occasion: String, Hashable, Sendable, Codable, CaseIterable {
        case runStarted = "run-started"
        case runFinished = "run-finished"
        case runFailed = "run-failed"
        case runPaused = "run-paused"
        case stuck
        case drift
        case fault
        case approvalNeeded = "approval-needed"
        case windowSoon = "window-soon"
    }

    /// An address in the policy, or where one that is a secret is to be read.
    public enum Target: Hashable, Sendable, Codable {
        case address(String)
        case secret(SecretReference)
    }

    public var name: String
    public var url: Target
    public var format: Format
    /// In the order of their declaration, each once.
    public var on: [Occasion]
    /// Only about these maintenance windows and rollouts; nil: all.
    public var policies: [String]?
    /// Only about these clusters; nil: all.
    public var clusters: [String]?
    /// For each attempt.
    public var timeout: Duration
    /// Further attempts after the first.
    public var retries: Int

    public init(
        name: String, url: Target, format: Format = .json, on: [Occasion], policies: [String]? = nil,
        clusters: [String]? = nil, timeout: Duration = .seconds(10), retries: Int = 5
    ) {
        self.name = name
        self.url = url
        self.format = format
        self.on = on
        self.policies = policies
        self.clusters = clusters
        self.timeout = timeout
        self.retries = retries
    }
}
