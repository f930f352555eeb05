import Calendars
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

    @Test func `what only waits for its window says so`() {
        var set = ScriptedRehearsal.rollout(Strategy(), names: ["a1"])
        set.policies[0].schedule.windows = [
            Window(
                name: "w", recurrence: .at(ZoneRules.utc.local(Moment.start.wall + .minutes(60))),
                length: .elapsed(.minutes(60)), timeZone: "UTC")
        ]
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.run(minutes: 1)
        #expect(rehearsal.wait(of: "a1") == "waiting-window: outside the windows (59m)")
    }

    /// A process that has the journal only, and has read every node.
    @Test func `what waits until the policies could be read says so`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(minutes: 1)
        var controller = Controller(ledger: Ledger(folding: rehearsal.journal))
        _ = controller.handle(.started(boot: "boot"), at: rehearsal.now)
        for name in ScriptedRehearsal.five {
            _ = controller.handle(rehearsal.answer(of: NodeID(cluster: "c", name: name)), at: rehearsal.now)
        }
        let nodes = controller.status(at: rehearsal.now).clusters.flatMap(\.nodes)
        #expect(nodes.first { $0.name == "a2" }?.verdict.code == .waitingPolicies)
    }

    private static func clustered(_ sequence: StepSequence) -> PolicySet {
        var set = ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1", "a2", "a3"])
        set.clusters[0].topology = .clustered
        return set
    }

    @Test func `a node of a cluster that is blocked unasked may have a fault of its own`() {
        var rehearsal = ScriptedRehearsal(Self.clustered(ScriptedRehearsal.fiveMinutes))
        rehearsal.run(minutes: 2, [(1, .sets("a3", .known(.blockNewConnection)))])
        #expect(
            rehearsal.wait(of: "a3")
                == "faulted: block_new_connection unrequested: the node's own fault, or somebody else's doing")
        #expect(rehearsal.nodes["a3"]?.mode == .known(.blockNewConnection))
    }

    /// Its read is still under way: nobody knows whether it answers.
    @Test func `what nobody has read for too long is stale, and unreachable when its read has failed`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(minutes: 1)
        rehearsal.perform(.hangs("b2", seconds: 60))
        rehearsal.advance(by: .seconds(40))
        #expect(rehearsal.wait(of: "b2") == "stale: not read for too long")
        rehearsal.advance(by: .seconds(40))
        #expect(rehearsal.verdict(of: "b2")?.code == .unreachable)
    }

    @Test func `a node that is away after its disruptive step is expected back`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), sequence: .failing))
        rehearsal.run(minutes: 2)
        #expect(rehearsal.verdict(of: "a1")?.code == .verifying)
        rehearsal.perform(.breaks("a1"))
        rehearsal.advance(by: .seconds(10))
        #expect(
            rehearsal.wait(of: "a1").hasPrefix(
                "rejoining: no answer in time, as is to be expected of a disruptive step"),
            "\(rehearsal.wait(of: "a1"))")
    }

    @Test func `a node that refuses its mode says so, and one that does not confirm it waits`() {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .nightly())
        var rig = Rig(policies, at: "01:59")
        rig.writes("a", .lost)
        rig.advance(to: "02:00:30")
        #expect(rig.verdict("a").code == "waiting-step", "\(rig)")
        #expect(
            rig.verdict("a").text == "it is to be block_new_session, and ChangeMode has not been confirmed", "\(rig)")
        rig.writes("a", .rejected)
        rig.advance(to: "02:09")
        #expect(rig.verdict("a").code == "refused", "\(rig)")
        #expect(rig.verdict("a").text.hasPrefix("a: ChangeMode "), "\(rig)")
    }

    @Test func `a disruptive step waits until the lists show its node`() {
        let set = Self.clustered(.failing)
        var rehearsal = ScriptedRehearsal(set, isLoaded: false)
        rehearsal.perform(.lists("a1=normal a2=normal a3=normal"))
        rehearsal.perform(.loads(set))
        rehearsal.advance(by: .seconds(25))
        #expect(rehearsal.wait(of: "a1") == "waiting-step: up waits until the cluster's lists show the node")
    }

    @Test func `no command begins by a clock that jumped`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), sequence: Self.twoCommands))
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(minutes: 2, [(2, .commandsRun(false)), (2, .wallJumps(minutes: -60)), (2, .restarts)])
        rehearsal.advance(by: .seconds(10))
        #expect(
            rehearsal.wait(of: "a1").hasPrefix("waiting-step: warm may not start now"),
            "\(rehearsal.wait(of: "a1"))")
        rehearsal.advance(by: .minutes(1))
        #expect(rehearsal.text.contains("a1 done"), "\(rehearsal.text)")
    }

    @Test func `what one that acted has left at its step is left there by one that only observes`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(minutes: 3, [(2, .observes)])
        #expect(
            rehearsal.wait(of: "a1")
                == "waiting-step: left as it is at step 3 of 4 (wait): this daemon only observes")
        guard case .node(let said)? = try? rehearsal.controller.answer(.explain("a1"), at: rehearsal.now) else {
            Issue.record("nothing is said of a1")
            return
        }
        // `release` would be refused, and nothing comes next.
        #expect(said.levers == ["nagi hold c/a1 --reason …"] && said.next.isEmpty, "\(said)")
        #expect(said.status.claims.allSatisfy { $0.until == nil })
    }
}
