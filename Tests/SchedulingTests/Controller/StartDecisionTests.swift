import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// May a node start now? Situations, and everything that stands in the way, the most important first.
struct StartDecisionTests {
    /// One policy `r` over `a b c d`; two of them may go at once.
    static func set(
        _ change: (inout ClusterPolicy, inout Policy) -> Void = { _, _ in }, isClustered: Bool = false,
        others: [Policy] = []
    ) -> PolicySet {
        var cluster = ClusterPolicy(
            name: "c", topology: isClustered ? .clustered : .standalone,
            nodes: ["a", "b", "c", "d"].map {
                ClusterNode(name: $0, api: "http://\($0)/", ready: "http://\($0)/.ok", labels: ["zone": $0])
            }, budget: Budget(maxUnavailable: .count(2)))
        var policy = Policy(
            name: "r", cluster: "c", schedule: .rollout, strategy: Strategy(maxUnavailable: .count(2)),
            sequence: waiting, kind: .rollout(revision: "2", approval: nil))
        change(&cluster, &policy)
        return PolicySet(clusters: [cluster], policies: [policy] + others, zones: ["UTC": .utc], digest: "\(policy)")
    }

    /// Stays out for an hour.
    static let waiting = StepSequence(
        name: "s", steps: [.drain(.standard), .block, .wait(.duration(.hours(1))), .restore])
    /// Is committed for ten minutes, and fails.
    static let committing = StepSequence(
        name: "s",
        steps: [
            .drain(.standard), .block, .run(RunStep(name: "u", command: ["/u"], isDisruptive: true)),
            .verify(VerifyStep(version: "9")), .restore,
        ])

    struct Situation: CustomTestStringConvertible {
        var testDescription: String
        var set: PolicySet
        var broken: [String] = []
        /// Sessions on nodes, which then never drain.
        var busy: [String] = []
        /// When the deeds happen.
        var at = Duration.zero
        var deeds: [ScriptedRehearsal.Deed] = []
        /// How long after the deeds is asked.
        var after = Duration.seconds(10)
        /// A node of which everything is asked; nil: the run's decision.
        var node: String?
        var blockers: String

        init(
            _ title: String, _ set: PolicySet, broken: [String] = [], busy: [String] = [],
            at: Duration = .zero, deeds: [ScriptedRehearsal.Deed] = [], after: Duration = .seconds(10),
            node: String? = nil,
            gives blockers: String
        ) {
            testDescription = title
            self.set = set
            self.broken = broken
            self.busy = busy
            self.at = at
            self.deeds = deeds
            self.after = after
            self.node = node
            self.blockers = blockers
        }

        /// The words of what stands in the way.
        func words() -> [String] { blockersNow().map { "\($0.reason.word)\($0.until == nil ? "" : "+")" } }

        func blockersNow() -> [Blocker] {
            var rehearsal = ScriptedRehearsal(set, broken: broken)
            for node in busy { rehearsal.nodes[node]?.sessions = 1 }
            rehearsal.advance(by: at)
            for deed in deeds { rehearsal.perform(deed) }
            rehearsal.advance(by: after)
            let controller = rehearsal.controller
            if let node {
                let status = controller.status(at: rehearsal.now).clusters.flatMap(\.nodes)
                return status.first { $0.name == node }?.blockers ?? []
            }
            let slot = controller.ledger.activeRuns.first { controller.ledger.header($0)?.pinned.name == "r" }
            switch slot.map({ controller.decision(of: $0, rehearsal.now) }) {
            case .wait(let blockers)?: return blockers
            case .start(let part)?: return [Blocker(.groupFirst("it may start: \(part)", []))]
            case nil: return [Blocker(.groupFirst("there is no run", []))]
            }
        }
    }

    private static func id(_ name: String) -> NodeID { NodeID(cluster: "c", name: name) }

