import Daemon
import ModeCore
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

    private func reading(_ set: PolicySet, environment: [String: String] = [:]) async -> Event {
        let client = client(set, environment: environment)
        let event = await client.read(node01)
        await client.shutdown()
        return event
    }

    private func changing(_ change: ModeChange, _ stub: StubNode, timeout: Duration = .seconds(2)) async
        -> ModeChangeAnswer
    {
        let client = client(set(stub.url, timeout: timeout))
        let answer = await client.change(change)
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
        if case .readFailed(_, _, let failure) = event { failure } else { nil }
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
        #expect(seen.members?.map(\.name) == ["node-01", "node-02", "spare"])
        #expect(seen.members?.map(\.isConnected) == [true, false, true])
        #expect(seen.members?.map(\.isTemporary) == [false, false, true])
        #expect(seen.members?.first?.epoch == 7)
        let calls = node.calls
        #expect(calls.map(\.operation) == ["GetMode", "GetStatsReport", "ListClusterNodes"])
        #expect(Set(calls.map(\.connection)).count == 1, "one connection serves all calls")
        #expect(calls.allSatisfy { $0.method == "POST" && $0.path == "/" })
        #expect(calls.allSatisfy { $0.headers["content-length"] == "0" && $0.body.isEmpty })
        #expect(gate.calls.map(\.path) == ["/.ok"])
        #expect(gate.calls.first?.headers["connection"] == "close")
        node.stop()
        gate.stop()
    }

    @Test func `a standalone node is not asked for a cluster`() async throws {
        let node = try ModeStub().node
        _ = await reading(set(node.url, topology: .standalone))
        #expect(!node.operations.contains("ListClusterNodes"))
        node.stop()
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
        (.close, "unreachable: the connection was closed without an answer"),
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
        #expect(HostClock.now().uptime - begun < .seconds(5))
    }

    @Test func `a read on a connection that went stale is repeated once`() async throws {
        let stub = try StubNode { call in
            call.connection == 0 && call.operation == "GetStatsReport" ? .close : .answer(200, "{\"mode\":\"normal\"}")
        }
        guard case .observed = await reading(set(stub.url, topology: .standalone)) else {
            Issue.record("not observed")
            return
        }
        #expect(stub.operations == ["GetMode", "GetStatsReport", "GetStatsReport"])
        stub.stop()
    }

    @Test func `headers come from the environment, and a missing one stops every call`() async throws {
        let stub = try StubNode { _ in .answer(200, "{\"mode\":\"normal\"}") }
        let policies = set(stub.url, headers: ["Authorization": .environment("TOKEN")])
        #expect(
            failure(await reading(policies))
                == .unreachable("header Authorization: the environment variable TOKEN is not set"))
        #expect(stub.calls.isEmpty)
        _ = await reading(policies, environment: ["TOKEN": "Bearer abc\n"])
        #expect(stub.calls.first?.headers["authorization"] == "Bearer abc")
        stub.stop()
    }

    @Test func `a change reads first and writes on the same connection`() async throws {
        let stub = try ModeStub()
        let node = stub.node
        #expect(await changing(change(.blockNewSession), node) == .accepted)
        #expect(stub.current == "block_new_session")
        #expect(node.operations == ["GetMode", "ChangeMode"])
        #expect(node.calls.map(\.connection) == [0, 0])
        #expect(node.calls.last?.body == "{\"mode\":\"block_new_session\"}")
        #expect(node.calls.last?.headers["content-type"] == "application/json")
    }

    static let permissions: [(String, ModeChange, ModeChangeAnswer)] = [
        ("block_new_session", change(.blockNewSession), .alreadyThere),
        ("block_new_connection", change(.blockNewSession), .declined(.known(.blockNewConnection))),
        ("block_new_connection", change(.normal, written: .blockNewSession), .declined(.known(.blockNewConnection))),
        ("initial", change(.normal), .declined(.known(.initial))),
        ("later", change(.normal), .declined(.unknown("later"))),
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
        #expect(await changing(change(.normal, written: .blockNewSession, cause: .release), node) == .accepted)
        #expect(stub.current == "normal")
    }

    static let answers: [(StubNode.Reply, ModeChangeAnswer)] = [
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
    func `an answer means what it says, and no more`(reply: StubNode.Reply, answer: ModeChangeAnswer) async throws {
        let stub = try StubNode { $0.operation == "GetMode" ? .answer(200, "{\"mode\":\"normal\"}") : reply }
        #expect(await changing(change(.blockNewSession), stub, timeout: patience(with: reply)) == answer)
        #expect(stub.operations == ["GetMode", "ChangeMode"], "ChangeMode is never repeated")
    }

    @Test func `a reset after the write leaves the outcome unknown`() async throws {
        let stub = try StubNode { $0.operation == "GetMode" ? .answer(200, "{\"mode\":\"normal\"}") : .reset }
        guard case .unknown = await changing(change(.blockNewSession), stub) else {
            Issue.record("a reset is not an answer")
            return
        }
        #expect(stub.operations == ["GetMode", "ChangeMode"])
    }

    @Test func `nothing is sent where the read before it fails`() async throws {
        let stub = try StubNode { _ in .answer(500, "") }
        guard case .notSent = await changing(change(.blockNewSession), stub) else {
            Issue.record("it was sent")
            return
        }
        #expect(stub.operations == ["GetMode"])
    }
}
