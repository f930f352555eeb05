import Daemon
import Foundation
import ModeCore
import Primitives
import Scheduling
import Synchronization
import Testing

/// Decides what a test wants, and remembers what it was told.
private final class Diary: Sendable {
    let events = Mutex<[Event]>([])
    var all: [Event] { events.withLock { $0 } }
}

private struct Script: Decider {
    var diary: Diary
    var nextWake: Uptime?
    var decide: @Sendable (Event, Moment) -> (effects: [Effect], wake: Uptime?)

    mutating func handle(_ event: Event, at now: Moment) -> [Effect] {
        diary.events.withLock { $0.append(event) }
        let decision = decide(event, now)
        nextWake = decision.wake
        return decision.effects
    }

    func objections(to set: PolicySet) -> [String] { [] }

    func status(at now: Moment) -> StatusReport {
        StatusReport(at: now.wall, clusters: [], runs: [], policyDigest: "\(diary.all.count)")
    }
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
        loop = ControlLoop(
            journal: journal, client: client,
            runner: CommandRunner(folder: directory.path, policyDirectory: directory.path, environment: [:]),
            log: { _ in })
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
        let script = Script(diary: diary) { event, now in
            switch event {
            case .policiesLoaded: return ([.read(node01)], nil)
            case .observed:
                let intent = change(.blockNewSession, id: 5)
                return ([.append([Record(at: now, fact: .modeIntended(intent))]), .send(intent)], nil)
            case .answered(5, let answer):
                loop.stop()
                return ([.append([Record(at: now, fact: .modeAnswered(node01, id: 5, answer))])], nil)
            default: return ([], nil)
            }
        }
        loop.post(.policiesLoaded(set(stub.url)))
        try await loop.run(script)
        #expect(seen.withLock { $0 } == [1])
        #expect(diary.all.first == .started)
        #expect(diary.all.last == .answered(5, .accepted))
        #expect(try journal.records().map(\.fact).last == .modeAnswered(node01, id: 5, .accepted))
        await client.shutdown()
        stub.stop()
    }

    @Test func `a journal that fails stops everything before the send`() async throws {
        let stub = try StubNode { _ in .answer(200, "{\"mode\":\"normal\"}") }
        journal.close()
        client.use(set(stub.url))
        let script = Script(diary: Diary()) { _, now in
            let intent = change(.blockNewSession)
            return ([.append([Record(at: now, fact: .modeIntended(intent))]), .send(intent)], nil)
        }
        await #expect(throws: LoopFailure.self) { try await loop.run(script) }
        #expect(stub.calls.isEmpty)
        await client.shutdown()
        stub.stop()
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

    @Test func `stopping waits for a send under way and journals its answer, but begins nothing new`() async throws {
        let loop = loop
        let stub = try StubNode { call in
            if call.operation == "ChangeMode" {
                loop.stop()
                Thread.sleep(forTimeInterval: 0.2)
            }
            return .answer(
                200, call.operation == "ChangeMode" ? "{\"mode\":\"block_new_session\"}" : "{\"mode\":\"normal\"}")
        }
        client.use(set(stub.url))
        let script = Script(diary: Diary()) { event, now in
            switch event {
            case .started:
                return ([.send(change(.blockNewSession))], nil)
            case .answered(_, let answer):
                return (
                    [
                        .append([Record(at: now, fact: .modeAnswered(node01, id: 1, answer))]),
                        .send(change(.normal, id: 2, written: .blockNewSession)),
                    ], nil
                )
            default: return ([], nil)
            }
        }
        try await loop.run(script)
        #expect(try journal.records().map(\.fact) == [.modeAnswered(node01, id: 1, .accepted)])
        #expect(stub.operations == ["GetMode", "ChangeMode"])
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
            runner: CommandRunner(folder: directory.path, policyDirectory: directory.path, environment: [:]),
            limits: limits, log: { _ in })
        let script = Script(diary: Diary()) { event, _ in
            loop.stop()
            return (event == .started ? [.send(change(.blockNewSession))] : [], nil)
        }
        let begun = HostClock.now().uptime
        try await loop.run(script)
        #expect(HostClock.now().uptime - begun < .seconds(5))
        await client.shutdown()
        stub.stop()
    }

    @Test func `thousands of reads keep to the limit and all come back`() async throws {
        let diary = Diary()
        let loop = loop
        let stub = try StubNode { _ in .answer(200, "{\"mode\":\"normal\"}") }
        client.use(set(stub.url, topology: .standalone))
        let script = Script(diary: diary) { event, _ in
            switch event {
            case .started: return (Array(repeating: .read(node01), count: 1000), nil)
            default:
                if diary.all.count == 1001 { loop.stop() }
                return ([], nil)
            }
        }
        try await loop.run(script)
        #expect(diary.all.count { if case .observed = $0 { true } else { false } } == 1000)
        #expect(Set(stub.calls.map(\.connection)).count <= 64)
        await client.shutdown()
        stub.stop()
    }
}
