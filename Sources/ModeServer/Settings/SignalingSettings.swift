/// The limits of the signaling of one node.
package struct SignalingSettings: Hashable, Sendable {
    /// WebSockets at once; more are answered 503.
    package var maxSockets: Int
    /// From the upgrade to the client's first message.
    package var firstMessage: Duration
    /// A client that sends nothing for so long is pinged, and given up if it sends nothing for as long again.
    package var idle: Duration
    /// For a client to answer the close frame; then the connection is dropped.
    package var closing: Duration

    /// Bytes of one message, all its fragments together.
    package static let maxMessageBytes = 64 * 1024
    /// Fragments of one message.
    package static let maxFragments = 1024
    /// From the opening of a connection, or the last answer on it, to the end of the next request's head.
    static let head = Duration.seconds(60)
    /// Connections beyond the sockets, so that `/.ok` is answered when they are used up.
    static let spareConnections = 1000
    /// Unsent bytes of one client that does not read; beyond them it is dropped.
    static let maxUnsentBytes = 256 * 1024

    package init(
        maxSockets: Int = 20_000, firstMessage: Duration = .seconds(10), idle: Duration = .seconds(30),
        closing: Duration = .seconds(2)
    ) {
        self.maxSockets = maxSockets
        self.firstMessage = firstMessage
        self.idle = idle
        self.closing = closing
    }

    func check() throws(ModeServerError) {
        guard maxSockets > 0 else { throw .invalid("signaling needs at least one socket") }
        for duration in [firstMessage, idle, closing] where duration <= .zero {
            throw .invalid("the limits of signaling must be more than zero")
        }
    }
}
