import ModeCore
import Primitives
import Scheduling
import Testing

/// Groups, canary nodes, pauses and failures as timelines.
struct RunStrategyTests {
    private static func rehearsal(
        _ strategy: Strategy, sequence: StepSequence = ScriptedRehearsal.fiveMinutes, versions: [String: String] = [:],
        broken: [String] = []
    ) -> ScriptedRehearsal {
        ScriptedRehearsal(ScriptedRehearsal.rollout(strategy, sequence: sequence), versions: versions, broken: broken)
    }

    @Test func `as one node is through, the next starts`() {
        var rehearsal = Self.rehearsal(Strategy(maxUnavailable: .count(2)))
        rehearsal.nodes["a1"]?.sessions = 1
        rehearsal.run(minutes: 12)
        rehearsal.nodes["a1"]?.sessions = 0
        rehearsal.run(minutes: 40)
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                5m a2 done
                5m a3 starts
                10m a3 done
                10m b1 starts
                15m b1 done
                15m b2 starts
                17m a1 done
                20m b2 done
                20m completed
                """)
    }

    @Test func `when the last node is through is told by those that are`() {
        var rehearsal = Self.rehearsal(Strategy(maxUnavailable: .count(2), pauseBetweenNodes: .minutes(1)))
        func end(_ rehearsal: ScriptedRehearsal) -> Duration? {
            rehearsal.controller.status(at: rehearsal.now).runs.last?.projectedEnd.map { $0 - Moment.start.wall }
        }
        rehearsal.run(minutes: 4)
        #expect(end(rehearsal) == nil, "none is through")
        rehearsal.run(minutes: 7)
        // Five minutes each: a3 and b1 until 11, and after a minute b2 alone.
        let five = end(rehearsal)
        #expect(five.map { $0 > .minutes(16) && $0 < .minutes(18) } == true, "\(String(describing: five))")
        rehearsal.perform(LeverTests.order(.pause, run: "r", "calls drop"))
        #expect(end(rehearsal) == nil, "nobody knows when it goes on")
        rehearsal.perform(LeverTests.order(.resume, run: "r", "fine"))
        rehearsal.run(minutes: 40)
        #expect(end(rehearsal) == nil, "\(rehearsal.text)")
    }

    @Test func `groups go in the order written, and none begins before the one before is through`() {
        var rehearsal = Self.rehearsal(Strategy(maxUnavailable: .count(3), groups: ScriptedRehearsal.groups()))
        rehearsal.run(minutes: 3)
        #expect(rehearsal.wait(of: "a1") == "waiting-previous: waits for group zone-b: b1, b2")
        rehearsal.run(minutes: 40)
        #expect(
            rehearsal.text == """
                0m b1 starts
                0m b2 starts
                5m b1 done
                5m b2 done
                5m a1 starts
                5m a2 starts
                10m a1 done
                10m a2 done
                10m a3 starts
                15m a3 done
                15m completed
                """)
    }

    @Test func `a group waits after the one before, also across a restart, and whatever the wall clock does`() {
        var rehearsal = Self.rehearsal(
            Strategy(maxUnavailable: .count(2), groups: ScriptedRehearsal.groups(waiting: .minutes(30))))
        rehearsal.run(minutes: 20, [(12, .restarts)])
        #expect(rehearsal.wait(of: "a1") == "waiting-previous: waits after group zone-b (16m)")
        rehearsal.run(minutes: 60, [(21, .wallJumps(minutes: -10))])
        #expect(
            rehearsal.text == """
                0m b1 starts
                0m b2 starts
                5m b1 done
                5m b2 done
                35m a1 starts
                35m a2 starts
                40m a1 done
                40m a2 done
                40m a3 starts
                45m a3 done
                45m completed
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `a label that changes in a reload moves no node of a run to another group`() {
        let strategy = Strategy(groups: ScriptedRehearsal.groups())
        var rehearsal = Self.rehearsal(strategy)
        let changed = ScriptedRehearsal.rollout(strategy, zones: ["b2": "a", "a1": "b"])
        rehearsal.run(minutes: 40, [(2, .loads(changed)), (3, .restarts)])
        let starts = rehearsal.lines.filter { $0.contains("starts") }.map { $0.split(separator: " ")[1] }
        #expect(starts == ["b1", "b2", "a1", "a2", "a3"])
    }

    @Test func `a group waits for a node of the one before that cannot be started`() {
        var rehearsal = Self.rehearsal(Strategy(groups: ScriptedRehearsal.groups()), broken: ["b2"])
        rehearsal.run(minutes: 20)
        #expect(rehearsal.wait(of: "a1") == "waiting-previous: waits for group zone-b: b2")
        rehearsal.run(minutes: 60, [(30, .mends("b2"))])
        #expect(
            rehearsal.lines.prefix(5) == [
                "0m b1 starts", "5m b1 done", "30m b2 starts", "35m b2 done", "35m a1 starts",
            ])
    }

