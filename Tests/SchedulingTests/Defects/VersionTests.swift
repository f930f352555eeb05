import ModeCore
import Testing

/// `{revision}` inside a longer text.
struct VersionTests {
    static let policies = RigPolicies(
        ["a", "b", "c"],
        .rollout("sora", to: "2", [.drain(), .block, .upgrade(), .verify(version: "v{revision}"), .restore]))

    /// A node that was upgraded well timed out in `verify`, was kept shut, and the run paused.
    @Test func `D8: a version that contains the revision is verified`() throws {
        var rig = Rig(Self.policies)
        for node in ["a", "b", "c"] {
            rig.version(node, "v1")
            rig.commands(on: node, RigCommand(stopsAfter: .seconds(5), version: "v2"))
        }
        rig.advance(.minutes(30))
        #expect(rig.phase("a") == "done", "\(rig)")
    }

    /// A node that had the version already was upgraded again.
    @Test func `D8: a node that shows the revision in that text is already there`() {
        var rig = Rig(Self.policies)
        rig.version("a", "v2")
        rig.advance(.minutes(1))
        #expect(rig.phase("a") == "already-there", "\(rig)")
    }
}
