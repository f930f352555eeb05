import Daemon
import Foundation
import ModeCore
import Primitives
import Synchronization
import Testing

@testable import Scheduling

private final class Tally: Sendable {
    let count = Mutex(0)
}

/// Decides what a test wants, and remembers what it was told.
private final class Diary: Sendable {
    let events = Mutex<[Event]>([])
    var all: [Event] { events.withLock { $0 } }
}

private struct Script: Decider {
    var diary: Diary
    var ledger = Ledger()
    var nextWake: Uptime?
    var decide: @Sendable (Event, Moment) -> (effects: [Effect], wake: Uptime?)

    mutating func handle(_ event: Event, at now: Moment) -> [Effect] {
        diary.events.withLock { $0.append(event) }
        let decision = decide(event, now)
        nextWake = decision.wake
        return decision.effects
    }

    func objections(to set: PolicySet) -> [String] { [] }

    func answer(_ question: Question, at now: Moment) throws(LeverRefusal) -> QuestionAnswer {
        throw LeverRefusal(.unknownNode, "\(question)")
    }

    func status(at now: Moment) -> StatusReport {
        var report = StatusReport(at: now.wall)
        report.policyDigest = "\(diary.all.count)"
        return report
    }
}

/// Those who are in at the same time. The first ones stay until so many are, so that one more would be seen.
private final class Crowd: Sendable {
    private struct State {
        var now = 0
        var largest = 0
        var isFull = false
    }

    private let size: Int
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    init(of size: Int) {
        self.size = size
    }

    var largest: Int { state.withLock { $0.largest } }

    func enter() {
        let (isFull, isLast) = state.withLock { state in
            state.now += 1
            state.largest = max(state.largest, state.now)
            let isLast = state.now == size && !state.isFull
            if isLast { state.isFull = true }
            return (state.isFull, isLast)
        }
        if isLast {
            // Time for one too many to come.
            _ = bell.wait(timeout: .now() + 0.1)
            for _ in 1..<size { bell.signal() }
        } else if !isFull {
            // A test that has failed meanwhile goes on by itself.
            _ = bell.wait(timeout: .now() + 20)
        }
    }

    func leave() { state.withLock { $0.now -= 1 } }
}

@Suite struct ControlLoopTests {
    let directory: TemporaryDirectory
    let journal: SQLiteJournal
    let client: ModeAPIClient
    let loop: ControlLoop

    init() throws {
        directory = try TemporaryDirectory()
        journal = try SQLiteJournal(path: directory.path + "/journal.sqlite")
        client = ModeAPIClient(directory: directory.path, environment: [:])
        loop = Self.loop(journal, client, directory.path)
    }

    private static func loop(
        _ journal: SQLiteJournal, _ client: ModeAPIClient, _ directory: String, limits: ControlLoop.Limits = .init()
    ) -> ControlLoop {
        ControlLoop(
            journal: journal, client: client,
            runner: CommandRunner(
                folder: directory, journal: journal.id, policyDirectory: directory, environment: [:]),
            limits: limits, log: DaemonLog { _ in })
    }

    @Test func `an intent is in the journal before the node hears of it`() async throws {
        let seen = Mutex<[Int]>([])
        let journal = journal
        let loop = loop
        let stub = try StubNode { call in
            if call.operation == "ChangeMode" {
                let count = (try? journal.records().count) ?? -1
                seen.withLock { $0.append(count) }
                return .answer(200, "{\"mode\":\"block_new_session\"}")
            }
            return .answer(200, "{\"mode\":\"normal\"}")
        }
        let diary = Diary()
        let policies = set(stub.url)
        let address = policies.address
        let script = Script(diary: diary) { event, now in
            switch event {
            case .policiesLoaded: return ([.read(node01, .whole, at: address)], nil)
            case .observed:
                let intent = change(.blockNewSession, id: 5)
                return ([.append([Record(at: now, fact: .modeIntended(intent))]), .send(intent, to: address)], nil)
            case .answered(5, let answer):
                loop.stop()
                return ([.append([Record(at: now, fact: .modeAnswered(node01, id: 5, answer))])], nil)
            default: return ([], nil)
            }
        }
        loop.load(policies)
        try await loop.run(script)
        #expect(seen.withLock { $0 } == [1])
        #expect(diary.all.first == .started(boot: HostBoot.id()))
        let accepted = ModeChangeAnswer(.accepted, read: .known(.normal))
        #expect(diary.all.last == .answered(5, accepted))
        #expect(try journal.records().map(\.fact).last == .modeAnswered(node01, id: 5, accepted))
        await client.shutdown()
        stub.stop()
    }