    private static func hold(_ wish: Hold.Wish, lasts: Duration? = nil) -> ScriptedRehearsal.Deed {
        .notes(
            .holdPlaced(
                id("a"),
                Hold(
                    wish: wish, actor: "ann", reason: "looks", since: Moment.start.wall,
                    until: lasts.map { Moment.start.wall + $0 })))
    }

    private static func only(_ name: String) -> (inout ClusterPolicy, inout Policy) -> Void {
        { _, policy in policy.selector = Selector(nodes: [name]) }
    }

    private static func windows(_ texts: String...) -> [Window] { (try? ClearanceTests.windows(texts)) ?? [] }

    private static func freeze(_ start: Duration, _ length: Duration) -> Exclusion {
        Exclusion(
            window: Window(
                name: "freeze", recurrence: .at(ZoneRules.utc.local(RigWorld.midnight + start)),
                length: .elapsed(length), timeZone: "UTC"), reason: "year-end")
    }

    /// A `+` where the end is known.
    static let runs: [Situation] = [
        Situation(
            "nobody has approved it",
            set { _, policy in policy.kind = .rollout(revision: "2", approval: Approval()) }, gives: "approval+"),
        Situation(
            "a gate is not good",
            set { _, policy in
                policy.gates = [HealthGate(name: "g", probe: .command(["/g"]), failureLimit: 9)]
                policy.schedule.exclusions = [freeze(.zero, .minutes(2))]
            }, deeds: [.measures("a", .fail("5"))], after: .minutes(3), gives: "gate"),
        Situation(
            "one is out, as many as the run may have",
            set { _, policy in policy.strategy.maxUnavailable = .count(1) }, gives: "runFull"),
        Situation("two are out, as many as run and budget may have", set(), gives: "runFull budget"),
        Situation(
            "somebody else's node uses the budget up",
            set { _, policy in policy.strategy.maxUnavailable = .count(2) }, broken: ["d"], gives: "budget"),
        Situation(
            "the canary is at work",
            set { _, policy in policy.strategy.canary = Canary(count: 1) }, gives: "canaryFirst"),
        Situation(
            "the canary soaks",
            set { _, policy in
                policy.strategy.canary = Canary(count: 1, soak: .hours(1))
                policy.sequence = ScriptedRehearsal.fiveMinutes
            }, after: .minutes(7), gives: "canarySoak+"),
        Situation(
            "the canary is done and does not answer",
            set { _, policy in
                policy.strategy.canary = Canary(count: 1, soak: .hours(1))
                policy.sequence = ScriptedRehearsal.fiveMinutes
            }, at: .minutes(7), deeds: [.breaks("a")], gives: "canaryBroken"),
        Situation(
            "the canary is done, and a person has to say so",
            set { _, policy in
                policy.strategy.canary = Canary(count: 1, promote: .manual)
                policy.sequence = ScriptedRehearsal.fiveMinutes
            }, after: .minutes(7), gives: "promotion"),
        Situation(
            "the group before was finished a while ago",
            set { _, policy in
                policy.strategy.groups = [
                    NodeGroup(name: "x", selector: Selector(nodes: ["a"])),
                    NodeGroup(
                        name: "y", selector: Selector(nodes: ["b", "c", "d"]), waitAfterPrevious: .minutes(10)),
                ]
                policy.sequence = ScriptedRehearsal.fiveMinutes
            }, after: .minutes(7), gives: "groupWait+"),
        Situation(
            "a slot became free a while ago",
            set { _, policy in
                policy.strategy.maxUnavailable = .count(1)
                policy.strategy.pauseBetweenNodes = .minutes(10)
                policy.sequence = ScriptedRehearsal.fiveMinutes
            }, after: .minutes(7), gives: "betweenNodes+"),
        Situation(
            "as many have failed as may",
            set { _, policy in policy.sequence = committing }, after: .minutes(12), gives: "runPaused budget"),
        Situation(
            "the run ends, and one is committed",
            set { _, policy in policy.sequence = committing }, at: .seconds(30),
            deeds: [
                .loads(
                    set { _, policy in
                        policy.sequence = committing
                        policy.isSuspended = true
                    })
            ], gives: "runEnding suspended"),
        Situation(
            "a newer revision waits for one that is committed",
            set { _, policy in policy.sequence = committing }, at: .seconds(30),
            deeds: [
                .loads(
                    set { _, policy in
                        policy.sequence = committing
                        policy.kind = .rollout(revision: "3", approval: nil)
                    })
            ], gives: "runEnding"),
        Situation(
            "somebody has paused everything, for a while", set(),
            deeds: [LeverTests.order(.pause, minutes: 300, "calls drop")], gives: "allPaused+ runFull budget"),
        Situation(
            "somebody has paused the run", set(), deeds: [LeverTests.order(.pause, run: "r", "calls drop")],
            gives: "runPaused runFull budget"),
        Situation("the wall clock jumped", set(), deeds: [.wallJumps(minutes: 90)], gives: "clock+ runFull budget"),
        Situation(
            "the wall clock jumped into a freeze, and the run is paused",
            set { _, policy in
                policy.schedule.exclusions = [freeze(.minutes(30), .hours(5))]
                policy.sequence = committing
            }, at: .minutes(12), deeds: [.wallJumps(minutes: 90)], gives: "runPaused clock+ outsideWindow budget"),
        Situation(
            "and half a minute later",
            set { _, policy in
                policy.schedule.exclusions = [freeze(.minutes(30), .hours(5))]
                policy.sequence = committing
            }, at: .minutes(12), deeds: [.wallJumps(minutes: 90)], after: .seconds(40),
            gives: "runPaused excluded+ budget"),
        Situation(
            "a freeze",
            set { _, policy in policy.schedule.exclusions = [freeze(.zero, .hours(5))] }, gives: "excluded+"),
        Situation(
            "outside of its windows",
            set { _, policy in policy.schedule.windows = windows("02:00+3h") }, gives: "outsideWindow+"),
        Situation(
            "too close to the end of the window",
            set { _, policy in
                policy.schedule.windows = windows("00:00+1h")
                policy.schedule.cutoff = .hours(2)
            }, gives: "cutoff+"),
        Situation(
            "no node can start, and the first few say why", set(), broken: ["a", "b", "c", "d"],
            gives: "unreachable unreachable unreachable unreachable"),
        Situation(
            "a disruptive step would cost the majority",
            set({ _, policy in policy.sequence = committing }, isClustered: true), broken: ["b"], busy: ["a"],
            gives: "quorum"),
        Situation(
            "nodes that are said to stand alone list each other",
            set { _, policy in policy.schedule.exclusions = [freeze(.zero, .seconds(5))] }, deeds: [.lists("a b c d")],
            gives: "wrongTopology"),
        Situation(
            "one that was taken out was not shown to be the one that the policies name",
            set(
                { _, policy in policy.schedule.exclusions = [freeze(.zero, .seconds(5))] }, isClustered: true),
            deeds: [.lists("a=normal b=normal c=normal d=normal")], after: .seconds(20), gives: "identity"),
    ]

