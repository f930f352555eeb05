import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The end of a person's hold, and of nothing else. Nodes take five minutes each, one at a time.
struct ResumeNodeTests {
    private static func resume(_ node: String? = nil, target: String? = nil) -> ScriptedRehearsal.Deed {
        LeverTests.order(.resume, node: node) { $0.target = target }
    }

    private static func hold(_ node: String) -> ScriptedRehearsal.Deed {
        LeverTests.order(.hold, node: node, "disk swap")
    }

    private func answer(_ number: Int, _ rehearsal: ScriptedRehearsal) throws -> LeverAnswer {
        try #require(rehearsal.answers[number]).get()
    }

    private func refusal(_ number: Int, _ rehearsal: ScriptedRehearsal) -> LeverRefusal? {
        if case .failure(let refusal)? = rehearsal.answers[number] { refusal } else { nil }
    }

    @Test func `a node goes on in its run where it stopped, with the time that it had left`() throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(minutes: 8, [(2, Self.hold("a1")), (4, Self.resume("a1")), (5, Self.resume("a1"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m ann: held: a1. It stays block_new_connection; no run takes it further
                4m ann: no longer held: a1 (by ann: disk swap); r@2#1 goes on with it at wait
                5m ann: refused (nothing-to-do) nobody holds a1
                7m a1 done
                7m a2 starts
                """)
        #expect(rehearsal.isFolded)
        #expect(try answer(1, rehearsal).undo == "nagi resume c/a1")
        #expect(try answer(2, rehearsal).undo == "nagi hold c/a1 --reason …")
        #expect(refusal(3, rehearsal)?.hint == "what goes on there: nagi explain c/a1")
    }

    @Test func `a node that waits is taken in its turn, and one key ends one hold`() throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2"]))
        var order = LeverOrder(.resume)
        order.node = "a2"
        rehearsal.run(
            minutes: 7,
            [
                (1, Self.hold("a2")), (2, .pulls(order, by: "ann", key: "k")), (3, Self.hold("a2")),
                (4, .pulls(order, by: "ann", key: "k")), (4, .pulls(order, by: "ann", key: "l")),
            ])
        let text = "ann: no longer held: a2 (by ann: disk swap); r@2#1 takes it in its turn"
        #expect(
            rehearsal.text == """
                0m a1 starts
                1m ann: held: a2. It stays as it is; no run takes it further
                2m \(text)
                3m ann: held: a2. It stays as it is; no run takes it further
                4m \(text)
                4m \(text)
                5m a1 done
                5m a2 starts
                """)
        #expect(try answer(2, rehearsal).id == answer(4, rehearsal).id)
        #expect(try answer(2, rehearsal).id != answer(5, rehearsal).id)
    }

    @Test func `a word that means a run and a node is refused, with both to type`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["r"]))
        rehearsal.run(
            minutes: 6,
            [
                (1, Self.hold("c/r")), (2, Self.resume(target: "r")), (3, Self.resume(target: "c/r")),
                (4, Self.resume(target: "r@2#1")), (5, Self.resume(target: "zz")),
            ])
        #expect(
            rehearsal.text == """
                0m r starts
                1m ann: held: r. It stays block_new_connection; no run takes it further
                2m ann: refused (ambiguous) r is a run and a node
                3m ann: no longer held: r (by ann: disk swap); r@2#1 goes on with it at wait
                4m ann: refused (nothing-to-do) r@2#1 is not paused
                5m ann: refused (unknown-run) there is no run and no node zz
                """)
        #expect(refusal(2, rehearsal)?.hint == "nagi resume r@2#1, or nagi resume c/r")
    }

    @Test func `what a run keeps after a failure is no hold`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1", "a2"]))
        rehearsal.commandsOpen = true
        rehearsal.run(minutes: 9, [(7, Self.resume("a1")), (8, Self.hold("a1")), (9, Self.resume("a1"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 failed
                5m paused: 1 failed (limit 1)
                7m ann: refused (nothing-to-do) nobody holds a1: it failed in r@2#1, which keeps it at \
                block_new_connection
                8m ann: held: a1. It stays block_new_connection; no run takes it further
                9m ann: no longer held: a1 (by ann: disk swap); r@2#1 keeps it at block_new_connection, as it failed \
                there (nagi retry r@2#1 c/a1)
                """)
        #expect(
            refusal(1, rehearsal)?.hint
                == "nagi retry r@2#1 c/a1, nagi skip r@2#1 c/a1 --reason …, or nagi release c/a1 --reason …")
        #expect(rehearsal.verdict(of: "a1")?.code == .failed)
    }

    @Test func `a hold with a mode drops its claim, and the node is opened`() throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(
            minutes: 3,
            [
                (1, LeverTests.order(.hold, node: "a1", mode: .blockNewConnection, minutes: 60, "disk swap")),
                (2, Self.resume("a1")),
            ])
        #expect(
            rehearsal.text == """
                1m ann: held: a1, at block_new_connection
                2m ann: no longer held: a1 (by ann: disk swap); it is opened as soon as that is safe
                """)
        #expect(try answer(1, rehearsal).undo == "nagi release c/a1 --reason …")
        #expect(try answer(2, rehearsal).undo == "nagi hold c/a1 --mode block_new_connection --for … --reason …")
        let entry = rehearsal.controller.ledger.entry(NodeID(cluster: "c", name: "a1"))
        #expect(entry?.written == nil && entry?.hold == nil)
    }

    @Test func `a node that was held past its window is given back, as when its hold ends in time`() {
        var set = ScriptedRehearsal.rollout(Strategy())
        set.policies[0].schedule.windows = [
            Window(
                name: "w", recurrence: .at(ZoneRules.utc.local(Moment.start.wall)), length: .elapsed(.minutes(10)),
                timeZone: "UTC")
        ]
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.run(minutes: 16, [(2, Self.hold("a1")), (15, Self.resume("a1"))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m ann: held: a1. It stays block_new_connection; no run takes it further
                15m a1 queued again
                15m ann: no longer held: a1 (by ann: disk swap); r@2#1 gives it back, and may take no node now: outside \
                the windows
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `a run that is paused has it, and goes no further`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(
            minutes: 5,
            [(2, Self.hold("a1")), (3, LeverTests.order(.pause, run: "r", "calls")), (4, Self.resume("a1"))])
        #expect(
            rehearsal.text.hasSuffix(
                """
                4m ann: no longer held: a1 (by ann: disk swap); r@2#1 goes on with it at wait, but it is paused by ann: calls
                """))
        #expect(rehearsal.verdict(of: "a1")?.code == .paused)
    }

    @Test func `while everything is paused a node is held no longer, and goes no further`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(
            minutes: 5, [(2, Self.hold("a1")), (3, LeverTests.order(.pause, "calls")), (4, Self.resume("a1"))])
        #expect(
            rehearsal.text.hasSuffix(
                """
                4m ann: no longer held: a1 (by ann: disk swap); r@2#1 goes on with it at wait, but everything is paused by \
                ann: calls
                """), "\(rehearsal.text)")
        #expect(rehearsal.verdict(of: "a1")?.code == .paused)
    }

    /// What ends, and what places it once more.
    private static let others: [(deed: ScriptedRehearsal.Deed, undo: String)] = [
        (
            LeverTests.order(.hold, node: "a1", mode: .normal, minutes: 60, "disk swap"),
            "nagi hold c/a1 --mode normal --for … --reason …"
        ),
        (
            LeverTests.order(.reserve, "disk swap") { ($0.nodes, $0.length) = (["a1"], .minutes(60)) },
            "nagi ok-to-stop c/a1 --reserve … --reason …"
        ),
    ]

    @Test(arguments: others.indices) func `what is kept open or reserved is so no longer`(row: Int) throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(minutes: 3, [(1, Self.others[row].deed), (2, Self.resume("a1"))])
        let answer = try answer(2, rehearsal)
        #expect(answer.text == "no longer held: a1 (by ann: disk swap)" && answer.undo == Self.others[row].undo)
        #expect(rehearsal.verdict(of: "a1")?.code == .suspended)
        #expect(rehearsal.isFolded)
    }

    @Test func `what somebody else keeps shut stays shut when nobody holds it any more`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(
            minutes: 4, [(1, .sets("a1", .known(.blockNewSession))), (2, Self.hold("a1")), (3, Self.resume("a1"))])
        #expect(
            rehearsal.lines.last
                == """
                3m ann: no longer held: a1 (by ann: disk swap); block_new_session was set by somebody else, and nagi never \
                loosens that
                """)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewSession))
    }
}
