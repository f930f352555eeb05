import ModeCore
import Testing

/// A canary that an earlier run keeps.
struct CanaryTests {
    /// After a failure the rollout was taken out of the files and put back: its new run waited for ever for a canary that the
    /// old one kept shut.
    @Test func `B2: a new run is not held up by a node that the old one keeps`() throws {
        let policies = RigPolicies(
            ["a", "b", "c", "d", "e"], standalone: true, maxUnavailable: 2, .rollout().with { $0.canaries = 1 },
            .nightly().with { $0.isSuspended = true })
        var rig = Rig(policies)
        rig.commands(on: "a", RigCommand(end: .fails), .upgrade)
        try rig.advance(until: { $0.phase("a") == "failed" }, atMost: .minutes(10))
        rig.reload(policies.with { $0.policies.removeFirst() })
        rig.advance(.minutes(2))
        rig.reload(policies)
        rig.advance(.hours(1))
        #expect(rig.version("b") == "2", "\(rig)")
        #expect(rig.version("e") == "2")
    }
}