    @Test(arguments: runs) func `what stands in the way of the run's next node`(situation: Situation) {
        #expect(situation.words().joined(separator: " ") == situation.blockers)
    }

    static let nodes: [Situation] = [
        Situation("held", set(only("a")), deeds: [hold(.handsOff, lasts: .hours(1))], node: "a", gives: "held+"),
        Situation(
            "held at a mode", set(only("a")), deeds: [hold(.mode(.blockNewSession))], node: "a", gives: "held"),
        Situation("kept open", set(only("a")), deeds: [hold(.keepOpen)], node: "a", gives: "keptOpen"),
        Situation("reserved", set(only("a")), deeds: [hold(.reserved)], node: "a", gives: "reserved"),
        Situation(
            "a hold that is over", set(only("b")), deeds: [hold(.handsOff, lasts: .seconds(1))], node: "a", gives: ""),
        Situation(
            "in another run",
            set(
                only("a"),
                others: [
                    Policy(
                        name: "earlier", cluster: "c", selector: Selector(nodes: ["a"]), schedule: .rollout,
                        sequence: waiting, kind: .rollout(revision: "1.9", approval: nil))
                ]), gives: "nodeBusy"),
        Situation(
            "failed in an earlier run",
            set(only("a")),
            deeds: [
                .notes(
                    .stayPlaced(
                        id("a"),
                        FailedStay(
                            run: LedgerTests.id, policy: "other", mode: .blockNewSession, reason: "it broke",
                            since: Moment.start.wall), .of(id("a"))))
            ], node: "a", gives: "failedStay"),
        Situation("unreachable", set(only("a")), broken: ["a"], node: "a", gives: "unreachable"),
        Situation(
            "a word that nobody knows", set(only("a")), deeds: [.sets("a", ObservedMode(word: "draining"))], node: "a",
            gives: "unknownMode"),
        Situation("not joined", set(only("a")), deeds: [.sets("a", .known(.initial))], node: "a", gives: "initial"),
        Situation(
            "blocked by somebody", set(only("a")), deeds: [.sets("a", .known(.blockNewSession))], node: "a",
            gives: "foreign"),
        Situation(
            "blocked by somebody, or by a fault of its own", set(only("a"), isClustered: true),
            deeds: [.sets("a", .known(.blockNewConnection))], node: "a", gives: "faulted"),
        Situation(
            "not connected", set(only("a"), isClustered: true), deeds: [.lists("a! b c d")], node: "a",
            gives: "isolated"),
        Situation(
            "to be opened first", set(only("a"), isClustered: true),
            deeds: [
                .lists("a! b c d"), .sets("a", .known(.blockNewSession)),
                .notes(.modeAdopted(id("a"), .blockNewSession)),
            ], node: "a", gives: "owed isolated"),
        Situation(
            "says normal, and the lists say otherwise of its name", set(only("a"), isClustered: true),
            deeds: [.lists("a=connection b=normal c=normal d=normal")], node: "a", gives: "listedOtherwise"),
        Situation(
            "given back for others", set(only("a")), at: .seconds(20),
            deeds: [.breaks("b"), .breaks("c"), .breaks("d")], after: .minutes(1), node: "a", gives: "backOff budget"),
        Situation(
            "given back for others, who are back for a while", set(only("a")), at: .seconds(20),
            deeds: [.breaks("b"), .breaks("c"), .later(minutes: 2), .mends("b")], after: .minutes(1), node: "a",
            gives: "backOff+"),
        Situation("not ready", set(only("a")), deeds: [.isUnready("a")], node: "a", gives: "notReady"),
        Situation(
            "its group is not yet next",
            set { _, policy in
                policy.strategy.groups = [
                    NodeGroup(name: "x", selector: Selector(nodes: ["b", "c", "d"])),
                    NodeGroup(name: "y", selector: Selector(nodes: ["a"])),
                ]
            }, node: "a", gives: "groupFirst runFull budget"),
        Situation(
            "its group is not yet next, and it is held, in a freeze",
            set { _, policy in
                policy.strategy.groups = [
                    NodeGroup(name: "x", selector: Selector(nodes: ["b", "c", "d"])),
                    NodeGroup(name: "y", selector: Selector(nodes: ["a"])),
                ]
                policy.schedule.exclusions = [freeze(.zero, .hours(5))]
            }, deeds: [hold(.handsOff)], node: "a", gives: "excluded+ groupFirst held"),
    ]

