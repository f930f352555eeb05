import ModeCore
import Testing

/// What is given back when others fail, and when.
struct OverBudgetTests {
    static let five = ["a", "b", "c", "d", "e"]

    @Test func `a short absence of another node costs nothing`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .rollout()))
        rig.sessions("a", 2)
        rig.advance(.minutes(5))
        rig.reach("b", .refuses)
        rig.advance(.seconds(14))
        rig.reach("b", .answers)
        rig.advance(.minutes(5))
        #expect(rig.sends("a").map(\.mode) == [.blockNewSession], "\(rig)")
    }

    /// What has cost more time is kept.
    @Test func `the least far is given back first`() {
        let policies = RigPolicies(
            Self.five, standalone: true, maxUnavailable: 2,
            .rollout("sora", to: "2", [.drain(deadline: .hours(5)), .block, .wait(.hours(2)), .upgrade(), .restore])
                .with {
                    $0.maxUnavailable = 2
                })
        var rig = Rig(policies)
        rig.sessions("a", 2)
        rig.advance(.minutes(5))
        #expect(rig.mode("a") == .blockNewSession && rig.mode("b") == .blockNewConnection, "\(rig)")
        rig.stop("e")
        rig.advance(.minutes(2))
        #expect(rig.mode("a") == .normal && rig.isShut("b"), "\(rig)")
    }

    @Test func `a committed node is never given back for the budget`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .rollout()))
        rig.commands(on: "a", RigCommand(lasts: .minutes(5), stopsAfter: .minutes(4)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(1))
        rig.stop("b")
        rig.advance(.minutes(3))
        #expect(rig.isShut("a"), "\(rig)")
        rig.advance(.minutes(5))
        #expect(rig.version("a") == "2" && rig.mode("a") == .normal, "\(rig)")
    }

    /// Two at once in a cluster of three would cost it its majority, whatever the budget says.
    @Test func `a disruptive step waits for quorum`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], maxUnavailable: 2, .rollout().with { $0.maxUnavailable = 2 }))
        try rig.advance(until: { $0.runs.last?.isOver == true || $0.lostMajority }, atMost: .hours(1))
        #expect(!rig.lostMajority, "\(rig)")
        #expect(["a", "b", "c"].allSatisfy { rig.version($0) == "2" }, "\(rig)")
    }

    /// A node that died in its upgrade stays committed; no further one is disrupted beside it.
    @Test func `a node that does not come back from its upgrade stops the others`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout().with { $0.maxFailures = 3 }))
        rig.commands(on: "a", RigCommand(stopsAfter: .seconds(5), down: .days(1)))
        rig.advance(.hours(2))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.commandsBegun("b") + rig.commandsBegun("c") == 0, "\(rig)")
        #expect(rig.mode("b") == .normal && rig.mode("c") == .normal)
    }

    /// minAvailable is the tighter of the two.
    @Test func `minAvailable keeps a node in service`() {
        var rig = Rig(
            RigPolicies(["n1", "n2", "n3"], standalone: true, maxUnavailable: 2, minAvailable: 2, .nightly()),
            at: "01:59")
        rig.stop("n3")
        rig.advance(to: "03:00")
        #expect(rig.sends("n1").isEmpty && rig.sends("n2").isEmpty, "\(rig)")
        #expect(rig.verdict("n1").code == "waiting-budget")
        #expect(rig.verdict("n1").text.contains("n3"), "\(rig.verdict("n1"))")
    }
}
