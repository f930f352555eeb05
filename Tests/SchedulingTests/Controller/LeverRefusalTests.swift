import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Levers that are refused: in which setting, by which code, what is said and what is to be typed instead. What is refused
/// changes nothing.
struct LeverRefusalTests {
    struct Refusal: CustomTestStringConvertible {
        var testDescription: String
        var set: PolicySet
        /// What has happened before the lever is pulled, by the minute; before the policies are loaded where that is below 0.
        var script: [(Int64, ScriptedRehearsal.Deed)] = []
        /// The minute in which it is pulled.
        var at: Int64 = 2
        var lever: ScriptedRehearsal.Deed
        var code: LeverRefusal.Code
        var says: String
        var hint: String?

        func refused() -> (refusal: LeverRefusal?, changes: Int, isFolded: Bool) {
            var rehearsal = ScriptedRehearsal(set, isLoaded: false)
            for (minute, deed) in script where minute < 0 { rehearsal.perform(deed) }
            rehearsal.perform(.loads(set))
            rehearsal.run(minutes: at, script.filter { $0.0 >= 0 })
            let records = rehearsal.journal.count
            rehearsal.perform(lever)
            let answer = rehearsal.answers[rehearsal.answers.count]
            let refusal: LeverRefusal? = if case .failure(let refusal)? = answer { refusal } else { nil }
            return (refusal, rehearsal.journal.count - records, rehearsal.isFolded)
        }
    }

    private static func order(
        _ action: LeverOrder.Action, node: String? = nil, run: String? = nil, _ reason: String = "",
        set: (inout LeverOrder) -> Void = { _ in }
    ) -> ScriptedRehearsal.Deed {
        LeverTests.order(action, node: node, run: run, reason, set: set)
    }

    private static func reserve(_ name: String) -> ScriptedRehearsal.Deed {
        order(.reserve, "disk swap") { ($0.nodes, $0.length) = ([name], .minutes(30)) }
    }

    private static func force(_ ignored: Ignorable = .exclusion) -> ScriptedRehearsal.Deed {
        order(.force, run: "r@2#1", "must") { $0.ignored = ignored }
    }

    private static func retry(_ node: String, _ run: String = "r@2#1") -> ScriptedRehearsal.Deed {
        order(.retry, node: node, run: run)
    }