    @Test func `a disk that takes its time holds up sends, and no reads`() async throws {
        let stub = try ModeStub()
        let policies = set(stub.node.url, topology: .standalone)
        client.use(policies)
        let address = policies.address
        let disk = try await SlowDisk(of: journal)
        let loop = loop
        let atRead = Mutex<[String]>([])
        let script = Script(diary: Diary()) { event, now in
            switch event {
            case .started:
                let intent = change(.blockNewSession)
                return (
                    [
                        .append([Record(at: now, fact: .modeIntended(intent))]), .send(intent, to: address),
                        .read(node01, .whole, at: address),
                    ], nil
                )
            case .observed:
                atRead.withLock { $0 = stub.node.operations }
                disk.goOn()
            case .answered: loop.stop()
            default: break
            }
            return ([], nil)
        }
        try await loop.run(script)
        #expect(atRead.withLock { $0.sorted() } == ["GetMode", "GetStatsReport", "ListClusterNodes"])
        #expect(stub.node.operations.suffix(2) == ["GetMode", "ChangeMode"])
        await client.shutdown()
        stub.node.stop()
    }

    @Test func `with too much that is not durable nothing more is decided`() async throws {
        var limits = ControlLoop.Limits()
        limits.undurable = 2
        let loop = Self.loop(journal, client, directory.path, limits: limits)
        let disk = try await SlowDisk(of: journal)
        let decided = Mutex(0)
        let script = Script(diary: Diary()) { event, now in
            guard case .seenAtNewAddress = event else { return ([], nil) }
            let count = decided.withLock { count in
                count += 1
                return count
            }
            if count == 8 { loop.stop() }
            return ([.append([Record(at: now, fact: .modeIntended(change(.blockNewSession, id: count)))])], nil)
        }
        let run = Task { try await loop.run(script) }
        for _ in 1...8 { loop.post(.seenAtNewAddress(node01, .known(.normal))) }
        for digest in ["first", "second"] {
            loop.refuse(.init(at: HostClock.now().wall, digest: digest, reasons: []))
            let isShown = await NagiBinary.eventually { loop.board.content.refusedReload?.digest == digest }
            #expect(isShown, "what decides nothing does not wait")
        }
        #expect((2...4).contains(decided.withLock { $0 }), "two at the journal, two that wait for it")
        disk.goOn()
        try await run.value
        #expect(decided.withLock { $0 } == 8, "nothing is lost")
        #expect(try journal.records().count == 9)
        await client.shutdown()
    }

    @Test func `hints are dropped while nothing is decided`() async throws {
        var limits = ControlLoop.Limits()
        limits.undurable = 2
        let loop = Self.loop(journal, client, directory.path, limits: limits)
        let disk = try await SlowDisk(of: journal)
        let diary = Diary()
        let script = Script(diary: diary) { event, now in
            guard case .seenAtNewAddress = event else { return ([], nil) }
            let count = diary.all.count { if case .seenAtNewAddress = $0 { true } else { false } }
            if count == 8 { loop.stop() }
            return ([.append([Record(at: now, fact: .modeIntended(change(.blockNewSession, id: count)))])], nil)
        }
        let run = Task { try await loop.run(script) }
        for _ in 1...7 { loop.post(.seenAtNewAddress(node01, .known(.normal))) }
        for _ in 1...1_000 { loop.post(.hinted(node01)) }
        loop.refuse(.init(at: HostClock.now().wall, digest: "seen", reasons: []))
        #expect(await NagiBinary.eventually { loop.board.content.refusedReload != nil })
        disk.goOn()
        loop.post(.seenAtNewAddress(node01, .known(.normal)))
        try await run.value
        #expect(diary.all.count { $0 == .hinted(node01) } == 0)
        #expect(diary.all.count { if case .seenAtNewAddress = $0 { true } else { false } } == 8, "nothing else is")
        await client.shutdown()
    }

