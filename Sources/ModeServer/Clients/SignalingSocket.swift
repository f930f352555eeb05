import NIOCore

/// A client's socket as the rest of the server sees it: something that can be told that it is over.
struct SignalingSocket: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    /// From any thread, and at any time: a socket that is closing by itself ignores it.
    func end(_ disconnection: Disconnection) { channel.pipeline.fireUserInboundEventTriggered(disconnection) }
}
