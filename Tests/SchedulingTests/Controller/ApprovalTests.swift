import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What waits for a person's word, as timelines: a run's start, an approval step, and what becomes of a word about another
/// text. Nodes take five minutes each, one at a time.
struct ApprovalTests {
    private static let byStep = StepSequence(
        name: "s", steps: [.approval(Approval(timeout: .minutes(30)))] + ScriptedRehearsal.fiveMinutes.steps)

    private static func policies(
        sequence: StepSequence = ScriptedRehearsal.fiveMinutes, names: [String] = ["a1", "a2"],
        approval: Approval? = Approval(timeout: .minutes(60)), exclusions: [Exclusion] = []
    ) -> PolicySet {
        ScriptedRehearsal.rollout(
            Strategy(), sequence: sequence, names: names, exclusions: exclusions, approval: approval)
    }

    private func timeline(
        _ minutes: Int64, _ script: LeverTests.Script, _ policies: PolicySet = policies(),
        versions: [String: String] = [:]
    ) -> String {
        var rehearsal = ScriptedRehearsal(policies, versions: versions)
        rehearsal.run(minutes: minutes, script)
        #expect(rehearsal.isFolded)
        return rehearsal.text
    }

    private static let approve = LeverTests.order(.approve, run: "r", "go")

    @Test func `a run starts when somebody says so, across a restart`() {
        #expect(
            timeline(16, [(3, Self.approve), (3, .restarts)])
                == """
                3m may start, says ann
                3m a1 starts
                3m ann: approved in r@2#1: its start (drain → block → wait → restore)
                8m a1 done
                8m a2 starts
                13m a2 done
                13m completed
                """)
    }

    @Test func `what it waits for is said, and what is typed against it`() throws {
        var rehearsal = ScriptedRehearsal(Self.policies())
        rehearsal.run(minutes: 1)
        #expect(
            rehearsal.wait(of: "a1")
                == "waiting-approval: waits for an approval of its start: drain → block → wait → restore on 2 nodes (59m)"
        )
        guard case .run(let run) = try rehearsal.controller.answer(.explain("r"), at: rehearsal.now) else {
            Issue.record("no run")
            return
        }
        #expect(run.levers.contains("nagi approve r@2#1"))
    }

    @Test func `nobody approves in time, and the run pauses; resumed, it waits as long again`() {
        #expect(
            timeline(150, [(70, LeverTests.order(.resume, run: "r"))])
                == """
                60m paused: nobody approved its start in time
                70m goes on (approval)
                70m ann: goes on: r@2#1; it waits for a word again: nagi approve r@2#1
                130m paused: nobody approved its start in time
                """)
    }

    @Test func `an approval lifts the pause that its want has brought`() {
        #expect(
            timeline(62, [(61, Self.approve)])
                == """
                60m paused: nobody approved its start in time
                61m may start, says ann
                61m goes on (approval)
                61m a1 starts
                61m ann: approved in r@2#1: its start (drain → block → wait → restore)
                """)
    }

    @Test func `the time counts only while the run could act`() {
        // Frozen from the tenth minute to the sixtieth.
        let zone = ZoneRules.utc
        let frozen = Exclusion(
            window: Window(
                name: "freeze", recurrence: .at(zone.local(Moment.start.wall + .minutes(10))),
                length: .elapsed(.minutes(50)), timeZone: zone.name))
        #expect(
            timeline(120, [], Self.policies(exclusions: [frozen]))
                == "110m paused: nobody approved its start in time")
    }

    @Test func `an edit before it has begun is another run, and the word about the old text is void`() {
        let edited = Self.policies(sequence: StepSequence(name: "s", steps: [.drain(DrainStep()), .block, .restore]))
        #expect(
            timeline(
                40, [(3, Self.approve), (5, .loads(edited)), (35, LeverTests.order(.approve, run: "r@2#1", "go"))],
                Self.policies(exclusions: [Self.frozen(minutes: 30)]))
                    == """
                    3m may start, says ann
                    3m ann: approved in r@2#1: its start (drain → block → wait → restore). It still waits: freeze freeze
                    5m ending: the policy was edited before it began: sequence
                    5m a1 ended
                    5m a2 ended
                    5m partial: the policy was edited before it began: sequence
                    35m ann: refused (nothing-to-do) the run r@2#1 is over: partial: the policy was edited before it began: sequence
                    """)
    }

    /// For so many minutes from the beginning.
    private static func frozen(minutes: Int) -> Exclusion {
        Exclusion(
            window: Window(
                name: "freeze", recurrence: .at(ZoneRules.utc.local(Moment.start.wall)),
                length: .elapsed(.minutes(minutes)), timeZone: ZoneRules.utc.name))
    }

    @Test func `a person's pause of a run that is edited before it began is that of the run after it`() {
        func policies(_ sequence: StepSequence) -> PolicySet {
            Self.policies(sequence: sequence, approval: nil, exclusions: [Self.frozen(minutes: 10)])
        }
        let edited = policies(StepSequence(name: "s", steps: [.drain(DrainStep()), .block, .restore]))
        #expect(
            timeline(
                13,
                [
                    (1, LeverTests.order(.pause, run: "r", "wrong package")), (3, .loads(edited)), (4, .restarts),
                    (12, LeverTests.order(.resume, run: "r")),
                ], policies(ScriptedRehearsal.fiveMinutes))
                    == """
                    1m paused: by ann: wrong package
                    1m ann: paused: r@2#1. Re-asserting, verifying and restoring go on
                    3m ending: the policy was edited before it began: sequence
                    3m a1 ended
                    3m a2 ended
                    3m partial: the policy was edited before it began: sequence
                    3m paused: by ann: wrong package
                    12m goes on (person)
                    12m a1 starts
                    12m ann: goes on: r@2#2
                    12m a1 done
                    12m a2 starts
                    12m a2 done
                    12m completed
                    """)
    }

    @Test func `a person's word that the next node may start in a freeze outlives an edit`() {
        func policies(_ sequence: StepSequence) -> PolicySet {
            Self.policies(sequence: sequence, exclusions: [Self.frozen(minutes: 60)])
        }
        let edited = policies(StepSequence(name: "s", steps: [.drain(DrainStep()), .block, .restore]))
        let text = timeline(
            13,
            [
                (1, LeverTests.order(.force, run: "r", "must") { $0.ignored = .exclusion }), (3, .loads(edited)),
                (4, Self.approve),
            ], policies(ScriptedRehearsal.fiveMinutes))
        #expect(text.contains("4m a1 done") && !text.contains("a2 starts"), "\(text)")
    }

    @Test func `what an operator paused and ended is no word about the run after it`() {
        let text = timeline(
            8,
            [
                (1, LeverTests.order(.pause, run: "r", "wrong package")), (2, LeverTests.order(.abort, run: "r", "x")),
                (3, LeverTests.order(.start, policy: "r")), (4, Self.approve),
            ])
        #expect(text.contains("4m a1 starts"), "\(text)")
    }

    @Test func `a node that is taken over waits for a word, is asked about in time, and goes on with it`() {
        func policies(_ sequence: StepSequence, _ revision: String) -> PolicySet {
            var set = Self.policies(sequence: sequence, approval: nil)
            set.policies[0].kind = .rollout(revision: revision, approval: nil)
            return set
        }
        var sequence = StepSequence.failing
        sequence.steps.insert(.approval(Approval(timeout: .minutes(30))), at: 0)
        var rehearsal = ScriptedRehearsal(policies(.failing, "2"))
        rehearsal.commandsOpen = true
        rehearsal.run(minutes: 50, [(7, .loads(policies(sequence, "9"))), (45, Self.approve)])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                7m ending: a newer revision took over
                7m a2 ended
                7m failed
                7m a1 starts
                37m paused: nobody approved a1 in time
                45m goes on (approval)
                45m ann: approved in r@9#1: a1
                45m a1 done
                45m a2 starts
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `a node that joins the policies before the run has begun is in the run that asks anew`() {
        #expect(
            timeline(8, [(5, .loads(Self.policies(names: ["a1", "a2", "a3"]))), (6, Self.approve)])
                == """
                5m ending: the policy was edited before it began: nodes
                5m a1 ended
                5m a2 ended
                5m partial: the policy was edited before it began: nodes
                6m may start, says ann
                6m a1 starts
                6m ann: approved in r@2#2: its start (drain → block → wait → restore)
                """)
    }

    @Test func `what has begun keeps its text`() {
        let edited = Self.policies(sequence: StepSequence(name: "s", steps: [.drain(DrainStep()), .block, .restore]))
        #expect(
            timeline(9, [(1, Self.approve), (3, .loads(edited))])
                == """
                1m may start, says ann
                1m a1 starts
                1m ann: approved in r@2#1: its start (drain → block → wait → restore)
                6m a1 done
                6m a2 starts
                """)
    }

    @Test func `nothing is asked where every node is there already`() {
        #expect(
            timeline(1, [], versions: ["a1": "2", "a2": "2"])
                == """
                0m a1 already-there
                0m a2 already-there
                0m completed
                """)
    }

    @Test func `an approval step asks for each node, before it is taken out of service`() {
        let policies = Self.policies(sequence: Self.byStep, approval: nil)
        var rehearsal = ScriptedRehearsal(policies)
        rehearsal.run(minutes: 2)
        #expect(rehearsal.wait(of: "a1") == "waiting-approval: an operator is to say that it may go on (28m)")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal))
        rehearsal.run(minutes: 13, [(2, LeverTests.order(.approve, node: "a2", run: "r")), (3, Self.approve)])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m ann: refused (nothing-to-do) a2 does not wait for an approval now
                3m ann: approved in r@2#1: a1
                8m a1 done
                8m a2 starts
                """)
        rehearsal.run(minutes: 50, [(14, LeverTests.order(.approve, node: "a2", run: "r"))])
        #expect(rehearsal.isFolded)
        #expect(
            rehearsal.text.hasSuffix(
                """
                14m ann: approved in r@2#1: a2
                19m a2 done
                19m completed
                """))
    }

    @Test func `an approval step that nobody answers pauses the run, and its node is left as it is`() {
        #expect(
            timeline(42, [(40, Self.approve)], Self.policies(sequence: Self.byStep, approval: nil))
                == """
                0m a1 starts
                30m paused: nobody approved a1 in time
                40m goes on (approval)
                40m ann: approved in r@2#1: a1
                """)
    }

    @Test func `one word is for all nodes that wait for it, and names them`() throws {
        var policies = Self.policies(sequence: Self.byStep, approval: nil)
        policies.policies[0].strategy.maxUnavailable = .count(2)
        var rehearsal = ScriptedRehearsal(policies)
        rehearsal.run(minutes: 2)
        let run = try #require(rehearsal.controller.status(at: rehearsal.now).runs.last)
        #expect(run.blockers.first?.reason == .stepApproval(["a1", "a2"]))
        rehearsal.run(minutes: 9, [(3, Self.approve)])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                3m ann: approved in r@2#1: a1, a2
                8m a1 done
                8m a2 done
                8m completed
                """)
        #expect(rehearsal.isFolded)
    }

    @Test(arguments: [Strategy(maxUnavailable: .count(2)), Strategy(order: [.label("zone")])])
    func `another strategy or another order is another text, and the word about the old one is void`(
        strategy: Strategy
    ) {
        let policies = Self.policies(exclusions: [Self.frozen(minutes: 30)])
        var edited = policies
        edited.policies[0].strategy = strategy
        var rehearsal = ScriptedRehearsal(policies)
        rehearsal.run(minutes: 40, [(3, Self.approve), (5, .loads(edited))])
        #expect(rehearsal.lines.contains("5m ending: the policy was edited before it began: strategy"))
        #expect(!rehearsal.text.contains("starts"), "\(rehearsal.text)")
        #expect(rehearsal.wait(of: "a1").hasPrefix("waiting-approval: "), "\(rehearsal.wait(of: "a1"))")
        #expect(rehearsal.isFolded)
    }
}