    @Test func `an order is answered when what it did is durable, and by nobody twice`() async throws {
        let disk = try await SlowDisk(of: journal)
        let (loop, journal) = (loop, journal)
        let script = Script(diary: Diary()) { event, now in
            guard case .pulled(let pull, let ticket) = event else { return ([], nil) }
            let answer = LeverAnswer(id: 1, action: .hold, text: pull.actor)
            return (
                [.append([record(.modeIntended(change(.blockNewSession)))]), .answer(ticket, .success(answer))], nil
            )
        }
        let run = Task { try await loop.run(script) }
        let isAnswered = Mutex(false)
        let answers = Task {
            let first = await loop.pull(Pull(LeverOrder(.hold), by: "ann"))
            isAnswered.withLock { $0 = true }
            return (first, try journal.records().count)
        }
        loop.refuse(.init(at: HostClock.now().wall, digest: "seen", reasons: []))
        _ = await NagiBinary.eventually { loop.board.content.refusedReload != nil }
        #expect(!isAnswered.withLock { $0 })
        disk.goOn()
        let (first, records) = try await answers.value
        #expect(try first.get().text == "ann" && records == 2)
        loop.stop()
        try await run.value
        #expect(await loop.pull(Pull(LeverOrder(.hold), by: "bob")) == .failure(ControlLoop.isStopping))
        await client.shutdown()
    }

    @Test func `whoever is answered and looks sees what was done`() async throws {
        let (loop, diary) = (loop, Diary())
        let script = Script(diary: diary) { event, now in
            guard case .pulled(let pull, let ticket) = event else { return ([], nil) }
            let answer = LeverAnswer(id: 1, action: .hold, text: pull.actor)
            return (
                [.append([record(.modeIntended(change(.blockNewSession)))]), .answer(ticket, .success(answer))], nil
            )
        }
        let run = Task { try await loop.run(script) }
        for number in 1...5 {
            _ = await loop.pull(Pull(LeverOrder(.hold), by: "ann"))
            // Every event so far, the start and each lever, is in the report.
            #expect((loop.board.report.flatMap { Int($0.policyDigest) } ?? 0) > number)
        }
        loop.stop()
        try await run.value
        await client.shutdown()
    }

