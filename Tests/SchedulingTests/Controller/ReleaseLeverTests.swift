import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The end of whatever keeps a node shut, and what a reservation is while it lasts. What a release makes of a part in work:
/// `LeverCellTests`.
struct ReleaseLeverTests {
    private static let a1 = NodeID(cluster: "c", name: "a1")

    private static func release(_ node: String, force: Bool = false) -> ScriptedRehearsal.Deed {
        LeverTests.order(.release, node: node, "calls") { $0.isForced = force }
    }

    private static func reserve(_ names: String...) -> ScriptedRehearsal.Deed {
        LeverTests.order(.reserve, "disk swap") { ($0.nodes, $0.length) = (names, .minutes(30)) }
    }

    /// Nothing acts there but people.
    private static func idle() -> ScriptedRehearsal {
        ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
    }

    /// a1 was left out of its run and cannot be opened.
    private static func owing() -> ScriptedRehearsal {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["a1"]))
        rehearsal.run(
            minutes: 8,
            [(1, .staysShut("a1")), (2, LeverTests.order(.skip, node: "a1", run: "r", "it is needed"))])
        return rehearsal
    }

    @Test func `a node that is held at a mode is opened`() {
        var rehearsal = Self.idle()
        rehearsal.run(
            minutes: 3,
            [
                (1, LeverTests.order(.hold, node: "a1", mode: .blockNewConnection, minutes: 60, "disk swap")),
                (2, Self.release("a1")),
            ])
        #expect(
            rehearsal.text == """
                1m ann: held: a1, at block_new_connection
                2m ann: released: a1; it is no longer held by ann: disk swap
                """)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal))
        #expect(rehearsal.controller.ledger.entry(Self.a1)?.written == nil && rehearsal.isFolded)
    }

    @Test func `what is reserved is so no longer, and others may take its place`() {
        var rehearsal = Self.idle()
        rehearsal.run(
            minutes: 5,
            [
                (1, Self.reserve("b1", "b2")), (2, Self.reserve("a1")), (3, Self.release("b1")),
                (4, Self.reserve("a1")),
            ])
        #expect(
            rehearsal.text == """
                1m ann: reserved: b1, b2. They count as out of service and are left alone: they may be taken now
                2m ann: refused (over-budget) a1 cannot go now: 2 of at most 2 out of service: b1, b2
                3m ann: released: b1; it is no longer held by ann: disk swap
                4m ann: reserved: a1. It counts as out of service and is left alone: it may be taken now
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `ten minutes before a reservation lapses there is an alarm, which ends with it`() {
        var rehearsal = Self.idle()
        func hasAlarm() -> Bool { rehearsal.controller.ledger.alarms[Alarm.Key(.holdEnds, node: Self.a1)] != nil }
        rehearsal.run(minutes: 20, [(1, Self.reserve("a1"))])
        #expect(!hasAlarm())
        rehearsal.run(minutes: 22)
        #expect(hasAlarm())
        rehearsal.run(minutes: 32)
        #expect(!hasAlarm() && rehearsal.controller.ledger.entry(Self.a1)?.hold == nil)
        #expect(rehearsal.isFolded)
    }

    /// By then it is tried only every few minutes.
    @Test func `a node that only owes is tried at once`() {
        var rehearsal = Self.owing()
        rehearsal.nodes["a1"]?.staysShut = false
        rehearsal.advance(by: .seconds(1))
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        rehearsal.perform(Self.release("a1"))
        #expect(
            rehearsal.lines.last
                == "8m ann: released: a1; it is tried to open it now: ChangeMode has not been confirmed")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal))
        #expect(rehearsal.isFolded)
    }

    @Test func `by force what is owed is written off, and is somebody else's from then on`() {
        var rehearsal = Self.owing()
        rehearsal.perform(Self.release("a1", force: true))
        #expect(
            rehearsal.lines.last
                == "8m ann: released: a1; its release is written off: nagi leaves it in the mode that it is in")
        rehearsal.nodes["a1"]?.staysShut = false
        rehearsal.run(minutes: 30)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        #expect(rehearsal.verdict(of: "a1")?.code == .foreign)
        #expect(rehearsal.controller.ledger.entry(Self.a1)?.written == nil && rehearsal.isFolded)
    }

    @Test(arguments: [true, false]) func `what somebody else has shut stays shut`(isHeld: Bool) {
        var rehearsal = Self.idle()
        rehearsal.run(minutes: 2, [(1, .sets("b2", .known(.blockNewSession)))])
        if isHeld { rehearsal.perform(LeverTests.order(.hold, node: "b2", "look")) }
        rehearsal.run(minutes: 4, [(3, Self.release("b2"))])
        let ended = isHeld ? "; it is no longer held by ann: look" : ""
        #expect(
            rehearsal.lines.last
                == """
                3m ann: released: b2\(ended); block_new_session was set by somebody else, and nagi never loosens that
                """)
        #expect(rehearsal.nodes["b2"]?.mode == .known(.blockNewSession))
    }

    @Test func `a node that the majority does not see is opened when it does`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "02:30")
        rig.cutOff(["a"])
        rig.advance(.seconds(30))
        let answer = try rig.pull(.release) { ($0.node, $0.reason) = ("a", "calls") }.get()
        #expect(
            answer.text.hasSuffix(
                "(released); it cannot be opened yet: a majority of the cluster does not list it as connected"),
            "\(answer.text)")
        rig.advance(.minutes(10))
        #expect(rig.isShut("a") && rig.verdict("a").code == "isolated", "\(rig)")
        rig.rejoin()
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .normal && rig.phase("a") == "released", "\(rig)")
    }

    @Test func `of everything that is released, what the majority does not see is named`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "02:30")
        rig.cutOff(["a"])
        rig.advance(.seconds(30))
        let answer = try rig.pull(.release) { ($0.isOfAll, $0.reason) = (true, "calls") }.get()
        #expect(answer.text.contains("; cannot be opened yet: a ("), "\(answer.text)")
        rig.advance(.minutes(10))
        #expect(rig.isShut("a"), "\(rig)")
        rig.rejoin()
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    @Test func `what a release takes away is in its answer`() throws {
        var rehearsal = Self.idle()
        rehearsal.run(
            minutes: 3,
            [
                (1, LeverTests.order(.hold, node: "a1", mode: .blockNewConnection, minutes: 60, "disk swap")),
                (2, LeverTests.order(.release, node: "a1", "swapped")),
            ])
        guard case .success(let answer)? = rehearsal.answers[2] else {
            Issue.record("\(rehearsal.text)")
            return
        }
        #expect(answer.undo?.hasPrefix("nagi hold c/a1 --mode block_new_connection ") == true, "\(answer.undo ?? "-")")
    }

    @Test func `where nothing is nagi's, a release says so`() throws {
        var rehearsal = Self.idle()
        rehearsal.run(minutes: 2, [(1, Self.release("b2"))])
        #expect(rehearsal.text == "1m ann: nothing of nagi's is on b2")
    }

    /// A word that asks nothing of the node is ended also by a daemon that sends nothing.
    @Test func `one that only observes ends a hold that asks nothing of the node, and no other`() {
        var rehearsal = Self.idle()
        rehearsal.run(
            minutes: 5,
            [
                (1, LeverTests.order(.hold, node: "a1", "look")),
                (1, LeverTests.order(.hold, node: "a2", mode: .blockNewSession, minutes: 60, "disk swap")),
                (2, .observes), (3, Self.release("a1")), (4, Self.release("a2")),
            ])
        #expect(
            rehearsal.lines.suffix(2) == [
                "3m ann: released: a1; it is no longer held by ann: look",
                "4m ann: refused (not-now) this daemon only observes: it sends nothing and runs no command",
            ])
        #expect(rehearsal.nodes["a2"]?.mode == .known(.blockNewSession) && rehearsal.isFolded)
    }

    /// What a release of everything finds on a1, when, and where that leaves the node.
    private typealias Place = (
        name: String, sequence: StepSequence, script: LeverTests.Script, at: Int64, isOpened: Bool
    )

    private static let everywhere: [Place] = [
        ("out", ScriptedRehearsal.fiveMinutes, [], 2, true),
        ("committed, and no command runs", .failing, [], 2, true),
        ("failed, and stays", .failing, [], 6, true),
        (
            "owed", ScriptedRehearsal.fiveMinutes,
            [
                (1, LeverTests.order(.hold, node: "a2", "later")), (1, .staysShut("a1")),
                (2, LeverTests.order(.skip, node: "a1", run: "r", "it is needed")),
            ], 4, false
        ),
    ]

    @Test(arguments: everywhere.indices)
    func `everything is released wherever it is, and nothing new begins`(row: Int) {
        let (place, sequence, script, at, isOpened) = Self.everywhere[row]
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1", "a2"]))
        rehearsal.run(
            minutes: at + 1, script + [(at, LeverTests.order(.release, "calls") { $0.isOfAll = true })])
        let ended = place == "owed" ? ", a2; no longer held: a2 (by ann: later)" : ""
        #expect(rehearsal.lines.last == "\(at)m ann: everything is paused; released: a1\(ended)", "\(rehearsal.text)")
        #expect(rehearsal.nodes["a1"]?.mode == .known(isOpened ? .normal : .blockNewConnection), "\(place)")
        #expect(!rehearsal.text.contains("a2 starts"), "\(rehearsal.text)")
        rehearsal.perform(LeverTests.order(.resume))
        rehearsal.advance(by: .minutes(1))
        #expect(rehearsal.text.contains("a2 starts"), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }
}
