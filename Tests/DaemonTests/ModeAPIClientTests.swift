import AsyncHTTPClient
import Calendars
import Daemon
import Glibc
import ModeCore
import NIOCore
import Primitives
import Scheduling
import Synchronization
import Testing

@Suite struct ModeAPIClientTests {
    private func client(_ set: PolicySet, environment: [String: String] = [:]) -> ModeAPIClient {
        let client = ModeAPIClient(directory: "/", environment: environment)
        client.use(set)
        return client
    }

    private func reading(
        _ set: PolicySet, _ scope: ReadScope = .whole, environment: [String: String] = [:]
    ) async -> Event {
        let client = client(set, environment: environment)
        let event = await client.read(node01, scope, at: set.address)
        await client.shutdown()
        return event
    }

    private func changing(_ change: ModeChange, _ stub: StubNode, timeout: Duration = .seconds(2)) async
        -> ModeChangeAnswer
    {
        let policies = set(stub.url, timeout: timeout)
        let client = client(policies)
        let answer = await client.change(change, to: policies.address)
        await client.shutdown()
        stub.stop()
        return answer
    }

    /// Short where the deadline is what the test is about.
    private func patience(with reply: StubNode.Reply) -> Duration {
        switch reply {
        case .silence, .stall: .milliseconds(300)
        default: .seconds(10)
        }
    }

    private func failure(_ event: Event) -> ReadFailure? {
        if case .readFailed(_, _, _, let failure) = event { failure } else { nil }
    }

    /// A typing error in the middle of a night is no reason to lose sight of nodes that nagi keeps shut.
    @Test func `settings that cannot be used do not replace those that can`() async {
        let client = ModeAPIClient(directory: "/", environment: ["TOKEN": "x"])
        func settings(header: String, ca: String? = nil) -> CallSettings {
            var policies = set("https://127.0.0.1:1/", headers: ["Authorization": .environment(header)])
            policies.clusters[0].api.tls = ca.map { TLSSettings(caFile: $0) }
            return client.settings(for: policies)
        }
        #expect(client.losses(by: settings(header: "NONE")).isEmpty, "there are none in use")
        client.use(settings(header: "TOKEN"))
        #expect(client.losses(by: settings(header: "TOKEN")).isEmpty)
        let losses = client.losses(by: settings(header: "NONE", ca: "gone.pem"))
        #expect(losses.count == 2 && losses.allSatisfy { $0.hasPrefix("no node of tokyo could be called any more: ") })
        client.use(settings(header: "NONE"))
        #expect(client.losses(by: settings(header: "ALSO_NONE")).isEmpty, "nothing is lost")
        await client.shutdown()
    }

