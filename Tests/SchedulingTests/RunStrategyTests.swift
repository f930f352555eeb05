import Calendars
import Primitives
import Scheduling
import Testing

/// Groups, canary nodes, waits and progress deadlines as timelines: each node needs about five minutes.
struct RunStrategyTests {
    static let fiveMinutes = StepSequence(
        name: "s", steps: [.drain(DrainStep(deadline: .minutes(20))), .block, .wait(.duration(.minutes(5))), .restore])
    /// Nodes a1, a2, a3 of zone a and b1, b2 of zone b; the budget lets two go at once.
    static func set(
        _ strategy: Strategy, sequence: StepSequence = fiveMinutes, zones: [String: String] = [:],
        exclusions: [Exclusion] = [], isSuspended: Bool = false
    ) -> PolicySet {
        let nodes = ["a1", "a2", "a3", "b1", "b2"].map { name in
            ClusterNode(
                name: name, api: "http://\(name)/", labels: ["zone": zones[name] ?? String(name.prefix(1))])
        }
        return PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "c", topology: .standalone, nodes: nodes, budget: Budget(maxUnavailable: .count(2)))
            ],
            rollouts: [
                Rollout(
                    name: "r", cluster: "c", revision: "2", exclusions: exclusions, strategy: strategy,
                    sequence: sequence, isSuspended: isSuspended)
            ],
            zones: [ZoneRules.utc.name: .utc], digest: "\(zones) \(isSuspended)")
    }

    static func groups(waiting: Duration = .zero) -> [NodeGroup] {
        [
            NodeGroup(name: "zone-b", selector: Selector(matchLabels: ["zone": "b"])),
            NodeGroup(
                name: "zone-a",
                selector: Selector(matchExpressions: [LabelExpression(key: "zone", operator: .in, values: ["a"])]),
                waitAfterPrevious: waiting),
        ]
    }

    @Test func `groups go in the order written, and no wave mixes them`() {
        var rehearsal = Rehearsal(
            Self.set(Strategy(maxUnavailable: .count(3), groups: Self.groups())), broken: [])
        rehearsal.run(minutes: 3)
        #expect(rehearsal.wait(of: "a1") == "waiting-previous: waits for group zone-b: b1, b2")
        rehearsal.run(minutes: 40)
        #expect(
            rehearsal.text == """
                0m b1 starts in wave 1
                0m b2 starts in wave 1
                5m b1 done
                5m b2 done
                5m a1 starts in wave 2
                5m a2 starts in wave 2
                10m a1 done
                10m a2 done
                10m a3 starts in wave 3
                15m a3 done
                15m completed
                """)
    }

    @Test func `a group waits after the one before, by the wall clock, also across a restart and a jump back`() {
        let set = Self.set(Strategy(maxUnavailable: .count(2), groups: Self.groups(waiting: .minutes(30))))
        var rehearsal = Rehearsal(set)
        rehearsal.run(minutes: 20, [(12, .restarts)])
        #expect(rehearsal.wait(of: "a1") == "waiting-previous: waits after group zone-b (16m)")
        // Ten minutes back: the wait is longer by them, never shorter.
        rehearsal.run(minutes: 60, [(21, .wallJumps(minutes: -10))])
        #expect(
            rehearsal.text == """
                0m b1 starts in wave 1
                0m b2 starts in wave 1
                5m b1 done
                5m b2 done
                45m a1 starts in wave 2
                45m a2 starts in wave 2
                50m a1 done
                50m a2 done
                50m a3 starts in wave 3
                55m a3 done
                55m completed
                """)
    }

    @Test func `a label that changes in a reload moves no node of a run to another group`() {
        var rehearsal = Rehearsal(Self.set(Strategy(groups: Self.groups())))
        let changed = Self.set(Strategy(groups: Self.groups()), zones: ["b2": "a", "a1": "b"])
        rehearsal.run(minutes: 40, [(2, .loads(changed)), (3, .restarts)])
        let starts = rehearsal.lines.filter { $0.contains("starts") }.map { $0.split(separator: " ")[1] }
        #expect(starts == ["b1", "b2", "a1", "a2", "a3"])
    }

    @Test func `a group waits for a node of the one before that cannot be started`() {
        var rehearsal = Rehearsal(Self.set(Strategy(groups: Self.groups())), broken: ["b2"])
        rehearsal.run(minutes: 20)
        #expect(rehearsal.wait(of: "a1") == "waiting-previous: waits for group zone-b: b2")
        rehearsal.run(minutes: 60, [(30, .mends("b2"))])
        #expect(
            rehearsal.lines.prefix(5).joined(separator: ", ").hasSuffix(
                "30m b2 starts in wave 2, 35m b2 done, 35m a1 starts in wave 3"))
    }

    static let canary = Canary(count: 1, soak: .minutes(10))

    @Test func `the canary goes alone, soaks, and the others follow`() {
        var rehearsal = Rehearsal(Self.set(Strategy(maxUnavailable: .count(2), canary: Self.canary)))
        rehearsal.run(minutes: 2)
        #expect(rehearsal.wait(of: "a2") == "waiting-previous: waits for the canary: a1")
        rehearsal.run(minutes: 8)
        #expect(rehearsal.wait(of: "b2") == "waiting-previous: the canary soaks: a1 (8m)")
        rehearsal.run(minutes: 40)
        #expect(
            rehearsal.text == """
                0m a1 starts in wave 1
                5m a1 done
                15m promoted
                15m a2 starts in wave 2
                15m a3 starts in wave 2
                20m a2 done
                20m a3 done
                20m b1 starts in wave 3
                20m b2 starts in wave 3
                25m b1 done
                25m b2 done
                25m completed
                """)
    }

    /// What happens while the canary soaks, from minute 5 on, and when the others follow.
    static let breaks: [([(Int64, Rehearsal.Deed)], String)] = [
        ([], "15m"), ([(12, .restarts)], "22m"), ([(8, .breaks("a1")), (9, .mends("a1"))], "19m"),
        ([(8, .blocks("a1")), (13, .opens("a1"))], "23m"),
        // Broken for good: never.
        ([(8, .breaks("a1"))], "never"), ([(8, .breaks("a2"))], "15m"),
        // The wall clock has no say in it.
        ([(8, .wallJumps(minutes: 30))], "15m"), ([(8, .wallJumps(minutes: -30))], "15m"),
        ([(8, .away(minutes: 20))], "38m"),
    ]

    @Test(arguments: breaks.indices) func `a break restarts the soak of the canary`(row: Int) {
        var rehearsal = Rehearsal(Self.set(Strategy(canary: Self.canary)))
        rehearsal.run(minutes: 60, Self.breaks[row].0)
        let promoted = rehearsal.lines.first { $0.hasSuffix("promoted") }?.split(separator: " ").first ?? "never"
        #expect(promoted == Self.breaks[row].1)
        let others = rehearsal.lines.filter { $0.contains("starts") && !$0.contains("a1") }
        #expect(others.isEmpty == (promoted == "never"))
    }

    @Test func `a canary that is done and not in service is named`() {
        var rehearsal = Rehearsal(Self.set(Strategy(canary: Self.canary)))
        rehearsal.run(minutes: 10, [(8, .breaks("a1"))])
        #expect(
            rehearsal.wait(of: "a2") == "waiting-previous: the canary a1 is done and not in service: its soak waits")
    }

    @Test func `several canary nodes go in waves of their own, and all of them soak`() {
        let strategy = Strategy(
            maxUnavailable: .count(2), canary: Canary(count: 3, soak: .minutes(10)),
            groups: [NodeGroup(name: "all", selector: .all)])
        var rehearsal = Rehearsal(Self.set(strategy))
        rehearsal.run(minutes: 60, [(14, .breaks("a2")), (15, .mends("a2"))])
        #expect(
            rehearsal.lines.dropLast(3).joined(separator: "\n") == """
                0m a1 starts in wave 1
                0m a2 starts in wave 1
                5m a1 done
                5m a2 done
                5m a3 starts in wave 2
                10m a3 done
                25m promoted
                25m b1 starts in wave 3
                25m b2 starts in wave 3
                """)
    }

    @Test func `canary nodes are of the first group only, and the groups wait on top`() {
        let strategy = Strategy(
            maxUnavailable: .count(2), canary: Canary(count: 1, soak: .minutes(10)),
            groups: Self.groups(waiting: .minutes(10)))
        var rehearsal = Rehearsal(Self.set(strategy))
        rehearsal.run(minutes: 60)
        #expect(
            rehearsal.lines.prefix(6).joined(separator: "\n") == """
                0m b1 starts in wave 1
                5m b1 done
                15m promoted
                15m b2 starts in wave 2
                20m b2 done
                30m a1 starts in wave 3
                """)
    }

    @Test func `any failure among the canary nodes pauses, whatever maxFailures says`() {
        let strategy = Strategy(maxFailures: 5, canary: Canary(count: 2, soak: .minutes(1)))
        let failing = StepSequence(
            name: "s",
            steps: [.drain(DrainStep()), .block, .verify(VerifyStep(version: "9", timeout: .minutes(5))), .restore])
        var rehearsal = Rehearsal(Self.set(strategy, sequence: failing))
        rehearsal.run(minutes: 30)
        #expect(
            rehearsal.text == """
                0m a1 starts in wave 1
                5m paused: canary a1 failed (verify: the version is 1, not 9)
                5m a1 failed
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `a skipped canary proves nothing`() {
        let strategy = Strategy(maxFailures: 5, canary: Canary(count: 1))
        var rehearsal = Rehearsal(
            Self.set(
                strategy,
                sequence: StepSequence(
                    name: "s", steps: [.drain(DrainStep(maxSessions: -1, deadline: .minutes(20))), .restore])))
        rehearsal.run(minutes: 30)
        #expect(
            rehearsal.text == """
                0m a1 starts in wave 1
                20m paused: canary a1 was skipped and proves nothing (not drained in time)
                20m a1 skipped
                """)
        #expect(rehearsal.verdict(of: "a2")?.code == .paused)
    }

    @Test func `a node that has the revision already counts as proven, once it was good for the soak`() {
        var rehearsal = Rehearsal(Self.set(Strategy(canary: Self.canary)), versions: ["a1": "2"])
        rehearsal.run(minutes: 16)
        #expect(
            rehearsal.text == """
                0m a1 already-there
                10m promoted
                10m a2 starts in wave 1
                15m a2 done
                15m a3 starts in wave 2
                """)
    }

    @Test func `a promotion that is an operator's to give is waited for`() {
        let strategy = Strategy(
            canary: Canary(count: 1, soak: .minutes(10), promote: .manual), progressDeadline: .minutes(5))
        var rehearsal = Rehearsal(Self.set(strategy))
        rehearsal.run(minutes: 40, [(30, .restarts)])
        #expect(
            rehearsal.text == """
                0m a1 starts in wave 1
                5m a1 done
                15m paused: the canary is good: waits for promote
                """)
        #expect(rehearsal.wait(of: "a2") == "paused: the run is paused: the canary is good: waits for promote")
    }
}
