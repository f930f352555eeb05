import ModeCore
import Testing

/// A deadline that has passed is judged on what is known of the node, not on one read that failed.
struct DeadlineTests {
    /// The host came back from a reboot before its network did. The first read failed, the drain's deadline had passed
    /// meanwhile: the node was kept shut for ever, and the run paused.
    @Test func `D5: the network comes up after the daemon, and the drain's deadline is over`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.sessions("a", 2)
        rig.advance(.minutes(35))
        #expect(rig.isShut("a"))
        rig.reboot(for: .minutes(40))
        for node in ["a", "b", "c"] { rig.reach(node, .refuses) }
        rig.advance(.minutes(40) + .seconds(5))
        for node in ["a", "b", "c"] { rig.reach(node, .answers) }
        rig.advance(.minutes(1))
        #expect(rig.phase("a") != "failed", "\(rig)")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// The one read that timed out just then made a node that was merely not drained in time a failed one.
    @Test func `D5: one read that fails as the drain's deadline passes`() {
        var start = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        start.sessions("a", 2)
        start.advance(.minutes(59) + .seconds(50))
        for _ in 0..<24 {
            start.advance(.milliseconds(500))
            var rig = start
            rig.reach("a", .hangs)
            rig.advance(.milliseconds(600))
            rig.reach("a", .answers)
            rig.advance(.minutes(1))
            guard rig.phase("a") != "failed", rig.mode("a") == .normal else {
                Issue.record("a is \(rig.phase("a")): \(rig.part("a")?.error ?? "")\n\(rig)")
                return
            }
        }
    }

    /// A command that failed, and a read that failed with it, before anything was done to the node.
    @Test func `D5: a command before commitment fails while one read fails`() throws {
        var rig = Rig(
            RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", [.drain(), .prefetch(), .block, .restore])))
        rig.commands(on: "a", RigCommand(end: .fails))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(5))
        rig.advance(.seconds(14))
        rig.reach("a", .refuses)
        rig.advance(.milliseconds(1200))
        rig.reach("a", .answers)
        rig.advance(.minutes(1))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// A node that could not be read for an hour was kept shut when it was back, although nothing had been done to it.
    @Test func `D5: a node that cannot be read when its drain's deadline passes is given back`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.sessions("a", 2)
        rig.advance(.minutes(50))
        rig.reach("a", .refuses)
        rig.advance(.minutes(20))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.isShut("a"))
        rig.reach("a", .answers)
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }
}