    /// It would stay shut, and nobody could be asked about it.
    @Test func `a node that nagi keeps shut stays callable, and others that are not called any more are named`() async {
        let client = ModeAPIClient(directory: "/", environment: [:])
        func settings(allow: String) -> CallSettings {
            var policies = set("http://127.0.0.1:1/")
            policies.clusters[0].topology = .clustered
            policies.clusters[0].discovery = Discovery(seeds: ["http://127.0.0.1:1/"], allow: [allow])
            return client.settings(for: policies)
        }
        let kept = ["tokyo": [FoundNode(name: "b", api: "http://127.0.0.2:1/")]]
        client.use(settings(allow: "127.0.0.0/8"))
        #expect(client.losses(by: settings(allow: "127.0.0.0/16"), kept: kept).isEmpty)
        let losses = client.losses(by: settings(allow: "127.0.0.1/32"), kept: kept)
        #expect(
            losses == [
                "b of tokyo, which nagi is not through with, could not be called any more: "
                    + "127.0.0.2 is in no network of discovery.allow"
            ])
        await client.shutdown()
    }

    @Test func `one read says everything the node knows`() async throws {
        let node = try ModeStub(mode: "block_new_session").node
        let gate = try StubNode { _ in .answer(200, "") }
        let event = await reading(set(node.url, ready: gate.url + ".ok"))
        guard case .observed(let seen) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(seen.mode == .known(.blockNewSession))
        #expect(seen.version == "2025.2.0", "the list of the cluster comes before the stats report")
        #expect(seen.load?.sessions == 17)
        #expect(seen.load?.ongoingConnections == 58)
        #expect(seen.ready == true)
        #expect(seen.members?.map(\.name.description) == ["node-01", "node-02", "spare"])
        #expect(seen.members?.map(\.mode) == [.known(.normal), nil, nil])
        #expect(seen.members?.map(\.isConnected) == [true, false, true])
        #expect(seen.members?.map(\.isTemporary) == [false, false, true])
        #expect(seen.members?.first?.epoch == 7)
        let calls = node.calls
        #expect(calls.first?.operation == "GetMode")
        #expect(calls.map(\.operation).sorted() == ["GetMode", "GetStatsReport", "ListClusterNodes"])
        #expect(Set(calls.map(\.connection)).count <= 2, "two calls go side by side, no more")
        #expect(calls.allSatisfy { $0.method == "POST" && $0.path == "/" })
        let plain = calls.filter { $0.operation != "ListClusterNodes" }
        #expect(plain.allSatisfy { $0.headers["content-length"] == "0" && $0.body.isEmpty })
        #expect(gate.calls.map(\.path) == ["/.ok"])
        node.stop()
        gate.stop()
    }

    @Test func `a standalone node is asked for a cluster once, and one that lists others each time`() async throws {
        for (members, count) in [("[]", 1), ("nonsense", 1), (Sample.members, 3)] {
            let stub = try StubNode { call in
                switch call.operation {
                case "GetMode": .answer(200, "{\"mode\":\"normal\"}")
                case "ListClusterNodes": .answer(200, members)
                default: .answer(200, Sample.stats)
                }
            }
            let policies = set(stub.url, topology: .standalone)
            let client = client(policies)
            for _ in 0..<3 {
                guard case .observed(let seen) = await client.read(node01, .whole, at: policies.address) else {
                    Issue.record("not observed")
                    continue
                }
                #expect(seen.version == "2025.1.1", "by its own report: the list is not always there")
            }
            await client.shutdown()
            #expect(stub.operations.count { $0 == "ListClusterNodes" } == count)
            stub.stop()
        }
    }

    @Test func `the mode alone is one call, and so is the look at a new address`() async throws {
        let stub = try ModeStub(mode: "block_new_session")
        guard case .modeSeen(node01, .mode, _, .known(.blockNewSession)) = await reading(set(stub.node.url), .mode)
        else {
            Issue.record("not seen")
            return
        }
        #expect(await reading(set(stub.node.url), .newAddress) == .seenAtNewAddress(node01, .known(.blockNewSession)))
        #expect(stub.node.operations == ["GetMode", "GetMode"])
        stub.node.stop()
        guard case .readFailed(node01, .newAddress, _, .unreachable) = await reading(set(stub.node.url), .newAddress)
        else {
            Issue.record("not failed")
            return
        }
    }

    @Test func `the mode is told at once, whatever else hangs`() async throws {
        let hangs = Mutex(false)
        let stub = try StubNode { call in
            switch call.operation {
            case "GetMode":
                return .answer(
                    200, "{\"mode\":\"normal\"}", headers: ["date": "Sun, 29 Nov 2026 02:00:00 GMT"])
            case _ where hangs.withLock { $0 }: return .silence
            case "GetStatsReport": return .answer(200, Sample.stats)
            default: return .answer(200, Sample.members)
            }
        }
        let policies = set(stub.url, ready: stub.url + ".ok", timeout: .seconds(3))
        let client = client(policies)
        // The first list waits for the report, which says how it is asked for.
        _ = await client.read(node01, .whole, at: policies.address)
        hangs.withLock { $0 = true }
        let told = Mutex<[(Event, Uptime)]>([])
        let end = await client.read(node01, .whole, at: policies.address) { event in
            told.withLock { $0.append((event, HostClock.now().uptime)) }
        }
        let over = HostClock.now().uptime
        guard case .observed(let seen) = end, let (event, at) = told.withLock({ $0.first }),
            case .modeSeen(node01, .whole, let modeBegun, .known(.normal)) = event
        else {
            Issue.record("\(end)")
            return
        }
        #expect(modeBegun == seen.begun)
        #expect(
            over - at >= .milliseconds(2500) && over - at < .milliseconds(5800), "they hang side by side, not in turn")
        #expect(seen.mode == .known(.normal) && seen.load == nil && seen.members == nil && seen.ready == nil)
        #expect(seen.hostWall == Timestamp(rfc3339: "2026-11-29T02:00:00Z"))
        await client.shutdown()
        stub.stop()
    }

    static let dates: [(String?, String?)] = [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Tue, 29 Feb 2028 23:59:59 GMT", "2028-02-29T23:59:59Z"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil),
        ("Sun, 31 Feb 2027 00:00:00 GMT", nil),
        ("Sun, 06 Nov 1994 08:49:37 +0900", nil), ("", nil), (nil, nil),
    ]

    @Test(arguments: dates)
    func `the node's clock is read from its answer, where it can be`(header: String?, instant: String?) async throws {
        let stub = try StubNode { _ in
            .answer(200, "{\"mode\":\"normal\"}", headers: header.map { ["date": $0] } ?? [:])
        }
        guard case .observed(let seen) = await reading(set(stub.url)) else {
            Issue.record("not observed")
            return
        }
        #expect(seen.hostWall == instant.flatMap { Timestamp(rfc3339: $0) })
        stub.stop()
    }

    /// A version, and what becomes of it.
    static let versions: [(String, NodeText?)] = [
        ("2025.2.0", "2025.2.0"),
        (String(repeating: "v", count: 128), NodeText(cutting: String(repeating: "v", count: 128))),
        (String(repeating: "v", count: 129), nil), ("", nil), ("a b", nil), ("バージョン", nil), ("v\\u001b[2J", nil),
    ]

    @Test(arguments: versions)
    func `a version that is none is unknown`(text: String, version: NodeText?) async throws {
        let stub = try StubNode { call in
            switch call.operation {
            case "GetMode": .answer(200, "{\"mode\":\"normal\"}")
            case "ListClusterNodes":
                .answer(200, "[{\"node_name\":\"node-01\",\"connected\":true,\"sora_version\":\"\(text)\"}]")
            default: .answer(404, "")
            }
        }
        guard case .observed(let seen) = await reading(set(stub.url)) else {
            Issue.record("not observed")
            return
        }
        #expect(seen.version == version)
        #expect(seen.members?.count == 1, "the list counts all the same")
        stub.stop()
    }

    static func rows(_ names: [String]) -> String {
        "[" + names.map { "{\"node_name\":\"\($0)\",\"connected\":true}" }.joined(separator: ",") + "]"
    }
    static let lists: [(String, Int?)] = [
        (rows((0..<1000).map { "n\($0)" }), 1000), (rows((0..<1001).map { "n\($0)" }), nil),
        (rows(["a", "a b"]), nil), (rows(["a", ""]), nil), (rows(["a", String(repeating: "n", count: 129)]), nil),
        (rows(["a", "b", "a"]), nil), (rows([]), 0), ("{}", nil),
    ]

    @Test(arguments: lists)
    func `a list that is too long or names nobody is no answer`(body: String, count: Int?) async throws {
        let stub = try StubNode { call in
            .answer(200, call.operation == "ListClusterNodes" ? body : "{\"mode\":\"normal\"}")
        }
        guard case .observed(let seen) = await reading(set(stub.url, timeout: .seconds(10))) else {
            Issue.record("not observed")
            return
        }
        #expect(seen.members?.count == count)
        stub.stop()
    }

    @Test func `a report is not believed while a list is missing that named the version before`() async throws {
        let isListing = Mutex(true)
        let stub = try StubNode { call in
            switch call.operation {
            case "GetMode": .answer(200, "{\"mode\":\"normal\"}")
            case "ListClusterNodes": isListing.withLock { $0 } ? .answer(200, Sample.members) : .answer(500, "")
            default: .answer(200, Sample.stats)
            }
        }
        let policies = set(stub.url)
        let client = client(policies)
        var versions: [NodeText?] = []
        for listing in [true, false, true] {
            isListing.withLock { $0 = listing }
            if case .observed(let seen) = await client.read(node01, .whole, at: policies.address) {
                versions.append(seen.version)
            }
        }
        #expect(versions == ["2025.2.0", nil, "2025.2.0"])
        await client.shutdown()
        stub.stop()
    }

    @Test func `counters and list that do not come are unknown, the mode still counts`() async throws {
        let stub = try StubNode { $0.operation == "GetMode" ? .answer(200, "{\"mode\":\"later\"}") : .answer(500, "") }
        guard case .observed(let seen) = await reading(set(stub.url, ready: stub.url + ".ok")) else {
            Issue.record("not observed")
            return
        }
        #expect(seen.mode == .unknown("later"))
        #expect(seen.load == nil && seen.members == nil && seen.version == nil)
        #expect(seen.ready == false)
        stub.stop()
    }

    static let failures: [(StubNode.Reply, String)] = [
        (.answer(500, "{\"type\":\"HandlerException\"}"), "bad answer: status 500: {\"type\":\"HandlerException\"}"),
        (.answer(307, "", headers: ["location": "/elsewhere"]), "bad answer: status 307"),
        (.answer(200, "nonsense"), "bad answer: status 200: nonsense"),
        (.answer(200, "{\"mode\":7}"), "bad answer: status 200: {\"mode\":7}"),
        (.silence, "no answer in time"),
        (.stall("HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"mode\""), "no answer in time"),
        (.close, "the connection was closed without an answer"),
        (
            .answer(200, String(repeating: "x", count: ModeAPIClient.bodyLimit + 1)),
            "bad answer: the answer is longer than 1048576 bytes"
        ),
    ]

    @Test(arguments: failures)
    func `a read without a mode says why`(reply: StubNode.Reply, text: String) async throws {
        let stub = try StubNode { $0.path == "/elsewhere" ? .answer(200, "{\"mode\":\"normal\"}") : reply }
        let event = await reading(set(stub.url, timeout: patience(with: reply)))
        #expect(failure(event)?.description == text)
        #expect(stub.calls.allSatisfy { $0.path == "/" }, "a redirect is never followed")
        stub.stop()
    }

    @Test func `a refused connection is reported at once`() async throws {
        let stub = try StubNode { _ in .close }
        let url = stub.url
        stub.stop()
        let begun = HostClock.now().uptime
        let event = await reading(set(url, timeout: .seconds(30)))
        #expect(failure(event) == .unreachable("connection refused"))
        #expect(HostClock.now().uptime - begun < .seconds(25))
    }

    @Test func `a read on a connection that went stale is repeated once`() async throws {
        let stub = try StubNode { call in
            call.connection == 0 && call.operation != "GetMode" ? .close : .answer(200, "{\"mode\":\"normal\"}")
        }
        guard case .observed = await reading(set(stub.url, topology: .standalone)) else {
            Issue.record("not observed")
            return
        }
        let operations = stub.operations
        #expect(operations.count { $0 == "GetStatsReport" } == 2 || operations.count { $0 == "ListClusterNodes" } == 2)
        #expect(operations.count == 4)
        stub.stop()
    }

    /// Where the library had one loop for the call and another for its connection, it stopped the process:
    /// `HTTPExchange.makeClient` says why.
    @Test func `a node that answers and hangs up brings nobody down, while a loop is busy`() async throws {
        let number = Mutex(0)
        let stub = try StubNode { _ in
            let count = number.withLock { number in
                number += 1
                return number
            }
            return count % 3 == 0
                ? .raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", after: .microseconds(count * 397 % 15_000))
                : .answer(200, "{}")
        }
        let policies = set(stub.url)
        let client = client(policies)
        let busy = HTTPClient.defaultEventLoopGroup.makeIterator().prefix(1).map { loop in
            loop.scheduleRepeatedTask(initialDelay: .zero, delay: .microseconds(100)) { _ in usleep(5_000) }
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<150 {
                        // One that finds its connection closed has no answer.
                        _ = try? await client.ask(
                            "Sora_20171010.GetStatsReport", body: "{}", of: node01, at: policies.address)
                    }
                }
            }
        }
        for task in busy { task.cancel() }
        #expect(stub.calls.count > 800)
        await client.shutdown()
        stub.stop()
    }

    @Test func `headers come from the environment, and a missing one stops every call`() async throws {
        let stub = try StubNode { _ in .answer(200, "{\"mode\":\"normal\"}") }
        let policies = set(stub.url, headers: ["Authorization": .environment("TOKEN")])
        #expect(
            failure(await reading(policies))
                == .notSent("header Authorization: the environment variable TOKEN is not set"))
        #expect(stub.calls.isEmpty)
        _ = await reading(policies, environment: ["TOKEN": "Bearer abc\n"])
        #expect(stub.calls.first?.headers["authorization"] == "Bearer abc")
        stub.stop()
    }

    @Test func `a change reads first and writes on the same connection`() async throws {
        let stub = try ModeStub()
        let node = stub.node
        #expect(
            await changing(change(.blockNewSession), node) == ModeChangeAnswer(.accepted, read: .known(.normal)))
        #expect(stub.current == "block_new_session")
        #expect(node.operations == ["GetMode", "ChangeMode"])
        #expect(node.calls.map(\.connection) == [0, 0])
        #expect(node.calls.last?.body == "{\"mode\":\"block_new_session\"}")
        #expect(node.calls.last?.headers["content-type"] == "application/json")
    }

    static let permissions: [(String, ModeChange, ModeChangeAnswer)] = [
        (
            "block_new_session", change(.blockNewSession),
            ModeChangeAnswer(.alreadyThere, read: .known(.blockNewSession))
        ),
        (
            "block_new_connection", change(.blockNewSession),
            ModeChangeAnswer(.declined, read: .known(.blockNewConnection))
        ),
        (
            "block_new_connection", change(.normal, written: .blockNewSession),
            ModeChangeAnswer(.declined, read: .known(.blockNewConnection))
        ),
        ("initial", change(.normal), ModeChangeAnswer(.declined, read: .known(.initial))),
        ("later", change(.normal), ModeChangeAnswer(.declined, read: .unknown("later"))),
    ]

    @Test(arguments: permissions)
    func `what may not be written is not sent`(mode: String, change: ModeChange, answer: ModeChangeAnswer) async throws
    {
        let node = try ModeStub(mode: mode).node
        #expect(await changing(change, node) == answer)
        #expect(node.operations == ["GetMode"])
    }

    @Test func `only a mode of its own is loosened`() async throws {
        let stub = try ModeStub(mode: "block_new_session")
        let node = stub.node
        #expect(
            await changing(change(.normal, written: .blockNewSession, cause: .release), node)
                == ModeChangeAnswer(.accepted, read: .known(.blockNewSession)))
        #expect(stub.current == "normal")
    }

    static let answers: [(StubNode.Reply, ModeChangeAnswer.Outcome)] = [
        (.answer(500, ""), .unknown("status 500")),
        (.answer(307, "", headers: ["location": "/elsewhere"]), .unknown("status 307")),
        (.answer(400, "{\"error_type\":\"InvalidJSON\"}"), .rejected("status 400: {\"error_type\":\"InvalidJSON\"}")),
        (.answer(413, ""), .rejected("status 413")),
        (.answer(200, "junk"), .unknown("200 without a mode")),
        (.answer(200, "{\"mode\":\"normal\"}"), .unknown("200 with mode normal")),
        (.silence, .unknown("no answer in time")),
        (.stall("HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n{"), .unknown("no answer in time")),
        (.close, .unknown("the connection was closed without an answer")),
        (
            .answer(200, String(repeating: "x", count: ModeAPIClient.bodyLimit + 1)),
            .unknown("the answer is longer than 1048576 bytes")
        ),
    ]

    @Test(arguments: answers)
    func `an answer means what it says, and no more`(
        reply: StubNode.Reply, answer: ModeChangeAnswer.Outcome
    ) async throws {
        let stub = try StubNode { $0.operation == "GetMode" ? .answer(200, "{\"mode\":\"normal\"}") : reply }
        #expect(
            await changing(change(.blockNewSession), stub, timeout: patience(with: reply))
                == ModeChangeAnswer(answer, read: .known(.normal)))
        #expect(stub.operations == ["GetMode", "ChangeMode"], "ChangeMode is never repeated")
    }

    @Test func `a reset after the write leaves the outcome unknown`() async throws {
        let stub = try StubNode { $0.operation == "GetMode" ? .answer(200, "{\"mode\":\"normal\"}") : .reset }
        guard case .unknown = await changing(change(.blockNewSession), stub).outcome else {
            Issue.record("a reset is not an answer")
            return
        }
        #expect(stub.operations == ["GetMode", "ChangeMode"])
    }

    @Test func `nothing is sent where the read before it fails`() async throws {
        let stub = try StubNode { _ in .answer(500, "") }
        guard case .notSent = await changing(change(.blockNewSession), stub).outcome else {
            Issue.record("it was sent")
            return
        }
        #expect(stub.operations == ["GetMode"])
    }

    @Test func `what is too late before the read asks nothing at all`() async throws {
        let stub = try ModeStub()
        let late = change(.blockNewSession, notAfter: HostClock.now() + .milliseconds(-1))
        #expect(await changing(late, stub.node) == ModeChangeAnswer(.notSent("too late")))
        #expect(stub.node.operations.isEmpty)
    }

    @Test func `what is too late after the read is not written`() async throws {
        let isLate = Mutex(false)
        let stub = try StubNode { _ in
            isLate.withLock { $0 = true }
            return .answer(200, "{\"mode\":\"normal\"}")
        }
        let start = Moment(wall: Timestamp(seconds: 1), uptime: Uptime(nanoseconds: 1_000_000_000))
        let client = ModeAPIClient(directory: "/", environment: [:]) {
            isLate.withLock { $0 } ? start + .nanoseconds(1) : start
        }
        let policies = set(stub.url)
        client.use(policies)
        let answer = await client.change(change(.blockNewSession, notAfter: start), to: policies.address)
        #expect(answer == ModeChangeAnswer(.notSent("too late"), read: .known(.normal)))
        #expect(stub.operations == ["GetMode"])
        await client.shutdown()
        stub.stop()
    }

    @Test func `a secret that is no file does not hang anything`() async throws {
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory.path + "/token", 0o600) == 0)
        let stub = try ModeStub()
        let event = await reading(set(stub.node.url, headers: ["Authorization": .file(directory.path + "/token")]))
        guard case .notSent(let reason)? = failure(event) else {
            Issue.record("\(event)")
            return
        }
        #expect(reason.description.hasPrefix("header Authorization: "))
        #expect(stub.node.calls.isEmpty)
        stub.node.stop()
    }

    @Test func `clusters that a later set does not have keep their settings`() async throws {
        let stub = try ModeStub()
        let client = client(set(stub.node.url))
        client.use(PolicySet(clusters: [], digest: "none"))
        guard case .observed = await client.read(node01, .whole, at: set(stub.node.url).address) else {
            Issue.record("it cannot be given back")
            return
        }
        await client.shutdown()
        stub.node.stop()
    }
}
