import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// A person's word about a node where no run has it in work. What it makes of a part in work: `LeverCellTests`.
struct HoldLeverTests {
    private static let a1 = NodeID(cluster: "c", name: "a1")

    private static func hold(_ mode: RequestableMode? = nil, _ reason: String = "disk swap") -> ScriptedRehearsal.Deed {
        LeverTests.order(.hold, node: "a1", mode: mode, minutes: mode == nil ? nil : 600, reason)
    }

    private static func resume() -> ScriptedRehearsal.Deed { LeverTests.order(.resume, node: "a1") }

    private func alarms(_ rehearsal: ScriptedRehearsal) -> [Alarm.Code] {
        rehearsal.controller.ledger.alarms.keys.map(\.code)
    }

    @Test(arguments: [true, false])
    func `a hold ends after four hours, and one for ever by no time`(isForEver: Bool) throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["a1"], isSuspended: true))
        let deed = LeverTests.order(.hold, node: "a1", "disk swap") { $0.isForEver = isForEver }
        rehearsal.run(minutes: 4 * 60 - 10, [(1, deed)])
        let answer = try #require(rehearsal.answers[1]).get()
        #expect(answer.until == (isForEver ? nil : Moment.start.wall + .minutes(241)))
        #expect(alarms(rehearsal).contains(.holdEnds) != isForEver)
        rehearsal.run(minutes: 5 * 60)
        #expect(rehearsal.verdict(of: "a1")?.code == (isForEver ? .held : .suspended))
        #expect(rehearsal.isFolded)
    }

    /// Nobody wants it shut any more: that it is held says that nothing new is done to it.
    @Test func `what is owed goes on under a hold without a mode`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2"]))
        rehearsal.run(
            minutes: 4,
            [
                (1, .staysShut("a1")), (2, LeverTests.order(.skip, node: "a1", run: "r", "it is needed")),
                (3, Self.hold()),
            ])
        #expect(rehearsal.controller.ledger.entry(Self.a1)?.written?.owedSince != nil)
        rehearsal.nodes["a1"]?.staysShut = false
        rehearsal.run(minutes: 12)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal))
        #expect(rehearsal.verdict(of: "a1")?.code == .held)
        #expect(rehearsal.isFolded)
    }

    /// Its drain lets live sessions go on; whoever holds it wants it shut further, for as long as that is held.
    @Test func `a node that drains is shut further by a hold with a mode, and as far as before when that ends`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2"]))
        rehearsal.nodes["a1"]?.sessions = 3
        rehearsal.run(minutes: 1)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewSession))
        rehearsal.perform(Self.hold(.blockNewConnection))
        rehearsal.run(minutes: 2)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        #expect(rehearsal.verdict(of: "a1")?.code == .held)
        rehearsal.perform(Self.resume())
        rehearsal.run(minutes: 3)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewSession))
        #expect(rehearsal.verdict(of: "a1")?.code == .draining)
        #expect(rehearsal.isFolded)
    }

    private static func failed() -> ScriptedRehearsal {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1", "a2"]))
        rehearsal.run(minutes: 6)
        return rehearsal
    }

    @Test func `a failed node that stays is held as strictly as either wants it`() throws {
        var rehearsal = Self.failed()
        rehearsal.run(minutes: 7, [(6, Self.hold(.blockNewSession))])
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        #expect(rehearsal.verdict(of: "a1")?.code == .held)
        rehearsal.run(minutes: 8, [(7, Self.resume())])
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        #expect(rehearsal.verdict(of: "a1")?.code == .failed)
        #expect(rehearsal.isFolded)
    }

    @Test func `a failed node that is held open is opened, and its failure counts no longer`() {
        var rehearsal = Self.failed()
        rehearsal.run(minutes: 7, [(6, Self.hold(.normal, "calls"))])
        #expect(
            rehearsal.lines.last
                == """
                6m ann: held open: a1. No run takes it; r@2#1 is no longer paused, and goes on with the others \
                (nagi pause r@2#1 stops it)
                """)
        #expect(rehearsal.lines.contains("6m a2 starts"), "\(rehearsal.text)")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal))
        #expect(rehearsal.controller.ledger.entry(Self.a1)?.failedStay == nil)
        #expect(rehearsal.isFolded)
    }

    @Test func `a node that somebody else keeps shut is held open no further than nagi may open it`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(minutes: 3, [(1, .sets("a1", .known(.blockNewSession))), (2, Self.hold(.normal, "calls"))])
        #expect(
            rehearsal.text
                == """
                2m ann: held open: a1. No run takes it; block_new_session was set by somebody else, and nagi never loosens that
                """)
        #expect(
            rehearsal.wait(of: "a1").hasPrefix(
                "kept-open: by ann: calls; block_new_session was set by somebody else, which nagi never loosens"))
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewSession))
    }
}