    @Test func `a journal that fails stops everything before the send`() async throws {
        let stub = try StubNode { _ in .answer(200, "{\"mode\":\"normal\"}") }
        journal.close()
        client.use(set(stub.url))
        let address = set(stub.url).address
        let script = Script(diary: Diary()) { _, now in
            let intent = change(.blockNewSession)
            return ([.append([Record(at: now, fact: .modeIntended(intent))]), .send(intent, to: address)], nil)
        }
        await #expect(throws: LoopFailure.self) { try await loop.run(script) }
        #expect(stub.calls.isEmpty)
        await client.shutdown()
        stub.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func `whoever comes behind the news that the journal fails is refused, not forgotten`() async throws {
        /// Is at its report while the append fails and others ask.
        struct Slow: Decider {
            let diary: Diary
            let mayReport: DispatchSemaphore
            let ledger = Ledger()
            var nextWake: Uptime? { nil }
            func objections(to set: PolicySet) -> [String] { [] }
            func answer(_ question: Question, at now: Moment) throws(LeverRefusal) -> QuestionAnswer {
                throw LeverRefusal(.unknownNode, "nothing is known")
            }

            func status(at now: Moment) -> StatusReport {
                // A test that has failed meanwhile goes on by itself.
                _ = mayReport.wait(timeout: .now() + 20)
                mayReport.signal()
                return StatusReport(at: now.wall)
            }

            mutating func handle(_ event: Event, at now: Moment) -> [Effect] {
                diary.events.withLock { $0.append(event) }
                guard case .started = event else { return [] }
                return [.append([record(.modeIntended(change(.blockNewSession)))])]
            }
        }
        journal.close()
        let (loop, diary, mayReport) = (loop, Diary(), DispatchSemaphore(value: 0))
        let run = Task { try await loop.run(Slow(diary: diary, mayReport: mayReport)) }
        #expect(await NagiBinary.eventually { !diary.all.isEmpty })
        let asked = Tally()
        let callers = (1...50).map { number in
            Task {
                asked.count.withLock { $0 += 1 }
                return await loop.pull(Pull(LeverOrder(.hold), by: "\(number)"))
            }
        }
        #expect(await NagiBinary.eventually { asked.count.withLock { $0 } == 50 })
        mayReport.signal()
        await #expect(throws: LoopFailure.self) { try await run.value }
        var refused = 0
        for caller in callers { if case .failure = await caller.value { refused += 1 } }
        #expect(refused == 50)
        await client.shutdown()
    }

    @Test func `the loop wakes when the controller asked for it`() async throws {
        let late = Mutex<[Duration]>([])
        let due = Mutex<Uptime?>(nil)
        let loop = loop
        let script = Script(diary: Diary()) { event, now in
            if case .ticked = event, let wanted = due.withLock({ $0 }) {
                let count = late.withLock { late in
                    late.append(now.uptime - wanted)
                    return late.count
                }
                if count == 20 {
                    loop.stop()
                    return ([], nil)
                }
            }
            let wake = now.uptime + .milliseconds(15)
            due.withLock { $0 = wake }
            return ([], wake)
        }
        try await loop.run(script)
        let lateness = late.withLock { $0.sorted() }
        #expect(lateness.allSatisfy { $0 >= .zero })
        #expect(lateness[10] < .milliseconds(200), "far from the sleep of 30 s, also where tests share two cores")
        await client.shutdown()
    }

    /// Asks the loop to stop, and answers a call only when it has heard that: `factsOfStopping` lets it go.
    private static func stopInCall(_ loop: ControlLoop, _ isStopping: DispatchSemaphore) {
        loop.stop()
        // What is posted after the stop is seen after it.
        loop.refuse(.init(at: HostClock.now().wall, digest: nil, reasons: []))
        isStopping.wait()
    }

    /// What the journal has of a loop that was asked to stop in a call.
    private func factsOfStopping(
        _ loop: ControlLoop, _ script: Script, _ isStopping: DispatchSemaphore
    ) async throws -> [Fact] {
        async let wasSeen = {
            defer { isStopping.signal() }
            return await NagiBinary.eventually { loop.board.content.refusedReload != nil }
        }()
        try await loop.run(script)
        #expect(await wasSeen)
        return try journal.records().map(\.fact)
    }

    @Test func `stopping waits for a send under way and journals its answer, but begins nothing new`() async throws {
        var limits = ControlLoop.Limits()
        limits.stop = .seconds(60)
        let loop = Self.loop(journal, client, directory.path, limits: limits)
        let isStopping = DispatchSemaphore(value: 0)
        let stub = try StubNode { call in
            if call.operation == "ChangeMode" {
                Self.stopInCall(loop, isStopping)
            }
            return .answer(
                200, call.operation == "ChangeMode" ? "{\"mode\":\"block_new_session\"}" : "{\"mode\":\"normal\"}")
        }
        client.use(set(stub.url, timeout: .seconds(60)))
        let address = set(stub.url).address
        let script = Script(diary: Diary()) { event, now in
            switch event {
            case .started:
                return ([.send(change(.blockNewSession), to: address)], nil)
            case .answered(_, let answer):
                return (
                    [
                        .append([Record(at: now, fact: .modeAnswered(node01, id: 1, answer))]),
                        .send(change(.normal, id: 2, written: .blockNewSession), to: address),
                    ], nil
                )
            default: return ([], nil)
            }
        }
        #expect(
            try await factsOfStopping(loop, script, isStopping) == [
                .modeAnswered(node01, id: 1, ModeChangeAnswer(.accepted, read: .known(.normal)))
            ])
        #expect(stub.operations == ["GetMode", "ChangeMode"])
        await client.shutdown()
        stub.stop()
    }