    private static func rollout(
        _ names: [String] = ["a1", "a2"], _ sequence: StepSequence = ScriptedRehearsal.fiveMinutes,
        _ change: (inout PolicySet) -> Void = { _ in }
    ) -> PolicySet {
        var set = ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: names)
        change(&set)
        return set
    }

    /// Far behind everything that is tried here.
    private static let later = Exclusion(
        window: Window(
            name: "freeze", recurrence: .at(ZoneRules.utc.local(Moment.start.wall + .hours(9))),
            length: .elapsed(.hours(1)), timeZone: "UTC"))

    /// a2 is in its cluster, and not in its run.
    private static let onlyFirst = rollout { $0.policies[0].selector = Selector(nodes: ["a1"]) }
    private static let another = "nagi status shows which run has its nodes, or when the next begins"
    private static let failing = rollout(["a1", "a2"], .failing)
    /// Its run is ending, and waits for the command on a1.
    private static let ending: [(Int64, ScriptedRehearsal.Deed)] = [
        (0, .commandsRun(true)), (1, order(.abort, run: "r", "wrong version")),
    ]
    /// Its only node was left out, and the run is over.
    private static let over: [(Int64, ScriptedRehearsal.Deed)] = [
        (1, order(.skip, node: "a1", run: "r", "it is needed"))
    ]
    /// a1 has left the policies and still owes its opening.
    private static let left: [(Int64, ScriptedRehearsal.Deed)] = [
        (1, .staysShut("a1")), (1, .loads(rollout(["a2"]))),
    ]
    private static let gone = "a1 is not in the policies any more: a hold would end at once"
    private static let goneHint = "nagi opens what it still owes there by itself"

    static let nodes = [
        Refusal(
            testDescription: "hold: a node that left the policies", set: rollout(), script: left,
            lever: order(.hold, node: "c/a1", "look"), code: .unknownNode, says: gone, hint: goneHint),
        Refusal(
            testDescription: "reserve: a node that left the policies", set: rollout(), script: left,
            lever: reserve("c/a1"), code: .unknownNode, says: gone, hint: goneHint),
        Refusal(
            testDescription: "retry: a node that left the policies", set: rollout(), script: left,
            lever: retry("c/a1"), code: .unknownNode,
            says: "a1 is not in the policies any more: no run takes it", hint: goneHint),
        Refusal(
            testDescription: "hold --mode: a cluster of which a node was not read yet", set: rollout(),
            script: [(-1, .hangs("a2", seconds: 3))], at: 0,
            lever: LeverTests.order(.hold, node: "a1", mode: .blockNewSession, minutes: 60, "disk swap"),
            code: .notNow, says: "not every node of c was read yet: nobody can say who is out",
            hint: "try again in a moment, or: … --force"),
        Refusal(
            testDescription: "hold --mode normal: its command runs", set: failing, script: [(0, .commandsRun(true))],
            lever: LeverTests.order(.hold, node: "a1", mode: .normal, minutes: 60, "calls"),
            code: .commandRunning, says: "up is running on a1 and would cut the calls that you let in",
            hint: "wait for it (nagi status --watch), or end it: nagi release c/a1 --force --reason …"),
        Refusal(
            testDescription: "reserve: in work for a run", set: rollout(), lever: reserve("a1"), code: .nodeTaken,
            says: "a1 cannot go now: in work for r@2#1",
            hint: "wait for a node that comes back into service: nagi status --watch"),
        Refusal(
            testDescription: "reserve: without an end", set: rollout(),
            lever: order(.reserve, "disk swap") { $0.nodes = ["a2"] }, code: .incomplete,
            says: "reserve needs an end (--reserve 2h)"),
        Refusal(
            testDescription: "hold: an end that is past", set: rollout(),
            lever: LeverTests.order(.hold, node: "a2", minutes: 1, "look"), code: .incomplete,
            says: "the end of hold is past", hint: "give a later one"),
        Refusal(
            testDescription: "skip: not in the run", set: onlyFirst,
            lever: order(.skip, node: "a2", run: "r", "it is needed"), code: .unknownNode,
            says: "a2 is not in that run", hint: "who is: nagi explain r@2#1"),
        Refusal(
            testDescription: "retry: not in the run", set: onlyFirst, lever: retry("a2"), code: .unknownNode,
            says: "a2 is not in that run", hint: "who is: nagi explain r@2#1"),
        Refusal(
            testDescription: "retry: left out, and the run is ending", set: failing, script: ending, lever: retry("a2"),
            code: .nothingToDo, says: "r@2#1 is ending: it takes no node any more", hint: another),
        Refusal(
            testDescription: "retry: left out, and the run is over", set: rollout(["a1"]), script: over,
            lever: retry("a1"), code: .nothingToDo, says: "the run r@2#1 is over: partial",
            hint: "nagi start r takes what is left"),
        // It may still be about to restart the node: one more beside it would be two.
        Refusal(
            testDescription: "retry: nothing was heard of its command", set: failing,
            script: [(0, .commandsRun(true))], at: 10, lever: retry("a1"), code: .commandRunning,
            says: "nothing was heard of up on a1 since it began: it may still run",
            hint: "look on the host of the daemon; to go on all the same: nagi retry r@2#1 c/a1 --force"),
        Refusal(
            testDescription: "skip: done", set: rollout(), at: 7,
            lever: order(.skip, node: "a1", run: "r", "it is needed"), code: .nothingToDo,
            says: "a1 is done in r@2#1: there is nothing to skip", hint: "what goes on there: nagi explain c/a1"),
        Refusal(
            testDescription: "retry: done", set: rollout(), at: 7, lever: retry("a1"), code: .nothingToDo,
            says: "a1 is done in r@2#1: there is nothing to retry", hint: "what goes on there: nagi explain c/a1"),
        Refusal(
            testDescription: "retry: in work for another run", set: rollout(),
            script: [(1, stays("a1", in: "old@1#1"))], lever: retry("a1", "old@1#1"), code: .nodeTaken,
            says: "r@2#1 has a1 in work",
            hint: "wait for it: nagi status --watch"),
        Refusal(
            testDescription: "retry: its run is over, and the clock is not trusted", set: rollout(["a1"], .failing),
            script: [(8, .wallJumps(minutes: 60))], at: 8, lever: retry("a1"), code: .notNow,
            says: "r@2#1 is over, and no other run can begin: the wall clock jumped, and is not trusted yet",
            hint: "try again in half a minute"),
    ]

    private static func stays(_ name: String, in run: String) -> ScriptedRehearsal.Deed {
        let id = NodeID(cluster: "c", name: name)
        let stay = FailedStay(
            run: RunID(text: run), policy: "old", mode: .blockNewSession, reason: "it broke", since: Moment.start.wall)
        return .notes(.stayPlaced(id, stay, .of(id)))
    }

    private static let isEnding = "the run is ending already"

    /// What an order does not say, or says of a run that is none.
    static let names: [Refusal] =
        [
            (.abort, "abort needs a run"), (.skip, "skip needs a run"), (.approve, "approve needs a run"),
            (.retry, "retry needs a node"), (.hold, "hold needs a node"), (.release, "release needs a node"),
            (.reserve, "reserve needs nodes"), (.start, "start needs a policy"),
        ].map { (action: LeverOrder.Action, says: String) in
            Refusal(
                testDescription: "\(says): it is not said", set: rollout(), lever: order(action, "why"),
                code: .incomplete, says: says)
        }
        + [LeverOrder.Action.pause, .resume, .abort, .approve, .skip, .retry, .force].map { action in
            Refusal(
                testDescription: "\(action.rawValue): a run that is none", set: rollout(),
                lever: order(action, node: [.approve, .resume].contains(action) ? nil : "a1", run: "zz", "why") {
                    $0.ignored = .exclusion
                },
                code: .unknownRun, says: "there is no run zz", hint: "active: r@2#1")
        }

    static let runs = [
        Refusal(
            testDescription: "pause: the run is ending", set: failing, script: ending,
            lever: order(.pause, run: "r@2#1", "calls"), code: .nothingToDo, says: isEnding, hint: another),
        Refusal(
            testDescription: "abort: the run is ending", set: failing, script: ending,
            lever: order(.abort, run: "r@2#1", "again"), code: .nothingToDo, says: isEnding, hint: another),
        Refusal(
            testDescription: "approve: the run is ending", set: failing, script: ending,
            lever: order(.approve, run: "r@2#1", "go"), code: .nothingToDo, says: isEnding, hint: another),
        Refusal(
            testDescription: "force: the run is ending",
            set: rollout(["a1", "a2"], .failing) { $0.policies[0].schedule.exclusions = [later] }, script: ending,
            lever: force(), code: .nothingToDo, says: "\(isEnding): it takes no node any more", hint: another),
        Refusal(
            testDescription: "force: the run is over", set: rollout(["a1"]), script: over, lever: force(),
            code: .nothingToDo, says: "the run r@2#1 is over: partial", hint: "nagi start r takes what is left"),
        Refusal(
            testDescription: "force: no node waits to start",
            set: rollout(["a1"]) { $0.policies[0].schedule.exclusions = [later] }, lever: force(), code: .nothingToDo,
            says: "no node of r@2#1 waits to start", hint: "what it does: nagi explain r@2#1"),
        Refusal(
            testDescription: "force: nothing is named", set: rollout(), lever: order(.force, run: "r", "must"),
            code: .incomplete, says: "force needs what to ignore (--ignore window)"),
        Refusal(
            testDescription: "resume: nothing is paused", set: rollout(), lever: order(.resume), code: .nothingToDo,
            says: "nobody has paused everything"),
        Refusal(
            testDescription: "resume: a run is paused by itself", set: rollout(),
            script: [(1, order(.pause, run: "r", "calls"))], lever: order(.resume), code: .nothingToDo,
            says: "nobody has paused everything", hint: "paused by itself: r@2#1 (nagi resume RUN)"),
        Refusal(
            testDescription: "resume RUN: everything is paused, and not the run", set: rollout(),
            script: [(1, order(.pause, "calls"))], lever: order(.resume, run: "r"), code: .nothingToDo,
            says: "r@2#1 is not paused", hint: "everything is paused, which lifts: nagi resume"),
        Refusal(
            testDescription: "start: no such policy", set: rollout(), lever: LeverTests.order(.start, policy: "zz"),
            code: .unknownPolicy, says: "there is no policy zz", hint: "nagi status lists them"),
        Refusal(
            testDescription: "start: a maintenance window",
            set: rollout {
                $0.policies[0].kind = .maintenanceWindow
                $0.policies[0].schedule.windows = [later.window]
            }, lever: LeverTests.order(.start, policy: "r"), code: .nothingToDo,
            says: "r is a maintenance window: its runs begin with its occurrences",
            hint: "when the next begins: nagi explain r"),
        Refusal(
            testDescription: "start: its cluster is not in the policies",
            set: rollout {
                var other = $0.policies[0]
                (other.name, other.cluster) = ("s", "d")
                $0.policies.append(other)
            }, lever: LeverTests.order(.start, policy: "s"), code: .notNow,
            says: "no run of s can begin: its cluster d is not in the policies", hint: "nagi explain s"),
    ]

    @Test(arguments: nodes + runs + names) func `what is refused says why and what to do, and changes nothing`(
        row: Refusal
    ) {
        let (refusal, changes, isFolded) = row.refused()
        #expect(refusal == LeverRefusal(row.code, row.says, hint: row.hint))
        #expect(changes == 0 && isFolded)
    }

    /// A process that has the journal only, and has not read the directory.
    @Test func `no run is started by policies that could not be read`() {
        var rehearsal = ScriptedRehearsal(Self.rollout(["a1"]))
        rehearsal.run(minutes: 8)
        var controller = Controller(ledger: Ledger(folding: rehearsal.journal))
        _ = controller.handle(.started(boot: "boot"), at: rehearsal.now)
        var order = LeverOrder(.start)
        order.policy = "r"
        let effects = controller.handle(.pulled(Pull(order, by: "ann"), ticket: 1), at: rehearsal.now)
        let refusals = effects.compactMap { effect in
            if case .answer(1, .failure(let refusal)) = effect { refusal } else { nil }
        }
        #expect(
            refusals == [
                LeverRefusal(
                    .notNow, "no run of r can begin: the policies on disk could not be read",
                    hint: "nagi status says why; then nagi reload")
            ])
    }

    private static let unheard = "nothing was heard of up on a1 since it began: it may still run"

    /// Opened, it would have been cut off by its own upgrade: without force it was not even asked about.
    @Test func `a node is not opened beside a command of which nothing was heard, but by force`() throws {
        let orders: [(LeverOrder.Action, RequestableMode?)] = [(.release, nil), (.hold, .normal)]
        for (action, mode) in orders {
            var rehearsal = ScriptedRehearsal(Self.failing)
            rehearsal.perform(.commandsRun(true))
            rehearsal.run(
                minutes: 11,
                [(10, LeverTests.order(action, node: "a1", mode: mode, minutes: mode.map { _ in 60 }, "calls"))])
            #expect(rehearsal.lines.last == "10m ann: refused (command-running) \(Self.unheard)")
            #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
            rehearsal.perform(Self.order(.release, node: "a1", "looked") { $0.isForced = true })
            rehearsal.advance(by: .minutes(1))
            #expect(rehearsal.nodes["a1"]?.mode == .known(.normal), "\(rehearsal.text)")
        }
    }

    @Test func `a newer revision does not go beside a command of which nothing was heard`() {
        var rehearsal = ScriptedRehearsal(Self.failing)
        rehearsal.perform(.commandsRun(true))
        var newer = Self.failing
        newer.policies[0].kind = .rollout(revision: "3", approval: nil)
        newer.digest = "newer"
        rehearsal.run(minutes: 20, [(10, .loads(newer))])
        let starts = rehearsal.effects.filter {
            if case .start(let start) = $0 { start.node.name == "a1" } else { false }
        }
        #expect(starts.count == 1, "\(rehearsal.text)")
        #expect(rehearsal.wait(of: "a1").hasPrefix("failed"), "\(rehearsal.wait(of: "a1"))")
    }

    @Test func `a command that ends after it was given up stands in nobody's way any more`() {
        var rehearsal = ScriptedRehearsal(Self.failing)
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(minutes: 12)
        rehearsal.hand(.commandEnded(CommandID(number: 1), .exited(status: 0)))
        #expect(
            rehearsal.wait(of: "a1")
                == "failed: kept at block_new_connection by r@2#1: up: nothing was heard of it after its timeout; "
                + "it has ended since: exited with 0")
        rehearsal.run(minutes: 13, [(12, LeverTests.order(.release, node: "a1", "looked"))])
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    @Test func `a policy that opens what fails does not open it beside a command of which nothing was heard`() {
        var set = Self.failing
        set.policies[0].sequence.onFailure = .restore
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(minutes: 12)
        #expect(rehearsal.text.contains("a1 failed"), "\(rehearsal.text)")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection), "\(rehearsal.text)")
    }

    /// The word of whoever has looked.
    @Test func `a command of which nothing was heard keeps nobody from going on by force`() {
        var rehearsal = ScriptedRehearsal(Self.failing)
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(
            minutes: 12,
            [(10, .commandsRun(false)), (11, Self.order(.retry, node: "a1", run: "r") { $0.isForced = true })])
        #expect(rehearsal.lines.contains("11m ann: retried: a1 goes on from up"), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }
}
