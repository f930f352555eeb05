import ModeCore
import Testing

/// Where nothing goes wrong: the rig itself is sound.
struct CalmTests {
    @Test func `a rollout brings three nodes to the revision and cuts no call`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        for node in ["a", "b", "c"] { rig.calls(node, whenOpen: 3, lasting: .minutes(2)) }
        try rig.advance(until: { $0.runs.last?.isOver == true }, atMost: .minutes(30))
        for node in ["a", "b", "c"] {
            #expect(rig.version(node) == "2")
            #expect(rig.phase(node) == "done")
            #expect(rig.mode(node) == .normal)
            #expect(rig.callsCut(node) == 0)
        }
        #expect(!rig.lostMajority, "\(rig)")
    }

    @Test func `a maintenance window shuts one node at a time and opens it at its end`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:00")
        try rig.advance(until: { $0.mode("a") == .blockNewConnection }, atMost: .hours(2))
        rig.advance(to: "04:59:59")
        #expect(rig.isShut("a"))
        #expect(!rig.isShut("b") && !rig.isShut("c"))
        rig.advance(to: "05:00:05")
        #expect(rig.mode("a") == .normal)
        #expect(rig.phase("a") == "done")
        #expect(rig.phase("b") == "not-reached")
    }
}
