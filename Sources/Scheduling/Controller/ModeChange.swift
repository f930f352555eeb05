import ModeCore

/// The intent to send one ChangeMode to one node. Durable before it is sent.
public struct ModeChange: Hashable, Sendable, Codable {
    public enum Cause: String, Hashable, Sendable, Codable {
        /// A claim that the node does not show yet.
        case claim
        /// A claimed mode that was lost with a restart of the node.
        case restarted
        /// A claimed mode that somebody loosened.
        case drift
        /// No claim is left: the mode that was there before.
        case release
    }

    /// Grows by one with each intent, over all nodes and restarts.
    public var id: Int
    public var node: NodeID
    public var target: RequestableMode
    public var cause: Cause
    /// The mode that nagi itself last wrote to the node and saw there; the only one that may be loosened.
    public var written: RequestableMode?

    public init(id: Int, node: NodeID, target: RequestableMode, cause: Cause, written: RequestableMode?) {
        self.id = id
        self.node = node
        self.target = target
        self.cause = cause
        self.written = written
    }

    /// What the read before the write allows. Whoever performs the change asks this with the answer of GetMode on the
    /// same connection, right before ChangeMode.
    public func permission(reading mode: ObservedMode) -> WritePermission {
        guard let read = mode.requestable else { return .decline }
        if read == target { return .alreadyThere }
        // A release only ever takes back: it closes nothing.
        if cause == .release { return read == written && target < read ? .send : .decline }
        if read < target || read == written { return .send }
        return .decline
    }
}

public enum WritePermission: Hashable, Sendable {
    case send
    /// The node shows the target: there is nothing to send.
    case alreadyThere
    /// The write would loosen what somebody else set, or the mode cannot be written to.
    case decline
}

/// What became of a ModeChange, as its sender knows it: a hint. The next observation is the truth.
public enum ModeChangeAnswer: Hashable, Sendable, Codable, CustomStringConvertible {
    case accepted
    case alreadyThere
    case declined(ObservedMode)
    /// The node answered that it did not do it.
    case rejected(String)
    /// Nothing was sent: no connection, or the read before it failed.
    case notSent(String)
    /// Sent, and no answer that says what happened.
    case unknown(String)

    public var description: String {
        switch self {
        case .accepted: "accepted"
        case .alreadyThere: "already there"
        case .declined(let mode): "not sent: the node is \(mode), set by somebody else"
        case .rejected(let reason): "rejected: \(reason)"
        case .notSent(let reason): "not sent: \(reason)"
        case .unknown(let reason): "outcome unknown: \(reason)"
        }
    }
}
