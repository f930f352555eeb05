import ModeCore
import Testing

/// Who loosens what, how often, and what nagi makes of it.
struct ContestedTests {
    /// One opening by hand and three writes that the API refused were taken for four openings: nagi stood back for good,
    /// and the node's calls were cut by the command that ran on it.
    @Test(arguments: [true, false]) func `D3: writes that fail are no loosenings`(isRejected: Bool) throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.commands(on: "a", RigCommand(lasts: .minutes(8), stopsAfter: .minutes(6)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(5))
        rig.calls("a", whenOpen: 5, lasting: .minutes(1))
        rig.person(opens: "a")
        rig.writes("a", isRejected ? .rejected : .noConnection)
        rig.advance(.seconds(3))
        rig.writes("a", .applied)
        rig.advance(.seconds(10))
        #expect(rig.isShut("a"), "\(rig)")
        rig.advance(.minutes(6))
        #expect(rig.callsCut("a") == 0)
    }

    /// Three openings within ten minutes stop nagi, but a node whose upgrade is running is stopped in any case: whoever
    /// calls it is cut off.
    @Test func `D3: nothing is contested while a disruptive command runs`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.commands(on: "a", RigCommand(lasts: .minutes(8), stopsAfter: .minutes(6)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(5))
        rig.calls("a", whenOpen: 5, lasting: .minutes(1))
        for _ in 0..<5 {
            rig.person(opens: "a")
            rig.advance(.seconds(20))
        }
        #expect(rig.isShut("a"), "\(rig)")
        rig.advance(.minutes(6))
        #expect(rig.callsCut("a") == 0)
    }

    /// What was contested once stayed so: nagi never shut the node again, also hours later.
    @Test func `D3: contested is over when the ten minutes are`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "02:10")
        #expect(rig.isShut("a"))
        for _ in 0..<4 {
            rig.person(opens: "a")
            rig.advance(.seconds(20))
        }
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.verdict("a").code == "contested", "\(rig.verdict("a"))")
        rig.advance(.minutes(13))
        #expect(rig.isShut("a"), "\(rig)")
    }

    /// A restart of the daemon was taken for one of the node, and a node that people had taken back was shut again, at noon,
    /// without window and budget.
    @Test func `D4: a failed node that people have opened is theirs, also after a restart of the daemon`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.commands(on: "a", RigCommand(end: .fails))
        try rig.advance(until: { $0.phase("a") == "failed" }, atMost: .minutes(10))
        #expect(rig.isShut("a"))
        rig.calls("a", whenOpen: 5, lasting: .minutes(1))
        for _ in 0..<4 where rig.isShut("a") {
            rig.person(opens: "a")
            rig.advance(.minutes(1))
        }
        #expect(rig.mode("a") == .normal, "\(rig)")
        rig.advance(.minutes(20))
        rig.crash(for: .seconds(5))
        rig.advance(.minutes(10))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// What people loosened while the daemon was away was labelled a restart, and whoever had won against it lost again.
    @Test func `D4: a contested node is not shut by a restart of the daemon`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "02:10")
        for _ in 0..<4 {
            rig.person(opens: "a")
            rig.advance(.seconds(20))
        }
        #expect(rig.mode("a") == .normal, "\(rig)")
        let sends = rig.sends("a").count
        rig.crash(for: .seconds(5))
        rig.advance(.minutes(2))
        #expect(rig.sends("a").count == sends, "\(rig)")
    }
}
