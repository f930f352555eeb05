import ModeCore
import Primitives

/// The intent to send one ChangeMode to one node. Durable before it is sent.
package struct ModeChange: Hashable, Sendable, Codable {
    package enum Cause: String, Hashable, Sendable, Codable {
        /// A claim that the node does not show yet.
        case claim
        /// A claimed mode that was lost with a restart of the node, or for a cause that is not known.
        case restarted
        /// A claimed mode that somebody loosened.
        case drift
        /// No claim is left: the mode that was there before.
        case release
    }

    /// Grows by one with each intent, over all nodes and restarts.
    package var id: Int
    package var node: NodeID
    package var target: RequestableMode
    package var cause: Cause
    /// The mode that nagi itself last wrote to the node and saw there; the only one that may be loosened.
    package var written: RequestableMode?
    /// Whoever performs it asks this right before each of its calls, and sends nothing later.
    package var notAfter: Moment

    /// What the read before the write allows. Whoever performs the change asks this with the answer of GetMode, right
    /// before ChangeMode.
    package func permission(reading mode: ObservedMode) -> WritePermission {
        guard let read = mode.requestable else { return .decline }
        if read == target { return .alreadyThere }
        // A release only ever takes back: it closes nothing.
        if cause == .release { return read == written && target < read ? .send : .decline }
        if read < target || read == written { return .send }
        return .decline
    }
}

package enum WritePermission: Hashable, Sendable {
    case send
    /// The node shows the target: there is nothing to send.
    case alreadyThere
    /// The write would loosen what somebody else set, or the mode cannot be written to.
    case decline
}

/// What became of a ModeChange, as its sender knows it: a hint. The next observation is the truth.
package struct ModeChangeAnswer: Hashable, Sendable, Codable, CustomStringConvertible {
    package enum Outcome: Hashable, Sendable, Codable {
        case accepted
        case alreadyThere
        case declined
        /// The node answered that it did not do it.
        case rejected(NodeText)
        /// Nothing was sent: no connection, too late, or the read before it failed.
        case notSent(NodeText)
        /// Sent, and no answer that says what happened.
        case unknown(NodeText)
    }

    package var outcome: Outcome
    /// The mode that the read right before the write showed; nil where there was none.
    package var read: ObservedMode?

    package init(_ outcome: Outcome, read: ObservedMode? = nil) {
        self.outcome = outcome
        self.read = read
    }

    package var description: String {
        switch outcome {
        case .accepted: "accepted"
        case .alreadyThere: "already there"
        case .declined: "not sent: the node is \(read.map(\.description) ?? "unknown"), set by somebody else"
        case .rejected(let reason): "rejected: \(reason)"
        case .notSent(let reason): "not sent: \(reason)"
        case .unknown(let reason): "outcome unknown: \(reason)"
        }
    }
}
