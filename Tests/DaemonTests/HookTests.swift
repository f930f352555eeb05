import AsyncHTTPClient
import Crypto
import Daemon
import Foundation
import NIOCore
import NIOHTTP1
import Primitives
import Synchronization
import Testing

@testable import Scheduling

/// Webhooks of the nodes: each brings the next read of its node forward, and does nothing else.
@Suite struct HookTests {
    private static let secret = "a/secret of the nodes"

    /// Time that passes when the test says so.
    private final class Clockwork: Sendable {
        let hinted = Mutex<[NodeID]>([])
        let waiting = Mutex<[@Sendable () -> Void]>([])

        func desk() -> HookDesk {
            HookDesk(
                secret: { $0 == "tokyo" ? SharedSecret(HookTests.secret) : nil },
                mayKnow: { [node01, node02].contains($0) },
                post: { [self] node in hinted.withLock { $0.append(node) } },
                after: { [self] _, act in waiting.withLock { $0.append(act) } })
        }

        /// A quarter of a second.
        func pass() {
            let due = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            for act in due { act() }
        }

        var count: Int { hinted.withLock { $0.count } }
    }

    @Test func `however many come, a node is hinted at once and once more at the end`() {
        let time = Clockwork()
        let desk = time.desk()
        desk.take(node01)
        #expect(time.count == 1)
        time.pass()
        #expect(time.count == 1, "one is one")
        for _ in 0..<10_000 { desk.take(node01) }
        #expect(time.count == 2)
        time.pass()
        #expect(time.count == 3, "the last one is not lost")
        for _ in 0..<10_000 { desk.take(node01) }
        #expect(time.waiting.withLock { $0.count } == 1)
        time.pass()
        time.pass()
        #expect(time.count == 4)
        #expect(time.waiting.withLock { $0.isEmpty }, "nothing is kept of a node that is quiet")
    }

    @Test func `each node has its own pace, and one that nobody lists has none`() {
        let time = Clockwork()
        let desk = time.desk()
        for name in 0..<10_000 { desk.take(NodeID(cluster: "tokyo", name: "node-\(name)")) }
        for node in [node01, node02, node01, node02] { desk.take(node) }
        #expect(time.hinted.withLock { $0 } == [node01, node02])
        #expect(time.waiting.withLock { $0.count } == 2)
    }

    @Test func `a hint asks for a read, and leaves nothing behind`() {
        var controller = Controller(ledger: Ledger())
        let start = Moment(wall: Timestamp(seconds: 1_796_000_000), uptime: Uptime(nanoseconds: 0))
        func later(_ milliseconds: Int64) -> Moment {
            Moment(
                wall: start.wall + .milliseconds(milliseconds), uptime: start.uptime + .milliseconds(milliseconds))
        }
        _ = controller.handle(.started(boot: "b"), at: start)
        _ = controller.handle(.policiesLoaded(set("http://192.0.2.1:3000/")), at: start)
        for (step, node) in [node01, node01, NodeID(cluster: "tokyo", name: "forged"), node02].enumerated() {
            let effects = controller.handle(.hinted(node), at: later(Int64(step) * 10))
            #expect(effects.allSatisfy { if case .read(node01, _, at: _) = $0 { true } else { false } }, "\(effects)")
        }
    }

    private func serving(
        _ desk: HookDesk, _ body: @escaping @Sendable (ListenAddress) async throws -> Void
    ) async throws {
        let server = APIServer(
            address: try ListenAddress("127.0.0.1:0"), token: String(repeating: "5e", count: 32), board: StatusBoard(),
            hooks: desk, pull: { _ in .failure(ControlLoop.isStopping) },
            ask: { _ in .failure(ControlLoop.isStopping) })
        try await server.whileServing(body)
    }

    private static func post(
        _ path: String, _ headers: [String: String] = [:], _ body: String, to address: ListenAddress
    ) async throws -> UInt {
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = .POST
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        _ = try await response.body.collect(upTo: 1 << 20)
        return response.status.code
    }

    private static let vanished = #"{"type":"session.vanished","id":"x","node_name":"node-01"}"#

