import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// A daemon that only observes: it decides as one that acts, does nothing, and uses nothing up.
struct ObservingTests {
    private static let gated = HealthGate(
        name: "errors", probe: .http(HTTPRequest(url: "http://g/"), HTTPExpectation()))

    private static func policies(gates: [HealthGate] = [], approval: Approval? = nil) -> PolicySet {
        ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2", "a3"], approval: approval, gates: gates)
    }

    private func deeds(_ rehearsal: ScriptedRehearsal) -> [Effect] {
        rehearsal.effects.filter { effect in
            switch effect {
            case .send, .start, .recover, .stop: true
            case .append, .read, .askSeed, .measure, .answer: false
            }
        }
    }

    @Test func `every node ends with its start decision, and nothing is done`() {
        var rehearsal = ScriptedRehearsal(Self.policies(), isObserving: true)
        rehearsal.run(minutes: 30)
        #expect(rehearsal.text == "0m a1 would\n0m a2 would\n0m a3 would")
        #expect(deeds(rehearsal).isEmpty)
        #expect(rehearsal.isFolded)
        #expect(
            rehearsal.verdict(of: "a2")
                == Verdict(.would, "would start in r@2#1: drain → block → wait → restore"))
        let told = rehearsal.journal.compactMap { $0.fact.kind == "would" ? $0.text : nil }
        #expect(told.first == "a1  would start: drain → block → wait → restore, at most 25m  r@2#1")
    }

    @Test func `one that acts afterwards finds nothing used up`() {
        var rehearsal = ScriptedRehearsal(Self.policies(), isObserving: true)
        rehearsal.run(minutes: 30, [(20, .restarts), (21, .acts)])
        #expect(rehearsal.text == "0m a1 would\n0m a2 would\n0m a3 would\n21m a1 starts\n26m a1 done\n26m a2 starts")
        #expect(rehearsal.isFolded)
        #expect(rehearsal.controller.ledger.history["r"]?.runs(of: "2") == 1)
    }

    @Test func `what waits for a person or for a gate waits here too`() {
        var rehearsal = ScriptedRehearsal(
            Self.policies(gates: [Self.gated], approval: Approval()), isObserving: true)
        rehearsal.perform(.measures("a1", .fail("5")))
        rehearsal.run(minutes: 5, [(2, LeverTests.order(.approve, run: "r"))])
        #expect(
            rehearsal.text == """
                2m may start, says ann
                2m paused: gate errors: bad: 5, before a1
                2m ann: approved in r@2#1: its start (drain → block → wait → restore). This daemon only observes: that ends \
                with the run, when one acts
                """)
    }

    @Test func `a gate that is a program is not run`() {
        let program = HealthGate(name: "own", probe: .command(["/check"]))
        var rehearsal = ScriptedRehearsal(Self.policies(gates: [program]), isObserving: true)
        rehearsal.run(minutes: 5)
        #expect(rehearsal.text == "0m a1 would\n0m a2 would\n0m a3 would")
        #expect(!rehearsal.effects.contains { if case .measure = $0 { true } else { false } })
    }

    /// Where one that acted stood when it went away, and what it left undone.
    private typealias Stand = (
        sequence: StepSequence, isIdle: Bool, script: LeverTests.Script, at: Int64, left: [String]
    )

    private static let shut = "c/a1: block_new_connection by nagi"
    private static let stands: [Stand] = [
        (ScriptedRehearsal.fiveMinutes, false, [], 2, [shut]), (ScriptedRehearsal.fiveMinutes, false, [], 30, []),
        (.failing, false, [(0, .commandsRun(true))], 1, [shut, "c/a1: up runs"]),
        (.failing, false, [], 8, ["c/a1: kept at block_new_connection by r@2#1"]),
        (
            ScriptedRehearsal.fiveMinutes, false,
            [(1, .staysShut("a1")), (2, LeverTests.order(.skip, node: "a1", run: "r", "it is needed"))], 8, [shut]
        ),
        (ScriptedRehearsal.fiveMinutes, true, [(1, LeverTests.order(.hold, node: "a1", "look"))], 2, []),
        (
            ScriptedRehearsal.fiveMinutes, true,
            [(1, LeverTests.order(.hold, node: "a1", mode: .blockNewSession, minutes: 60, "look"))], 2,
            ["c/a1: block_new_session by nagi"]
        ),
    ]

    @Test(arguments: stands.indices)
    func `what is shut, owed or at work is left undone, and a person's word alone is nothing to be done`(row: Int) {
        let (sequence, isIdle, script, minute, left) = Self.stands[row]
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1"], isSuspended: isIdle))
        rehearsal.run(minutes: minute, script)
        #expect(rehearsal.controller.ledger.undone == left, "\(rehearsal.text)")
    }

    @Test func `what one that acted left is left alone, and goes on with the next that acts`() {
        var rehearsal = ScriptedRehearsal(Self.policies())
        rehearsal.run(minutes: 2)
        rehearsal.perform(.observes)
        rehearsal.forgetEffects()
        rehearsal.run(minutes: 12)
        #expect(deeds(rehearsal).isEmpty)
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        rehearsal.run(minutes: 30, [(12, .acts)])
        #expect(rehearsal.text.hasPrefix("0m a1 starts\n12m a1 done\n12m a2 starts"), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    @Test func `a word for the next node is used up by the one that would start`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(), names: ["a1", "a2"], exclusions: [Exclusion(window: .always, reason: nil)]),
            isObserving: true)
        rehearsal.run(minutes: 3, [(1, LeverTests.order(.force, run: "r", "must") { $0.ignored = .exclusion })])
        #expect(
            rehearsal.text == """
                1m a1 would
                1m ann: the next node that r@2#1 starts ignores exclusion, through its whole sequence. Budget and quorum \
                still count. This daemon only observes: that ends with the run, when one acts
                """)
        #expect(rehearsal.isFolded)
    }

    @Test func `whoever orders something of a run that is only observed is told that it does not last`() {
        var rehearsal = ScriptedRehearsal(Self.policies(), isObserving: true)
        rehearsal.run(
            minutes: 5,
            [
                (1, LeverTests.order(.abort, run: "r", "x")), (2, LeverTests.order(.start, policy: "r")),
                (3, LeverTests.order(.pause, run: "r", "x")), (4, LeverTests.order(.pause, "x")),
            ])
        let told = rehearsal.lines.filter { $0.contains("m ann: ") }.map { $0.hasSuffix("when one acts") }
        #expect(told == [true, true, true, false], "\(rehearsal.text)")
    }

    @Test func `a hold that ends while it is only observed takes nothing from a run that is left alone`() {
        let window = Window(
            name: "w", recurrence: .at(ZoneRules.utc.local(Moment.start.wall)), length: .elapsed(.minutes(4)),
            timeZone: "UTC")
        var set = Self.policies()
        set.policies[0].schedule.windows = [window]
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.run(
            minutes: 12, [(2, LeverTests.order(.hold, node: "a1", minutes: 10, "disk swap")), (6, .observes)])
        #expect(!rehearsal.text.contains("queued again"), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    @Test func `a lever that would change a node is refused`() {
        var rehearsal = ScriptedRehearsal(Self.policies(), isObserving: true)
        rehearsal.run(minutes: 2, [(1, LeverTests.order(.release, node: "a1", "x"))])
        #expect(
            rehearsal.lines.last
                == "1m ann: refused (not-now) this daemon only observes: it sends nothing and runs no command")
    }
}
