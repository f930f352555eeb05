import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Connections that end because the policy says so: which commands count them, and where that is told.
struct CutOnPurposeTests {
    private static func upgrade(isDisruptive: Bool = true) -> Step {
        .run(RunStep(name: "up", command: ["/up"], timeout: .minutes(5), isDisruptive: isDisruptive))
    }

    private static let verify = Step.verify(VerifyStep(restarts: false, timeout: .minutes(5)))

    private static func drained(_ onDeadline: DrainStep.OnDeadline, before steps: [Step] = []) -> [Step] {
        [.drain(DrainStep(deadline: .minutes(2), onDeadline: onDeadline)), .block] + steps + [.restore]
    }

    private static func rehearsal(_ steps: [Step], live: Int) -> ScriptedRehearsal {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: StepSequence(name: "s", steps: steps), names: ["a1"]))
        rehearsal.nodes["a1"]?.sessions = live
        rehearsal.perform(.commandsRun(true))
        return rehearsal
    }

    /// The command that is started as that one, counted from 0; nil: none is within ten minutes.
    private static func start(_ number: Int, in rehearsal: inout ScriptedRehearsal) -> CommandStart? {
        for _ in 0..<600 {
            let starts = rehearsal.effects.compactMap { if case .start(let start) = $0 { start } else { nil } }
            if starts.count > number { return starts[number] }
            rehearsal.advance(by: .seconds(1))
        }
        return nil
    }

    private static func part(in rehearsal: ScriptedRehearsal) -> Part? {
        RunAccount(of: RunID(text: "r@2#1"), records: rehearsal.journal, until: rehearsal.now)?.run.parts.first
    }

    struct Row: CustomTestStringConvertible {
        var testDescription: String
        var steps: [Step]
        /// Each with a connection.
        var sessions = 3
        /// What becomes of the commands, in turn, and how many sessions are live then.
        var ends: [(outcome: CommandOutcome, sessions: Int)]
        var cut: Int?
    }

    static let rows = [
        Row(
            testDescription: "all of them are ended at the deadline", steps: drained(.terminate),
            ends: [(.terminated(sessions: 3, left: 0), 0)], cut: 3),
        Row(
            testDescription: "a step of its own ends them",
            steps: [.block, .wait(.duration(.minutes(1))), .terminate(TerminateStep(reason: "moved")), .restore],
            ends: [(.terminated(sessions: 3, left: 0), 0)], cut: 3),
        Row(
            testDescription: "the node refuses to end any", steps: drained(.terminate),
            ends: [(.terminated(sessions: 0, left: 3, fault: "403"), 3)], cut: nil),
        Row(
            testDescription: "nobody could be told to go", steps: drained(.terminate),
            ends: [(.notStarted("connection refused"), 3)], cut: nil),
        Row(
            testDescription: "it never began, and then it did", steps: drained(.terminate),
            ends: [(.neverBegan, 3), (.terminated(sessions: 3, left: 0), 0)], cut: 3),
        Row(
            testDescription: "two attempts find some of the same", steps: drained(.terminate),
            ends: [(.interrupted, 2), (.terminated(sessions: 2, left: 0), 0)], cut: 3),
        Row(testDescription: "they end by themselves", steps: drained(.terminate), sessions: 0, ends: [], cut: nil),
        Row(
            testDescription: "what is live is not waited for before an upgrade",
            steps: drained(.proceed, before: [upgrade(), verify]), ends: [(.exited(status: 0), 0)], cut: 3),
        Row(
            testDescription: "the upgrade fails, and has cut them all the same",
            steps: drained(.proceed, before: [upgrade(), verify]), ends: [(.exited(status: 1), 0)], cut: 3),
        Row(
            testDescription: "the upgrade could not be started",
            steps: drained(.proceed, before: [upgrade(), verify]), ends: [(.notStarted("no such file"), 3)], cut: nil),
        Row(
            testDescription: "what is called disrupts the node",
            steps: drained(
                .proceed,
                before: [
                    .http(HTTPStep(request: HTTPRequest(method: .post, url: "http://d.example/"), isDisruptive: true)),
                    verify,
                ]), ends: [(.answered(status: 200, fault: nil), 0)], cut: 3),
        Row(
            testDescription: "a command that disrupts nothing runs beside them",
            steps: drained(.proceed, before: [upgrade(isDisruptive: false)]), ends: [(.exited(status: 0), 3)],
            cut: nil),
        Row(
            testDescription: "a drained node is upgraded", steps: drained(.skip, before: [upgrade(), verify]),
            sessions: 0, ends: [(.exited(status: 0), 0)], cut: nil),
        Row(
            testDescription: "three may be left of what counts as drained",
            steps: [.drain(DrainStep(maxSessions: 3, maxConnections: 3)), .block, upgrade(), verify, .restore],
            ends: [(.exited(status: 0), 0)], cut: 3),
    ]

    @Test(arguments: rows)
    func `what was live when a command began that ends calls is counted, if it has done anything`(row: Row) throws {
        var rehearsal = Self.rehearsal(row.steps, live: row.sessions)
        for (number, end) in row.ends.enumerated() {
            let start = try #require(Self.start(number, in: &rehearsal), "\(rehearsal.text)")
            rehearsal.nodes["a1"]?.sessions = end.sessions
            rehearsal.hand(.commandEnded(start.id, end.outcome))
        }
        rehearsal.advance(by: .minutes(15))
        let part = try #require(Self.part(in: rehearsal))
        #expect(part.phase.isFinished, "\(rehearsal.text)")
        #expect(part.milestones.cut == row.cut, "\(rehearsal.text)")
        #expect(Self.start(row.ends.count, in: &rehearsal) == nil && rehearsal.isFolded)
    }

    static let texts: [(steps: [Step], sessions: Int, end: CommandOutcome, start: String, done: String?)] = [
        (
            drained(.terminate), 3, .terminated(sessions: 3, left: 0),
            "warn a1  command terminate started, attempt 1: it cuts 3 sessions, 3 connections",
            ", 3 connections cut on purpose (r@2#1)"
        ),
        (
            drained(.proceed, before: [upgrade(), verify]), 1, .exited(status: 0),
            "warn a1  command up started, attempt 1: it cuts 1 session, 1 connection",
            ", 1 connection cut on purpose (r@2#1)"
        ),
        (
            drained(.skip, before: [upgrade(), verify]), 0, .exited(status: 0),
            "info a1  command up started, attempt 1",
            nil
        ),
    ]

    @Test(arguments: texts.indices)
    func `the log says what a command cuts when it begins, and how much it was when the node is done`(row: Int) throws {
        let (steps, sessions, end, started, done) = Self.texts[row]
        var rehearsal = Self.rehearsal(steps, live: sessions)
        let start = try #require(Self.start(0, in: &rehearsal))
        rehearsal.nodes["a1"]?.sessions = 0
        rehearsal.hand(.commandEnded(start.id, end))
        rehearsal.advance(by: .minutes(15))
        let lines = rehearsal.journal.compactMap { record in
            record.text.map { "\(record.fact.severity.rawValue) \($0)" }
        }
        #expect(lines.contains(started), "\(lines)")
        let last = try #require(lines.last { $0.contains("a1  done") }, "\(lines)")
        #expect(last.contains("cut") == (done != nil) && last.hasSuffix(done ?? "(r@2#1)"), "\(last)")
    }
}
