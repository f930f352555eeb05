import ModeCore
import Primitives

/// Waits until the node shows what the step before was meant to bring about.
package struct VerifyStep: Hashable, Sendable, Codable {
    /// The nodes of the cluster list it as connected.
    package var connected: Bool
    /// The node answers its readiness probe; not possible while blocked in a cluster.
    package var ready: Bool
    /// Exact version; `{revision}` stands for the rollout's revision, wherever it is in the text.
    package var version: String?
    /// The disruptive step before restarts the node: another life of its process is demanded.
    package var restarts: Bool
    package var timeout: Duration

    package init(
        connected: Bool = false, ready: Bool = false, version: String? = nil, restarts: Bool = true,
        timeout: Duration = .minutes(10)
    ) {
        self.connected = connected
        self.ready = ready
        self.version = version
        self.restarts = restarts
        self.timeout = timeout
    }

    package static let standard = VerifyStep()

    func move(in context: StepContext) -> StepMove {
        guard let missing = missing(in: context) else { return .done }
        return context.isLate ? .fail("verify: \(missing)") : .wait(.verify(missing: missing))
    }

    /// What the node does not show yet; nil: everything is there. Only reads begun after the step count.
    func missing(in context: StepContext) -> String? {
        guard let mode = context.mode else { return "the node cannot be read" }
        guard let observed = mode.requestable else { return "the node has not joined" }
        if let claim = context.claim, observed < claim { return "the node is not blocked again yet" }
        guard context.isObservedSinceStep else { return "the node was not read since" }
        let wanted = wantedVersion(revision: context.revision)
        let shown = context.version?.description
        if let wanted, shown != wanted { return "the version is \(shown ?? "unknown"), not \(wanted)" }
        if context.isCommitted, restarts, !context.isAnotherIncarnation {
            let isProvenByVersion = wanted != nil && context.versionBefore?.description != wanted
            guard isProvenByVersion else { return "the node has not been restarted" }
        }
        if connected, !context.isConnectedSinceStep { return "a majority of the cluster does not list it as connected" }
        if ready, context.ready != true { return "the readiness probe does not answer 200" }
        return nil
    }

    package static let placeholder = "{revision}"

    /// Only a rollout can say what is wanted.
    package var usesRevision: Bool { version?.contains(VerifyStep.placeholder) ?? false }

    /// The version that the node must have, in a run of that revision. Nil: any.
    package func wantedVersion(revision: String?) -> String? {
        guard let revision else { return version }
        return version?.replacing(VerifyStep.placeholder, with: revision)
    }

    var longest: Duration { timeout }
    var usual: Duration { timeout / 2 }
}
