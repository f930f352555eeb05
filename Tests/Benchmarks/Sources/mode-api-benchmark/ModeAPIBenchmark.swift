import AsyncHTTPClient
import BenchmarkHarness
import Foundation
import NIOCore
import NIOHTTP1

/// The mode API over HTTP beside the least that its web server can do and beside nginx, in the same rounds; then how
/// long ChangeMode takes while thousands of clients are connected.
///
///     mode-api-benchmark NAGI BARE-ROUTE
@main
struct ModeAPIBenchmark {
    static let rounds = 5
    static let secondsPerRound = 3
    static let crowd = 2_000
    static let changes = 2_000

    static func main() async throws {
        guard CommandLine.arguments.count == 3 else {
            print("usage: mode-api-benchmark NAGI BARE-ROUTE")
            exit(2)
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nagi-benchmark-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try compareServers(nagi: CommandLine.arguments[1], bare: CommandLine.arguments[2], in: folder)
        try await measureChangeMode(nagi: CommandLine.arguments[1])
    }

    private static func compareServers(nagi: String, bare: String, in folder: URL) throws {
        let peers = [
            try Peer.start("nagi, GetMode", nagi, ["serve-modes", "--format", "json"]) {
                try nodeAddress("api", in: $0)
            },
            try Peer.start("bare hummingbird route", bare, []) { "http://127.0.0.1:\($0)/" },
            try Peer.nginx(in: folder, port: 18_080),
        ]
        defer { for peer in peers { peer.end() } }
        var rates: [[Double]] = peers.map { _ in [] }
        for round in -1..<rounds {
            for (index, peer) in peers.enumerated() {
                let load = try Load.measure(peer.url, seconds: round < 0 ? 1 : secondsPerRound, in: folder)
                if round >= 0 { rates[index].append(load.requestsPerSecond) }
            }
        }
        let medians = rates.map(median)
        print("GetMode over HTTP, 64 connections, medians of \(rounds) interleaved rounds of \(secondsPerRound) s")
        for (peer, rate) in zip(peers, medians) {
            print("  \(peer.name): \(Int(rate)) requests/s, nagi is \(rounded(medians[0] / rate)) times that")
        }
        print("  target: at least 0.9 of the bare route; the ratio to nginx is only reported")
    }

    private static func measureChangeMode(nagi: String) async throws {
        var addresses = ""
        let peer = try Peer.start("nagi", nagi, ["serve-modes", "--format", "json"]) { line in
            addresses = line
            return try nodeAddress("api", in: line)
        }
        defer { peer.end() }
        let crowd = try await SignalingCrowd.gather(Self.crowd, at: try nodeAddress("signaling", in: addresses))
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        var times: [Double] = []
        for number in 0..<changes {
            let mode = ["block_new_session", "block_new_connection", "normal"][number % 3]
            var request = HTTPClientRequest(url: peer.url)
            request.method = .POST
            request.headers.add(name: "x-sora-target", value: "Sora_20211215.ChangeMode")
            request.body = .bytes(ByteBuffer(string: "{\"mode\":\"\(mode)\"}"))
            let begun = ContinuousClock.now
            let answer = try await client.execute(request, timeout: .seconds(5))
            let body = String(buffer: try await answer.body.collect(upTo: 1000))
            let (seconds, attoseconds) = begun.duration(to: .now).components
            times.append(Double(seconds) * 1e3 + Double(attoseconds) / 1e15)
            guard body == "{\"mode\":\"\(mode)\"}" else { throw SignalingCrowd.Unanswered(description: body) }
        }
        print(
            "ChangeMode over HTTP with \(crowd.count) signaling clients connected, \(changes) calls one after the other"
        )
        times.sort()
        print(
            "  p50 \(rounded(times[changes / 2])) ms, p99 \(rounded(times[changes * 99 / 100])) ms, "
                + "longest \(rounded(times[changes - 1])) ms; target: p99 at most 10 ms")
        await crowd.leave()
        try await client.shutdown()
    }

    private static func nodeAddress(_ key: String, in line: String) throws -> String {
        struct Addresses: Decodable {
            var nodes: [[String: String]]
        }
        let addresses = try JSONDecoder().decode(Addresses.self, from: Data(line.utf8))
        guard let address = addresses.nodes.first?[key] else {
            throw SignalingCrowd.Unanswered(description: "no address in \(line)")
        }
        return address
    }

    private static func rounded(_ number: Double) -> String { String((number * 100).rounded() / 100) }
}
