import AsyncHTTPClient
import Calendars
import Daemon
import Foundation
import ModeCore
import NIOCore
import NIOHTTP1
import Primitives
import Scheduling
import Testing

@Suite struct APIServerTests {
    static let token = String(repeating: "5e", count: 32)

    static let report = StatusReport(
        at: Timestamp(seconds: 1_796_000_467),
        clusters: [
            ClusterStatus(
                name: "tokyo", unavailable: 1, maxUnavailable: 1, minAvailable: nil,
                nodes: [
                    NodeStatus(
                        name: "node-01", observed: .known(.blockNewSession), desired: .blockNewSession, ready: true,
                        version: "2025.1.1", sessions: 17, connections: 58,
                        observedAt: Timestamp(seconds: 1_796_000_466),
                        verdict: Verdict(.draining, "17 sessions left", until: Timestamp(seconds: 1_796_004_000)),
                        claims: [
                            ClaimStatus(
                                owner: "run", mode: .blockNewSession, reason: "drain",
                                since: Timestamp(seconds: 1_796_000_000), until: nil)
                        ]),
                    NodeStatus(
                        name: "node-02", observed: nil, desired: nil, ready: nil, version: nil, sessions: nil,
                        connections: nil, observedAt: nil, verdict: Verdict(.stale, "not seen yet\u{1B}[2J"),
                        claims: []),
                ])
        ],
        runs: [
            RunStatus(
                id: "up@2#1", policy: "up", cluster: "tokyo", revision: "2", phase: "active", text: "0 done",
                startedAt: Timestamp(seconds: 1_796_000_000), endedAt: nil,
                nodes: [
                    NodeRunStatus(
                        name: "node-01", phase: "closing", step: "drain", since: Timestamp(seconds: 1_796_000_000),
                        until: nil, error: nil, milestones: Milestones())
                ])
        ], policyDigest: "d1")

    private func serving<Result: Sendable>(
        _ report: StatusReport? = report, _ body: @escaping @Sendable (ListenAddress) async throws -> Result
    ) async throws -> Result {
        let board = StatusBoard()
        let tokyo = ZoneRules(name: "Asia/Tokyo", initialOffset: 9 * 3600, transitions: [])
        let window = Window(
            name: "w", recurrence: .weekly(days: [.sun], start: try #require(TimeOfDay(hour: 2, minute: 0))),
            length: .elapsed(.hours(1)), timeZone: "Asia/Tokyo")
        board.use(
            PolicySet(
                maintenanceWindows: [MaintenanceWindow(name: "m", cluster: "tokyo", windows: [window])],
                zones: ["Asia/Tokyo": tokyo]))
        if let report { board.show(report) }
        let server = APIServer(address: try ListenAddress("127.0.0.1:0"), token: Self.token, board: board)
        let (addresses, announce) = AsyncStream.makeStream(of: ListenAddress.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { announce.yield($0) } }
            var iterator = addresses.makeAsyncIterator()
            let address = try #require(await iterator.next())
            let result = try await body(address)
            group.cancelAll()
            return result
        }
    }

