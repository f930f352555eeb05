import Foundation
import ModeServer
import NIOCore
import NIOHTTP1
import Primitives
import Testing

/// Mutations of the corpus thrown at both ports: the server goes on serving, whatever comes.
///
/// `NAGI_FUZZ_SECONDS` goes on for so long, from the seed `NAGI_FUZZ_SEED`.
@Suite(.timeLimit(.minutes(30)))
struct RequestFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment

    @Test func `mutated requests neither crash the server nor hang it`() async throws {
        let seconds = Self.environment["NAGI_FUZZ_SECONDS"].flatMap { Int($0) } ?? 3
        let seed = Self.environment["NAGI_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
        let corpus =
            try MalformedRequestTests.names.map { name in
                let text = try String(
                    contentsOf: MalformedRequestTests.folder.appendingPathComponent(name), encoding: .utf8)
                return try MalformedRequest(text.components(separatedBy: "\n----\n")[0])
            }.filter { $0.bytes.count < 100_000 } + Self.conversations
        _ = try await serving(ModeServerSettings(nodeCount: 3, isClustered: true, gracePeriod: .zero)) { served in
            let sent = try await fuzz(served, corpus, for: .seconds(seconds), seed: seed)
            print("fuzzed with seed \(seed): \(sent) requests in \(seconds) s")
            #expect(sent > 100)
        }
    }

    /// Answers how many were sent.
    private func fuzz(
        _ served: Served, _ corpus: [MalformedRequest], for time: Duration, seed: UInt64
    ) async throws -> Int {
        let (start, batch) = (ContinuousClock.now, 32)
        var random = RandomStream(seed: seed)
        var sent = 0
        while start.duration(to: .now) < time {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<batch {
                    let request = corpus[random.below(corpus.count)]
                    let bytes = mutate(request.bytes, with: corpus[random.below(corpus.count)].bytes, &random)
                    let url = request.isForSignaling ? served.ready() : served.api()
                    // A connection that the server refuses or resets is an answer as well.
                    group.addTask {
                        _ = try? await RawConnection.exchange(with: url, bytes, patience: .milliseconds(30))
                    }
                }
            }
            sent += batch
            let mode = try await send(served.api(), target: "Sora_20211215.GetMode", timeout: .seconds(2))
            let ready = try await send(.GET, served.ready(), timeout: .seconds(2))
            try #require(
                mode.status == 200 && [200, 503].contains(ready.status), "seed \(seed), after \(sent) requests")
        }
        return sent
    }

    private func mutate(_ bytes: [UInt8], with other: [UInt8], _ random: inout RandomStream) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(4) {
            let place = random.below(bytes.count + 1)
            let end = min(bytes.count, place + random.below(20))
            switch random.below(7) {
            case 0: bytes.removeSubrange(place..<end)
            case 1: bytes.insert(UInt8(truncatingIfNeeded: random.below(256)), at: place)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 3: if place < bytes.count { bytes[place] ^= UInt8(1 << random.below(8)) }
            case 4: bytes.removeSubrange(place...)
            case 5: bytes = bytes[..<place] + other.suffix(random.below(other.count + 1))
            default: bytes.insert(contentsOf: Self.words[random.below(Self.words.count)].utf8, at: place)
            }
        }
        return bytes
    }

    /// Handshakes with what clients say afterwards, in frames.
    private static let conversations: [MalformedRequest] = [
        [(0x81, #"{"type":"connect","channel_id":"spam","role":"sendrecv"}"#), (0x81, #"{"type":"disconnect"}"#)],
        [
            (0x81, #"{"type":"connect","channel_id":"ham","role":"sendrecv"}"#), (0x89, "ping"),
            (0x88, "\u{3}\u{E8}bye"),
        ],
        [(0x01, #"{"type":"connect","channel_id":"#), (0x89, ""), (0x00, #""spam","#), (0x80, #""role":"recvonly"}"#)],
        [(0x82, "binary"), (0x81, "text")], [(0x81, "not JSON")], [(0x80, "no beginning")],
        [(0x81, #"{"type":"connect","channel_id":"spam","role":"sendrecv","metadata":{"a":[1,2,{"b":null}]}}"#)],
    ].map { frames in
        MalformedRequest(
            upgrade: frames.flatMap { SignalingClient.frame(UInt8($0.0), Array($0.1.utf8)) })
    }

    private static let words = [
        "\r\n", "\r\n\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "{\"mode\":\"", "-1", "\0",
        "0\r\n\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\n", "x-sora-target: Sora_20211215.ChangeMode\r\n", "\u{FEFF}",
    ]
}
