import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What an operator does by hand, as timelines. Nodes take five minutes each, one at a time.
struct LeverTests {
    typealias Script = [(Int64, ScriptedRehearsal.Deed)]

    static func order(
        _ action: LeverOrder.Action, node: String? = nil, run: String? = nil, policy: String? = nil,
        mode: RequestableMode? = nil, minutes: Int? = nil, _ reason: String = "",
        set: (inout LeverOrder) -> Void = { _ in }
    ) -> ScriptedRehearsal.Deed {
        var order = LeverOrder(action)
        (order.node, order.run, order.policy, order.mode, order.reason) = (node, run, policy, mode, reason)
        order.until = minutes.map { Moment.start.wall + .minutes($0) }
        set(&order)
        return .pulls(order)
    }

    private static func rehearsal(
        _ strategy: Strategy = Strategy(), sequence: StepSequence = ScriptedRehearsal.fiveMinutes,
        versions: [String: String] = [:]
    ) -> ScriptedRehearsal {
        ScriptedRehearsal(ScriptedRehearsal.rollout(strategy, sequence: sequence), versions: versions)
    }

    private func timeline(_ minutes: Int64, _ script: Script) -> ScriptedRehearsal {
        var rehearsal = Self.rehearsal()
        rehearsal.run(minutes: minutes, script)
        #expect(rehearsal.isFolded)
        return rehearsal
    }