    private func get(
        _ path: String, _ address: ListenAddress, headers: [String: String], method: HTTPMethod = .GET
    ) async throws -> (status: Int, json: [String: Any]) {
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = method
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 1 << 20)
        let json = try? JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any]
        return (Int(response.status.code), json ?? [:])
    }

    static let authorized = ["authorization": "Bearer \(token)"]
    static let refusals: [(String, String, [String: String], Int, String)] = [
        ("no token", "/v1/status", [:], 401, "token-missing"),
        (
            "wrong token", "/v1/status", ["authorization": "Bearer " + String(repeating: "5f", count: 32)], 401,
            "token-wrong"
        ),
        ("shorter token", "/v1/status", ["authorization": "Bearer 5e"], 401, "token-wrong"),
        ("other scheme", "/v1/status", ["authorization": "Basic \(token)"], 401, "token-wrong"),
        ("unknown route without token", "/v2", [:], 401, "token-missing"),
        ("unknown route", "/v2", authorized, 404, "not-found"),
        (
            "foreign host", "/v1/status", ["authorization": "Bearer \(token)", "host": "evil.example:80"], 403,
            "host-not-allowed"
        ),
        ("foreign host at healthz", "/healthz", ["host": "127.0.0.1.evil.example"], 403, "host-not-allowed"),
    ]

    @Test(arguments: refusals)
    func `what is not allowed is refused in the one shape`(
        name: String, path: String, headers: [String: String], status: Int, code: String
    ) async throws {
        try await serving { address in
            let answer = try await get(path, address, headers: headers)
            #expect(answer.status == status)
            let error = try #require(answer.json["error"] as? [String: Any])
            #expect(error["code"] as? String == code)
            #expect(error["message"] is String && error.keys.contains("hint"))
        }
    }

    @Test func `health needs no token`() async throws {
        try await serving { address in
            for headers in [[:], ["host": "localhost"]] {
                let answer = try await get("/healthz", address, headers: headers)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `a big body is refused`() async throws {
        try await serving { address in
            var request = HTTPClientRequest(url: "http://\(address)/v1/status")
            request.method = .POST
            request.headers.add(name: "authorization", value: "Bearer \(Self.token)")
            request.body = .bytes(ByteBuffer(repeating: 0x20, count: 300 << 10))
            let status = try? await HTTPClient.shared.execute(request, timeout: .seconds(5)).status.code
            #expect(status == nil || status == 413, "refused, or the connection is closed on the sender")
        }
    }

    @Test func `status has the shape that other programs build on`() async throws {
        try await serving { address in
            let answer = try await get("/v1/status", address, headers: Self.authorized)
            #expect(answer.status == 200)
            #expect(answer.json["at"] as? String == "2026-11-30T10:01:07+09:00")
            let cluster = try #require((answer.json["clusters"] as? [[String: Any]])?.first)
            let budget = try #require(cluster["budget"] as? [String: Any])
            #expect(Set(budget.keys) == ["unavailable", "maxUnavailable", "minAvailable"])
            #expect(budget["minAvailable"] is NSNull)
            let nodes = try #require(cluster["nodes"] as? [[String: Any]])
            for node in nodes {
                #expect(
                    Set(node.keys) == [
                        "name", "observed", "desired", "ready", "version", "sessions", "connections", "observedAt",
                        "verdict", "claims",
                    ])
                let verdict = try #require(node["verdict"] as? [String: Any])
                #expect(Set(verdict.keys) == ["code", "text", "until"])
            }
            let claim = try #require((nodes[0]["claims"] as? [[String: Any]])?.first)
            #expect(Set(claim.keys) == ["owner", "mode", "reason", "since", "until"])
            #expect(nodes[0]["observed"] as? String == "block_new_session")
            #expect(nodes[1]["observed"] is NSNull)
            let run = try #require((answer.json["runs"] as? [[String: Any]])?.first)
            #expect(Set(run.keys).isSuperset(of: ["id", "policy", "phase", "nodes"]))
            let runNode = try #require((run["nodes"] as? [[String: Any]])?.first)
            #expect(Set(runNode.keys).isSuperset(of: ["name", "phase", "step", "since", "until", "error"]))
        }
    }

    @Test func `the command line reads what the daemon says`() async throws {
        try await serving { address in
            let answer = try await DaemonConnection(address: address, token: Self.token).status()
            #expect(answer.document.clusters.first?.nodes.first?.sessions == 17)
            let table = StatusTable(answer.document).text.split(separator: "\n").map(String.init)
            #expect(table[0].hasPrefix("tokyo  1 of 2 in service, budget 1 used of 1"))
            #expect(table[0].hasSuffix("2026-11-30 10:01:07 +09:00"))
            #expect(
                table[2]
                    == "  node-01  block_new_session  block_new_session        17     58  2025.1.1  draining: 17 sessions left,"
                    + " until 11:00:00")
            #expect(table[3].hasSuffix("not seen yet?[2J"), "nothing in a text steers the terminal")
            let run = ["  up@2#1  active  0 done · 1 in work · 0 to go  0 done", "    node-01  closing (drain)"]
            #expect(table.suffix(2) == run)
            await #expect(throws: DaemonConnection.Failure.noToken) {
                try await DaemonConnection(address: address, token: nil).status()
            }
        }
    }

    @Test func `a daemon that has decided nothing yet says so`() async throws {
        try await serving(nil) { address in
            let answer = try await get("/v1/status", address, headers: Self.authorized)
            #expect(answer.status == 503)
        }
    }

    @Test func `nobody listening is told apart`() async throws {
        let address = try await serving { $0 }
        await #expect(throws: DaemonConnection.Failure.unreachable("connection refused")) {
            try await DaemonConnection(address: address, token: Self.token).status()
        }
    }

    @Test(arguments: [
        ("127.0.0.1:8787", "127.0.0.1:8787"), ("localhost:1", "127.0.0.1:1"), ("[::1]:0", "[::1]:0"),
        ("0.0.0.0:1", nil), ("192.0.2.1:80", nil), ("127.0.0.1", nil), ("127.0.0.1:99999", nil), ("", nil),
        ("[::1:80", nil), ("localhost.evil:80", nil), ("127.0.0.1:8x", nil),
    ])
    func `only loopback is listened on`(text: String, address: String?) {
        #expect((try? ListenAddress(text))?.description == address)
    }
}
