import Calendars
import Daemon
import Foundation
import ModeCore
import Primitives
import Synchronization
import Testing

@testable import Scheduling

/// The desk over a real journal and real sockets, with receivers that take, refuse, stall and come back.
@Suite struct NoticeDeskTests {
    private typealias Reply = StubNode.Reply

    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])

        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var text: String { lines.withLock { $0.joined(separator: "\n") } }
    }

    private final class Names: Sendable {
        private let names = Mutex<[String]>([])

        func set(_ all: [String]) { names.withLock { $0 = all } }
        var all: [String] { names.withLock { $0 } }
    }

    private static let run = RunID(policy: "upgrade", revision: "2", ordinal: 1)
    let directory: TemporaryDirectory
    let journal: SQLiteJournal
    let reader: JournalReader
    let board = StatusBoard()
    private let log = Log()
    /// The notifications in force.
    private let names = Names()

    init() throws {
        directory = try TemporaryDirectory()
        journal = try SQLiteJournal(path: directory.path + "/journal.sqlite")
        reader = try JournalReader(journal)
        try FileManager.default.createDirectory(atPath: directory.path + "/notices", withIntermediateDirectories: true)
    }

    private static func receiver(_ respond: @escaping @Sendable (StubNode.Call) -> Reply = { _ in .answer(200, "ok") })
        throws -> StubNode
    {
        try StubNode(respond)
    }

    @discardableResult private func use(
        _ notifications: [NotificationPolicy], digest: String = "d", policies: [Policy] = []
    ) -> PolicySet {
        var set = set("http://127.0.0.1:1/")
        (set.notifications, set.digest, set.policies, set.zones) = (notifications, digest, policies, ["UTC": .utc])
        board.use(set)
        names.set(notifications.map(\.name))
        return set
    }

    private func chat(
        _ stub: StubNode, name: String = "chat", format: NotificationPolicy.Format = .json, retries: Int = 5,
        timeout: Duration = .seconds(10)
    ) -> NotificationPolicy {
        NotificationPolicy(
            name: name, url: .address(stub.url), format: format, on: Notice.Occasion.allCases, timeout: timeout,
            retries: retries)
    }

    /// Runs a desk while `body` does; each notification has begun before it.
    ///
    /// - Parameter first: done between the desk's making and its run.
    private func running(
        environment: [String: String] = [:], pace change: (inout NoticePace) -> Void = { _ in },
        now: @escaping @Sendable () -> Timestamp = { HostClock.now().wall },
        first: (ModeAPIClient) async throws -> Void = { _ in }, _ body: () async throws -> Void
    ) async throws {
        var pace = NoticePace()
        pace.first = .milliseconds(5)
        pace.tick = .milliseconds(20)
        change(&pace)
        let client = ModeAPIClient(directory: directory.path, environment: environment)
        let desk = NoticeDesk(
            reader: reader, journal: journal.id, folder: directory.path + "/notices", client: client, board: board,
            pace: pace, now: now, log: DaemonLog { [log] in log.add($0) })
        try await first(client)
        let task = Task { await desk.run() }
        let names = self.names.all
        #expect(await NagiBinary.eventually { names.allSatisfy(hasBegun) })
        let result: Result<Void, any Error>
        do {
            try await body()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        task.cancel()
        await task.value
        await client.shutdown()
        try result.get()
    }

    private func hasBegun(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: directory.path + "/notices/\(name).json")
    }

    private func pause(_ reason: String) throws {
        try journal.append([
            record(.paused(Self.run, Pause(.failures, reason: reason, since: HostClock.now().wall)))
        ])
    }

    private struct Body: Decodable, Equatable {
        var id, occasion, at, since, severity, title, text: String
        var hint, cluster, policy, run, node: String?
        var observing: Bool
    }

    private static func bodies(_ stub: StubNode) throws -> [Body] {
        try stub.calls.map { try JSONDecoder().decode(Body.self, from: Data($0.body.utf8)) }
    }

    private static func texts(_ stub: StubNode) -> [String] {
        ((try? bodies(stub)) ?? []).map { String($0.text.split(separator: ": ").last ?? "") }
    }

    @Test(.timeLimit(.minutes(1))) func `what happens from now on is told, with an id of its record`() async throws {
        let stub = try Self.receiver()
        use([chat(stub)])
        try pause("long ago")
        try await running {
            try pause("now")
            #expect(await NagiBinary.eventually { stub.calls.count == 1 })
        }
        let body = try #require(try Self.bodies(stub).first)
        #expect(
            body.text == "run upgrade@2#1 is paused: now" && body.occasion == "run-paused" && body.severity == "error")
        #expect(body.title == "upgrade is paused" && body.hint == "nagi explain upgrade@2#1")
        #expect(body.policy == "upgrade" && body.run == "upgrade@2#1" && body.node == nil && body.cluster == nil)
        #expect(body.id == "chat-\(journal.id.prefix(8))-2")
        let call = try #require(stub.calls.first)
        #expect(call.method == "POST" && call.headers["webhook-id"] == body.id)
        #expect(call.headers["content-type"] == "application/json")
        #expect(call.body.contains(#""node":null"#), "a field is always there")
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a receiver that is slow or down holds up nobody else`() async throws {
        let (slow, down, fine) = (try Self.receiver { _ in .silence }, try Self.receiver(), try Self.receiver())
        down.stop()
        use([chat(slow, name: "slow"), chat(down, name: "down", retries: 2), chat(fine, name: "fine")])
        try await running {
            for number in 1...30 { try pause("\(number)") }
            #expect(await NagiBinary.eventually { fine.calls.count == 30 })
            #expect(Self.texts(fine) == (1...30).map { "\($0)" })
            #expect(slow.calls.count == 1)
            #expect(
                await NagiBinary.eventually { log.text.contains("notification down: nobody was told of run-paused") })
            #expect(board.content.undelivered["down"]?.lost ?? 0 > 0, "status says so")
            #expect(board.content.undelivered["fine"] == nil)
        }
        #expect(log.text.contains("and 2 times before; see to its url and its receiver"))
        for stub in [slow, fine] { stub.stop() }
    }

    @Test(.timeLimit(.minutes(1))) func `a receiver that asks for time gets it, within a bound`() async throws {
        let times = Mutex<[ContinuousClock.Instant]>([])
        let stub = try Self.receiver { _ in
            times.withLock { times in
                times.append(.now)
                return times.count == 1 ? .answer(429, "", headers: ["retry-after": "3600"]) : .answer(204, "")
            }
        }
        use([chat(stub)])
        try await running(pace: { $0.longestAsked = .milliseconds(300) }) {
            try pause("now")
            #expect(await NagiBinary.eventually { stub.calls.count == 2 })
        }
        let waited = times.withLock { $0[1] - $0[0] }
        #expect(waited >= .milliseconds(300))
        #expect(Set(stub.calls.compactMap { $0.headers["webhook-id"] }).count == 1)
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1)), arguments: [(400, 1), (404, 1), (302, 1), (408, 3), (500, 3), (503, 3)])
    func `what another attempt could not mend is not tried again, and the next is told`(status: Int, attempts: Int)
        async throws
    {
        let stub = try Self.receiver { $0.body.contains("bad") ? .answer(status, "no such hook") : .answer(200, "") }
        use([chat(stub, retries: 2)])
        try await running {
            try pause("bad")
            try pause("good")
            #expect(await NagiBinary.eventually { Self.texts(stub).last == "good" })
            #expect(await NagiBinary.eventually { board.content.undelivered.isEmpty }, "it takes them again")
        }
        #expect(Self.texts(stub) == Array(repeating: "bad", count: attempts) + ["good"])
        #expect(
            log.text.contains(
                " error notification chat: nobody was told of run-paused (upgrade is paused): status \(status): no such hook"
            ))
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a restart loses nothing, and tells nothing twice that was taken`() async throws
    {
        let isOpen = Mutex(true)
        let stub = try Self.receiver { _ in isOpen.withLock { $0 } ? .answer(200, "") : .silence }
        use([chat(stub)])
        try await running {
            try pause("1")
            #expect(await NagiBinary.eventually { Self.texts(stub) == ["1"] && hasTold(1) })
            isOpen.withLock { $0 = false }
            try pause("2")
            #expect(await NagiBinary.eventually { stub.calls.count == 2 })
        }
        try pause("3")
        isOpen.withLock { $0 = true }
        try await running {
            #expect(await NagiBinary.eventually { stub.calls.count == 4 })
            try pause("4")
            #expect(await NagiBinary.eventually { stub.calls.count == 5 && hasTold(4) })
        }
        try await running {
            try pause("5")
            #expect(await NagiBinary.eventually { hasTold(5) })
        }
        #expect(Self.texts(stub) == ["1", "2", "2", "3", "4", "5"])
        let ids = stub.calls.compactMap { $0.headers["webhook-id"] }
        #expect(ids[1] == ids[2] && Set(ids).count == 5, "whoever got the second attempt as well knows it by its id")
        stub.stop()
    }

    /// How far the notification `chat` is, as it is stored.
    private var mark: String {
        (try? String(contentsOfFile: directory.path + "/notices/chat.json", encoding: .utf8)) ?? ""
    }

    private func hasTold(_ seq: Int) -> Bool { mark.contains("\"after\":\(seq),") }

    @Test(.timeLimit(.minutes(1))) func `names and texts become neither links nor mentions nor commands of a terminal`()
        async throws
    {
        let stub = try Self.receiver()
        use([chat(stub, format: .slack), chat(stub, name: "plain")])
        let nasty = "<!channel> & <https://evil.example|click>\u{1B}[2J\u{202E}\u{0}\"\\"
        try await running {
            try pause(nasty)
            try pause(String(repeating: "<&>0123456", count: 1_000))
            #expect(await NagiBinary.eventually { stub.calls.count == 4 })
        }
        struct Message: Decodable {
            struct Text: Decodable {
                var type, text: String
                var verbatim: Bool
            }
            struct Block: Decodable {
                var type: String
                var text: Text
            }
            var text: String
            var blocks: [Block]
        }
        let messages = stub.calls.compactMap { try? JSONDecoder().decode(Message.self, from: Data($0.body.utf8)) }
        #expect(messages.count == 2)
        for message in messages {
            let text = try #require(message.blocks.first?.text)
            #expect(message.text == "‼ upgrade is paused" && text.type == "mrkdwn" && text.verbatim)
            #expect(!text.text.contains("<") && !text.text.contains(">") && text.text.utf8.count <= 3_000)
        }
        #expect(
            messages.first?.blocks.first?.text.text
                == "*‼ upgrade is paused*\nrun upgrade@2#1 is paused: &lt;!channel&gt; &amp; "
                + "&lt;https://evil.example|click&gt;?[2J??\"\\\n→ nagi explain upgrade@2#1")
        #expect(messages.last?.blocks.first?.text.text.hasSuffix("…") == true)
        let plain = stub.calls.compactMap { try? JSONDecoder().decode(Body.self, from: Data($0.body.utf8)) }
        #expect(plain.first?.text == "run upgrade@2#1 is paused: <!channel> & <https://evil.example|click>?[2J??\"\\")
        #expect(plain.last?.text.count == 4_000)
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a notification that left the policies is not told, and begins anew`()
        async throws
    {
        let (stub, other) = (try Self.receiver(), try Self.receiver())
        use([chat(stub)])
        try await running {
            try pause("1")
            #expect(await NagiBinary.eventually { stub.calls.count == 1 })
            use([chat(other, name: "renamed")], digest: "d2")
            try journal.append([record(.daemonStarted(boot: nil))])
            #expect(await NagiBinary.eventually { hasBegun("renamed") && !hasBegun("chat") })
            try pause("2")
            #expect(await NagiBinary.eventually { other.calls.count == 1 })
            use([chat(stub), chat(other, name: "renamed")], digest: "d3")
            try journal.append([record(.daemonStarted(boot: nil))])
            #expect(await NagiBinary.eventually { hasBegun("chat") })
            try pause("3")
            #expect(await NagiBinary.eventually { stub.calls.count == 2 && other.calls.count == 2 })
        }
        #expect(Self.texts(stub) == ["1", "3"] && Self.texts(other) == ["2", "3"])
        for stub in [stub, other] { stub.stop() }
    }

    @Test(.timeLimit(.minutes(1))) func `an address that is a secret is read when it is used, and never logged`()
        async throws
    {
        let stub = try Self.receiver { call in .answer(404, "Cannot POST \(call.path)") }
        var (told, unset) = (chat(stub, name: "told"), chat(stub, name: "unset", retries: 1))
        told.url = .secret(.file("hook"))
        unset.url = .secret(.environment("NO_HOOK"))
        use([told, unset])
        try await running {
            try Data("\(stub.url)services/T000/S3CR3T\n".utf8).write(to: URL(fileURLWithPath: directory.path + "/hook"))
            try pause("now")
            #expect(
                await NagiBinary.eventually {
                    log.text.contains("notification told: nobody") && log.text.contains("notification unset: nobody")
                })
        }
        #expect(stub.calls.map(\.path) == ["/services/T000/S3CR3T"])
        #expect(!log.text.contains("S3CR3T") && log.text.contains("(upgrade is paused): status 404; see to"))
        #expect(log.text.contains("url: the environment variable NO_HOOK is not set"))
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `an address in a file that hangs holds up neither the others nor the end`()
        async throws
    {
        let stub = try Self.receiver()
        var hung = chat(stub, name: "hung", timeout: .seconds(600))
        hung.url = .secret(.file("hook"))
        use([hung, chat(stub)])
        let path = directory.path + "/hook"
        let begun = HostClock.now().uptime
        try await running(first: { client in _ = await HangingFile(path, on: client.disk) }) {
            try pause("now")
            #expect(await NagiBinary.eventually { stub.calls.count == 1 })
        }
        #expect(HostClock.now().uptime - begun < .seconds(15), "it hangs for 20 s")
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `what comes in the same reload as the notification is told`() async throws {
        let (stub, early) = (try Self.receiver(), try Self.receiver())
        use([chat(early, name: "early")])
        try journal.append([record(.policiesLoaded(set("http://127.0.0.1:1/")))])
        try pause("long ago")
        try await running {
            // Its set is not in the journal when it begins, and the one that is there does not name it.
            #expect(hasBegun("early"))
            let set = use([chat(early, name: "early"), chat(stub)], digest: "d2")
            let awaited = Fact.approvalChanged(Self.run, .awaited(Countdown(.hours(1), from: HostClock.now())))
            try journal.append([.policiesLoaded(set), awaited].map(record))
            #expect(await NagiBinary.eventually { stub.calls.count == 1 && early.calls.count == 1 })
        }
        for stub in [stub, early] {
            #expect(try Self.bodies(stub).map(\.occasion) == ["approval-needed"])
            stub.stop()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `without its mark it goes on from the start of the daemon, however old the policies are, and says so`()
        async throws
    {
        let stub = try Self.receiver()
        let set = use([chat(stub)])
        try journal.append([record(.policiesLoaded(set))])
        for number in 1...50 { try pause("long ago \(number)") }
        try await running(first: { _ in try pause("at the start") }) {
            #expect(await NagiBinary.eventually { stub.calls.count == 1 && hasTold(52) })
        }
        try FileManager.default.removeItem(atPath: directory.path + "/notices/chat.json")
        try await running {
            try pause("now")
            #expect(await NagiBinary.eventually { stub.calls.count == 2 })
        }
        #expect(Self.texts(stub) == ["at the start", "now"])
        #expect(log.text.split(separator: " warn  notification chat: how far it was is not known any more").count == 3)
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `an empty journal is told from its first policies on`() async throws {
        let stub = try Self.receiver()
        let set = use([chat(stub)])
        try await running(first: { _ in
            // All of it is there before the courier is.
            try journal.append([record(.daemonStarted(boot: nil)), record(.policiesLoaded(set))])
            try pause("first")
        }) {
            #expect(await NagiBinary.eventually { stub.calls.count == 1 })
        }
        #expect(Self.texts(stub) == ["first"] && log.text.isEmpty)
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a journal that cannot be read for a moment is asked again, not at the next news`()
        async throws
    {
        let isAway = DispatchSemaphore(value: 0)
        let stub = try Self.receiver { call in
            if call.body.contains("first") { _ = isAway.wait(timeout: .now() + 20) }
            return .answer(200, "")
        }
        var chat = chat(stub)
        // Nothing wakes it but records.
        chat.on.removeAll { $0 == .windowSoon }
        use([chat])
        try await running(pace: { $0.patience = .milliseconds(50) }) {
            try journal.append([
                record(.paused(Self.run, Pause(.failures, reason: "first", since: HostClock.now().wall))),
                record(.runWaits(Self.run, .waitingApproval)),
            ])
            #expect(await NagiBinary.eventually { stub.calls.count == 1 })
            try tamper(with: directory.path + "/journal.sqlite", "ALTER TABLE record RENAME TO away")
            isAway.signal()
            #expect(await NagiBinary.eventually { log.text.contains("no such table") })
            try tamper(with: directory.path + "/journal.sqlite", "ALTER TABLE away RENAME TO record")
            #expect(await NagiBinary.eventually { stub.calls.count == 2 })
        }
        #expect(try Self.bodies(stub).map(\.occasion) == ["run-paused", "approval-needed"])
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `an approval is told once a run, and that of a canary by itself`() async throws
    {
        let stub = try Self.receiver()
        use([chat(stub)])
        let awaited = Fact.approvalChanged(Self.run, .awaited(Countdown(.hours(1), from: HostClock.now())))
        let given = Fact.approvalChanged(
            Self.run, .given(GivenApproval(actor: "mika", reason: "r", at: HostClock.now().wall)))
        let waits = Fact.runWaits(Self.run, .waitingApproval)
        try await running {
            try journal.append([awaited, waits, awaited].map(record))
            #expect(await NagiBinary.eventually { stub.calls.count == 1 && hasTold(1) })
        }
        try await running {
            try journal.append([awaited, given, waits, .runWaits(Self.run, nil), waits].map(record))
            #expect(await NagiBinary.eventually { stub.calls.count == 3 })
            try journal.append([.runEnded(Self.run, .completed), awaited].map(record))
            #expect(await NagiBinary.eventually { stub.calls.count == 5 })
        }
        #expect(
            try Self.bodies(stub).map(\.occasion) == [
                "approval-needed", "run-started", "approval-needed", "run-finished", "approval-needed",
            ])
        #expect(try Self.bodies(stub)[2].text.hasSuffix("its canary nodes are good, the others wait for a word"))
        stub.stop()
    }

    /// The run of a daemon that acts has the name of the one that was only observed, and is news of its own.
    @Test(.timeLimit(.minutes(1)))
    func `what was only observed says so, also after a restart, and what is then done is told anew`() async throws {
        let stub = try Self.receiver()
        use([chat(stub)])
        let awaited = Fact.approvalChanged(Self.run, .awaited(Countdown(.hours(1), from: HostClock.now())))
        try journal.append([record(.daemonStarted(boot: nil, isObserving: true))])
        try await running {
            try journal.append([record(awaited)])
            #expect(await NagiBinary.eventually { stub.calls.count == 1 && hasTold(2) })
        }
        // The desk was not there when this was written, and an acting daemon starts before it is told.
        try journal.append([
            record(.paused(Self.run, Pause(.failures, reason: "seen", since: HostClock.now().wall))),
            record(.daemonStarted(boot: nil)), record(awaited),
        ])
        try await running { #expect(await NagiBinary.eventually { stub.calls.count == 3 }) }
        let bodies = try Self.bodies(stub)
        #expect(bodies.map(\.observing) == [true, true, false])
        #expect(
            bodies.map(\.title) == [
                "observe-only: upgrade waits for an approval", "observe-only: upgrade is paused",
                "upgrade waits for an approval",
            ])
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `a window that opens soon is told once, also across a restart`() async throws {
        let stub = try Self.receiver()
        let now = try #require(Timestamp(rfc3339: "2026-11-29T01:40:00Z"))
        let window = Window(
            name: "night",
            recurrence: .weekly(days: Set(Weekday.allCases), start: TimeOfDay(hour: 2, minute: 0) ?? .midnight),
            length: .elapsed(.hours(2)), timeZone: "UTC")
        var schedule = PolicySchedule.maintenanceWindow
        schedule.windows = [window]
        use([chat(stub)], policies: [Policy(name: "weekly", cluster: "tokyo", schedule: schedule)])
        board.show(StatusReport(at: now))
        let looks = Mutex(0)
        for _ in 0..<2 {
            try await running(now: {
                looks.withLock { $0 += 1 }
                return now
            }) {
                #expect(await NagiBinary.eventually { stub.calls.count == 1 && mark.contains("02:00") })
                // It looks at its clock at each tick, and has to say nothing more.
                let before = looks.withLock { $0 }
                #expect(await NagiBinary.eventually { looks.withLock { $0 } >= before + 4 })
            }
        }
        let body = try #require(try Self.bodies(stub).first)
        #expect(stub.calls.count == 1 && body.occasion == "window-soon" && body.title == "weekly opens in 20m")
        #expect(body.id == "chat-\(journal.id.prefix(8))-window/weekly/night/2026-11-29T02:00")
        #expect(body.policy == "weekly" && body.cluster == "tokyo" && body.run == nil)
        stub.stop()
    }

    @Test(
        arguments: [
            (0, nil, 0.0, Duration.seconds(1)), (0, nil, 1, .seconds(2)), (3, nil, 1, .seconds(16)),
            (40, nil, 1, .minutes(5)), (0, .seconds(30), 0, .seconds(30)), (0, .hours(2), 0, .minutes(10)),
            (5, .seconds(1), 1, .seconds(64)),
        ] as [(Int, Duration?, Double, Duration)])
    func `the wait grows, is spread, and is as long as the receiver asks for`(
        attempt: Int, asked: Duration?, share: Double, wait: Duration
    ) {
        #expect(NoticePace().wait(after: attempt, asked: asked, share: share) == wait)
    }
}
