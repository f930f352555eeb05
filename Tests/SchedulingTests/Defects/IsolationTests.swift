import ModeCore
import Testing

/// Nodes that the others do not see, and names that they do not know.
struct IsolationTests {
    /// A node that had lost its cluster drained on and was upgraded all the same.
    @Test func `D12: an isolated node is not upgraded`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.sessions("a", 2)
        rig.advance(.minutes(5))
        #expect(rig.isShut("a"))
        rig.cutOff(["a"])
        rig.advance(.minutes(1))
        rig.sessions("a", 0)
        rig.advance(.minutes(10))
        #expect(rig.commandsBegun("a") == 0, "\(rig)")
        rig.rejoin()
        rig.advance(.minutes(3))
        #expect(rig.version("a") == "2", "\(rig)")
    }

    /// Isolated between the block and the command.
    @Test func `D12: a node that is isolated while it waits is not upgraded`() {
        var rig = Rig(
            RigPolicies(
                ["a", "b", "c"],
                .rollout("sora", to: "2", [.drain(), .block, .wait(.minutes(2)), .upgrade(), .verify(), .restore])))
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .blockNewConnection)
        rig.cutOff(["a"])
        rig.advance(.minutes(5))
        #expect(rig.commandsBegun("a") == 0, "\(rig)")
    }

    /// A misspelt name at a right address was called isolated; the operator looked for a fault of the network.
    @Test func `B13: a name that the cluster does not know is said to be so`() {
        var rig = Rig(
            RigPolicies(["sora1", "node-02", "node-03"], .nightly()).with { $0.hosts = ["sora1": "node-01"] })
        rig.advance(.minutes(1))
        let verdict = rig.verdict("sora1")
        #expect(verdict.code == "not-listed", "\(verdict)")
        #expect(verdict.text.contains("node-01"), "\(verdict)")
    }
}
