import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The past is asked as the present was: the journal folded up to an instant says what was shown then.
struct RecollectionTests {
    private struct Night: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var strategy = Strategy()
        var sequence = ScriptedRehearsal.fiveMinutes
        var isClustered = false
        var script: LeverTests.Script = []
    }

    private static let failing: StepSequence = {
        var sequence = StepSequence.failing
        sequence.steps.append(.soak(.minutes(3)))
        return sequence
    }()

    private static let soaking = StepSequence(
        name: "soaking",
        steps: [.drain(DrainStep(deadline: .minutes(20))), .wait(.duration(.minutes(2))), .restore, .soak(.minutes(5))])

    private static let nights = [
        Night(testDescription: "a rollout without trouble"),
        Night(testDescription: "with soak", sequence: soaking),
        Night(testDescription: "in a cluster", sequence: soaking, isClustered: true),
        Night(
            testDescription: "with a canary", strategy: Strategy(canary: Canary(count: 1, soak: .minutes(10))),
            sequence: soaking),
        Night(
            testDescription: "with groups and pauses between nodes",
            strategy: Strategy(
                pauseBetweenNodes: .minutes(2), groups: ScriptedRehearsal.groups(waiting: .minutes(4)))),
        Night(
            testDescription: "with failures, and somebody who deals with them", sequence: failing,
            script: [
                (8, LeverTests.order(.retry, node: "a1", run: "r")),
                (15, LeverTests.order(.release, node: "a1", "calls")),
            ]),
        Night(
            testDescription: "with levers",
            script: [
                (2, LeverTests.order(.hold, node: "a1", "disk swap")), (4, LeverTests.order(.pause, "calls drop")),
                (9, LeverTests.order(.resume)), (10, LeverTests.order(.release, node: "a1", "done")),
                (
                    12,
                    LeverTests.order(.pause, run: "r") {
                        $0.givesBack = true; $0.reason = "calls"
                    }
                ),
                (20, LeverTests.order(.abort, run: "r", "enough")),
            ]),
        Night(
            testDescription: "with trouble",
            script: [
                (1, .breaks("b1")), (3, .sets("b2", .known(.blockNewSession))), (6, .restarts), (11, .mends("b1")),
                (14, .sets("b2", .known(.normal))), (16, .isUnready("a3")), (20, .away(minutes: 2)),
            ]),
    ]

    @Test(arguments: nights) private func `the past says what the present said`(_ night: Night) {
        var set = ScriptedRehearsal.rollout(night.strategy, sequence: night.sequence)
        if night.isClustered { set.clusters[0].topology = .clustered }
        var rehearsal = ScriptedRehearsal(set)
        var script = night.script[...]
        for half in 1...80 {
            while let (minute, deed) = script.first, minute * 2 <= half {
                rehearsal.perform(deed)
                script = script.dropFirst()
            }
            rehearsal.advance(by: .seconds(30))
            let now = rehearsal.now
            let recalled = Controller(recalling: Ledger(folding: rehearsal.journal), at: now.wall)
            let (live, past) = (
                rehearsal.controller.status(at: now), recalled.status(at: recalled.moment(at: now.wall))
            )
            for (a, b) in zip(live.clusters.flatMap(\.nodes), past.clusters.flatMap(\.nodes)) {
                #expect(a.verdict == b.verdict, "\(a.name) after \(half * 30)s")
                #expect(a.blockers == b.blockers, "\(a.name) after \(half * 30)s")
                #expect(a.claims == b.claims && a.desired == b.desired, "\(a.name) after \(half * 30)s")
            }
            #expect(live.runs == past.runs, "after \(half * 30)s")
            #expect(live.alarms == past.alarms && live.owed == past.owed && live.holds == past.holds)
            #expect(live.clusters.map(\.unavailable) == past.clusters.map(\.unavailable), "after \(half * 30)s")
        }
    }

    /// The journal leaves out what changes fast, but not what it changed to.
    @Test func `what followed a change too soon is in the past as soon as the spacing is over`() {
        var set = ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2"])
        set.policies = []
        set.clusters[0].observe.interval = .minutes(1)
        set.clusters[0].observe.staleAfter = .minutes(4)
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.advance(by: .minutes(5))
        for mode in [NodeMode.blockNewSession, .normal, .blockNewSession, .normal, .blockNewSession, .normal] {
            rehearsal.perform(.sets("a1", .known(mode)))
            rehearsal.hand(.hinted(NodeID(cluster: "c", name: "a1")))
            rehearsal.advance(by: .seconds(1))
        }
        rehearsal.advance(by: Controller.factSpacing)
        let past = Ledger(folding: rehearsal.journal)
        #expect(past.entry(NodeID(cluster: "c", name: "a1"))?.facts?.mode == .known(.normal))
    }

    /// What was decided on stood in the journal up to three seconds later: the past had a node that soaked while it was not ready.
    @Test func `what a decision rests on is in the journal before it, also where a node is restless`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", RigStep.rolling + [.soak(.minutes(1))])))
        rig.commands(on: "a", RigCommand(lasts: .seconds(40), stopsAfter: .seconds(20)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .hours(1))
        for round in 0..<24 {
            rig.ready("a", round % 2 == 0 ? false : nil)
            rig.advance(.milliseconds(750))
        }
        try rig.advance(until: { $0.phase("a") == "done" }, atMost: .hours(1))
        let journal = rig.journal
        let soaks = journal.indices.filter { index in
            if case .partChanged(_, _, let part, _, _) = journal[index].fact {
                part.node.name == "a" && part.phase.kind == .soaking
            } else {
                false
            }
        }
        let before = Ledger(folding: Array(journal[..<(try #require(soaks.first))]))
        let facts = try #require(before.entry(NodeID(cluster: RigPolicies.cluster, name: "a"))?.facts)
        #expect(facts.mode == .known(.normal) && facts.ready == true && facts.isConnected == true, "\(facts)")
    }
}
