import ModeCore
import Testing

/// Temporary nodes have no vote, whatever the policies list.
struct TemporaryNodesTests {
    static let five = ["a", "b", "c", "t1", "t2"]

    /// Two of three regular nodes were stopped at once because two temporary ones were counted as well: the third lost the
    /// majority and refused every new call of the cluster.
    @Test func `D2: two temporary nodes do not make a quorum for a second command`() throws {
        let policies = RigPolicies(
            Self.five, maxUnavailable: 2,
            .rollout().with {
                $0.nodes = ["a", "b", "c"]
                $0.maxUnavailable = 2
            })
        var rig = Rig(policies, temporary: ["t1", "t2"])
        try rig.advance(until: { $0.runs.last?.isOver == true || $0.lostMajority }, atMost: .hours(2))
        #expect(!rig.lostMajority, "\(rig)")
    }

    /// A node that was cut off together with two temporary ones was opened by their votes, and served channels that live
    /// elsewhere.
    @Test func `D2: two temporary nodes do not vote for an isolated one`() {
        var rig = Rig(
            RigPolicies(Self.five, .nightly().with { $0.nodes = ["a"] }), at: "01:59", temporary: ["t1", "t2"])
        rig.advance(to: "04:00")
        #expect(rig.isShut("a"))
        rig.cutOff(["a", "t1", "t2"])
        rig.advance(to: "05:10")
        #expect(rig.isShut("a"), "\(rig)")
        #expect(rig.verdict("a").code == "isolated", "\(rig.verdict("a"))")
        rig.rejoin()
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }
}