    /// The deeds come before the node could start: it is asked in the first instant.
    @Test(arguments: nodes) func `what stands in the way of a node`(situation: Situation) {
        var situation = situation
        // Nothing is out when the deeds happen: the run begins when a freeze is over.
        let freeze = Self.freeze(.zero, .seconds(5))
        for place in situation.set.policies.indices where situation.set.policies[place].name == "r" {
            situation.set.policies[place].schedule.exclusions.append(freeze)
        }
        #expect(situation.words().joined(separator: " ") == situation.blockers)
    }

    /// Somebody's reservation of a, which is over or not; b is the next, and the budget has room for one.
    @Test(arguments: [false, true]) func `a reservation that is over takes no budget`(isOver: Bool) throws {
        let set = Self.set { cluster, policy in
            cluster.budget = Budget(maxUnavailable: .count(1))
            policy.selector = Selector(nodes: ["b"])
            policy.schedule.exclusions = [Self.freeze(.zero, .minutes(2))]
        }
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.perform(Self.hold(.reserved, lasts: isOver ? .minutes(1) : .hours(1)))
        rehearsal.advance(by: .minutes(3))
        #expect(rehearsal.lines == (isOver ? ["2m b starts"] : []))
    }

    /// A process that has the journal only: nothing new starts before the directory was read, and no node was read yet.
    @Test func `after a start, policies and nodes are waited for`() throws {
        var rehearsal = ScriptedRehearsal(Self.set { _, policy in policy.strategy.maxUnavailable = .count(1) })
        rehearsal.advance(by: .seconds(10))
        var controller = Controller(ledger: Ledger(folding: rehearsal.journal))
        _ = controller.handle(.started(boot: "boot"), at: rehearsal.now)
        let slot = try #require(controller.ledger.activeRuns.first)
        #expect(Self.words(controller.decision(of: slot, rehearsal.now)) == "policiesMissing notRead runFull budget")
        let loaded = try #require(rehearsal.controller.ledger.policies)
        _ = controller.handle(.policiesLoaded(loaded), at: rehearsal.now)
        #expect(Self.words(controller.decision(of: slot, rehearsal.now)) == "notRead runFull budget")
    }

