import ModeCore

/// Whom to tell what happens (kind Notification): a webhook out, retried with back-off, that never holds up a run.
package struct NotificationPolicy: Hashable, Sendable, Codable {
    /// Holds the defaults; it tells nobody.
    package static let standard = NotificationPolicy(name: "", url: .address(""), on: [])

    package enum Format: String, Hashable, Sendable, Codable, CaseIterable {
        case json
        case slack
    }

    package enum Occasion: String, Hashable, Sendable, Codable, CaseIterable {
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
    package enum Target: Hashable, Sendable, Codable {
        case address(String)
        case secret(SecretReference)
    }

    package var name: String
    package var url: Target
    package var format: Format
    /// In the order of their declaration, each once.
    package var on: [Occasion]
    /// Only about these maintenance windows and rollouts; nil: all.
    package var policies: [String]?
    /// Only about these clusters; nil: all.
    package var clusters: [String]?
    /// For each attempt.
    package var timeout: Duration
    /// Further attempts after the first.
    package var retries: Int

    package init(
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