    private static func signature(_ body: String, _ secret: String = secret) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(body.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return "sha256=" + code.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func basic(_ password: String) -> String {
        "Basic " + Data("sfu:\(password)".utf8).base64EncodedString()
    }

    @Test func `who knows the secret is believed, by path, password or signature, and nobody else`() async throws {
        let body = Self.vanished
        let good: [(String, [String: String])] = [
            ("/hooks/tokyo/a%2Fsecret%20of%20the%20nodes", [:]),
            ("/hooks/tokyo", ["authorization": Self.basic(Self.secret)]),
            ("/hooks/tokyo", ["x-nagi-signature": Self.signature(body)]),
            ("/hooks/tokyo", ["x-nagi-signature": Self.signature(body), "host": "nagi.example"]),
        ]
        let forged: [(String, [String: String])] = [
            ("/hooks/tokyo", [:]), ("/hooks/tokyo/wrong", [:]), ("/hooks/osaka/wrong", [:]),
            ("/hooks/tokyo/a%2Fsecret", [:]), ("/hooks/osaka/a%2Fsecret%20of%20the%20nodes", [:]),
            ("/hooks/tokyo", ["authorization": Self.basic("")]), ("/hooks/tokyo", ["authorization": "Basic ????"]),
            ("/hooks/tokyo", ["authorization": Self.basic("wrong")]),
            ("/hooks/tokyo", ["authorization": "Bearer " + String(repeating: "5e", count: 32)]),
            ("/hooks/tokyo", ["x-nagi-signature": Self.signature(body, "another")]),
            ("/hooks/tokyo", ["x-nagi-signature": Self.signature(body + " ")]),
            ("/hooks/tokyo", ["x-nagi-signature": "sha256="]), ("/hooks/tokyo", ["x-nagi-signature": "md5=1"]),
            ("/hooks/osaka", ["x-nagi-signature": Self.signature(body)]),
        ]
        for (path, headers) in good {
            let time = Clockwork()
            try await serving(time.desk()) { address in
                let status = try await Self.post(path, headers, body, to: address)
                #expect(status == 204, "\(path) \(headers)")
            }
            #expect(time.hinted.withLock { $0 } == [node01], "\(path) \(headers)")
        }
        let time = Clockwork()
        try await serving(time.desk()) { address in
            for (path, headers) in forged {
                let status = try await Self.post(path, headers, body, to: address)
                #expect(status == 401, "\(path) \(headers)")
            }
            let known = ["authorization": Self.basic(Self.secret)]
            let long = String(repeating: " ", count: (64 << 10) + 1)
            let others: [(String, String, UInt)] = [
                ("/hooks/tokyo", "nonsense", 400), ("/hooks/tokyo", #"{"node_name":"node-99"}"#, 204),
                ("/hooks/tokyo", long, 413), ("/v1/actions", body, 401),
            ]
            for (path, text, wanted) in others {
                let status = try await Self.post(path, known, text, to: address)
                #expect(status == wanted, "\(path) \(text.prefix(40))")
            }
        }
        #expect(time.count == 0)
    }

    @Test func `a flood is few hints, and others are answered meanwhile`() async throws {
        let time = Clockwork()
        try await serving(time.desk()) { address in
            let longest = try await withThrowingTaskGroup(of: Duration.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        for _ in 0..<150 {
                            let status = try await Self.post(
                                "/hooks/tokyo", ["authorization": Self.basic(Self.secret)], Self.vanished, to: address)
                            #expect(status == 204)
                        }
                        return .zero
                    }
                }
                group.addTask {
                    var longest = Duration.zero
                    for _ in 0..<20 {
                        let begun = ContinuousClock.now
                        let request = HTTPClientRequest(url: "http://\(address)/healthz")
                        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
                        #expect(response.status == .ok)
                        _ = try await response.body.collect(upTo: 100)
                        longest = max(longest, .now - begun)
                    }
                    return longest
                }
                return try await group.reduce(.zero, max)
            }
            #expect(longest < .seconds(2), "\(longest)")
        }
        #expect(time.count == 1, "4,800 hooks within one quarter of a second of this clock")
    }

    @Test func `a running daemon looks at a node that it hears of`() async throws {
        let directory = try TemporaryDirectory()
        let stub = try ModeStub()
        var policies = set(stub.node.url)
        policies.clusters[0].observe = ObserveSettings(interval: .seconds(300))
        policies.clusters[0].hooks = HookSettings(secret: .environment("HOOK"))
        let set = policies
        let service = DaemonService(
            settings: DaemonSettings(
                state: StateDirectory(path: directory.path + "/state"), listen: try ListenAddress("127.0.0.1:0"),
                policyDirectory: directory.path, environment: ["HOOK": Self.secret]),
            readPolicies: { PolicyReading(set: set) }, log: { _ in })
        let task = Task { try await service.run() }
        func reads() -> Int { stub.node.operations.count { $0 == "GetMode" } }
        #expect(await NagiBinary.eventually { service.listeningAddress != nil && reads() > 0 })
        let address = try #require(service.listeningAddress)
        // Two come with the start, and the next one is due in five minutes.
        #expect(await NagiBinary.eventually { stub.node.operations.count { $0 == "GetStatsReport" } == 2 })
        let before = reads()
        let status = try await Self.post(
            "/hooks/tokyo", ["authorization": Self.basic(Self.secret)], Self.vanished, to: address)
        #expect(status == 204)
        #expect(await NagiBinary.eventually(within: 5) { reads() > before })
        service.stop()
        try await task.value
        stub.node.stop()
    }
}
