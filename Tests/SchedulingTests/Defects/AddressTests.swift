import ModeCore
import Testing

/// Two addresses swapped in the file: who is drained is not who is stopped.
struct AddressTests {
    static func policies(_ steps: [RigStep] = RigStep.rolling) -> RigPolicies {
        RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", steps)).with { $0.hosts = ["a": "b", "b": "a"] }
    }

    /// nagi drained the node at the address of a, which is b, and the upgrade stopped a with all its calls.
    @Test func `E11: a node whose block the cluster does not show under its name is not upgraded`() {
        var rig = Rig(Self.policies())
        for node in ["a", "b", "c"] { rig.calls(node, whenOpen: 4, lasting: .seconds(10)) }
        rig.advance(.minutes(10))
        #expect(rig.callsCut("a") == 0, "\(rig)")
        #expect(rig.callsCut("b") == 0)
        #expect(rig.commandsBegun("a") + rig.commandsBegun("b") == 0)
        // Given back, and said to be so.
        #expect(rig.mode("a") == .normal && rig.mode("b") == .normal)
        let told = ["a", "b"].map { "\(rig.verdict($0)) \(rig.part($0)?.error ?? "")" }
        #expect(told.contains { $0.contains("address") }, "\(told)")
    }

    /// The addresses were swapped by a reload while one node was out: the other was shut for a mode that it had never lost,
    /// and the first stayed shut for ever.
    @Test func `E11: a claimed node keeps its address until the new one shows the mode that nagi wrote`() {
        let policies = RigPolicies(
            ["a", "b"], standalone: true, maxUnavailable: 2, .nightly().with { $0.nodes = ["a"] })
        var rig = Rig(policies, at: "01:59")
        rig.advance(to: "02:30")
        #expect(rig.isShut("a"))
        rig.reload(policies.with { $0.hosts = ["a": "b", "b": "a"] })
        rig.advance(to: "04:59")
        #expect(rig.sends("b").isEmpty, "\(rig)")
        #expect(rig.isShut("a"))
        rig.advance(to: "05:05")
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.sends("b").isEmpty)
    }

    /// The file was put right while the block stood at the wrong address: nobody owed that node anything any more.
    @Test func `a block at an address that a reload puts right is given back there`() throws {
        let right = RigPolicies(["a", "b", "c"], .nightly().with { $0.nodes = ["a"] })
        var rig = Rig(right.with { $0.hosts = ["a": "b", "b": "a"] }, at: "01:59")
        try rig.advance(until: { $0.isShut("b") }, atMost: .minutes(10))
        rig.reload(right)
        rig.advance(to: "05:10")
        #expect(rig.mode("b") == .normal && rig.mode("a") == .normal, "\(rig)")
    }

    /// Reads of the former address may come back after the move.
    @Test func `what was asked at the former address says nothing once the node has moved`() {
        let policies = RigPolicies(
            ["a", "b"], standalone: true, maxUnavailable: 2, .nightly().with { $0.nodes = ["a"] })
        var rig = Rig(policies, at: "01:59", others: ["x"])
        rig.advance(to: "04:59")
        rig.writes("a", .rejected)
        rig.advance(to: "05:05")
        #expect(rig.isShut("a"))
        rig.latency = .seconds(2.2)
        rig.person(sets: rig.mode("a") ?? .normal, on: "x")
        rig.reload(policies.with { $0.hosts = ["a": "x"] })
        rig.person(opens: "a")
        rig.advance(.minutes(10))
        #expect(rig.mode("x") == .normal, "\(rig)")
    }
}