    /// A slot that became free is not used for two minutes; neither waits for the other.
    @Test func `pauseBetweenNodes keeps the slot that became free`() {
        var rehearsal = Self.rehearsal(Strategy(maxUnavailable: .count(2), pauseBetweenNodes: .minutes(2)))
        rehearsal.nodes["a2"]?.sessions = 1
        rehearsal.run(minutes: 6)
        #expect(rehearsal.wait(of: "a3") == "waiting-previous: waits between nodes (2m)")
        rehearsal.nodes["a2"]?.sessions = 0
        rehearsal.run(minutes: 40, [(8, .restarts)])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                5m a1 done
                7m a3 starts
                11m a2 done
                12m a3 done
                13m b1 starts
                14m b2 starts
                18m b1 done
                19m b2 done
                19m completed
                """)
    }

    static let canary = Canary(count: 1, soak: .minutes(10))

    @Test func `the canary goes alone, soaks, and the others follow`() {
        var rehearsal = Self.rehearsal(Strategy(maxUnavailable: .count(2), canary: Self.canary))
        rehearsal.run(minutes: 2)
        #expect(rehearsal.wait(of: "a2") == "waiting-previous: waits for the canary: a1")
        rehearsal.run(minutes: 8)
        #expect(rehearsal.wait(of: "b2") == "waiting-previous: the canary soaks: a1 (8m)")
        rehearsal.run(minutes: 40)
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                15m promoted
                15m a2 starts
                15m a3 starts
                20m a2 done
                20m a3 done
                20m b1 starts
                20m b2 starts
                25m b1 done
                25m b2 done
                25m completed
                """)
        #expect(rehearsal.isFolded)
    }

    /// What happens while the canary soaks, from minute 5 on, and when the others follow.
    static let breaks: [(String, [(Int64, ScriptedRehearsal.Deed)], String)] = [
        ("nothing", [], "15m"), ("a restart of the daemon", [(12, .restarts)], "22m"),
        ("it is away for a minute", [(8, .breaks("a1")), (9, .mends("a1"))], "19m"),
        (
            "somebody blocks it", [(8, .sets("a1", .known(.blockNewSession))), (13, .sets("a1", .known(.normal)))],
            "23m"
        ),
        ("it is broken for good", [(8, .breaks("a1"))], "never"),
        ("another is broken for good", [(8, .breaks("a2"))], "15m"),
        ("the wall clock is set forward", [(8, .wallJumps(minutes: 30))], "15m"),
        ("the machine is off", [(8, .away(minutes: 20))], "38m"),
    ]

    @Test(arguments: breaks.indices) func `a break restarts the soak of the canary`(row: Int) {
        let (name, script, minute) = Self.breaks[row]
        var rehearsal = Self.rehearsal(Strategy(canary: Self.canary))
        rehearsal.run(minutes: 60, script)
        let promoted = rehearsal.lines.first { $0.hasSuffix("promoted") }?.split(separator: " ").first ?? "never"
        #expect(promoted == minute, "\(name)\n\(rehearsal.text)")
        let others = rehearsal.lines.filter { $0.contains("starts") && !$0.contains("a1") }
        #expect(others.isEmpty == (promoted == "never"))
    }

    /// It waited for its own grant, which waited for the canary.
    @Test func `a canary may have steps before its drain`() {
        let sequence = StepSequence(
            name: "s", steps: [.run(RunStep(name: "prefetch", command: ["/p"]))] + ScriptedRehearsal.fiveMinutes.steps)
        for strategy in [Strategy(), Strategy(canary: Self.canary), Strategy(groups: ScriptedRehearsal.groups())] {
            var rehearsal = Self.rehearsal(strategy, sequence: sequence)
            rehearsal.run(minutes: 60)
            #expect(rehearsal.lines.last?.hasSuffix("completed") == true, "\(rehearsal.text)")
        }
    }

    @Test func `the soak of a canary is not measured by the wall clock`() {
        var rehearsal = Self.rehearsal(Strategy(canary: Self.canary))
        rehearsal.run(minutes: 60, [(8, .wallJumps(minutes: -30))])
        #expect(rehearsal.lines.contains("15m promoted"), "\(rehearsal.text)")
    }

    @Test func `a canary that is done and not in service is named`() {
        var rehearsal = Self.rehearsal(Strategy(canary: Self.canary))
        rehearsal.run(minutes: 10, [(8, .breaks("a1"))])
        #expect(
            rehearsal.wait(of: "a2") == "waiting-previous: the canary a1 is done and not in service: its soak waits")
    }

    @Test func `several canary nodes go by themselves, and all of them soak`() {
        var rehearsal = Self.rehearsal(
            Strategy(maxUnavailable: .count(2), canary: Canary(count: 3, soak: .minutes(10))))
        rehearsal.run(minutes: 60, [(14, .breaks("a2")), (15, .mends("a2"))])
        #expect(
            rehearsal.lines.prefix(9) == [
                "0m a1 starts", "0m a2 starts", "5m a1 done", "5m a2 done", "5m a3 starts", "10m a3 done",
                "25m promoted", "25m b1 starts", "25m b2 starts",
            ])
    }

    @Test func `the canaries are the first that can start`() {
        var rehearsal = Self.rehearsal(Strategy(canary: Self.canary), broken: ["a1"])
        rehearsal.run(minutes: 30, [(2, .mends("a1"))])
        #expect(
            rehearsal.lines.prefix(4) == ["0m a2 starts", "5m a2 done", "15m promoted", "15m a1 starts"])
    }

    @Test func `canary nodes are of the first group only, and the groups wait on top`() {
        var rehearsal = Self.rehearsal(
            Strategy(
                maxUnavailable: .count(2), canary: Self.canary, groups: ScriptedRehearsal.groups(waiting: .minutes(10)))
        )
        rehearsal.run(minutes: 60)
        #expect(
            rehearsal.lines.prefix(6) == [
                "0m b1 starts", "5m b1 done", "15m promoted", "15m b2 starts", "20m b2 done", "30m a1 starts",
            ])
    }

    /// An emergency had taken one node out of the policies: the whole set was refused, as none would follow the canary.
    @Test func `a whole first group may be the canary`() {
        var rehearsal = Self.rehearsal(
            Strategy(
                maxUnavailable: .count(2), canary: Canary(count: 2, soak: .minutes(10)),
                groups: ScriptedRehearsal.groups()))
        rehearsal.run(minutes: 60)
        #expect(
            rehearsal.lines.prefix(6) == [
                "0m b1 starts", "0m b2 starts", "5m b1 done", "5m b2 done", "15m promoted", "15m a1 starts",
            ], "\(rehearsal.text)")
        #expect(rehearsal.text.hasSuffix("completed"), "\(rehearsal.text)")
    }

    static let failing = StepSequence(
        name: "s",
        steps: [.drain(DrainStep()), .block, .verify(VerifyStep(version: "9", timeout: .minutes(5))), .restore])

    @Test func `any failure among the canary nodes pauses, whatever maxFailures says`() {
        var rehearsal = Self.rehearsal(
            Strategy(maxFailures: 5, canary: Canary(count: 2, soak: .minutes(1))), sequence: Self.failing)
        rehearsal.run(minutes: 30)
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: canary a1 failed (verify: the version is 1, not 9)
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `a skipped canary proves nothing`() {
        var rehearsal = Self.rehearsal(
            Strategy(maxFailures: 5, canary: Canary(count: 1)),
            sequence: StepSequence(
                name: "s", steps: [.drain(DrainStep(maxSessions: -1, deadline: .minutes(20))), .restore]))
        rehearsal.run(minutes: 30)
        #expect(
            rehearsal.text == """
                0m a1 starts
                20m a1 skipped
                20m paused: canary a1 was skipped and proves nothing (not drained in time)
                """)
        #expect(rehearsal.verdict(of: "a2")?.code == .paused)
    }

    @Test func `failures add up to the last that the run may have`() {
        var rehearsal = Self.rehearsal(Strategy(maxUnavailable: .count(2), maxFailures: 3), sequence: Self.failing)
        rehearsal.run(minutes: 60)
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                5m a1 failed
                5m a2 failed
                5m a3 starts
                5m b1 starts
                10m a3 failed
                10m b1 failed
                10m paused: 4 failed (limit 3)
                """)
    }

    @Test func `a node that has the revision already is there, and is no canary`() {
        var rehearsal = Self.rehearsal(Strategy(canary: Self.canary), versions: ["a1": "2"])
        rehearsal.run(minutes: 16)
        #expect(
            rehearsal.text == """
                0m a1 already-there
                0m a2 starts
                5m a2 done
                15m promoted
                15m a3 starts
                """)
    }

    @Test func `a promotion that is an operator's to give is waited for`() {
        var rehearsal = Self.rehearsal(
            Strategy(
                canary: Canary(count: 1, soak: .minutes(10), promote: .manual), progressDeadline: .minutes(5)))
        rehearsal.run(minutes: 40, [(30, .restarts)])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                """)
        #expect(rehearsal.wait(of: "a2") == "waiting-approval: the canary is good: waits for an approval")
    }
}
