import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What a node that failed goes on through when it is retried, and what nobody can have ignored.
struct RetryForceTests {
    private static func retry(force: Bool = false) -> ScriptedRehearsal.Deed {
        LeverTests.order(.retry, node: "a1", run: "r") { $0.isForced = force }
    }

    private static func window(_ name: String, from: Int, _ length: Int) -> Window {
        Window(
            name: name, recurrence: .at(ZoneRules.utc.local(Moment.start.wall + .minutes(from))),
            length: .elapsed(.minutes(length)), timeZone: "UTC")
    }

    /// Somebody upgrades a1 by hand: it is in another life, and open.
    private static func repair(_ rehearsal: inout ScriptedRehearsal) {
        rehearsal.nodes["a1"]?.version = "9"
        rehearsal.nodes["a1"]?.mode = .known(.normal)
    }

    @Test func `a failed node goes on outside the windows, and the others wait for the next`() {
        var set = ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1", "a2"])
        set.policies[0].schedule.windows = [Self.window("w1", from: 0, 10), Self.window("w2", from: 60, 60)]
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.run(minutes: 6)
        Self.repair(&rehearsal)
        rehearsal.run(minutes: 30, [(20, Self.retry())])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                20m goes on (failures)
                20m a1 done
                20m ann: retried: a1 goes on from verify
                """)
        #expect(rehearsal.wait(of: "a2") == "waiting-window: outside the windows (30m)")
        rehearsal.run(minutes: 61)
        #expect(rehearsal.lines.last == "60m a2 starts")
        #expect(rehearsal.isFolded)
    }

    @Test func `a node that is retried while its run is paused verifies, and its commands wait`() {
        var sequence = StepSequence.failing
        sequence.steps.insert(.run(RunStep(name: "warm", command: ["/bin/true"])), at: 4)
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1", "a2"]))
        rehearsal.run(minutes: 6)
        Self.repair(&rehearsal)
        rehearsal.run(minutes: 9, [(7, LeverTests.order(.pause, run: "r", "calls")), (8, Self.retry())])
        #expect(rehearsal.wait(of: "a1") == "paused: warm may not start now: paused by ann: calls")
        rehearsal.run(minutes: 11, [(10, LeverTests.order(.resume, run: "r"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                7m paused: by ann: calls
                7m ann: paused: r@2#1. Re-asserting, verifying and restoring go on
                8m goes on (failures)
                8m ann: retried: a1 goes on from verify; its commands wait until the pause is over
                10m goes on (person)
                10m a1 done
                10m a2 starts
                10m ann: goes on: r@2#1
                """)
        #expect(rehearsal.isFolded)
    }

    /// Three nodes that form a cluster; each is disruptive work for some minutes.
    private static func cluster(_ exclusions: [Exclusion] = []) -> PolicySet {
        var set = ScriptedRehearsal.rollout(
            Strategy(), sequence: .failing, names: ["a1", "a2", "a3"], exclusions: exclusions)
        set.clusters[0].topology = .clustered
        set.policies[0].kind = .rollout(revision: "9", approval: nil)
        return set
    }

    @Test func `a node that is retried waits for its quorum, by force too`() {
        var rehearsal = ScriptedRehearsal(Self.cluster())
        rehearsal.commandsOpen = true
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(minutes: 10, [(8, .commandsRun(false)), (8, .breaks("a2")), (9, Self.retry(force: true))])
        #expect(rehearsal.lines.last == "9m ann: retried: a1 goes on from up", "\(rehearsal.text)")
        #expect(rehearsal.wait(of: "a1").hasPrefix("waiting-quorum: up would cost the cluster its majority"))
        rehearsal.run(minutes: 13, [(11, .mends("a2"))])
        #expect(rehearsal.text.contains("m a1 done"), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    /// Its host had lost power, and the lists showed it for some time: the one that was left was no majority.
    @Test func `a node that does not answer is not counted on, whatever the lists say`() {
        var rehearsal = ScriptedRehearsal(Self.cluster())
        rehearsal.commandsOpen = true
        rehearsal.perform(.commandsRun(true))
        rehearsal.perform(.lists("a1 a2 a3"))
        rehearsal.run(minutes: 10, [(8, .commandsRun(false)), (8, .breaks("a2")), (9, Self.retry(force: true))])
        #expect(rehearsal.wait(of: "a1").hasPrefix("waiting-quorum"), "\(rehearsal.wait(of: "a1"))")
        rehearsal.run(minutes: 13, [(11, .mends("a2"))])
        #expect(rehearsal.text.contains("m a1 done"), "\(rehearsal.text)")
    }

    @Test func `a node that failed before it was committed is queued again, and its failure counts no longer`() throws {
        let sequence = StepSequence(
            name: "s",
            steps: [.drain(DrainStep()), .block, .verify(VerifyStep(version: "9", timeout: .minutes(5))), .restore])
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1", "a2"]))
        rehearsal.run(minutes: 7)
        rehearsal.nodes["a1"]?.version = "9"
        rehearsal.run(minutes: 9, [(8, Self.retry())])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                8m a1 queued again
                8m goes on (failures)
                8m a1 starts
                8m ann: queued once more: a1 in r@2#1
                8m a1 done
                8m a2 starts
                """)
        #expect(try #require(rehearsal.answers[1]).get().undo == "nagi skip r@2#1 c/a1 --reason …")
        #expect(rehearsal.isFolded)
    }

    @Test func `nobody can have a quorum ignored that is missing`() {
        var rehearsal = ScriptedRehearsal(
            Self.cluster([Exclusion(window: .always, reason: nil)]), broken: ["a3"])
        rehearsal.run(
            minutes: 4, [(1, LeverTests.order(.force, run: "r", "must") { $0.ignored = .exclusion })])
        #expect(
            rehearsal.wait(of: "a1") == """
                waiting-quorum: it would cost the cluster its majority; not connected, not answering, reserved, or in a disruptive step: a3
                """)
        rehearsal.run(minutes: 7, [(5, .mends("a3"))])
        #expect(
            rehearsal.text == """
                1m ann: the next node that r@9#1 starts ignores exclusion, through its whole sequence. Budget and quorum \
                still count
                5m a1 starts
                5m a1 done
                """)
        #expect(rehearsal.isFolded)
    }
}
