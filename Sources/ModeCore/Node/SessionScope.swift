import Primitives

/// What the sessions of one table share with the rest of their node. A node has one table and keeps this beside it; a
/// gate has many, which share it between threads.
protocol SessionScope {
    var mode: NodeMode { get }
    var isRunning: Bool { get }
    /// Whether the node has as many connections as its license allows.
    var isFull: Bool { get }
    var gracePeriod: Duration { get }
    /// Whether anybody wants the events of single sessions and connections.
    var keepsTraffic: Bool { get }

    /// Counts one more connection and names it; nil where the license allows no more.
    mutating func takeConnection() -> ConnectionID?
    mutating func returnConnections(_ count: Int)
    mutating func sessionOpened()
    /// True if it was the last session of the node.
    mutating func sessionClosed() -> Bool
    mutating func awaitExpiry(_ entry: ExpiryQueue.Entry)
    mutating func record(_ kind: NodeEvent.Kind, at time: Timestamp)
}

extension SessionScope {
    /// Whether an emptied node says `session.vanished`.
    var isBlocking: Bool { mode == .blockNewSession || mode == .blockNewConnection }
}
