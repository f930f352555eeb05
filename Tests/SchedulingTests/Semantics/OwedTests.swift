import ModeCore
import Testing

/// A mode that nagi wrote and nobody claims any more: the node owes its opening, whatever became of run and policy.
struct OwedTests {
    enum Loss: String, CaseIterable {
        case nothing, daemon, policy, node
    }

    static let policies = RigPolicies(
        ["a", "b", "c"], standalone: true, maxUnavailable: 2, .nightly("night", at: "02:00", for: .hours(1)),
        .nightly("other").with { $0.isSuspended = true })

    /// Node a is shut by nagi and cannot be reached any more as the window ends.
    static func owing() -> Rig {
        var rig = Rig(policies, at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:30")
        rig.reach("a", .refuses)
        rig.advance(to: "04:00")
        return rig
    }

    @Test(arguments: Loss.allCases) func `it is opened as soon as it is reached again`(loss: Loss) {
        var rig = Self.owing()
        #expect(rig.isShut("a"))
        switch loss {
        case .nothing: break
        case .daemon: rig.crash(for: .minutes(1))
        case .policy: rig.reload(Self.policies.with { $0.policies.removeFirst() })
        case .node: rig.reload(Self.policies.with { $0.nodes = ["b", "c"] })
        }
        #expect(!rig.isReloadRefused)
        rig.advance(.minutes(10))
        rig.reach("a", .answers)
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// No run waits for it.
    @Test func `its run ends without it`() {
        var rig = Self.owing()
        #expect(rig.runs.last?.isOver == true, "\(rig)")
        rig.advance(to: "02:30", day: 1)
        #expect(rig.isShut("b"), "\(rig)")
        #expect(rig.verdict("a").code == "owed" || rig.verdict("a").code == "unreachable", "\(rig.verdict("a"))")
    }

    @Test func `it ends when somebody has opened the node`() {
        var rig = Self.owing()
        rig.person(opens: "a")
        rig.reach("a", .answers)
        rig.advance(.minutes(2))
        // Theirs from now on: also when they shut it again.
        rig.person(sets: .blockNewSession, on: "a")
        rig.advance(.hours(1))
        #expect(rig.mode("a") == .blockNewSession, "\(rig)")
    }

    @Test func `it ends when somebody else has set another mode`() {
        var rig = Self.owing()
        rig.person(sets: .blockNewConnection, on: "a")
        rig.reach("a", .answers)
        rig.advance(.hours(1))
        #expect(rig.mode("a") == .blockNewConnection, "\(rig)")
        #expect(rig.sends("a").count == 1)
    }

    @Test func `it ends with the incarnation`() {
        var rig = Self.owing()
        rig.restart("a")
        rig.advance(.minutes(1))
        rig.person(sets: .blockNewSession, on: "a")
        rig.reach("a", .answers)
        rig.advance(.hours(1))
        #expect(rig.mode("a") == .blockNewSession, "\(rig)")
    }

    /// In a cluster it waits until the majority sees the node.
    @Test func `an isolated node is not opened, and is opened afterwards`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly("night", at: "02:00", for: .hours(1))), at: "01:59")
        rig.advance(to: "02:30")
        #expect(rig.isShut("a"))
        rig.cutOff(["a"])
        rig.advance(to: "03:30")
        #expect(rig.isShut("a"), "\(rig)")
        #expect(rig.verdict("a").code == "isolated", "\(rig.verdict("a"))")
        rig.crash()
        rig.advance(.minutes(1))
        #expect(rig.isShut("a"), "\(rig)")
        rig.rejoin()
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    @Test func `a floor is never loosened`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly("night", at: "02:00", for: .hours(1))), at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:10")
        rig.person(sets: .blockNewConnection, on: "a")
        rig.advance(to: "02:20")
        rig.sessions("a", 0)
        rig.advance(to: "02:30")
        rig.crash()
        rig.advance(to: "04:00")
        #expect(rig.mode("a") == .blockNewConnection, "\(rig)")
        #expect(rig.sends("a").allSatisfy { $0.mode != .normal })
        #expect(rig.phase("a") == "foreign", "\(rig)")
    }

    /// Nobody knew whose block it was that arrived a quarter of a minute after its policy had been suspended.
    @Test func `a write that arrives after its claim has gone is taken back`() {
        var rig = Rig(Self.policies, at: "01:59")
        rig.writes("a", .late(.seconds(20)))
        rig.advance(to: "02:00:05")
        rig.reload(Self.policies.with { $0.policies[0].isSuspended = true })
        rig.advance(.seconds(10))
        rig.writes("a", .applied)
        rig.advance(.minutes(2))
        #expect(rig.sends("a").first?.mode == .blockNewSession, "\(rig)")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// Somebody shut the node further in the moment in which nagi was about to open it.
    @Test func `a stricter mode that the read before the release shows is not loosened`() {
        var rig = Rig(Self.policies, at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:59:59")
        #expect(rig.mode("a") == .blockNewSession)
        rig.person(sets: .blockNewConnection, on: "a", beforeRead: true)
        rig.advance(to: "04:00")
        #expect(rig.mode("a") == .blockNewConnection, "\(rig)")
    }
}
