import Foundation
import Primitives
import Scheduling
import Testing

@testable import Simulation

/// Random scenarios, each a function of its seed: all are run once, side by side, and the tests ask what came of them.
enum SeedRuns {
    struct Outcome: Sendable {
        var seed: UInt64
        var violations: [Violation]
        var marks: Marks
    }

    /// `NAGI_SEED=17` or `NAGI_SEED=1-1000`; else the first 200.
    static let seeds: ClosedRange<UInt64> = {
        let words = ProcessInfo.processInfo.environment["NAGI_SEED"]?.split(separator: "-") ?? []
        guard let first = words.first.flatMap({ UInt64($0) }) else { return 1...200 }
        return first...(words.last.flatMap { UInt64($0) } ?? first)
    }()
    static var isComplete: Bool { seeds == 1...200 }
    static var isReplay: Bool { seeds.count == 1 }

    static let outcomes = Task {
        await withTaskGroup(of: Outcome.self) { group in
            for seed in seeds {
                group.addTask {
                    let result = World.run(.drawn(seed: seed, isTraced: isReplay))
                    if isReplay { print(result.trace.joined(separator: "\n")) }
                    return Outcome(seed: seed, violations: result.violations, marks: result.marks)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.seed < $1.seed }
        }
    }

    static func replayLine(_ seed: UInt64, _ suite: String = "SeedTests") -> String {
        "NAGI_SEED=\(seed) swift test -c release --filter \(suite)"
    }
}

/// Every failure prints the line that replays it, with its trace.
struct SeedTests {
    @Test func `every seed keeps the invariants for six hours`() async {
        for outcome in await SeedRuns.outcomes.value where !outcome.violations.isEmpty {
            let violations = outcome.violations.prefix(4).map { "\($0)" }.joined(separator: "\n  ")
            Issue.record("seed \(outcome.seed)\n  \(violations)\n  replay: \(SeedRuns.replayLine(outcome.seed))")
        }
    }

    /// Whatever was drawn came to pass, and every answer of the controller was called for: what never happens in so
    /// many nights is not tested.
    @Test(.enabled(if: SeedRuns.isComplete)) func `everything happens in some seed`() async {
        let happened = Set(await SeedRuns.outcomes.value.flatMap(\.marks.counts.keys))
        for mark in SeedTests.wanted where !happened.contains(mark) { Issue.record("never happened: \(mark)") }
    }

    static let wanted: [String] = {
        let faults = Fault.Kind.allCases.filter { $0 != .opened && $0 != .loosened }.map { "fault-\($0.rawValue)" }
        let timings = NodeFault.Timing.allCases.map { "opened-\($0.rawValue)" }
        let calls = Trouble.Call.allCases.flatMap { ["hanging-\($0.rawValue)", "broken-\($0.rawValue)"] }
        let lies = Trouble.Lie.allCases.map { "lie-\($0.rawValue)" }
        let edits = Edit.Kind.allCases.map { "edit-\($0.rawValue)" }
        let occasions = Occasion.allCases.filter { $0 != .now }.map { "occasion-\($0.rawValue)" }
        let commands = CommandFault.Kind.allCases.map { "command-fault-\($0.rawValue)" }
        let levers = LeverPull.Kind.allCases.map { "fault-lever-\($0)" }
        let done = LeverOrder.Action.allCases.map { "lever-done-\($0.rawValue)" }
        let verdicts = VerdictCode.allCases.filter { !SeedTests.notYet.contains($0) }.map { "verdict-\($0.rawValue)" }
        return verdicts + levers + done + faults + timings + calls + lies + edits + occasions + commands
            + decisions.split(separator: " ").map(String.init)
    }()

    /// Of lost journals, which nobody produces yet, and of daemons that only observe (`ObservingTests`); those that
    /// `VerdictTests`, `StartTests`, `DiscoveryTests` and `IsolationTests` show, as they are too rare here; and one that only a
    /// run's blockers have: a busy node shows its work.
    static let notYet: [VerdictCode] = [
        .journalLost, .would, .waitingStep, .suspended, .unknownMode, .wrongTopology,
        .nodeBusy, .notListed, .notCovered,
    ]

    /// Facts of the journal, and other things that a run comes to. A node that is drained a second time, as calls came back
    /// before its disruptive step, is too rare in so few nights: `PartMoveTests` and `RunStepTests` show it.
    static let decisions = """
        fault-edit fault-loosened opened-what-nagi-set blocked-over-nagi blocked-for-ever wall-jump-for-good
        reload-refused reboot-with-another-wall write-late write-repeated write-ignored write-refused-403
        write-refused-429 command-adopted command-interrupted-by-reboot command-succeeded command-failed
        command-signalled command-timed-out command-interrupted command-not-started command-disrupts
        command-disrupts-nothing
        all-paused all-resumed run-paused-person run-resumed-failures part-released part-held
        node-restarted loosened address-moved identity-shown mode-adopted leavers-forgotten node-found found-node-gone floor-set floor-gone
        dropped-alreadyNormal dropped-foreign release-owed stay-placed stay-ended
        intent-claim intent-drift intent-restarted intent-release settled-reached settled-lost
        answer-accepted answer-already-there answer-declined answer-rejected answer-not-sent answer-unknown
        run-completed run-partial run-failed run-paused-failures run-paused-canary run-ending-window-ended run-ending-suspended
        run-ending-policy-removed run-ending-superseded run-ending-aborted promoted frozen window-closed
        part-out part-committed part-returning part-soaking part-queued-again part-given-back-for-others
        part-done part-skipped part-failed part-yielded part-foreign part-not-reached part-already-there part-ended
        part-taken-over part-another-attempt part-proceeds
        alarm-stuck alarm-contested alarm-clock-not-trusted alarm-clock-differs alarm-nothing-answers
        run-approved part-approved gate-good gate-bad gate-unknown gate-lost gate-before-start part-measured noticed certificate-not-trusted
        command-terminated command-answered-well command-answered-badly command-no-answer calls-ended-on-purpose
        calls-ended-late
        gate-asks-command gate-asks-http gate-asks-prometheus promotion-awaited promoted-by-a-word start-fits
        start-waits-to-fit call-disrupts node-stopped-by-call member-left-out
        run-paused-gate run-paused-approval run-ending-edited
        relaying-node-read relaying-node-disrupted
        alarm-list-contradicts alarm-wrong-address alarm-release-waits alarm-write-refused
        """.replacing("\n", with: " ")

    /// Without a fault there is no excuse: every node is upgraded, with four mode changes each, and nobody is cut off.
    @Test(arguments: [8, 16, 32, 40, 48] as [UInt64]) func `a calm seed completes`(seed: UInt64) {
        let result = World.run(.plain(seed: seed, rollout: true))
        #expect(result.violations.isEmpty, "\(result.violations)")
        #expect(result.runs.map(\.phase) == ["completed"], "\(result.runs.map(\.text))")
        // Blocked in two steps, once more after its restart, and opened.
        #expect(result.changesReceived == 4 * result.finalStatus.clusters[0].nodes.count)
        #expect(result.callsCut == 0)
        #expect(result.admitted > 1000)
    }
}
