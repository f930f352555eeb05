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
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: End?.self) { group in
                let received = Received()
                group.addTask {
                    do {
                        for try await buffer in inbound { await received.add(buffer) }
                    } catch is IOError {
                        // A reset after the answer is an end like any other.
                    }
                    return .closed
                }
                group.addTask {
                    // The server may close before it has read everything; what it answered counts.
                    try? await outbound.write(ByteBuffer(bytes: bytes))
                    return nil
                }
                group.addTask {
                    var seen = -1
                    while await received.count != seen {
                        seen = await received.count
                        try await Task.sleep(for: patience)
                    }
                    return .waits
                }
                for try await end in group {
                    guard let end else { continue }
                    group.cancelAll()
                    return (await received.text, end)
                }
                return (await received.text, .closed)
            }
        }
    }

    private actor Received {
        private var buffer = ByteBuffer()

        var count: Int { buffer.readableBytes }
        var text: String { String(decoding: buffer.readableBytesView, as: UTF8.self) }

        func add(_ more: ByteBuffer) { buffer.writeImmutableBuffer(more) }
    }
}
