import Primitives

/// Why a run, or everything that nagi does, takes no further node and starts no command for now.
package struct Pause: Hashable, Sendable, Codable {
    /// At most one of each stands at a time, and lifting one leaves the others.
    package enum Cause: String, Hashable, Sendable, Codable, CaseIterable {
        /// An operator said so.
        case person
        /// As many nodes failed as the strategy allows.
        case failures
        /// A canary node proves nothing.
        case canary
        /// Nobody said in time that it may go on.
        case approval
        /// A gate before the next node has failed.
        case gate
        /// No step was finished for longer than `progressDeadline`.
        case progress
    }

    package var cause: Cause
    package var reason: String
    /// Whose word it is; nil: nagi's own.
    package var actor: String?
    package var since: Timestamp
    /// Nil: until somebody lifts it, or its cause is gone.
    package var until: Timestamp?
    /// Everything that is not committed is given back.
    package var givesBack: Bool

    package init(
        _ cause: Cause, reason: String, actor: String? = nil, since: Timestamp, until: Timestamp? = nil,
        givesBack: Bool = false
    ) {
        self.cause = cause
        self.reason = reason
        self.actor = actor
        self.since = since
        self.until = until
        self.givesBack = givesBack
    }

    package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }

    /// What follows `paused`: ` by mika: calls drop`, or `: 1 failed (limit 1)`.
    package var ending: String { (actor.map { " by \($0)" } ?? "") + (reason.isEmpty ? "" : ": \(reason)") }

    /// `paused by mika: calls drop`, `paused: 1 failed (limit 1)`.
    package var words: String { "paused" + ending }

    /// `by mika: calls drop`, or either alone.
    package var text: String {
        [actor.map { "by \($0)" } ?? "", reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