    @Test func `stopping waits for a call under way and journals its answer`() async throws {
        var limits = ControlLoop.Limits()
        limits.stop = .seconds(60)
        let loop = Self.loop(journal, client, directory.path, limits: limits)
        let isStopping = DispatchSemaphore(value: 0)
        let stub = try StubNode { call in
            Self.stopInCall(loop, isStopping)
            return .answer(200, "")
        }
        let command = CommandStart(
            id: CommandID(number: 1), node: node01, address: nowhere,
            run: RunID(policy: "p", revision: "r", ordinal: 1), step: "s",
            attempt: 1, work: .call(HTTPRequest(method: .post, url: stub.url), HTTPExpectation()), environment: [:],
            timeout: .seconds(60), notAfter: noLimit)
        let script = Script(diary: Diary()) { event, now in
            switch event {
            case .started:
                return ([.start(command)], nil)
            case .commandEnded(let id, let outcome, _):
                return ([.append([Record(at: now, fact: .commandEnded(id, node01, outcome))])], nil)
            default: return ([], nil)
            }
        }
        #expect(
            try await factsOfStopping(loop, script, isStopping) == [
                .commandEnded(CommandID(number: 1), node01, .answered(status: 200, fault: nil))
            ])
        await client.shutdown()
        stub.stop()
    }

    @Test func `a send that never ends is left after the limit`() async throws {
        var limits = ControlLoop.Limits()
        limits.stop = .milliseconds(200)
        let stub = try StubNode { _ in .silence }
        client.use(set(stub.url, timeout: .seconds(60)))
        let loop = ControlLoop(
            journal: journal, client: client,
            runner: CommandRunner(
                folder: directory.path, journal: journal.id, policyDirectory: directory.path, environment: [:]),
            limits: limits, log: DaemonLog { _ in })
        let address = set(stub.url).address
        let script = Script(diary: Diary()) { event, _ in
            loop.stop()
            if case .started = event { return ([.send(change(.blockNewSession), to: address)], nil) }
            return ([], nil)
        }
        let begun = HostClock.now().uptime
        try await loop.run(script)
        #expect(HostClock.now().uptime - begun < .seconds(30))
        await client.shutdown()
        stub.stop()
    }

    @Test func `thousands of reads keep to the limit and all come back`() async throws {
        let diary = Diary()
        let ended = Mutex(0)
        let loop = loop
        let crowd = Crowd(of: 64)
        let stub = try StubNode { _ in
            crowd.enter()
            defer { crowd.leave() }
            return .answer(200, "{\"mode\":\"normal\"}")
        }
        client.use(set(stub.url, topology: .standalone, timeout: .seconds(20)))
        let address = set(stub.url).address
        let script = Script(diary: diary) { event, _ in
            switch event {
            case .started: return (Array(repeating: .read(node01, .whole, at: address), count: 1000), nil)
            case .observed, .readFailed:
                let isLast = ended.withLock { count in
                    count += 1
                    return count == 1000
                }
                if isLast { loop.stop() }
            default: break
            }
            return ([], nil)
        }
        try await loop.run(script)
        #expect(diary.all.count { if case .observed = $0 { true } else { false } } == 1000)
        #expect(diary.all.count { if case .modeSeen = $0 { true } else { false } } == 1000, "each told its mode before")
        // What is promised is how many calls a node gets at one time. Connections over time are another thing: one may be
        // closed and replaced, and one comes back to the pool a moment after its answer, when the next call has a new one.
        #expect(crowd.largest == 64)
        await client.shutdown()
        stub.stop()
    }

    @Test func `a mode that is read alone waits for no whole read, and a whole read of its node for few`() async throws
    {
        var limits = ControlLoop.Limits()
        limits.reads = 2
        let hole = try StubNode { _ in .silence }
        let stub = try ModeStub().node
        client.use(set(stub.url, timeout: .seconds(4)))
        let loop = ControlLoop(
            journal: journal, client: client,
            runner: CommandRunner(
                folder: directory.path, journal: journal.id, policyDirectory: directory.path, environment: [:]),
            limits: limits, log: DaemonLog { _ in })
        let (away, near) = (set(hole.url).address, set(stub.url).address)
        let diary = Diary()
        let script = Script(diary: diary) { event, now in
            switch event {
            case .started:
                let reads = (0..<20).map { Effect.read(NodeID(cluster: "tokyo", name: "far-\($0)"), .whole, at: away) }
                return (reads + [.read(node01, .mode, at: near), .read(node01, .whole, at: near)], nil)
            case .observed: loop.stop()
            default: break
            }
            return ([], nil)
        }
        try await loop.run(script)
        let events = diary.all.dropFirst()
        guard case .modeSeen(node01, _, _, .known(.normal))? = events.first else {
            Issue.record("something was in front of it: \(events.count)")
            return
        }
        let failed = events.count { if case .readFailed = $0 { true } else { false } }
        #expect(failed <= 4, "it waited for \(failed) of 20")
        await client.shutdown()
        hole.stop()
        stub.stop()
    }

    @Test func `what is too late when its record is durable is neither sent nor started`() async throws {
        let diary = Diary()
        let stub = try ModeStub().node
        client.use(set(stub.url))
        let loop = loop
        let address = set(stub.url).address
        let script = Script(diary: diary) { event, now in
            switch event {
            case .started:
                let late = now + .nanoseconds(1)
                let start = CommandStart(
                    id: CommandID(number: 1), node: node01, address: nowhere,
                    run: RunID(policy: "p", revision: "r", ordinal: 1),
                    step: "s", attempt: 1, work: .program(["/bin/true"]), environment: [:], timeout: .seconds(5),
                    notAfter: late)
                return (
                    [
                        .append([record(.commandIntended(start))]),
                        .send(change(.blockNewSession, notAfter: late), to: address),
                        .start(start),
                    ], nil
                )
            default:
                if diary.all.count == 3 { loop.stop() }
                return ([], nil)
            }
        }
        try await loop.run(script)
        #expect(diary.all.contains(.answered(1, ModeChangeAnswer(.notSent("too late")))))
        #expect(diary.all.contains(.commandEnded(CommandID(number: 1), .neverBegan)))
        #expect(stub.calls.isEmpty)
        await client.shutdown()
        stub.stop()
    }

    @Test func `a refused set is shown, and the next good one takes that back`() async throws {
        struct Picky: Decider {
            let ledger = Ledger()
            var nextWake: Uptime? { nil }
            func objections(to set: PolicySet) -> [String] { set.digest == "bad" ? ["there is nothing in it"] : [] }
            func status(at now: Moment) -> StatusReport { StatusReport(at: now.wall) }
            func answer(_ question: Question, at now: Moment) throws(LeverRefusal) -> QuestionAnswer {
                throw LeverRefusal(.unknownNode, "nothing is known")
            }
            mutating func handle(_ event: Event, at now: Moment) -> [Effect] { [] }
        }
        let loop = loop
        let running = Task { try await loop.run(Picky()) }
        loop.load(PolicySet(digest: "bad"))
        #expect(await NagiBinary.eventually { loop.board.content.refusedReload?.digest == "bad" })
        #expect(loop.board.content.refusedReload?.reasons == ["there is nothing in it"])
        loop.load(PolicySet(digest: "good"))
        #expect(await NagiBinary.eventually { loop.board.content.refusedReload == nil })
        loop.stop()
        try await running.value
        await client.shutdown()
    }
}
