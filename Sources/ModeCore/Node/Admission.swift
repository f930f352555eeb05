/// A node's answer to a client that wants to connect.
public enum Admission: Hashable, Sendable {
    case admitted(ConnectionID, SessionID)
    case rejected(Rejection)
}

/// Why a client was turned away.
public enum Rejection: String, Hashable, Sendable, CaseIterable {
    /// The node is `initial`.
    case initial
    /// The node is in `block_new_session` and the channel has no live session on it.
    case blockNewSession
    /// The node is in `block_new_connection`.
    case blockNewConnection
    /// The node has as many connections as its license allows.
    case full
    /// The node does not run.
    case notRunning
    /// No node of the cluster takes the channel.
    case noNode
}
