import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Levers for when something has gone wrong, as timelines: what failed goes on, what stands in the way is ignored once, what is
/// needed is reserved, everything is opened.
struct RecoveryLeverTests {
    private typealias Script = LeverTests.Script

    private static func order(
        _ action: LeverOrder.Action, node: String? = nil, run: String? = nil, _ reason: String = "",
        set: (inout LeverOrder) -> Void = { _ in }
    ) -> ScriptedRehearsal.Deed {
        LeverTests.order(action, node: node, run: run, reason, set: set)
    }

    /// Its command takes nothing off the node's version: `verify` fails until somebody sets that by hand.
    private static func a1(_ rehearsal: ScriptedRehearsal) -> NodeLedger? {
        rehearsal.controller.ledger.entry(NodeID(cluster: "c", name: "a1"))
    }

    private func failed(_ script: Script, names: [String] = ["a1", "a2"], minutes: Int64 = 16) -> ScriptedRehearsal {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: names))
        rehearsal.run(minutes: 6)
        rehearsal.nodes["a1"]?.isRepaired()
        rehearsal.run(minutes: minutes, script)
        #expect(rehearsal.isFolded)
        return rehearsal
    }

    @Test func `a failed node goes on from its failed step, and its failure counts no longer`() {
        let rehearsal = failed([(8, Self.order(.retry, node: "a1", run: "r"))], minutes: 9)
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                8m goes on (failures)
                8m a1 done
                8m a2 starts
                8m ann: retried: a1 goes on from verify
                """)
        #expect(Self.a1(rehearsal)?.failedStay == nil && Self.a1(rehearsal)?.written == nil)
    }

    @Test func `what fails again stays shut again, and can be retried again`() {
        let rehearsal = failed(
            [
                (8, .restarts),
                (8, Self.order(.retry, node: "a1", run: "r@2#1") { $0.reason = "try" }),
            ], names: ["a1"], minutes: 9)
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m failed
                8m a1 starts
                8m a1 done
                8m completed
                8m ann: retried: a1 goes on from verify, as r@2#1/retry-1
                """)
        var again = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1"]))
        again.run(minutes: 30, [(6, Self.order(.retry, node: "a1", run: "r"))])
        #expect(Self.a1(again)?.failedStay?.run.text == "r@2#1")
        again.nodes["a1"]?.isRepaired()
        again.run(minutes: 31, [(30, Self.order(.retry, node: "a1", run: "r"))])
        #expect(
            again.text == """
                0m a1 starts
                5m a1 failed
                5m failed
                6m a1 starts
                6m ann: retried: a1 goes on from verify, as r@2#1/retry-1
                11m a1 failed
                11m failed
                30m a1 starts
                30m ann: retried: a1 goes on from verify, as r@2#1/retry-2
                30m a1 done
                30m completed
                """)
        #expect(again.isFolded)
    }

    @Test func `a retry after the run's end is ended by its own name`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1"]))
        rehearsal.run(
            minutes: 30,
            [
                (6, Self.order(.retry, node: "a1", run: "r")),
                (7, Self.order(.abort, run: "r@2#1/retry-1", "wrong package")),
            ])
        #expect(rehearsal.text.contains("ann: ends: r@2#1/retry-1."), "\(rehearsal.text)")
        #expect(rehearsal.controller.ledger.activeRuns.isEmpty, "\(rehearsal.text)")
        #expect(Self.a1(rehearsal)?.failedStay?.run.text == "r@2#1", "\(rehearsal.text)")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection) && rehearsal.isFolded)
    }

    @Test func `a retry after the run's end is not the policy's run`() {
        let rehearsal = failed(
            [
                (8, .commandsRun(true)),
                (8, Self.order(.retry, node: "a1", run: "r")),
                (9, Self.order(.abort, run: "r", "x")),
                (9, LeverTests.order(.start, policy: "r")),
                (10, Self.order(.abort, run: "r", "x")),
            ], names: ["a1"], minutes: 11)
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m failed
                8m a1 starts
                8m a1 done
                8m completed
                8m ann: retried: a1 goes on from verify, as r@2#1/retry-1
                9m ann: refused (nothing-to-do) the run r@2#1 is over: failed
                9m a1 starts
                9m ann: started: r@2#2
                10m ending: aborted by ann: x
                10m ann: ends: r@2#2. What is not committed is given back, what is goes on through restore
                """)
    }

    @Test func `what a person holds is retried only when that hold may end`() {
        let rehearsal = failed(
            [
                (7, Self.order(.hold, node: "a1", "disk swap")),
                (8, Self.order(.retry, node: "a1", run: "r")),
                (9, Self.order(.retry, node: "a1", run: "r") { $0.isForced = true }),
            ], minutes: 10)
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                7m ann: held: a1. It stays block_new_connection; no run takes it further
                8m ann: refused (node-taken) a1 is held by ann: disk swap
                9m goes on (failures)
                9m a1 done
                9m a2 starts
                9m ann: retried: a1 goes on from verify; it is no longer held by ann: disk swap
                """)
    }

    @Test func `what was skipped is queued once more`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(
            minutes: 8,
            [
                (1, Self.order(.skip, node: "a1", run: "r", "it is needed")),
                (2, Self.order(.retry, node: "a1", run: "r")),
                (3, Self.order(.retry, node: "a1", run: "r")), (3, Self.order(.retry, node: "a2", run: "r")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                1m a1 skipped
                1m a2 starts
                1m ann: skipped: r@2#1 goes on without a1
                2m a1 queued again
                2m ann: queued once more: a1 in r@2#1
                3m ann: refused (nothing-to-do) a1 is queued in r@2#1: there is nothing to retry
                3m ann: refused (nothing-to-do) a2 is out in r@2#1: there is nothing to retry
                6m a2 done
                6m a1 starts
                """)
        #expect(rehearsal.isFolded)
    }

    @Test(arguments: [Ignorable.exclusion, .window])
    func `the next node of a forced run starts in a freeze and is not given back, the one after it waits`(
        _ ignored: Ignorable
    ) {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(), exclusions: [Exclusion(window: .always, reason: "year-end")]))
        rehearsal.run(
            minutes: 9,
            [
                (1, Self.order(.force, run: "r", "must") { $0.ignored = ignored }), (2, .restarts),
            ])
        #expect(
            rehearsal.text
                == (ignored == .exclusion
                    ? """
                    1m a1 starts
                    1m ann: the next node that r@2#1 starts ignores exclusion, through its whole sequence. Budget and quorum \
                    still count
                    6m a1 done
                    """ : "1m ann: refused (nothing-to-do) r@2#1 has no windows: it may act at any time"))
        #expect(rehearsal.isFolded)
    }

    /// The order of the steps before the first drain: a word, or a command.
    @Test(arguments: [Ignorable.exclusion, .window])
    func `a word for the next node is used up by the one that waits to be taken out of service`(
        _ ignored: Ignorable
    ) {
        func span(from: Int, _ length: Int) -> Window {
            Window(
                name: "w", recurrence: .at(ZoneRules.utc.local(Moment.start.wall + .minutes(from))),
                length: .elapsed(.minutes(length)), timeZone: "UTC")
        }
        let sequence = StepSequence(
            name: "s",
            steps: [.run(RunStep(name: "prefetch", command: ["/bin/true"]))] + ScriptedRehearsal.fiveMinutes.steps)
        var set = ScriptedRehearsal.rollout(Strategy(maxUnavailable: .count(2)), sequence: sequence)
        // From the fourth minute on nothing may start.
        if ignored == .exclusion {
            set.policies[0].schedule.exclusions = [Exclusion(window: span(from: 4, 60), reason: nil)]
        } else {
            set.policies[0].schedule.windows = [span(from: 0, 4)]
        }
        // Two that are out leave no room.
        var rehearsal = ScriptedRehearsal(set, broken: ["b1", "b2"])
        rehearsal.run(
            minutes: 20,
            [
                (5, Self.order(.force, run: "r", "must") { $0.ignored = ignored }), (6, .mends("b1")), (7, .restarts),
                (8, .mends("b2")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                5m ann: the next node that r@2#1 starts ignores \(ignored.rawValue), through its whole sequence. Budget \
                and quorum still count
                11m a1 done
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `outside its windows a forced node still stops at a freeze that begins there`() throws {
        func span(_ name: String, from: Int, _ length: Int) -> Window {
            Window(
                name: name, recurrence: .at(ZoneRules.utc.local(Moment.start.wall + .minutes(from))),
                length: .elapsed(.minutes(length)), timeZone: "UTC")
        }
        var set = ScriptedRehearsal.rollout(
            Strategy(), exclusions: [Exclusion(window: span("freeze", from: 4, 10), reason: nil)])
        set.policies[0].schedule.windows = [span("later", from: 60, 60)]
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.run(
            minutes: 22,
            [
                (2, Self.order(.force, run: "r", "must") { $0.ignored = .window }),
                (5, Self.order(.force, run: "r", "must") { $0.ignored = .window }),
            ])
        #expect(
            rehearsal.text == """
                2m a1 starts
                2m ann: the next node that r@2#1 starts ignores window, through its whole sequence. Budget and quorum \
                still count
                4m a1 queued again
                5m ann: the next node that r@2#1 starts ignores window, through its whole sequence. Budget and quorum \
                still count
                14m a1 starts
                19m a1 done
                """)
    }

    @Test func `a reservation keeps others' starts within the budget, lapses by itself, and is told before`() {
        func reserve(_ names: [String], _ minutes: Int = 30, by actor: String = "ann") -> ScriptedRehearsal.Deed {
            var order = LeverOrder(.reserve)
            (order.nodes, order.reason, order.length) = (names, "disk swap", .minutes(minutes))
            return .pulls(order, by: actor)
        }
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(maxUnavailable: .count(2))))
        rehearsal.run(
            minutes: 38,
            [
                (1, reserve(["b1"])), (6, Self.order(.abort, run: "r", "calls")),
                (7, reserve(["b1", "b2"])), (8, reserve(["a3"], by: "bob")), (9, reserve(["b1"], by: "bob")),
                (10, LeverTests.order(.start, policy: "r")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                1m ann: refused (over-budget) b1 cannot go now: 2 of at most 2 out of service: a1, a2
                5m a1 done
                5m a2 done
                5m a3 starts
                5m b1 starts
                6m ending: aborted by ann: calls
                6m a3 ended
                6m b1 ended
                6m b2 ended
                6m partial: aborted by ann: calls
                6m ann: ends: r@2#1. What is not committed is given back, what is goes on through restore
                7m ann: reserved: b1, b2. They count as out of service and are left alone: they may be taken now
                8m bob: refused (over-budget) a3 cannot go now: 2 of at most 2 out of service: b1, b2
                9m bob: refused (node-taken) b1 cannot go now: reserved by ann: disk swap
                10m ann: started: r@2#2
                37m a1 starts
                37m b2 starts
                """)
        #expect(rehearsal.isFolded)
        #expect(rehearsal.controller.ledger.entry(NodeID(cluster: "c", name: "b1"))?.hold == nil)
        #expect(rehearsal.controller.ledger.activeRuns.count == 1 && rehearsal.verdict(of: "a1")?.code == .blocked)
    }

    @Test func `a hold on a node that waits is undone by its release`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2"]))
        rehearsal.run(
            minutes: 20,
            [(1, Self.order(.hold, node: "a2", "look")), (8, Self.order(.release, node: "a2", "seen enough"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                1m ann: held: a2. It stays as it is; no run takes it further
                5m a1 done
                8m a2 starts
                8m ann: released: a2; it is no longer held by ann: look
                13m a2 done
                13m completed
                """)
    }

    @Test func `what somebody reserved counts for the majority, before it is stopped too`() throws {
        var set = ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2", "a3"], isSuspended: true)
        set.clusters[0].topology = .clustered
        var rehearsal = ScriptedRehearsal(set)
        var order = LeverOrder(.reserve)
        (order.nodes, order.reason, order.length) = (["a1"], "disk swap", .minutes(30))
        rehearsal.run(minutes: 1, [(1, .pulls(order))])
        let answer = try rehearsal.controller.okToStop(["a2"], most: 1, by: "bob", at: rehearsal.now)
        #expect(answer.blockers.map(\.code) == [.waitingQuorum])
    }

    @Test func `a reservation that would cost the majority, or falls into a freeze of the cluster, is refused`() throws
    {
        var clustered = ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2", "a3"], isSuspended: true)
        clustered.clusters[0].topology = .clustered
        clustered.clusters[0].budget = Budget(maxUnavailable: .count(3))
        var frozen = ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2", "a3"], isSuspended: true)
        frozen.clusters[0].exclusions = [Exclusion(window: .always, reason: nil)]
        for (set, code) in [(clustered, "waiting-quorum"), (frozen, "excluded")] {
            var rehearsal = ScriptedRehearsal(set)
            var order = LeverOrder(.reserve)
            (order.nodes, order.reason, order.length) = (["a1", "a2"], "disk swap", .minutes(30))
            rehearsal.run(minutes: 1, [(1, .pulls(order))])
            guard case .failure(let refusal)? = rehearsal.answers[1] else {
                Issue.record("\(rehearsal.text)")
                continue
            }
            #expect(refusal.code.rawValue == code || refusal.message.contains("cannot go now"), "\(refusal)")
            #expect(rehearsal.controller.status(at: rehearsal.now).holds.isEmpty)
        }
    }

    @Test func `a hold that is prolonged keeps the mode that stands`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(
            minutes: 3,
            [
                (1, LeverTests.order(.hold, node: "a1", mode: .blockNewConnection, minutes: 60, "disk swap")),
                (2, Self.order(.hold, node: "a1", "still")),
            ])
        #expect(
            rehearsal.text == """
                1m ann: held: a1, at block_new_connection
                2m ann: held (instead of: held by ann: disk swap): a1, at block_new_connection
                """)
        #expect(Self.a1(rehearsal)?.written?.mode == .blockNewConnection)
    }

    @Test func `a retried node does not wait for the end of a window that is over`() {
        var sequence = StepSequence.failing
        sequence.steps.insert(.wait(.windowEnd), at: 4)
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1"]))
        rehearsal.run(minutes: 6)
        rehearsal.nodes["a1"]?.isRepaired()
        rehearsal.run(minutes: 9, [(8, Self.order(.retry, node: "a1", run: "r"))])
        #expect(rehearsal.text.hasSuffix("8m completed\n8m ann: retried: a1 goes on from verify, as r@2#1/retry-1"))
    }

    @Test func `what was held past its window is given back when its hold ends`() {
        let window = Window(
            name: "w", recurrence: .at(ZoneRules.utc.local(Moment.start.wall)), length: .elapsed(.minutes(10)),
            timeZone: "UTC")
        var set = ScriptedRehearsal.rollout(Strategy())
        set.policies[0].schedule.windows = [window]
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.run(
            minutes: 22, [(2, LeverTests.order(.hold, node: "a1", minutes: 20, "disk swap"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m ann: held: a1. It stays block_new_connection; no run takes it further
                20m a1 queued again
                """)
    }

    @Test func `what may go is asked before it is taken, with whom, and why not`() throws {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), exclusions: [Exclusion(window: .always, reason: nil)]))
        rehearsal.run(minutes: 1)
        let controller = rehearsal.controller
        let one = try controller.okToStop(["a1"], most: 5, by: "ann", at: rehearsal.now)
        #expect(one.isOK && one.more.map(\.name) == ["a2"])
        let three = try controller.okToStop(["a1", "b1", "b2"], most: 3, by: "ann", at: rehearsal.now)
        #expect(!three.isOK && three.more.isEmpty && three.blockers.map(\.code) == [.waitingBudget])
        #expect(throws: LeverRefusal.self) { try controller.okToStop(["x"], most: 1, by: "ann", at: rehearsal.now) }
    }

    @Test func `those that may go with a node may go together, and not one more`() throws {
        let names = (1...7).map { "a\($0)" }
        var set = ScriptedRehearsal.rollout(Strategy(), names: names, isSuspended: true)
        set.clusters[0].topology = .clustered
        for (atOnce, most) in [(2, 2), (6, 3)] {
            set.clusters[0].budget = Budget(maxUnavailable: .count(atOnce))
            var rehearsal = ScriptedRehearsal(set)
            rehearsal.run(minutes: 1)
            let controller = rehearsal.controller
            let answer = try controller.okToStop(["a4"], most: 7, by: "ann", at: rehearsal.now)
            let may = answer.nodes.map(\.name) + answer.more.map(\.name)
            #expect(may == ["a4", "a1", "a2"].prefix(most).map(\.self))
            #expect(try controller.okToStop(may, most: may.count, by: "ann", at: rehearsal.now).isOK)
            for further in names where !may.contains(further) {
                #expect(try !controller.okToStop(may + [further], most: 0, by: "ann", at: rehearsal.now).isOK)
            }
        }
    }

    @Test func `a release by force ends the command first, also across a restart`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1", "a2"]))
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(
            minutes: 4,
            [
                (1, Self.order(.release, node: "a1", "calls")), (2, Self.order(.hold, node: "a1", "look")),
                (3, Self.order(.release, node: "a1", "calls") { $0.isForced = true }),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                1m ann: refused (command-running) up is running on a1 and would cut the calls that you let in
                2m ann: held: a1. It stays block_new_connection; no run takes it further; up is running there and goes \
                on, and what verifies it
                3m a1 released
                3m a2 starts
                3m ann: up is ended on a1; then the node is opened
                """)
        #expect(Self.a1(rehearsal)?.written == nil && Self.a1(rehearsal)?.hold == nil)
        #expect(rehearsal.isFolded)
    }

    @Test func `everything is released but where a command runs, and everything is paused`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(maxUnavailable: .count(2)), sequence: .failing))
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(
            minutes: 3,
            [
                (1, Self.order(.hold, node: "b2", "look")),
                (2, Self.order(.release, "calls") { $0.isOfAll = true }),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                1m ann: held: b2. It stays as it is; no run takes it further
                2m paused: by ann: calls
                2m ann: everything is paused; released: b2; no longer held: b2 (by ann: look). Left as a command runs \
                there, or may still run: a1, a2
                """)
        guard case .success(let answer)? = rehearsal.answers[2] else { Issue.record("no answer"); return }
        #expect(answer.left.map(\.name) == ["a1", "a2"])
    }
}

extension ScriptedRehearsal.Node {
    /// Somebody upgrades it by hand: it is in another life, and open.
    fileprivate mutating func isRepaired() {
        version = "9"
        mode = .known(.normal)
    }
}

extension StayedPart {
    static func of(_ node: NodeID) -> StayedPart {
        StayedPart(
            pinned: Shared(ScriptedRehearsal.rollout(Strategy()).policies[0]),
            part: Part(node: node, since: Moment.start.wall))
    }
}
