import Primitives

/// What somebody may want to be told (kind Notification). All of its texts are as policies, nodes and people wrote them.
package struct Notice: Hashable, Sendable {
    package typealias Occasion = NotificationPolicy.Occasion

    package enum Cause: Hashable, Sendable {
        case occasion(Occasion)
        /// A `notify` step: for the Notification that it names, whatever that one is told otherwise.
        case step(notification: String)
    }

    /// What is told only once, however often it comes: until that run has ended, or a day after that instant.
    package enum Once: Hashable, Sendable {
        case run(RunID, String)
        case window(String, Timestamp)
    }

    package var cause: Cause
    package var at: Timestamp
    /// Since when it is so, where that is earlier.
    package var since: Timestamp
    package var severity: Severity
    /// A few words: `sora-upgrade is paused`.
    package var title: String
    package var text: String
    /// What to do about it, or where to look.
    package var hint: String?
    /// Nil: it is about the daemon as a whole.
    package var cluster: String?
    package var policy: String?
    package var run: RunID?
    package var node: NodeID?
    package var once: Once?
    /// Told by a daemon that only observes: what it says of runs would be done, and nothing is.
    package var isObserving = false

    /// `run-paused`; `notify` for a step.
    package var word: String {
        switch cause {
        case .occasion(let occasion): occasion.rawValue
        case .step: "notify"
        }
    }

    /// Whether that notification is about it. What is about no policy is told where it is in the cluster of one that is
    /// listed, and what is about no cluster is told to everybody: a filter hides no fault.
    ///
    /// - Parameter policies: those in force.
    package func isWanted(by notification: NotificationPolicy, _ policies: PolicySet) -> Bool {
        switch cause {
        case .step(let name): return name == notification.name
        case .occasion(let occasion): guard notification.on.contains(occasion) else { return false }
        }
        if let clusters = notification.clusters, let cluster, !clusters.contains(cluster) { return false }
        guard let wanted = notification.policies else { return true }
        if let policy { return wanted.contains(policy) }
        guard let cluster else { return true }
        return wanted.contains { policies.policy(named: $0)?.cluster == cluster }
    }
}
