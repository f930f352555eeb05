import ModeCore
import Testing

/// What each step does when it goes on, and when it gives up.
struct SequenceTests {
    static func rollout(_ steps: [RigStep], _ change: (inout RigPolicy) -> Void = { _ in }) -> Rig {
        Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", steps).with(change)))
    }

    @Test func `skip gives the node back, and the next one has its turn`() {
        var rig = Self.rollout([.drain(deadline: .minutes(10)), .block, .upgrade(), .verify(), .restore])
        rig.sessions("a", 2)
        rig.advance(.minutes(9))
        #expect(rig.isShut("a"))
        rig.advance(.minutes(10))
        #expect(["a", "b", "c"].map(rig.phase) == ["skipped", "done", "done"], "\(rig)")
        #expect(rig.mode("a") == .normal && rig.version("a") == "1")
    }

    @Test func `abort gives the node back and ends the run`() {
        var rig = Self.rollout([
            .drain(deadline: .minutes(10), onDeadline: .abort), .block, .upgrade(), .verify(), .restore,
        ])
        rig.sessions("a", 2)
        rig.advance(.minutes(20))
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.runs.last?.isOver == true, "\(rig)")
        #expect(rig.sends("b").isEmpty && rig.sends("c").isEmpty)
    }

    @Test func `proceed goes on with live calls`() {
        var rig = Self.rollout([
            .drain(deadline: .minutes(10), onDeadline: .proceed), .block, .upgrade(), .verify(), .restore,
        ])
        rig.sessions("a", 2)
        rig.advance(.minutes(9))
        #expect(rig.commandsBegun("a") == 0)
        rig.advance(.minutes(3))
        #expect(rig.phase("a") == "done", "\(rig)")
        #expect(rig.callsCut("a") == 2)
    }

    @Test func `a command is tried as often as it may be`() {
        var rig = Self.rollout([.drain(), .block, .upgrade(retries: 2), .verify(), .restore])
        rig.commands(on: "a", RigCommand(end: .fails), RigCommand(end: .fails), .upgrade)
        rig.advance(.minutes(5))
        #expect(rig.commandsBegun("a") == 3, "\(rig)")
        #expect(rig.phase("a") == "done")
    }

    @Test func `a command that hangs is over at its timeout, and its node stays`() {
        var rig = Self.rollout([.drain(), .block, .upgrade(timeout: .minutes(5)), .verify(), .restore])
        rig.commands(on: "a", RigCommand(end: .hangs))
        rig.advance(.minutes(20))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.commandsRunning("a") == 0)
        #expect(rig.mode("a") == .blockNewConnection)
        #expect(rig.runs.last?.word == "paused")
        #expect(rig.sends("b").isEmpty)
    }

    /// The claim of a failed node outlives process and run.
    @Test func `a node that failed in its upgrade stays shut, also after a restart of either`() {
        var rig = Self.rollout(RigStep.rolling)
        rig.commands(on: "a", RigCommand(stopsAfter: .seconds(5), version: "1.9"))
        rig.advance(.minutes(15))
        #expect(rig.phase("a") == "failed", "\(rig)")
        rig.crash(for: .seconds(10))
        rig.advance(.minutes(1))
        #expect(rig.isShut("a"), "\(rig)")
        rig.restart("a")
        rig.advance(.minutes(1))
        #expect(rig.isShut("a"), "\(rig)")
        #expect(rig.verdict("a").code == "failed", "\(rig.verdict("a"))")
    }

    @Test func `onFailure restore opens a node that failed in its upgrade`() {
        var rig = Self.rollout(RigStep.rolling) { $0.onFailure = .restore }
        rig.commands(on: "a", RigCommand(end: .fails))
        rig.advance(.minutes(5))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    @Test func `nodes that have the revision are left alone`() {
        var rig = Self.rollout(RigStep.rolling)
        rig.version("a", "2")
        rig.version("b", "2")
        rig.advance(.minutes(10))
        #expect(["a", "b", "c"].map(rig.phase) == ["already-there", "already-there", "done"], "\(rig)")
        #expect(rig.sends("a").isEmpty && rig.sends("b").isEmpty)
    }

    /// Whoever shuts the node while it is watched breaks the soak; it begins anew.
    @Test func `a break restarts the soak`() throws {
        var rig = Self.rollout(RigStep.rolling + [.soak(.minutes(10))])
        try rig.advance(until: { $0.phase("a") == "soaking" }, atMost: .minutes(5))
        rig.advance(.minutes(5))
        rig.person(sets: .blockNewSession, on: "a")
        rig.advance(.minutes(1))
        rig.person(opens: "a")
        rig.advance(.minutes(9))
        #expect(rig.phase("a") == "soaking", "\(rig)")
        #expect(rig.sends("b").isEmpty)
        rig.advance(.minutes(2))
        #expect(rig.phase("a") == "done", "\(rig)")
    }

    @Test func `a soak that does not come to its end fails`() throws {
        var rig = Self.rollout(RigStep.rolling + [.soak(.minutes(10))])
        try rig.advance(until: { $0.phase("a") == "soaking" }, atMost: .minutes(5))
        rig.ready("a", false)
        rig.advance(.minutes(31))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.mode("a") == .normal)
        #expect(rig.sends("b").isEmpty)
    }

    /// In a maintenance window the time that is left counts, across restarts.
    @Test func `a deadline is kept by a restart, and downtime counts`() {
        var rig = Self.rollout([.drain(deadline: .minutes(30)), .block, .restore])
        rig.sessions("a", 2)
        rig.advance(.minutes(10))
        rig.crash(for: .minutes(10))
        rig.advance(.minutes(19) + .seconds(50))
        #expect(rig.isShut("a"), "\(rig)")
        rig.advance(.seconds(15))
        #expect(rig.phase("a") == "skipped", "\(rig)")
        #expect(rig.mode("a") == .normal)
    }

    /// Nagi's own network is to be suspected where nobody answers any more.
    @Test func `a deadline stands while no node answers at all`() {
        var rig = Self.rollout([.drain(deadline: .minutes(60)), .block, .restore])
        rig.sessions("a", 2)
        rig.advance(.minutes(58))
        for node in ["a", "b", "c"] { rig.reach(node, .refuses) }
        rig.advance(.minutes(5))
        for node in ["a", "b", "c"] { rig.reach(node, .answers) }
        rig.advance(.minutes(1))
        #expect(rig.phase("a") == "out" && rig.sends("a").map(\.mode) == [.blockNewSession], "\(rig)")
        rig.sessions("a", 0)
        rig.advance(.minutes(1))
        #expect(rig.phase("a") == "done", "\(rig)")
    }

    /// They were not counted: a block that was put back by another write was taken for one that had never been away.
    @Test func `sessions that come in between a restart and the block's return are told`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.calls("a", whenOpen: 4, lasting: .seconds(2))
        try rig.advance(until: { $0.phase("a") == "done" }, atMost: .hours(1))
        #expect(rig.hasHeard("4 sessions leaked in before the block was back"), "\(rig)")
    }
}
