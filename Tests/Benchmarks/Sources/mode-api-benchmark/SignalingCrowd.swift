import Foundation
import NIOCore
import NIOPosix

/// Clients that connect to the signaling port, say `connect`, and stay.
struct SignalingCrowd {
    private let channels: [any Channel]

    var count: Int { channels.count { $0.isActive } }

    /// - Parameter url: `ws://host:port/signaling`.
    static func gather(_ count: Int, at url: String) async throws -> SignalingCrowd {
        guard let address = URL(string: url), let host = address.host, let port = address.port else {
            throw Unanswered(description: "\(url) is no address")
        }
        var channels: [any Channel] = []
        // In portions, so that the listener's backlog holds them.
        while channels.count < count {
            let begun = channels.count
            channels += try await withThrowingTaskGroup(of: (any Channel).self) { group in
                for number in begun..<min(count, begun + 100) {
                    group.addTask { try await connect(number, host: host, port: port) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        return SignalingCrowd(channels: channels)
    }

    func leave() async {
        for channel in channels { try? await channel.close() }
    }

    struct Unanswered: Error, CustomStringConvertible {
        var description: String
    }

    private static func connect(_ number: Int, host: String, port: Int) async throws -> any Channel {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let admitted = loop.makePromise(of: Void.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Member(channelID: "crowd-\(number / 3)", host: host, admitted: admitted))
                }
            }
            .connect(host: host, port: port).get()
        try await admitted.futureResult.get()
        return channel
    }

    /// Shakes hands, asks to be let in, and ignores whatever comes later.
    private final class Member: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let channelID: String
        private let host: String
        private let admitted: EventLoopPromise<Void>
        private var received = ""
        private var hasAsked = false

        init(channelID: String, host: String, admitted: EventLoopPromise<Void>) {
            self.channelID = channelID
            self.host = host
            self.admitted = admitted
        }

        func channelActive(context: ChannelHandlerContext) {
            let request = """
                GET /signaling HTTP/1.1\r\nHost: \(host)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bmFnaWJlbmNobWFya3NhYg==\r\n\r\n
                """
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard received.utf8.count < 10_000 else { return }
            received += String(buffer: unwrapInboundIn(data))
            if !hasAsked, received.contains("\r\n\r\n") {
                hasAsked = true
                let text = #"{"type":"connect","channel_id":"\#(channelID)","role":"sendrecv"}"#
                // One text frame, masked with zeroes (RFC 6455, section 5.2).
                var frame = ByteBuffer(bytes: [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0])
                frame.writeString(text)
                context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
            }
            if received.contains(#""accepted""#) { admitted.succeed() }
        }

        func channelInactive(context: ChannelHandlerContext) {
            admitted.fail(Unanswered(description: "not admitted: \(received.suffix(300))"))
        }
    }
}
