import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What levers say of what they brought about, and of what stands in their way.
struct LeverWordsTests {
    private static func order(
        _ action: LeverOrder.Action, node: String? = nil, run: String? = nil, _ reason: String = "",
        set: (inout LeverOrder) -> Void = { _ in }
    ) -> ScriptedRehearsal.Deed {
        LeverTests.order(action, node: node, run: run, reason, set: set)
    }

    private func refusal(_ number: Int, _ rehearsal: ScriptedRehearsal) -> LeverRefusal? {
        if case .failure(let refusal)? = rehearsal.answers[number] { refusal } else { nil }
    }

    @Test func `a run that is started while everything is paused says that it takes no node`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), names: ["a1"]))
        rehearsal.run(
            minutes: 9, [(7, Self.order(.pause, "calls")), (8, LeverTests.order(.start, policy: "r"))])
        #expect(
            rehearsal.text.hasSuffix(
                "8m ann: started: r@2#2; everything is paused by ann: calls: it takes no node before that ends (nagi resume)"
            ))
    }

    @Test func `a suspended policy is not started, and the word for it is in its file`() throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        rehearsal.run(
            minutes: 5,
            [
                (2, .loads(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))),
                (3, LeverTests.order(.start, policy: "r")), (4, Self.order(.resume, run: "r")),
            ])
        #expect(rehearsal.text.contains("3m ann: refused (not-now) no run of r can begin: it is suspended"))
        let hint = "suspend: false in its file, then nagi reload"
        #expect(refusal(1, rehearsal)?.hint == hint && refusal(2, rehearsal)?.hint == hint)
        guard case .run(let run) = try rehearsal.controller.answer(.explain("r"), at: rehearsal.now) else {
            Issue.record("no run")
            return
        }
        #expect(run.levers.isEmpty, "\(run.levers)")
    }

    @Test func `a pause names the commands that it does not stop, and what it gives back`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1", "a2"]))
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(
            minutes: 3,
            [
                (1, Self.order(.pause, run: "r", "calls")),
                (2, Self.order(.pause, run: "r", "calls") { $0.givesBack = true }),
            ])
        let goOn = "paused: r@2#1. Re-asserting, verifying and restoring go on; has begun and goes on: up on a1"
        #expect(
            rehearsal.text == """
                0m a1 starts
                1m paused: by ann: calls
                1m ann: \(goOn)
                2m paused: by ann: calls
                2m ann: \(goOn); nothing is to be given back
                """)
    }

    @Test func `everything that is released names whose holds ended, and what somebody else keeps shut`() throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        rehearsal.run(
            minutes: 5,
            [
                (1, .sets("b2", .known(.blockNewSession))), (2, Self.order(.hold, node: "a1", "look")),
                (3, Self.order(.hold, node: "b2", "mine")), (4, Self.order(.release, "calls") { $0.isOfAll = true }),
            ])
        let answer = try #require(rehearsal.answers[3]).get()
        #expect(
            answer.text == """
                everything is paused; released: a1; no longer held: a1 (by ann: look), b2 (by ann: mine); still shut, as \
                somebody else set it and nagi never loosens that: b2 (block_new_session)
                """)
        #expect(answer.undo == "nagi resume; nagi hold c/a1 --reason …; nagi hold c/b2 --reason …")
    }

    @Test func `whoever wants a node while everything is paused is sent to who paused it`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))
        var order = LeverOrder(.reserve)
        (order.nodes, order.reason, order.length) = (["a1"], "disk swap", .minutes(30))
        rehearsal.run(minutes: 3, [(1, Self.order(.pause, "calls drop")), (2, .pulls(order, by: "bob"))])
        #expect(
            refusal(2, rehearsal)
                == LeverRefusal(
                    .notNow, "a1 cannot go now: everything is paused by ann: calls drop",
                    hint: "that takes the word of ann, who paused everything"))
        let blocker = Blocker(.allPaused(Pause(.person, reason: "calls", actor: "ann", since: Moment.start.wall)))
        #expect(blocker.lift(of: nil, in: nil) == "ann, who paused everything")
        #expect(blocker.lift(of: nil, in: RunID(text: "r@2#1")) == "nagi resume")
    }

    /// Its failure counts until somebody says what it is: nobody's node is taken for that.
    @Test func `a failed node that somebody upgraded and opened by hand is there when it is retried`() throws {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1", "a2"]))
        rehearsal.commandsOpen = true
        rehearsal.run(minutes: 7, [(6, .sets("a1", .known(.normal)))])
        let node = NodeID(cluster: "c", name: "a1")
        #expect(rehearsal.controller.ledger.entry(node)?.failedStay == nil)
        guard case .node(let why) = try rehearsal.controller.answer(.explain("a1"), at: rehearsal.now) else {
            Issue.record("no node")
            return
        }
        #expect(
            why.levers == ["nagi retry r@2#1 c/a1", "nagi skip r@2#1 c/a1 --reason …", "nagi hold c/a1 --reason …"])
        rehearsal.run(minutes: 9, [(8, Self.order(.retry, node: "a1", run: "r"))])
        #expect(
            rehearsal.lines.last { $0.hasPrefix("8m ann") }
                == "8m ann: queued once more: a1 in r@2#1; it has 2 already, and is left as it is")
        #expect(rehearsal.lines.contains("8m a1 already-there") && !rehearsal.lines.contains("8m a1 starts"))
    }

    @Test func `a start that somebody forced says what it ignored, and by whose word`() {
        let force = Force(.gate, beside: nil, actor: "root", reason: "fix", since: Moment.start.wall)
        func text(_ force: Force?) -> String? {
            let fact = Fact.forceUsed(RunID(text: "r@2#1"), NodeID(cluster: "c", name: "a1"), force)
            return Record(at: .start, fact: fact).text
        }
        #expect(text(force) == "a1  starts, and ignores gate: forced by root: fix  r@2#1")
        #expect(text(nil) == "a1  starts though it would have to wait  r@2#1")
    }

    /// `resume` only has the word waited for once more: one lever is named, wherever it is asked for.
    @Test func `what nobody approved in time goes on by the approval`() throws {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(), names: ["a1"], approval: Approval(timeout: .minutes(5))))
        rehearsal.run(minutes: 7)
        let now = rehearsal.now
        guard case .run(let run) = try rehearsal.controller.answer(.explain("r"), at: now),
            case .node(let node) = try rehearsal.controller.answer(.explain("a1"), at: now)
        else {
            Issue.record("no answer")
            return
        }
        #expect(run.levers == ["nagi approve r@2#1", "nagi abort r@2#1 --reason …"])
        #expect(node.levers.contains("nagi approve r@2#1") && !node.levers.contains { $0.contains("resume") })
    }
}