    @Test func `what was read too long ago is no reading`() throws {
        var rehearsal = ScriptedRehearsal(Self.set { _, policy in policy.strategy.maxUnavailable = .count(1) })
        rehearsal.advance(by: .seconds(10))
        let slot = try #require(rehearsal.controller.ledger.activeRuns.first)
        let later = rehearsal.now + .seconds(30)
        #expect(Self.words(rehearsal.controller.decision(of: slot, later)) == "stale stale stale")
    }

    /// In the instant in which it was read; then it is somebody's floor.
    @Test func `a mode that nobody accounts for`() throws {
        let rehearsal = ScriptedRehearsal(Self.set(), broken: ["a", "b", "c", "d"])
        var controller = rehearsal.controller
        let node = try #require(controller.ledger.index(of: Self.id("a")))
        let seen = Observation(node: Self.id("a"), begun: rehearsal.now, mode: .known(.blockNewSession), ready: true)
        _ = controller.fleet[node].take(seen, known: nil, at: rehearsal.now)
        let blockers = controller.stateBlockers(of: node, isTakenOver: false, rehearsal.now)
        #expect(blockers.map(\.reason.word) == ["notNormal"])
        #expect(controller.stateBlockers(of: node, isTakenOver: true, rehearsal.now).isEmpty)
    }

    /// One that hangs holds the others up for as long as its read may take.
    @Test func `before a node is taken every node is read once more`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "01:59:56")
        rig.reach("c", .hangs)
        rig.advance(to: "02:00:00")
        rig.advance(.milliseconds(200))
        #expect(rig.verdict("a").text == Blocker(.sweep).text, "\(rig)")
    }

    private static func words(_ decision: StartDecision) -> String {
        guard case .wait(let blockers) = decision else { return "start" }
        return blockers.map(\.reason.word).joined(separator: " ")
    }

    /// Each reason is one of a situation above.
    @Test func `every reason is produced somewhere`() {
        let produced = (Self.runs + Self.nodes).flatMap { situation in
            situation.blockers.replacing("+", with: "").split(separator: " ").map(String.init)
        }
        let known = Set(produced).union(["policiesMissing", "notRead", "stale", "notNormal", "sweep", "stepApproval"])
        let missing = BlockerTests.reasons.map(\.word).filter { !known.contains($0) }
        #expect(missing == [])
    }
}
