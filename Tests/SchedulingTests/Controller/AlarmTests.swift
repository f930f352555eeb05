import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Alarms come with what they are about and end with it, and what nobody watched is held against nobody.
struct AlarmTests {
    /// Nothing was taken out of service, and nothing said why.
    @Test func `a start before the journal's last instant raises the clock's alarm, and it ends`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly()), at: "12:00")
        rig.advance(.minutes(5))
        rig.crash(for: .seconds(5))
        rig.wallJumps(by: .minutes(-10))
        rig.advance(.seconds(10))
        #expect(rig.raises("clock-not-trusted"), "\(rig.alarms)\n\(rig)")
        rig.advance(.minutes(1))
        #expect(!rig.raises("clock-not-trusted"), "\(rig.alarms)\n\(rig)")
    }

    /// The next process trusted its clock from the start, and said that it did not, until the next jump.
    @Test func `the clock's alarm ends though its process died before`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly()), at: "12:00")
        rig.advance(.minutes(5))
        rig.wallJumps(by: .hours(2))
        rig.advance(.seconds(10))
        #expect(rig.raises("clock-not-trusted"), "\(rig.alarms)")
        rig.crash(for: .seconds(5))
        rig.advance(.minutes(2))
        #expect(!rig.raises("clock-not-trusted"), "\(rig.alarms)\n\(rig)")
    }

    /// `lists other members than the majority`, and there was no majority: two of three could not be read.
    @Test func `one list of three contradicts nobody`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "12:00")
        rig.stop("b")
        rig.stop("c")
        rig.advance(.minutes(1))
        #expect(!rig.raises("list-contradicts"), "\(rig.alarms)\n\(rig)")
    }

    /// Nothing was to be written to the node any more, and the alarm stood for weeks.
    @Test func `write-refused ends where the write is not wanted any more`() {
        let steps: [RigStep] = [.drain(deadline: .minutes(10)), .block, .waitForEnd, .restore]
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly("night", steps)), at: "01:59")
        rig.writes("a", .rejected)
        rig.advance(to: "02:09")
        #expect(rig.raises("write-refused"), "\(rig.alarms)\n\(rig)")
        rig.advance(to: "02:20")
        #expect(rig.phase("a") == "skipped", "\(rig)")
        #expect(!rig.raises("write-refused"), "\(rig.alarms)\n\(rig)")
    }

    /// Likewise of an opening that is not wanted any more: somebody wants the node shut.
    @Test func `release-waits ends where the mode is claimed again`() {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy()))
        let node = NodeID(cluster: "c", name: "a1")
        rehearsal.run(minutes: 60, [(2, .breaks("a1"))])
        let isRaised = { (rehearsal: ScriptedRehearsal) in
            rehearsal.controller.ledger.alarms.keys.contains { $0.code == .releaseWaits }
        }
        #expect(isRaised(rehearsal), "\(rehearsal.text)")
        let hold = Hold(
            wish: .mode(.blockNewConnection), actor: "tanaka", reason: "broken", since: rehearsal.now.wall)
        rehearsal.perform(.notes(.holdPlaced(node, hold)))
        rehearsal.perform(.later(minutes: 5))
        #expect(!isRaised(rehearsal), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    /// It had been opened, died before it was seen in service, and its run waited for it without a word.
    @Test func `a node that dies before it is seen in service raises an alarm`() throws {
        var rig = Rig(RigPolicies(["node-1", "node-2", "node-3"], standalone: true, .rollout()))
        try rig.advance(until: { $0.isCommandRunning("node-1") }, atMost: .minutes(1))
        rig.ready("node-1", false)
        try rig.advance(
            until: { $0.phase("node-1") == "returning" && $0.sends("node-1").last?.mode == .normal },
            atMost: .minutes(5))
        rig.advance(.seconds(2))
        rig.stop("node-1")
        rig.advance(.minutes(5))
        #expect(rig.phase("node-1") == "returning", "\(rig)")
        #expect(rig.alarms.contains { $0.contains("node-1") }, "\(rig.alarms)\n\(rig)")
        rig.start("node-1")
        rig.ready("node-1", nil)
        rig.advance(.seconds(30))
        #expect(!rig.alarms.contains { $0.contains("node-1") }, "\(rig.alarms)\n\(rig)")
    }

    /// The host had been suspended: no time to act, and no time to be late.
    @Test func `a run is not stuck by the time for which the loop stood still`() {
        let policies = RigPolicies(
            ["a", "b", "c"], standalone: true,
            .rollout("sora", to: "2", [.drain(deadline: .hours(9)), .block, .restore]).with {
                $0.progressDeadline = .hours(1)
            })
        var rig = Rig(policies)
        rig.sessions("a", 2)
        rig.advance(.minutes(10))
        rig.stall(for: .hours(3))
        rig.advance(.hours(3) + .minutes(10))
        #expect(rig.runs.last?.word == "active", "\(rig)")
        rig.sessions("a", 0)
        rig.advance(.minutes(2))
        #expect(["a", "b", "c"].map(rig.phase) == ["done", "done", "done"], "\(rig)")
    }
}

extension Rig {
    fileprivate func raises(_ code: String) -> Bool { alarms.contains { $0.hasPrefix("\(code): ") } }
}
