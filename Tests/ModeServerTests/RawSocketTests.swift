import ModeServer
import NIOCore
import NIOPosix
import Testing

/// What only shows on the wire.
@Suite(.timeLimit(.minutes(1)))
struct RawSocketTests {
    @Test func `a body in chunks is read and the connection stays open for the next request`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let answers = try await exchange(
                with: served.api(),
                """
                POST / HTTP/1.1\r\nHost: a\r\nx-sora-target: Sora_20211215.ChangeMode\r\n\
                Transfer-Encoding: chunked\r\n\r\n\
                1c\r\n{"mode":"block_new_session"}\r\n0\r\n\r\n\
                POST / HTTP/1.1\r\nHost: a\r\nx-sora-target: Sora_20211215.GetMode\r\n\
                Connection: close\r\nContent-Length: 0\r\n\r\n
                """)
            #expect(answers.split(separator: #"{"mode":"block_new_session"}"#).count == 2)
            #expect(answers.hasSuffix(#"{"mode":"block_new_session"}"#))
        }
    }

    @Test func `a body that is announced as too large is refused before it is sent`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let answer = try await exchange(
                with: served.api(),
                """
                POST / HTTP/1.1\r\nHost: a\r\nx-sora-target: Sora_20211215.ChangeMode\r\n\
                Content-Length: 8000001\r\nConnection: close\r\n\r\n
                """)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.hasSuffix(#"{"error_type":"PayloadTooLarge"}"#))
        }
    }

    @Test func `headers without end are refused`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let answer = try await exchange(
                with: served.api(),
                "POST / HTTP/1.1\r\nHost: a\r\nx: \(String(repeating: "x", count: 100_000))\r\n\r\n")
            #expect(!answer.contains("200 OK"))
        }
    }

    @Test(arguments: [
        "POST / HTTP/1.1\r\nx-sora-target: Sora_20211215.ChangeMode", "GET / HTTP/1.1", "POST / HTTP/1.1",
    ])
    func `a body that trickles in is given up at its deadline, and others are served`(head: String) async throws {
        var settings = ModeServerSettings()
        settings.bodyDeadline = .milliseconds(300)
        _ = try await serving(settings) { served in
            let channel = try await connect(to: served.api())
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(
                        string: "\(head)\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"))
                let begun = ContinuousClock.now
                // A byte at a time, so that it never looks idle; the write fails once the server has had enough.
                while begun.duration(to: .now) < .seconds(20) {
                    do { try await outbound.write(ByteBuffer(string: " ")) } catch { break }
                    #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#)
                }
                #expect(begun.duration(to: .now) >= .milliseconds(250))
                #expect(begun.duration(to: .now) < .seconds(15), "it is never given up")
            }
        }
    }

    @Test func `a call that is never answered is given up when its client goes`() async throws {
        _ = try await serving(ModeServerSettings(nodeCount: 2, isClustered: true, adminPort: 0)) { served in
            let name = served.addresses.nodes[0].name
            _ = try await send(try served.admin("nodes/\(name)/faults"), body: #"{"neverAnswer":true}"#)
            let channel = try await connect(to: served.api())
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(
                        string: "POST / HTTP/1.1\r\nHost: a\r\nx-sora-target: Sora_20211215.GetMode\r\n"
                            + "Content-Length: 0\r\n\r\n"))
                // A node that answers has answered meanwhile, on a connection of its own.
                for _ in 0..<10 { #expect(try await getMode(served.api(1)) == #"{"mode":"normal"}"#) }
                outbound.finish()
                var received = 0
                for try await buffer in inbound { received += buffer.readableBytes }
                #expect(received == 0)
            }
        }
    }
}

func connect(to url: String) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    let port = try #require(url.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) })
    return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
}

/// Sends the text and reads until the other side closes.
func exchange(with url: String, _ text: String) async throws -> String {
    try await connect(to: url).executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: text))
        var received = ByteBuffer()
        do {
            for try await var buffer in inbound { received.writeBuffer(&buffer) }
        } catch is IOError {
            // A reset after the answer is an end like any other.
        }
        return String(buffer: received)
    }
}
