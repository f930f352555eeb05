import AsyncHTTPClient
import Calendars
import Daemon
import Foundation
import ModeCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives
import Synchronization
import Testing

@testable import Scheduling

@Suite struct APIServerTests {
    static let token = String(repeating: "5e", count: 32)

    static let report: StatusReport = {
        var report = StatusReport(at: at(467))
        report.clusters = [cluster]
        report.runs = [run]
        report.policies = [
            PolicyStatus(
                name: "nights", state: "frozen", reason: "freezes/year-end", until: at(100_000), next: at(200_000)),
            PolicyStatus(name: "up", state: "open", until: at(4000), next: at(90_000)),
        ]
        report.policyDigest = "d1"
        report.policiesSince = at(-86_400)
        report.owed = [OwedStatus(node: node02, mode: .blockNewSession, since: at(0), obstacle: "no answer in time")]
        report.holds = [
            HoldStatus(
                node: node02,
                hold: Hold(
                    wish: .mode(.blockNewSession), actor: "mika", reason: "disk", since: at(0), until: at(90_000)))
        ]
        report.alarms = [
            Alarm(Alarm.Key(.releaseWaits, node: node02), "node-02 cannot be opened", since: at(60)),
            Alarm(Alarm.Key(.clockDiffers), "the clocks differ", since: at(60)),
        ]
        return report
    }()

