import Foundation
import ModeServer
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A client of the signaling that sends whatever it is told to, well-formed or not, and keeps what it sees as text:
/// `text …`, `ping`, `pong …`, `close CODE REASON`, `end`.
final class SignalingClient: Sendable {
    private let channel: any Channel
    private let seen: Sight

    private init(channel: any Channel, seen: Sight) {
        self.channel = channel
        self.seen = seen
    }

    struct NotUpgraded: Error, CustomStringConvertible {
        var description: String
    }

    /// - Parameter url: `ws://127.0.0.1:PORT/signaling`
    static func open(_ url: String, headers: String = "") async throws -> SignalingClient {
        let parts = try #require(URLComponents(string: url))
        let seen = Sight()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Reader(seen)) }
            }
            .connect(host: try #require(parts.host), port: try #require(parts.port)).get()
        let client = SignalingClient(channel: channel, seen: seen)
        try await client.send(
            bytes: Array(
                """
                GET \(parts.path) HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(headers)\r\n
                """.utf8))
        let head = try await client.next()
        guard head.hasPrefix("HTTP/1.1 101 "), head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") else {
            throw NotUpgraded(description: head)
        }
        return client
    }

    /// Opens, asks to be connected, and answers with the client and the first message that it got.
    static func connect(
        _ url: String, _ channel: String, _ more: String = ""
    ) async throws -> (client: SignalingClient, answer: String) {
        let client = try await open(url)
        try await client.say(#"{"type":"connect","role":"sendrecv","channel_id":"\#(channel)"\#(more)}"#)
        return (client, try await client.next())
    }

    func say(_ text: String) async throws { try await send(frame: 0x81, Array(text.utf8)) }

    /// - Parameter first: the first byte of the frame: FIN, reserved bits, opcode.
    func send(frame first: UInt8, _ payload: [UInt8] = [], isMasked: Bool = true) async throws {
        try await send(bytes: Self.frame(first, payload, isMasked: isMasked))
    }

    static func frame(_ first: UInt8, _ payload: [UInt8], isMasked: Bool = true) -> [UInt8] {
        let bit: UInt8 = isMasked ? 0x80 : 0
        var bytes = [first]
        if payload.count < 126 {
            bytes.append(bit | UInt8(payload.count))
        } else if payload.count < 65536 {
            bytes += [bit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        } else {
            bytes.append(bit | 127)
            bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        let mask: [UInt8] = [0x5A, 0x17, 0xC3, 0x88]
        if isMasked { bytes += mask }
        return bytes + payload.enumerated().map { isMasked ? $1 ^ mask[$0 % 4] : $1 }
    }

    func send(bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    /// Goes without a close frame.
    func vanish() async throws { try await channel.close().get() }

    /// The next thing that is seen, for at most five seconds.
    func next() async throws -> String {
        let end = channel.eventLoop.scheduleTask(in: .seconds(5)) { [seen] in seen.giveUp() }
        defer { end.cancel() }
        return await seen.next()
    }

    /// All that is seen until the server closes.
    func rest() async throws -> [String] {
        var all: [String] = []
        while all.last != "end", all.last != "nothing" { all.append(try await next()) }
        return all
    }

    /// Nothing has come so far that was not taken.
    var hasSeenAll: Bool { seen.isEmpty }
}

/// What was seen and not taken yet; whoever comes earlier waits for it.
private final class Sight: Sendable {
    private struct State {
        var seen: [String] = []
        var waiter: CheckedContinuation<String, Never>?
    }

    private let state = Mutex(State())

    func add(_ text: String) {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.seen.append(text) }
            return state.waiter.take()
        }
        waiter?.resume(returning: text)
    }

    func next() async -> String {
        await withCheckedContinuation { continuation in
            let first = state.withLock { state -> String? in
                guard state.seen.isEmpty else { return state.seen.removeFirst() }
                state.waiter = continuation
                return nil
            }
            if let first { continuation.resume(returning: first) }
        }
    }

    /// Whoever waits has waited for nothing.
    func giveUp() { state.withLock { $0.waiter.take() }?.resume(returning: "nothing") }

    var isEmpty: Bool { state.withLock { $0.seen.isEmpty } }
}

/// Reads the head of the answer, then frames. Small ones only: the server sends no others.
private final class Reader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let seen: Sight
    private var bytes: [UInt8] = []
    private var hasHead = false

    init(_ seen: Sight) { self.seen = seen }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += Array(buffer: unwrapInboundIn(data))
        if !hasHead, let end = String(decoding: bytes, as: UTF8.self).range(of: "\r\n\r\n") {
            let head = String(decoding: bytes, as: UTF8.self)[..<end.upperBound]
            bytes.removeFirst(head.utf8.count)
            hasHead = true
            seen.add(String(head))
        }
        while hasHead, let frame = takeFrame() { seen.add(frame) }
    }

    func channelInactive(context: ChannelHandlerContext) { seen.add("end") }

    private func takeFrame() -> String? {
        guard bytes.count >= 2 else { return nil }
        var (start, length) = (2, Int(bytes[1]))
        if length == 126 {
            guard bytes.count >= 4 else { return nil }
            (start, length) = (4, Int(bytes[2]) << 8 | Int(bytes[3]))
        }
        guard bytes.count >= start + length else { return nil }
        let (first, payload) = (bytes[0], Array(bytes[start..<(start + length)]))
        bytes.removeFirst(start + length)
        let text = String(decoding: payload, as: UTF8.self)
        switch first {
        case 0x81: return "text \(text)"
        case 0x88:
            guard payload.count >= 2 else { return "close" }
            let reason = String(decoding: payload[2...], as: UTF8.self)
            return "close \(Int(payload[0]) << 8 | Int(payload[1])) \(reason)"
        case 0x89: return "ping"
        case 0x8A: return "pong \(text)"
        default: return "frame \(first)"
        }
    }
}

/// A text in which ids are numbered by their first appearance, and times are `T`.
func masked(_ text: String) -> String {
    var known: [Substring: Int] = [:]
    var text = text.replacing(/"[0-7][0-9A-HJKMNP-TV-Z]{25}"/) { match in
        let number = known[match.output] ?? known.count + 1
        known[match.output] = number
        return "\"#\(number)\""
    }
    text.replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/, with: "\"T\"")
    text.replace(/_time":\d{16}/, with: "_time\":T")
    return text
}