    @Test func `what an operator pauses stays as it is, and goes on where it stood`() {
        let rehearsal = timeline(
            14, [(2, Self.order(.pause, run: "r", "calls drop")), (8, Self.order(.resume, run: "r"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m paused: by ann: calls drop
                2m ann: paused: r@2#1. Re-asserting, verifying and restoring go on
                8m goes on (person)
                8m ann: goes on: r@2#1
                11m a1 done
                11m a2 starts
                """)
    }

    @Test func `everything is paused, until its time is over`() {
        let rehearsal = timeline(14, [(2, Self.order(.pause, minutes: 6, "calls drop"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m paused: by ann: calls drop
                2m ann: everything is paused, also runs that begin later. Re-asserting, verifying and restoring go on
                6m goes on (person)
                9m a1 done
                9m a2 starts
                """)
    }

    @Test func `a run is paused until its time is over`() {
        let rehearsal = timeline(12, [(2, Self.order(.pause, run: "r", minutes: 6, "calls drop"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m paused: by ann: calls drop
                2m ann: paused: r@2#1. Re-asserting, verifying and restoring go on
                6m goes on (person)
                9m a1 done
                9m a2 starts
                """)
    }

    @Test func `a pause with restore gives back what is not committed`() {
        let rehearsal = timeline(
            8, [(2, Self.order(.pause, "calls drop") { $0.givesBack = true }), (4, Self.order(.resume))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m paused: by ann: calls drop
                2m a1 queued again
                2m ann: everything is paused, also runs that begin later. Re-asserting, verifying and restoring go \
                on; given back: a1 (was at wait)
                4m goes on (person)
                4m a1 starts
                4m ann: goes on
                """)
    }

    @Test func `a node that is held stays before its next step, and its run waits for it`() {
        let rehearsal = timeline(
            14, [(2, Self.order(.hold, node: "a1", "disk swap")), (8, Self.order(.release, node: "a1", "done"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m ann: held: a1. It stays block_new_connection; no run takes it further
                8m a1 released
                8m a2 starts
                8m ann: released: a1; it is no longer held by ann: disk swap; r@2#1 goes on without it (released)
                13m a2 done
                13m a3 starts
                """)
    }

    @Test func `a hold ends in time, and somebody is told before`() {
        let rehearsal = timeline(
            40, [(0, Self.order(.hold, node: "a2", minutes: 30, "disk swap"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m ann: held: a2. It stays as it is; no run takes it further
                5m a1 done
                5m a3 starts
                10m a3 done
                10m b1 starts
                15m b1 done
                15m b2 starts
                20m b2 done
                30m a2 starts
                35m a2 done
                35m completed
                """)
    }

    @Test func `shortly before a hold ends there is an alarm, which ends with it`() {
        var rehearsal = Self.rehearsal()
        func hasAlarm() -> Bool { rehearsal.controller.ledger.alarms.keys.contains { $0.code == .holdEnds } }
        rehearsal.run(minutes: 14, [(0, Self.order(.hold, node: "a2", minutes: 30, "disk swap"))])
        #expect(!hasAlarm())
        rehearsal.run(minutes: 16)
        #expect(hasAlarm())
        rehearsal.run(minutes: 31)
        #expect(!hasAlarm() && rehearsal.controller.ledger.entry(NodeID(cluster: "c", name: "a2"))?.hold == nil)
        #expect(rehearsal.isFolded)
    }

    @Test func `skip and release take a node out of the run`() {
        let rehearsal = timeline(
            20,
            [
                (2, Self.order(.skip, node: "a1", run: "r", "it is needed")),
                (3, Self.order(.skip, node: "b2", run: "r", "it is needed")),
                (4, Self.order(.release, node: "a2", "calls")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m a1 skipped
                2m a2 starts
                2m ann: skipped: r@2#1 goes on without a1
                3m b2 skipped
                3m ann: skipped: r@2#1 goes on without b2
                4m a2 released
                4m a3 starts
                4m ann: released: a2; r@2#1 goes on without it (released)
                9m a3 done
                9m b1 starts
                14m b1 done
                14m partial
                """)
    }

    @Test func `an aborted run gives back and ends, and its revision starts again by hand`() {
        let rehearsal = timeline(
            10,
            [
                (2, Self.order(.abort, run: "r", "wrong version")), (4, Self.order(.start, policy: "r")),
                (5, Self.order(.start, policy: "r")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m ending: aborted by ann: wrong version
                2m a1 ended
                2m a2 ended
                2m a3 ended
                2m b1 ended
                2m b2 ended
                2m partial: aborted by ann: wrong version
                2m ann: ends: r@2#1. What is not committed is given back, what is goes on through restore
                4m a2 starts
                4m ann: started: r@2#2
                5m ann: refused (nothing-to-do) r@2#2 is active
                9m a2 done
                9m a3 starts
                """)
    }

    /// The node's command fails after it was committed: it stays as it is.
    @Test func `a failed node is opened by hand, its failure counts no longer, and its run goes on`() {
        var rehearsal = Self.rehearsal(sequence: .failing)
        rehearsal.run(minutes: 16, [(8, Self.order(.release, node: "a1", "calls"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                8m goes on (failures)
                8m a2 starts
                8m ann: released: a1; its failure in r@2#1 counts no longer; r@2#1 no longer keeps it at \
                block_new_connection; r@2#1 is no longer paused, and goes on with the others (nagi pause r@2#1 stops it)
                13m a2 failed
                13m paused: 1 failed (limit 1)
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `a failed node that is skipped stays shut, and its run goes on`() {
        var rehearsal = Self.rehearsal(sequence: .failing)
        rehearsal.run(minutes: 9, [(8, Self.order(.skip, node: "a1", run: "r", "later"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                8m goes on (failures)
                8m a2 starts
                8m ann: skipped: r@2#1 goes on without a1; it stays block_new_connection until: nagi release c/a1 \
                --reason …; r@2#1 is no longer paused, and goes on with the others (nagi pause r@2#1 stops it)
                """)
        #expect(rehearsal.controller.ledger.entry(NodeID(cluster: "c", name: "a1"))?.failedStay != nil)
    }

    @Test func `a run that failures paused is let go on to one failure more`() {
        var rehearsal = Self.rehearsal(Strategy(maxUnavailable: .count(2)), sequence: .failing)
        rehearsal.run(minutes: 20, [(8, Self.order(.resume, run: "r")), (9, Self.order(.resume, run: "r"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a2 starts
                5m a1 failed
                5m a2 failed
                5m paused: 2 failed (limit 1)
                8m goes on (failures)
                8m ann: goes on: r@2#1
                9m ann: refused (nothing-to-do) r@2#1 is not paused
                """)
    }

    @Test func `a canary is promoted by hand, when it is good and not before`() {
        var rehearsal = Self.rehearsal(Strategy(canary: Canary(count: 1, soak: .minutes(10), promote: .manual)))
        rehearsal.run(
            minutes: 25,
            [
                (10, Self.order(.approve, run: "r")), (20, Self.order(.approve, run: "r")),
                (21, Self.order(.approve, run: "r")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                10m ann: refused (nothing-to-do) nothing of the run waits for an approval now
                20m promoted
                20m a2 starts
                20m ann: approved in r@2#1: its canary, the others follow
                21m ann: refused (nothing-to-do) nothing of the run waits for an approval now
                """)
    }

    @Test func `a hold with a mode keeps to the budget, unless it is forced, and opens what it ends`() {
        let rehearsal = timeline(
            9,
            [
                (1, Self.order(.hold, node: "b1", mode: .blockNewSession, "disk swap")),
                (1, Self.order(.hold, node: "b1", mode: .blockNewSession, minutes: 60)),
                (1, Self.order(.hold, node: "b1", mode: .blockNewSession, minutes: 60, " \t")),
                (1, Self.order(.hold, node: "a2", mode: .blockNewSession, minutes: 60, "disk swap")),
                (1, Self.order(.hold, node: "a3", mode: .blockNewSession, minutes: 60, "disk swap")),
                (1, Self.order(.hold, node: "b1", mode: .blockNewSession, minutes: 60, "disk swap")),
                (
                    2,
                    Self.order(.hold, node: "b1", mode: .blockNewSession, minutes: 60, "disk swap") {
                        $0.isForced = true
                    }
                ),
                (3, Self.order(.hold, node: "b1", mode: .normal, minutes: 60, "calls")),
                (4, Self.order(.hold, node: "b9")), (4, Self.order(.hold)),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                1m ann: refused (incomplete) hold needs an end with a mode (--for 2h, --for ever)
                1m ann: refused (incomplete) hold needs a reason (--reason)
                1m ann: refused (incomplete) hold needs a reason (--reason)
                1m ann: held: a2, at block_new_session
                1m ann: refused (over-budget) 2 of at most 2 out of service, and this would be one more: a1, a2
                1m ann: refused (over-budget) 2 of at most 2 out of service, and this would be one more: a1, a2
                2m ann: held: b1, at block_new_session
                2m a1 queued again
                3m a3 starts
                3m ann: held open (instead of: held by ann: disk swap): b1. No run takes it
                4m ann: refused (unknown-node) there is no node b9
                4m ann: refused (incomplete) hold needs a node
                8m a3 done
                8m b2 starts
                """)
        #expect(rehearsal.verdict(of: "b1")?.code == .keptOpen)
    }

    @Test func `a node is also called by what stands before its address, where that is enough`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(), names: ["a@10.0.0.1", "b@10.0.0.2", "b@10.0.0.3"], isSuspended: true))
        rehearsal.run(
            minutes: 2,
            [
                (1, Self.order(.hold, node: "a")), (1, Self.order(.hold, node: "c/b@10.0.0.3")),
                (1, Self.order(.hold, node: "c/a")), (1, Self.order(.hold, node: "b")),
            ])
        #expect(
            rehearsal.text == """
                1m ann: held: a@10.0.0.1. It stays as it is; no run takes it further
                1m ann: held: b@10.0.0.3. It stays as it is; no run takes it further
                1m ann: held (instead of: held by ann): a@10.0.0.1. It stays as it is; no run takes it further
                1m ann: refused (ambiguous) there are 2 nodes b
                """)
    }

    @Test func `an order for a length of time stays the same when it is given again`() {
        var rehearsal = Self.rehearsal()
        var order = LeverOrder(.pause)
        order.length = .minutes(30)
        rehearsal.run(minutes: 9, [(1, .pulls(order, key: "k")), (8, .pulls(order, key: "k"))])
        #expect(rehearsal.controller.ledger.pulls.count == 1)
        #expect(rehearsal.controller.ledger.pause?.until == Moment.start.wall + .minutes(31))
        #expect(rehearsal.answers[1] == rehearsal.answers[2])
    }

    @Test func `the same key is the same order`() {
        var rehearsal = Self.rehearsal()
        var order = LeverOrder(.hold)
        order.node = "a1"
        var other = order
        other.node = "a2"
        rehearsal.run(
            minutes: 3,
            [
                (1, .pulls(order, key: "k")), (2, .pulls(order, key: "k")), (2, .restarts),
                (2, .pulls(order, key: "k")),
                (2, .pulls(other, key: "k")), (2, .pulls(order, by: "bob", key: "k")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                1m ann: held: a1. It stays block_new_connection; no run takes it further
                2m ann: held: a1. It stays block_new_connection; no run takes it further
                2m ann: held: a1. It stays block_new_connection; no run takes it further
                2m ann: refused (key-used) this key was used for another order (hold, number 1)
                2m bob: refused (key-used) this key was used by somebody else (hold, number 1)
                """)
        #expect(rehearsal.controller.ledger.pulls.count == 1)
    }

    @Test func `no run is started by a clock that jumped`() {
        let rehearsal = timeline(
            4,
            [
                (1, Self.order(.abort, run: "r", "x")), (2, .wallJumps(minutes: 60)),
                (2, Self.order(.start, policy: "r")), (3, Self.order(.start, policy: "r")),
            ])
        #expect(
            rehearsal.lines.filter { $0.contains("m ann: ") }.suffix(2) == [
                "2m ann: refused (not-now) no run of r can begin: the wall clock jumped, and is not trusted yet",
                "3m ann: started: r@2#2",
            ])
    }
}
