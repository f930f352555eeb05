import Primitives

/// An invariant that did not hold.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
    package enum Invariant: String, Hashable, Sendable, CaseIterable {
        /// A node was taken out of service outside the open time of its policy, or a run began there.
        case window = "S1"
        /// More nodes out of service than the budget allows.
        case budget = "S3"
        /// A command cost the cluster its majority.
        case quorum = "S4"
        /// Closed for good, or disrupted, with calls still live or without proof that none was.
        case order = "S5"
        /// A mode change was received whose intent was not durable.
        case intentBeforeEffect = "S6"
        /// Two open intents on one node.
        case oneOpenIntent = "S7"
        /// A mode was taken back that nagi had not set, or one below which somebody else's lies.
        case ownership = "S8"
        /// A run started twice, or two in one span.
        case oneRun = "S13"
        /// A part stays where it is for longer than its step may last.
        case deadline = "S14"
        /// A paused run took more of a node, or started a command.
        case paused = "S15"
        /// A node started after as many failed as the policy bears.
        case failures = "S16"
        /// Something was begun or used up while the wall clock was not to be trusted.
        case clock = "S20"
        /// Too many calls.
        case rate = "S24"
        /// The journal grows without a cause.
        case growth = "S26"
        /// A node of a group started before the group before was finished and had waited.
        case groups
        /// A node started before the canary nodes were finished, good and had soaked.
        case canary
        /// More nodes of a run in work than its strategy allows, or a slot taken before its pause was over.
        case slots
        /// The fold of the journal is not the ledger that the process had.
        case fold
        /// After the faults stopped, something did not come to rest.
        case liveness
        /// What a person holds was taken further, or what is kept open closed.
        case held
        /// What an operator was answered did not last.
        case levers
        /// A command was started again without having failed, or beside itself.
        case commandTwice
        /// Something began that a person or a gate had not let begin.
        case asked
        /// A node that its cluster does not see was opened.
        case isolation
        /// A node was found where the policy does not let nagi call.
        case reach
    }

    package var invariant: Invariant
    package var after: Duration
    package var text: String

    package var description: String { "\(invariant.rawValue) after \(after): \(text)" }
}