    static func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_796_000_000 + seconds) }

    static let cluster = ClusterStatus(
        name: "tokyo", unavailable: 2, maxUnavailable: 1,
        nodes: [
            NodeStatus(
                name: "node-01", observed: .known(.blockNewSession), desired: .blockNewSession, ready: true,
                version: "2025.1.1", sessions: 17, connections: 58, observedAt: at(466),
                verdict: Verdict(.draining, "17 sessions left", until: at(4000)), since: at(0), blockers: [],
                claims: [ClaimStatus(owner: "run", mode: .blockNewSession, reason: "drain", since: at(0))],
                isOwed: false, isRetained: false),
            NodeStatus(
                name: "node-02", verdict: Verdict(.stale, "not seen yet\u{1B}[2J\u{2028}", until: at(90_000)),
                blockers: [
                    Blocker(.budget(have: 1, limit: 1, holders: ["node-01"])), Blocker(.outsideWindow, until: at(9)),
                ],
                claims: [], floor: .blockNewSession, isOwed: true, isRetained: true),
            NodeStatus(
                name: "node-03", observed: .known(.blockNewConnection), desired: .blockNewConnection, ready: false,
                version: "2025.1.1", sessions: 0, connections: 0, observedAt: at(466),
                verdict: Verdict(.failed, "kept at block_new_connection by up@1#1: upgrade exited with 7"),
                since: at(-90_000), blockers: [], claims: [], isOwed: false, isRetained: false,
                stay: Shared(stay("upgrade exited with 7")),
                command: Shared(
                    command(
                        CommandOutput(
                            lastOf: "Reading package lists...\n\nE: Unable to lock\n", path: "/var/lib/nagi/c/output"))
                )),
        ],
        unlisted: [UnlistedStatus(name: "node-04", isTemporary: false, isServing: true)])

    private static let failedRun = RunID(policy: "up", revision: "1", ordinal: 1)

    static func stay(_ reason: String) -> FailedStay {
        FailedStay(run: failedRun, policy: "up", mode: .blockNewConnection, reason: reason, since: at(-90_000))
    }

    static func command(_ output: CommandOutput) -> LatestCommand {
        LatestCommand(run: failedRun, step: "upgrade", outcome: .exited(status: 7), output: output)
    }

    static let run = RunStatus(
        id: "up@2#1", policy: "up", cluster: "tokyo", revision: "2", phase: "active",
        text: "0 done, 1 in work, 0 to go",
        startedAt: at(0), blockers: [Blocker(.betweenNodes, until: at(100_000))],
        parts: [
            PartStatus(
                name: "node-01", phase: "out", step: "drain", since: at(0), milestones: Milestones(), isCanary: false)
        ])

    /// Takes every order but that to release, which it refuses.
    private final class Operator: Sendable {
        let pulls = Mutex<[Pull]>([])

        func pull(_ pull: Pull) -> Swift.Result<LeverAnswer, LeverRefusal> {
            pulls.withLock { $0.append(pull) }
            if pull.order.action == .release {
                return .failure(LeverRefusal(.commandRunning, "upgrade is running", hint: "wait for it"))
            }
            return .success(
                LeverAnswer(
                    id: 7, action: pull.order.action, text: "held: node-01", until: pull.order.until,
                    undo: "nagi release node-01"))
        }
    }

    /// A connection that waited to be taken up when the server's task was cancelled stopped the process.
    @Test func `a server ends while callers connect`() async throws {
        for _ in 0..<8 {
            let (connected, connect) = AsyncStream<Void>.makeStream()
            let callers = try await serving { address in
                let callers = Task {
                    await withDiscardingTaskGroup { group in
                        for _ in 0..<32 {
                            group.addTask {
                                while !Task.isCancelled, await Self.connects(to: address) { connect.yield() }
                            }
                        }
                    }
                }
                _ = await connected.prefix(200).reduce(0) { count, _ in count + 1 }
                return callers
            }
            callers.cancel()
            await callers.value
        }
    }

    private static func connects(to address: ListenAddress) async -> Bool {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        guard let channel = try? await bootstrap.connect(host: address.host, port: address.port).get() else {
            return false
        }
        try? await channel.close()
        return true
    }

    private func serving<Result: Sendable>(
        _ report: StatusReport? = report, of person: Operator = Operator(),
        _ body: @escaping @Sendable (ListenAddress) async throws -> Result
    ) async throws -> Result {
        let board = StatusBoard()
        let tokyo = ZoneRules(name: "Asia/Tokyo", initialOffset: 9 * 3600, transitions: [])
        let window = Window(
            name: "w", recurrence: .weekly(days: [.sun], start: try #require(TimeOfDay(hour: 2, minute: 0))),
            length: .elapsed(.hours(1)), timeZone: "Asia/Tokyo")
        board.use(
            PolicySet(
                policies: [
                    Policy(
                        name: "m", cluster: "tokyo", schedule: PolicySchedule(windows: [window], onWindowEnd: .restore))
                ],
                zones: ["Asia/Tokyo": tokyo]))
        if let report { board.show(report) }
        board.note(.init(at: Self.at(400), digest: nil, reasons: ["windows.yaml:18:5: error\n  18 | x", "more"]))
        let server = APIServer(
            address: try ListenAddress("127.0.0.1:0"), token: Self.token, board: board, pull: { person.pull($0) },
            ask: { _ in .failure(LeverRefusal(.unknownNode, "nothing is known")) })
        return try await server.whileServing(body)
    }

    private func get(
        _ path: String, _ address: ListenAddress, headers: [String: String], method: HTTPMethod = .GET,
        body: String? = nil
    ) async throws -> (status: Int, json: [String: Any]) {
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = method
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 1 << 20)
        let json = try? JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any]
        return (Int(response.status.code), json ?? [:])
    }

    static let authorized = ["authorization": "Bearer \(token)"]

    @Test func `a lever is an order of the user who asks, with its key, and its answer says what it did`() async throws
    {
        let person = Operator()
        try await serving(of: person) { address in
            let answer = try await get(
                "/v1/actions", address, headers: Self.authorized.merging(["idempotency-key": "k1"]) { $1 },
                method: .POST,
                body: #"{"action":"hold","node":"node-01","until":"2030-01-01T00:00","reason":"disk <b>swap</b>"}"#)
            #expect(answer.status == 200)
            #expect(answer.json["ok"] as? Bool == true && answer.json["id"] as? Int == 7)
            #expect(answer.json["until"] as? String == "2030-01-01T00:00:00+09:00")
            #expect(answer.json["undo"] as? String == "nagi release node-01")
        }
        let pull = try #require(person.pulls.withLock { $0.first })
        #expect(pull.actor == NSUserName() && pull.key == "k1")
        #expect(pull.order.node == "node-01" && pull.order.reason == "disk <b>swap</b>")
        #expect(pull.order.until == Timestamp(rfc3339: "2029-12-31T15:00:00Z"))
    }

    @Test func `what goes on is a node, a run, or whichever is called so`() async throws {
        let person = Operator()
        try await serving(of: person) { address in
            for field in ["node", "run", "target"] {
                let answer = try await get(
                    "/v1/actions", address, headers: Self.authorized, method: .POST,
                    body: #"{"action":"resume","\#(field)":"x"}"#)
                #expect(answer.status == 200, "\(answer.json)")
            }
        }
        let orders = person.pulls.withLock { $0.map(\.order) }
        #expect(orders.map(\.action) == [.resume, .resume, .resume])
        #expect(orders.map(\.node) == ["x", nil, nil] && orders.map(\.run) == [nil, "x", nil])
        #expect(orders.map(\.target) == [nil, nil, "x"])
    }

    @Test(
        arguments: [
            (#"{"action":"release","node":"n","reason":"r"}"#, 409, "command-running"),
            (#"{"action":"open","node":"n"}"#, 400, "invalid-value"),
            (#"{"action":"hold","node":"n","for":"4"}"#, 400, "invalid-value"),
            (#"{"action":"hold","node":"n","for":"2h","until":"2030-01-01T00:00"}"#, 400, "invalid-value"),
            (#"{"action":"hold","node":"n","mode":"initial"}"#, 400, "invalid-value"),
            (#"{"action":"resume","run":"r","node":"n"}"#, 400, "invalid-value"),
            (#"{"action":"abort","target":"r","reason":"r"}"#, 400, "invalid-value"),
            (#"{"action":"hold","knot":["n"]}"#, 400, "invalid-body"), (#"{"action":7}"#, 400, "invalid-body"),
            (#"{"node":"n"}"#, 400, "invalid-body"), ("[]", 400, "invalid-body"), ("", 400, "invalid-body"),
            (#"{"action":"hold","reason":"\#(String(repeating: "x", count: 501))"}"#, 400, "invalid-value"),
        ])
    func `what is no lever is refused with a word for it`(body: String, status: Int, code: String) async throws {
        try await serving { address in
            let answer = try await get(
                "/v1/actions", address, headers: Self.authorized, method: .POST, body: body)
            #expect(answer.status == status, "\(answer.json)")
            #expect((answer.json["error"] as? [String: Any])?["code"] as? String == code)
        }
    }
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
            "a name of 10 kB", "/v1/nodes/tokyo/\(String(repeating: "L", count: 10_000))", authorized, 400,
            "invalid-value"
        ),
        (
            "something of 10 kB", "/v1/explain?of=\(String(repeating: "L", count: 10_000))", authorized, 400,
            "invalid-value"
        ),
        (
            "a node of 10 kB", "/v1/ok-to-stop?node=\(String(repeating: "L", count: 10_000))", authorized, 400,
            "invalid-value"
        ),
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
            #expect(
                Set(answer.json.keys) == [
                    "at", "observing", "digest", "since", "refusedReload", "clusters", "runs", "policies", "holds",
                    "owed", "unlisted", "pauses", "alarms", "undelivered",
                ])
            #expect(answer.json["at"] as? String == "2026-11-30T10:01:07+09:00")
            #expect(answer.json["digest"] as? String == "d1")
            #expect(answer.json["since"] as? String == "2026-11-29T09:53:20+09:00")
            let refused = try #require(answer.json["refusedReload"] as? [String: Any])
            #expect(refused["at"] as? String == "2026-11-30T10:00:00+09:00")
            #expect(refused["digest"] is NSNull && (refused["reasons"] as? [String])?.count == 2)
            let cluster = try #require((answer.json["clusters"] as? [[String: Any]])?.first)
            let budget = try #require(cluster["budget"] as? [String: Any])
            #expect(Set(budget.keys) == ["unavailable", "maxUnavailable", "minAvailable", "limit"])
            #expect(budget["minAvailable"] is NSNull)
            let nodes = try #require(cluster["nodes"] as? [[String: Any]])
            for node in nodes {
                #expect(
                    Set(node.keys) == [
                        "name", "observed", "desired", "ready", "version", "sessions", "connections", "relays",
                        "observedAt",
                        "verdict", "since", "run", "step", "drain", "claims", "blockers", "queuedIn", "exempt", "floor",
                        "owed", "retained", "failed", "command",
                    ])
                let verdict = try #require(node["verdict"] as? [String: Any])
                #expect(Set(verdict.keys) == ["code", "text", "until"])
            }
            let claim = try #require((nodes[0]["claims"] as? [[String: Any]])?.first)
            #expect(Set(claim.keys) == ["owner", "mode", "reason", "since", "until", "leftSeconds"])
            #expect(nodes[0]["observed"] as? String == "block_new_session")
            #expect(nodes[1]["observed"] is NSNull)
            let blockers = try #require(nodes[1]["blockers"] as? [[String: Any]])
            for blocker in blockers {
                #expect(
                    Set(blocker.keys) == ["code", "class", "text", "have", "limit", "holders", "until", "lift", "node"])
            }
            #expect(blockers.map { $0["code"] as? String } == ["waiting-budget", "waiting-window"])
            #expect(blockers.map { $0["class"] as? String } == ["capacity", "clock"])
            #expect(blockers[0]["have"] as? Int == 1 && blockers[0]["holders"] as? [String] == ["node-01"])
            #expect(blockers[1]["until"] as? String == "2026-11-30T09:53:29+09:00")
            let run = try #require((answer.json["runs"] as? [[String: Any]])?.first)
            #expect(Set(run.keys).isSuperset(of: ["id", "policy", "cluster", "phase", "blockers", "nodes"]))
            #expect((run["blockers"] as? [[String: Any]])?.first?["code"] as? String == "waiting-previous")
            let runNode = try #require((run["nodes"] as? [[String: Any]])?.first)
            #expect(Set(runNode.keys).isSuperset(of: ["name", "phase", "step", "since", "until", "error"]))
            let policies = try #require(answer.json["policies"] as? [[String: Any]])
            #expect(policies.allSatisfy { Set($0.keys) == ["name", "state", "reason", "next", "until"] })
            #expect(policies[0]["next"] as? String == "2026-12-02T17:26:40+09:00")
            #expect(policies[0]["until"] as? String == "2026-12-01T13:40:00+09:00")
            #expect(policies[1]["next"] as? String == "2026-12-01T10:53:20+09:00")
            #expect(policies[1]["until"] as? String == "2026-11-30T11:00:00+09:00")
            let failed = try #require(nodes[2]["failed"] as? [String: Any])
            #expect(Set(failed.keys) == ["run", "mode", "reason", "since", "openCommand"])
            let command = try #require(nodes[2]["command"] as? [String: Any])
            #expect(Set(command.keys) == ["run", "step", "outcome", "lines", "path", "cut"])
            #expect(command["lines"] as? [String] == ["Reading package lists...", "E: Unable to lock"])
            let hold = try #require((answer.json["holds"] as? [[String: Any]])?.first)
            #expect(Set(hold.keys) == ["node", "kind", "mode", "actor", "reason", "since", "until"])
            #expect(hold["node"] as? String == "tokyo/node-02" && hold["kind"] as? String == "mode")
            let owed = try #require((answer.json["owed"] as? [[String: Any]])?.first)
            #expect(Set(owed.keys) == ["node", "mode", "since", "text"])
            let unlisted = try #require((answer.json["unlisted"] as? [[String: Any]])?.first)
            #expect(Set(unlisted.keys) == ["cluster", "name", "temporary", "serving"])
            #expect((answer.json["pauses"] as? [Any])?.isEmpty == true)
            let alarms = try #require(answer.json["alarms"] as? [[String: Any]])
            #expect(alarms.allSatisfy { Set($0.keys) == ["code", "text", "since", "cluster", "node", "run"] })
            #expect(alarms[0]["code"] as? String == "release-waits" && alarms[0]["node"] as? String == "tokyo/node-02")
        }
    }

    @Test func `the command line reads what the daemon says`() async throws {
        try await serving { address in
            let answer = try await DaemonConnection(address: address, token: Self.token).status()
            #expect(answer.document.clusters.first?.nodes.first?.sessions == 17)
            #expect(StatusTable(answer.document).lines.contains { $0.hasPrefix("tokyo  2 of 4 in service") })
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
