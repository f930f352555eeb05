import Daemon
import Foundation
import ModeCore
import Primitives
import Synchronization
import Testing

@testable import Scheduling

/// What steps have done beyond programs: calls, measurements, the end of sessions, against a server that says what is wanted.
@Suite struct StepExecutorTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func executor(_ policies: PolicySet = PolicySet(clusters: [], digest: "none")) -> StepExecutor {
        let client = ModeAPIClient(directory: "/", environment: ["TOKEN": "Bearer t0p"])
        client.use(policies)
        return StepExecutor(
            runner: CommandRunner(
                folder: directory.path, journal: "j", policyDirectory: directory.path,
                environment: ["PATH": "/usr/bin:/bin"], executable: NagiBinary.path), client: client)
    }

    private func start(_ work: Command.Work, api: String = "", timeout: Duration = .seconds(5)) -> CommandStart {
        CommandStart(
            id: CommandID(number: 1), node: node01, address: NodeAddress(api: api, ready: nil),
            run: RunID(policy: "p", revision: "r", ordinal: 1), step: "s",
            attempt: 1, work: work, environment: ["NAGI_NODE": "node-01"], timeout: timeout,
            notAfter: HostClock.now() + .seconds(60))
    }

    private func measured(_ probe: HealthGate.Probe, limit: Duration = .seconds(5)) async -> GateResult {
        await executor().measure(
            Measurement(
                id: 1, node: node01, probe: probe, environment: ["NAGI_NODE": "node-01"], limit: limit))
    }

    @Test func `an address is called with its secrets, and its answer is judged`() async throws {
        let stub = try StubNode { call in call.path == "/good" ? .answer(200, "done: yes") : .answer(503, "busy") }
        defer { stub.stop() }
        func outcome(_ path: String, _ expected: HTTPExpectation = HTTPExpectation()) async -> CommandOutcome? {
            let request = HTTPRequest(
                method: .post, url: stub.url + path, headers: ["Authorization": .environment("TOKEN")],
                body: #"{"a":1}"#)
            return await executor().start(start(.call(request, expected)))
        }
        #expect(await outcome("good") == .answered(status: 200, fault: nil))
        #expect(await outcome("bad") == .answered(status: 503, fault: "200 to 299 is wanted; it said: busy"))
        #expect(await outcome("bad", HTTPExpectation(status: 503)) == .answered(status: 503, fault: nil))
        #expect(
            await outcome("good", HTTPExpectation(status: 201))
                == .answered(status: 200, fault: "201 is wanted; it said: done: yes"))
        #expect(await outcome("good", HTTPExpectation(contains: "yes")) == .answered(status: 200, fault: nil))
        #expect(
            await outcome("good", HTTPExpectation(contains: "no!"))
                == .answered(status: 200, fault: "the answer does not contain no!"))
        let call = try #require(stub.calls.first)
        #expect(call.method == "POST" && call.body == #"{"a":1}"#)
        #expect(call.headers["authorization"] == "Bearer t0p" && call.headers["content-type"] == "application/json")
    }

    @Test func `a redirect is an answer, and is not followed`() async throws {
        let stub = try StubNode { call in
            call.path == "/" ? .answer(302, "", headers: ["location": "/elsewhere"]) : .answer(200, "")
        }
        defer { stub.stop() }
        let request = HTTPRequest(url: stub.url)
        #expect(
            await executor().start(start(.call(request, HTTPExpectation())))
                == .answered(status: 302, fault: "200 to 299 is wanted"))
        #expect(stub.calls.count == 1)
    }

    @Test func `without an answer nothing is known, and without its secret nothing is sent`() async throws {
        let stub = try StubNode { _ in .silence }
        defer { stub.stop() }
        func outcome(_ request: HTTPRequest) async -> CommandOutcome? {
            await executor().start(start(.call(request, HTTPExpectation()), timeout: .milliseconds(300)))
        }
        #expect(await outcome(HTTPRequest(url: stub.url)) == .noAnswer("no answer in time"))
        let before = stub.calls.count
        #expect(
            await outcome(HTTPRequest(url: stub.url, headers: ["A": .environment("GONE")]))
                == .notStarted("header A: the environment variable GONE is not set"))
        #expect(stub.calls.count == before)
        var late = start(.call(HTTPRequest(url: stub.url), HTTPExpectation()))
        late.notAfter = HostClock.now() + (.zero - .seconds(1))
        #expect(await executor().start(late) == .neverBegan)
        #expect(await executor().recover(late) == .interrupted)
    }

    @Test(.timeLimit(.minutes(1))) func `a secret in a file that hangs is waited for as long as its call may take`()
        async throws
    {
        let stub = try StubNode { _ in .answer(200, "") }
        defer { stub.stop() }
        let client = ModeAPIClient(directory: directory.path, environment: [:])
        let executor = StepExecutor(
            runner: CommandRunner(
                folder: directory.path, journal: "j", policyDirectory: directory.path, environment: [:]),
            client: client)
        let far = await HangingFile(directory.path + "/far", on: client.disk)
        try Data("near".utf8).write(to: URL(fileURLWithPath: directory.path + "/near"))
        func request(_ file: String) -> HTTPRequest { HTTPRequest(url: stub.url, headers: ["A": .file(file)]) }
        func measured(_ file: String, limit: Duration) async -> GateResult {
            await executor.measure(
                Measurement(
                    id: 1, node: node01, probe: .http(request(file), HTTPExpectation()), environment: [:],
                    limit: limit))
        }
        let lack = "header A: the file \(directory.path)/far gave no answer in time"
        #expect(await measured("far", limit: .milliseconds(50)) == .unknown(NodeText(cutting: lack)))
        #expect(await measured("near", limit: .seconds(20)) == .pass("answered 200"))
        var late = start(.call(request("far"), HTTPExpectation()), timeout: .seconds(600))
        late.notAfter = HostClock.now() + .milliseconds(50)
        #expect(
            await executor.start(late) == .notStarted(NodeText(cutting: lack)), "later it may not be sent any more")
        #expect(stub.calls.map { $0.headers["a"] } == ["near"])
        far.goOn()
        await client.shutdown()
    }

    /// Nothing was sent, so nothing was disrupted: a node that was committed for it is out as before.
    @Test(.timeLimit(.minutes(1))) func `where nobody listens nothing is sent`() async throws {
        let stub = try StubNode { _ in .silence }
        stub.stop()
        #expect(await NagiBinary.eventually { !stub.isListening })
        let request = HTTPRequest(method: .post, url: stub.url)
        #expect(
            await executor().start(start(.call(request, HTTPExpectation()))) == .notStarted("connection refused"))
        #expect(
            await executor(set(stub.url)).start(start(.termination(reason: "r"), api: stub.url))
                == .notStarted("connection refused"))
    }

    /// With the time that it may take: a call that was sent is waited out.
    static let works: [(String, Duration, @Sendable (StubNode) -> Command.Work)] = [
        ("call", .seconds(2), { .call(HTTPRequest(url: $0.url), HTTPExpectation()) }),
        ("termination", .seconds(60), { _ in .termination(reason: "r") }),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: works)
    func `what an operator ends is over as soon as it can be, and is not begun later`(
        word: String, timeout: Duration, work: @Sendable (StubNode) -> Command.Work
    ) async throws {
        let stub = try StubNode { call in
            call.operation == "GetStatsReport" ? .answer(200, Sample.stats) : .silence
        }
        defer { stub.stop() }
        let executor = executor(set(stub.url, timeout: .seconds(60)))
        let begun = HostClock.now().uptime
        let command = start(work(stub), api: stub.url, timeout: timeout)
        async let outcome = executor.start(command)
        #expect(await NagiBinary.eventually { stub.operations.contains { $0 != "GetStatsReport" } })
        executor.stop(command.id)
        #expect(await outcome == .stopped)
        #expect(HostClock.now().uptime - begun < .seconds(30))
        let calls = stub.calls.count
        executor.expect(command.id)
        executor.stop(command.id)
        #expect(await executor.start(command) == .neverBegan, "the word came first")
        #expect(stub.calls.count == calls)
    }

    @Test func `a program that is to end before it begins never does`() async throws {
        let executor = executor()
        let command = start(.program(["/bin/sh", "-c", "echo no > \(directory.path)/ran"]))
        executor.expect(command.id)
        executor.stop(command.id)
        #expect(await executor.start(command) == .neverBegan)
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/ran"))
    }

    /// Each would be kept for as long as the daemon runs.
    @Test(.timeLimit(.minutes(1))) func `a word to end what is over is not kept`() async throws {
        let stub = try StubNode { _ in .answer(200, "") }
        defer { stub.stop() }
        let executor = executor()
        let command = start(.call(HTTPRequest(url: stub.url), HTTPExpectation()))
        for _ in 1...2 {
            #expect(await executor.start(command) == .answered(status: 200, fault: nil))
            executor.stop(command.id)
        }
    }

    static let answers: [(body: String, min: Double?, max: Double?, result: GateResult)] = [
        (#"{"status":"success","data":{"resultType":"scalar","result":[1,"0.25"]}}"#, nil, 0.5, .pass("0.25")),
        (#"{"status":"success","data":{"resultType":"scalar","result":[1,"0.5"]}}"#, 0.5, 0.5, .pass("0.5")),
        (
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"b","__name__":"x"},"value":[1,"7"]}]}}"#,
            nil, 0.5, .fail("7 is more than 0.5 (job=b)")
        ),
        (
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"3"]}]}}"#,
            1, nil, .pass("2 values, the largest 3")
        ),
        (
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0"]}]}}"#, 1, nil,
            .fail("0 is less than 1")
        ),
        (
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}}"#, 1, nil,
            .unknown("not a number")
        ),
        (
            #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"+Inf"]}]}}"#, nil, 1,
            .fail("inf is more than 1")
        ),
        (
            #"{"status":"success","data":{"resultType":"scalar","result":[1,"2.8799999999999852"]}}"#, nil, 0.5,
            .fail("2.88 is more than 0.5")
        ),
        (
            #"{"status":"success","data":{"resultType":"scalar","result":[1,"0.50000000000001"]}}"#, nil, 0.5,
            .fail("0.50000000000001 is more than 0.5")
        ),
        (#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, nil, 1, .unknown("no data")),
        (
            #"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, nil, 1,
            .unknown("the query does not give an instant value")
        ),
        (#"{"status":"error","errorType":"bad_data","error":"parse error"}"#, nil, 1, .unknown("parse error")),
        ("<html>", nil, 1, .unknown("no answer of Prometheus: status 200: <html>")),
    ]

    @Test(arguments: answers) func `what Prometheus says is good, bad or unknown`(
        body: String, min: Double?, max: Double?, result: GateResult
    ) async throws {
        let stub = try StubNode { _ in .answer(200, body) }
        defer { stub.stop() }
        let query = PrometheusQuery(url: stub.url, query: "q", min: min, max: max)
        #expect(await measured(.prometheus(query)) == result)
    }

    @Test func `a query is sent as a form, whatever is in it`() async throws {
        let stub = try StubNode { _ in
            .answer(200, #"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#)
        }
        defer { stub.stop() }
        let query = PrometheusQuery(url: stub.url, query: #"a{b="c+d"} & 1 % 2"#, max: 1)
        #expect(await measured(.prometheus(query)) == .pass("1"))
        let call = try #require(stub.calls.first)
        #expect(call.path == "/api/v1/query" && call.headers["content-type"] == "application/x-www-form-urlencoded")
        #expect(call.body == "query=a%7Bb%3D%22c%2Bd%22%7D%20%26%201%20%25%202")
        stub.stop()
        guard case .unknown = await measured(.prometheus(query)) else {
            Issue.record("a server that is gone knows nothing")
            return
        }
    }

    static let programs: [(script: String, result: GateResult)] = [
        ("echo fine for $NAGI_NODE", .pass("exited with 0: fine for node-01")),
        ("echo first; echo 12 errors >&2; exit 2", .fail("exited with 2: 12 errors")),
        ("kill -9 $$", .unknown("ended by signal 9")),
        ("sleep 30", .unknown("killed after 1s, the longest that it may take")),
    ]

    @Test(arguments: programs) func `a program measures by its exit status`(
        script: String, result: GateResult
    ) async throws {
        #expect(await measured(.command(["/bin/sh", "-c", script]), limit: .seconds(1)) == result)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty, "nothing is left behind")
    }

    @Test func `a program that is not there measures nothing`() async {
        guard case .unknown = await measured(.command(["/nowhere/check"])) else {
            Issue.record("it is unknown")
            return
        }
    }

    @Test func `every live channel is told the reason and ended, until none is left`() async throws {
        let live = Mutex<[String]>(["b", "a", "a"])
        let stub = try StubNode { call in
            switch call.operation {
            case "ListConnections":
                let rows = live.withLock { $0 }.map { #"{"channel_id":"\#($0)","connection_id":"x"}"# }
                return .answer(200, "[\(rows.joined(separator: ","))]")
            case "TerminateSession":
                // The first attempt does not get through.
                live.withLock { if $0.count > 2 { $0.removeLast() } else { $0 = [] } }
                return .answer(200, #"{"session_id":"s"}"#)
            case "GetStatsReport": return .answer(200, Sample.stats)
            default: return .answer(200, "{}")
            }
        }
        defer { stub.stop() }
        let policies = set(stub.url)
        let outcome = await executor(policies).start(
            start(.termination(reason: "main\"tenance"), api: stub.url, timeout: .seconds(30)))
        #expect(outcome == .terminated(sessions: 2, left: 0))
        let first = try #require(stub.calls.first { $0.operation == "DisconnectChannel" })
        #expect(
            first.body.contains(#""channel_id":"a""#) && first.body.contains(#""reason":{"reason":"main\"tenance"}"#))
        #expect(Array(stub.operations.prefix(2)) == ["GetStatsReport", "ListConnections"])
        #expect(stub.operations.last == "ListConnections")
    }

    @Test(arguments: [
        ("2025.1.1", false, ["DisconnectChannel", "TerminateSession"]),
        ("2023.1.0", false, ["DisconnectChannel", "TerminateSession"]),
        ("2022.2.3", false, ["DisconnectChannel"]), ("main", false, ["DisconnectChannel"]),
        // People on other nodes keep their session.
        ("2025.1.1", true, ["DisconnectConnection", "DisconnectConnection"]),
        // Nor do they lose it to a report that did not come.
        ("2025.1.1", nil, ["DisconnectConnection", "DisconnectConnection"]),
    ])
    func `calls are ended as the release can`(version: String, relays: Bool?, calls: [String]) async throws {
        let live = Mutex(["x", "y"])
        let stub = try StubNode { call in
            switch call.operation {
            case "GetStatsReport":
                return relays.map { .answer(200, Sample.report(version, relays: $0)) } ?? .answer(500, "{}")
            case "ListConnections":
                let rows = live.withLock { $0 }.map { #"{"channel_id":"a","connection_id":"\#($0)"}"# }
                return .answer(200, "[\(rows.joined(separator: ","))]")
            case "DisconnectConnection": live.withLock { live in live.removeAll { call.body.contains("\"\($0)\"") } }
            default: live.withLock { $0 = [] }
            }
            return .answer(200, "{}")
        }
        defer { stub.stop() }
        let outcome = await executor(set(stub.url)).start(
            start(.termination(reason: "r"), api: stub.url, timeout: .seconds(30)))
        #expect(outcome == .terminated(sessions: 1, left: 0))
        #expect(stub.operations.filter { $0 != "GetStatsReport" && $0 != "ListConnections" } == calls)
    }

    /// Somebody has opened the node by hand meanwhile: seen to be cut off with the others.
    @Test func `whoever comes while calls are being ended keeps theirs`() async throws {
        let live = Mutex(["a"])
        let stub = try StubNode { call in
            switch call.operation {
            case "ListConnections":
                let rows = live.withLock { $0 }.map { #"{"channel_id":"\#($0)","connection_id":"x"}"# }
                return .answer(200, "[\(rows.joined(separator: ","))]")
            case "GetStatsReport": return .answer(200, Sample.stats)
            case "DisconnectChannel":
                live.withLock { live in
                    live.removeAll { call.body.contains("\"\($0)\"") }
                    live.append("newcomer")
                }
            default: break
            }
            return .answer(200, "{}")
        }
        defer { stub.stop() }
        let outcome = await executor(set(stub.url)).start(
            start(.termination(reason: "r"), api: stub.url, timeout: .seconds(30)))
        #expect(outcome == .terminated(sessions: 1, left: 0))
        #expect(live.withLock { $0 } == ["newcomer"])
    }

    /// An ending of calls that is told to stop with its first order.
    private func stopped(
        listing rows: String, report: String
    ) async throws -> (outcome: CommandOutcome?, orders: [String]) {
        let executor = Mutex<StepExecutor?>(nil)
        let stub = try StubNode { call in
            switch call.operation {
            case "ListConnections": return .answer(200, rows)
            case "GetStatsReport": return .answer(200, report)
            default: executor.withLock { $0 }?.stop(CommandID(number: 1))
            }
            return .answer(200, "{}")
        }
        defer { stub.stop() }
        let ending = self.executor(set(stub.url))
        executor.withLock { $0 = ending }
        let outcome = await ending.start(start(.termination(reason: "r"), api: stub.url, timeout: .seconds(30)))
        return (outcome, stub.operations.filter { $0.hasPrefix("Disconnect") })
    }

    @Test func `an ending of calls that is not wanted any more ends no further one`() async throws {
        let (outcome, orders) = try await stopped(
            listing: #"[{"channel_id":"a"},{"channel_id":"b"},{"channel_id":"c"}]"#,
            report: Sample.report("2022.2.3", relays: false))
        guard case .terminated(let ended, let left, _) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(ended <= 1 && ended + left == 3)
        #expect(orders == ["DisconnectChannel"])
    }

    /// Opened at once, the node was restarted a minute later by the service that had got the order.
    @Test func `what was sent cannot be taken back: a call that is to end is waited out`() async throws {
        let executor = executor()
        let stub = try StubNode { _ in .silence }
        defer { stub.stop() }
        let call = start(.call(HTTPRequest(method: .post, url: stub.url), HTTPExpectation()), timeout: .seconds(2))
        let begun = HostClock.now().uptime
        async let outcome = executor.start(call)
        #expect(await NagiBinary.eventually { !stub.calls.isEmpty })
        executor.stop(call.id)
        #expect(await outcome == .stopped)
        #expect(HostClock.now().uptime - begun >= .seconds(2))
    }

    /// A proxy that waits for a minute says nothing about the service behind it: the next attempt would be beside this one.
    @Test func `what was sent is waited out, whatever becomes of its connection`() async throws {
        let stub = try StubNode { _ in .close }
        defer { stub.stop() }
        let begun = HostClock.now().uptime
        let outcome = await executor().start(
            start(.call(HTTPRequest(method: .post, url: stub.url), HTTPExpectation()), timeout: .seconds(2)))
        guard case .noAnswer = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(HostClock.now().uptime - begun >= .seconds(2))
    }

    /// Where sessions span nodes each connection is ended by itself.
    @Test func `a channel whose connections are half ended is one that is left`() async throws {
        let rows = ["1", "2", "3"].map { #"{"channel_id":"a","connection_id":"\#($0)"}"# }
        let (outcome, orders) = try await stopped(
            listing: "[\(rows.joined(separator: ","))]", report: Sample.report("2025.1.0", relays: true))
        #expect(outcome == .terminated(sessions: 0, left: 1))
        #expect(orders == ["DisconnectConnection"])
    }

    @Test func `a node that ends nothing says how many are left, and what it answers`() async throws {
        let stub = try StubNode { call in
            switch call.operation {
            case "ListConnections": .answer(200, #"[{"channel_id":"a"}]"#)
            case "GetStatsReport": .answer(200, Sample.stats)
            default: .answer(400, "{}")
            }
        }
        defer { stub.stop() }
        let outcome = await executor(set(stub.url)).start(
            start(.termination(reason: "r"), api: stub.url, timeout: .seconds(3)))
        #expect(outcome == .terminated(sessions: 0, left: 1, fault: "TerminateSession: status 400: {}"))
    }

    /// The time was over in the round that followed, before that channel's turn: why it was left was forgotten.
    @Test func `what a node answered is told also where the time is over before it is asked again`() async throws {
        let stub = try StubNode { call in
            switch call.operation {
            case "ListConnections": return .answer(200, #"[{"channel_id":"a"},{"channel_id":"b"}]"#)
            case "GetStatsReport": return .answer(200, Sample.stats)
            default:
                guard call.body.contains(#""a""#) else { return .answer(400, "{}") }
                // Twice in a round, which the pause makes 1.7 s long: the time is over in the second.
                usleep(600_000)
                return .answer(200, "{}")
            }
        }
        defer { stub.stop() }
        let outcome = await executor(set(stub.url)).start(
            start(.termination(reason: "r"), api: stub.url, timeout: .milliseconds(2_500)))
        #expect(outcome == .terminated(sessions: 0, left: 2, fault: "TerminateSession: status 400: {}"))
    }
}
