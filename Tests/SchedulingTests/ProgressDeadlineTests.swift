import Calendars
import Primitives
import Scheduling
import Testing

/// `progressDeadline`: when a run that stands still pauses, and which time counts.
struct ProgressDeadlineTests {
    /// The drain that never ends: a run that stands still.
    static let stuck = StepSequence(
        name: "stuck", steps: [.drain(DrainStep(maxSessions: -1, deadline: .hours(9))), .restore])
    static let canary = Canary(count: 1, soak: .hours(1))

    /// Minutes 10 to 30.
    static let freeze = Exclusion(
        window: Window(
            name: "freeze", recurrence: .at(ZoneRules.utc.local(Rehearsal.start + .minutes(10))),
            length: .elapsed(.minutes(20)), timeZone: ZoneRules.utc.name))

    struct Row: CustomTestStringConvertible {
        var testDescription: String
        var strategy = Strategy(progressDeadline: .minutes(30))
        var sequence = stuck
        var exclusions: [Exclusion] = []
        var script: [(Int64, Rehearsal.Deed)] = []
        var broken: [String] = []
        /// The minute in which it pauses.
        var pauses: String
    }

    static let rows = [
        Row(testDescription: "a drain that never ends", pauses: "30m"),
        Row(testDescription: "a freeze does not count", exclusions: [freeze], pauses: "50m"),
        Row(testDescription: "a restart keeps it", script: [(12, .restarts), (20, .restarts)], pauses: "30m"),
        Row(
            testDescription: "like any deadline it goes on while the machine is off",
            script: [(5, .away(minutes: 10))], pauses: "30m"),
        Row(
            testDescription: "whoever comes back late has a quarter of it to show progress",
            script: [(5, .away(minutes: 40))], pauses: "52m"),
        Row(testDescription: "the wall clock has no say", script: [(5, .wallJumps(minutes: 120))], pauses: "30m"),
        Row(testDescription: "nor when it goes back", script: [(5, .wallJumps(minutes: -120))], pauses: "30m"),
        Row(
            testDescription: "a reload keeps it",
            script: [(12, .loads(RunStrategyTests.set(Strategy(progressDeadline: .hours(5)), sequence: stuck)))],
            pauses: "30m"),
        Row(
            testDescription: "no node can be started", sequence: RunStrategyTests.fiveMinutes,
            broken: ["a1", "a2", "a3", "b1", "b2"], pauses: "30m"),
        Row(
            testDescription: "a wait step is ordered",
            sequence: StepSequence(name: "s", steps: [.drain(DrainStep()), .wait(.duration(.minutes(40))), .restore]),
            pauses: "never"),
        Row(
            testDescription: "the wait for a group is ordered",
            strategy: Strategy(groups: RunStrategyTests.groups(waiting: .hours(2)), progressDeadline: .minutes(30)),
            sequence: RunStrategyTests.fiveMinutes, pauses: "never"),
        Row(
            testDescription: "the soak of a canary is ordered",
            strategy: Strategy(canary: canary, progressDeadline: .minutes(30)),
            sequence: RunStrategyTests.fiveMinutes, pauses: "never"),
        Row(
            testDescription: "a canary out of service is not",
            strategy: Strategy(canary: canary, progressDeadline: .minutes(30)),
            sequence: RunStrategyTests.fiveMinutes, script: [(10, .breaks("a1"))], pauses: "40m"),
        Row(
            testDescription: "the pause between waves is ordered",
            strategy: Strategy(pauseBetweenWaves: .minutes(45), progressDeadline: .minutes(30)),
            sequence: RunStrategyTests.fiveMinutes, pauses: "never"),
    ]

    @Test(arguments: rows) func `the run pauses`(row: Row) {
        let set = RunStrategyTests.set(row.strategy, sequence: row.sequence, exclusions: row.exclusions)
        var rehearsal = Rehearsal(set, broken: row.broken)
        rehearsal.run(minutes: 60, row.script)
        let paused = rehearsal.lines.first { $0.contains("paused") }
        #expect(paused?.split(separator: " ").first ?? "never" == row.pauses, "\(rehearsal.text)")
        if let paused { #expect(paused.hasSuffix("paused: no step finished for 30m (progressDeadline)")) }
        #expect(rehearsal.isFolded)
    }

    @Test func `each step that is over gives the whole time again, and so does who lets the run go on`() throws {
        let moment = LedgerTests.start
        var nodeRun = NodeRun(node: LedgerTests.node, since: moment)
        nodeRun.phase = .closing
        let id = RunID(policy: "p", revision: "1", ordinal: 1)
        let run = Run(
            id: id, policy: "p", cluster: "c", origin: .rollout(revision: "1", ordinal: 1), startedAt: moment.wall,
            sequence: .drainThenBlock, strategy: Strategy(progressDeadline: .minutes(30)), cutoff: .zero,
            onWindowEnd: .finish, windows: [], nodes: [nodeRun])
        var ledger = Ledger(folding: [Record(at: moment, fact: .runStarted(run))])
        let clock = try #require(ledger.run(id)?.progress)
        #expect(!clock.isRunning)
        #expect(clock.left == .minutes(30))
        nodeRun.step = 1
        ledger.apply(Record(at: moment + .minutes(20), fact: .nodeRunChanged(id, nodeRun)))
        #expect(ledger.run(id)?.progress?.left == .minutes(30))
        ledger.apply(Record(at: moment + .minutes(25), fact: .runChanged(id, .active)))
        #expect(ledger.run(id)?.progress == clock)
    }
}
