import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Verdicts of moments that the nights of the simulation seldom see.
struct VerdictTests {
    private static let twoCommands = StepSequence(
        name: "two",
        steps: [
            .drain(DrainStep(deadline: .minutes(5))), .block,
            .run(RunStep(name: "up", command: ["/bin/true"], timeout: .minutes(5), isDisruptive: true)),
            .run(RunStep(name: "warm", command: ["/bin/true"], timeout: .minutes(5))), .restore,
        ])

    @Test func `a committed node waits with its next command while everything is paused`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), sequence: Self.twoCommands))
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(
            minutes: 4, [(1, LeverTests.order(.pause, "calls drop")), (2, .commandsRun(false)), (2, .restarts)])
        #expect(rehearsal.verdict(of: "a1")?.code == .waitingStep)
    }

    @Test func `what a suspended policy would take says so`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(minutes: 1)
        #expect(rehearsal.wait(of: "a1") == "suspended: the policy r is suspended")
    }

    @Test func `a word that nobody knows is told as it is`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(minutes: 1, [(0, .sets("a1", ObservedMode(word: "draining")))])
        #expect(rehearsal.wait(of: "a1") == "unknown-mode: the node says draining")
    }

    @Test func `a canary that is good waits for an approval`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(canary: Canary(count: 1, soak: .minutes(1), promote: .manual))))
        rehearsal.run(minutes: 10)
        #expect(rehearsal.verdict(of: "a2")?.code == .waitingApproval)
    }
}
