import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Pauses are kept by cause: who lifts which, and what goes on then.
struct PauseLeverTests {
    private static func pause(_ run: String? = nil, _ reason: String = "calls") -> ScriptedRehearsal.Deed {
        LeverTests.order(.pause, run: run, reason)
    }

    private static func resume(_ run: String? = nil) -> ScriptedRehearsal.Deed { LeverTests.order(.resume, run: run) }

    @Test func `the pause of everything is lifted alone, and a run that is paused by itself stays so`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(
            minutes: 5,
            [(1, Self.pause("r", "wrong package")), (2, Self.pause()), (3, Self.resume()), (4, Self.resume("r"))])
        #expect(
            rehearsal.lines.filter { !$0.contains("m paused") } == [
                "0m a1 starts",
                "1m ann: paused: r@2#1. Re-asserting, verifying and restoring go on",
                "2m ann: everything is paused, also runs that begin later. Re-asserting, verifying and restoring go on",
                "3m goes on (person)",
                "3m ann: goes on; still paused by itself: r@2#1",
                "4m goes on (person)",
                "4m ann: goes on: r@2#1",
            ])
        #expect(rehearsal.isFolded)
    }

    @Test func `a run that goes on by itself says that everything is still paused`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(
            minutes: 10, [(1, Self.pause("r", "wrong package")), (2, Self.pause()), (3, Self.resume("r"))])
        #expect(
            rehearsal.lines.suffix(2) == [
                "3m goes on (person)", "3m ann: goes on: r@2#1; everything is still paused by ann: calls",
            ])
        #expect(rehearsal.verdict(of: "a1")?.code == .paused)
    }

    /// Whoever lets it go on has another node prove what the first did not.
    @Test func `a run that its canary paused goes on with another canary`() {
        let sequence = StepSequence(
            name: "s",
            steps: [.drain(DrainStep()), .block, .verify(VerifyStep(version: "9", timeout: .minutes(5))), .restore])
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(maxFailures: 5, canary: Canary(count: 1, soak: .minutes(1))), sequence: sequence,
                names: ["a1", "a2", "a3"]))
        rehearsal.run(minutes: 20, [(8, Self.resume("r"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: canary a1 failed (verify: the version is 1, not 9)
                8m goes on (canary)
                8m a2 starts
                8m ann: goes on: r@2#1
                13m a2 failed
                13m paused: canary a2 failed (verify: the version is 1, not 9)
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `a run that stood still for too long has as long again when somebody lets it go on`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(progressDeadline: .minutes(30)), sequence: ProgressDeadlineTests.stuck, names: ["a1", "a2"]))
        func isStuck() -> Bool { rehearsal.controller.ledger.alarms.keys.contains { $0.code == .stuck } }
        rehearsal.run(minutes: 45, [(40, Self.resume("r"))])
        #expect(!isStuck())
        rehearsal.run(minutes: 80)
        #expect(isStuck())
        #expect(
            rehearsal.text == """
                0m a1 starts
                30m paused: no step finished for 30m (progressDeadline)
                40m goes on (progress)
                40m ann: goes on: r@2#1
                70m paused: no step finished for 30m (progressDeadline)
                """)
        #expect(rehearsal.isFolded)
    }
}
