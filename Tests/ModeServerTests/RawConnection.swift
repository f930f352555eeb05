import Foundation
import NIOCore
import NIOPosix
import Testing

/// A connection as bytes, for what no client library would send.
enum RawConnection {
    /// How an exchange ended.
    enum End: Sendable {
        case closed
        /// The server said nothing more and kept the connection open.
        case waits
    }

    /// Sends the bytes and reads until the server closes, or has been silent for a while.
    static func exchange(
        with url: String, _ bytes: [UInt8], patience: Duration
    ) async throws -> (received: String, end: End) {
        let address = try #require(URL(string: url))
        let port = try #require(address.port)
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let over = loop.makePromise(of: (received: String, end: End).self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            IdleStateHandler(readTimeout: TimeAmount(patience)), Listener(over),
                        ])
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            over.fail(error)
            throw error
        }
        // The server may close before it has read everything; what it answered counts.
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        let result = try await over.futureResult.get()
        channel.close(promise: nil)
        return result
    }

    /// Keeps what comes until nothing more does. A reset after the answer is an end like any other.
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var received = ByteBuffer()
        private var over: EventLoopPromise<(received: String, end: End)>?

        init(_ over: EventLoopPromise<(received: String, end: End)>) { self.over = over }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is IdleStateHandler.IdleStateEvent { end(.waits) }
        }

        func channelInactive(context: ChannelHandlerContext) { end(.closed) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func end(_ end: End) {
            over?.succeed((String(buffer: received), end))
            over = nil
        }
    }
}
