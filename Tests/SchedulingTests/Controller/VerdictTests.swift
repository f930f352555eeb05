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
        #expect(rehearsal.wait(of: "a1").hasPrefix("paused: "), "\(rehearsal.wait(of: "a1"))")
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

    private static let troubles: [(code: VerdictCode, deed: ScriptedRehearsal.Deed)] = [
        (.waitingClock, .wallJumps(minutes: 5)), (.unreachable, .breaks("b2")),
        (.initial, .sets("b2", .known(.initial))), (.foreign, .sets("b2", .known(.blockNewSession))),
    ]

    @Test(arguments: troubles.indices) func `what keeps a queued node from its start is its verdict`(row: Int) {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(maxUnavailable: .count(2))))
        rehearsal.run(minutes: 1)
        rehearsal.perform(Self.troubles[row].deed)
        rehearsal.advance(by: .seconds(10))
        #expect(rehearsal.verdict(of: "b2")?.code == Self.troubles[row].code)
    }

    @Test func `a node that nobody has read yet is not unreachable`() {
        var controller = Controller(ledger: Ledger())
        _ = controller.handle(.started(boot: "boot"), at: .start)
        _ = controller.handle(.policiesLoaded(ScriptedRehearsal.rollout(Strategy())), at: .start)
        let nodes = controller.status(at: .start).clusters.flatMap(\.nodes)
        #expect(nodes.map(\.verdict.code) == Array(repeating: .notReadYet, count: 5))
    }

    @Test func `a node that comes after a run began is not covered by it`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.nodes["b3"] = ScriptedRehearsal.Node(version: "1")
        rehearsal.run(
            minutes: 2,
            [(1, .loads(ScriptedRehearsal.rollout(Strategy(), names: ScriptedRehearsal.five + ["b3"])))])
        #expect(rehearsal.verdict(of: "b3")?.code == .notCovered)
    }
}
