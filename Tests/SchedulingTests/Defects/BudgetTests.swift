import ModeCore
import Testing

/// Too many nodes out of service: what nagi gives back, and whom it names.
struct BudgetTests {
    static let five = ["a", "b", "c", "d", "e"]

    /// One node too many was out, and nagi gave both of its own back: two drains of the night were lost.
    @Test func `D13: over budget, only as many are given back as it takes`() {
        let policies = RigPolicies(
            Self.five, standalone: true, maxUnavailable: 2, .rollout().with { $0.maxUnavailable = 2 })
        var rig = Rig(policies)
        // Long enough for the release of one to be under way while the other is judged.
        rig.latency = .milliseconds(400)
        for node in ["a", "b"] { rig.sessions(node, 2) }
        rig.advance(.minutes(5))
        #expect(rig.isShut("a") && rig.isShut("b"))
        rig.stop("e")
        rig.advance(.minutes(2))
        let givenBack = ["a", "b"].filter { node in rig.sends(node).contains { $0.mode == .normal } }
        #expect(givenBack.count == 1, "\(rig)")
    }

    /// A healthy node stayed shut for as long as another was dead: without end.
    @Test func `D15: a node that waits for quorum is given back`() {
        let policies = RigPolicies(
            ["a", "b", "c"], maxUnavailable: 2,
            .rollout("sora", to: "2", [.drain(), .block, .wait(.minutes(1)), .upgrade(), .verify(), .restore]))
        var rig = Rig(policies)
        rig.advance(.seconds(30))
        #expect(rig.mode("a") == .blockNewConnection)
        rig.stop("c")
        rig.advance(.minutes(5))
        #expect(rig.commandsBegun("a") == 0)
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// Two of three nodes failed while the third waited before its upgrade: the only healthy node of all stayed shut.
    @Test func `E1: the only healthy node is given back`() {
        let policies = RigPolicies(
            ["a", "b", "c"], standalone: true,
            .rollout("sora", to: "2", [.drain(), .block, .wait(.minutes(1)), .upgrade(), .verify(), .restore]))
        var rig = Rig(policies)
        rig.advance(.seconds(30))
        #expect(rig.mode("a") == .blockNewConnection)
        rig.stop("b")
        rig.stop("c")
        rig.advance(.minutes(5))
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.commandsBegun("a") == 0)
    }

    /// Two of three nodes failed while the third was drained for a maintenance: it stayed shut until its window's end.
    @Test func `E1: the only healthy node is given back while it waits for its window's end`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly()), at: "01:59")
        rig.advance(to: "02:30")
        #expect(rig.mode("a") == .blockNewConnection)
        rig.stop("b")
        rig.stop("c")
        rig.advance(.minutes(5))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// Three of five nodes were listed. Nothing ever started, and nothing said why.
    @Test func `B4: a regular node that is not listed and serves is no reason to wait`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()), others: ["d", "e"])
        rig.advance(.minutes(30))
        #expect(rig.phase("a") == "done", "\(rig)")
        #expect(rig.phase("c") == "done", "\(rig)")
    }

    /// Every row was normal, and "1 of 1 out of service" named nobody.
    @Test func `B4: a node that is not listed and out of service is named where it stands in the way`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()), others: ["node-04", "node-05"])
        rig.person(sets: .blockNewSession, on: "node-05")
        rig.advance(.minutes(5))
        let verdict = rig.verdict("a")
        #expect(verdict.code == "waiting-budget", "\(verdict)")
        #expect(verdict.text.contains("node-05"), "\(verdict)")
        #expect(!verdict.text.contains("node-04"), "\(verdict)")
        #expect(rig.sends("a").isEmpty)
    }

    /// A person had shut another node, nothing had failed, and the journal said that "other nodes failed".
    @Test func `B12: who is in the way is named, and has not failed`() {
        var rig = Rig(RigPolicies(["node-01", "node-02", "node-03", "node-04"], standalone: true, .rollout()))
        rig.sessions("node-01", 2)
        rig.advance(.minutes(2))
        #expect(rig.isShut("node-01"))
        rig.person(sets: .blockNewSession, on: "node-04")
        rig.advance(.minutes(2))
        #expect(rig.mode("node-01") == .normal, "\(rig)")
        let told = (rig.part("node-01")?.error ?? "") + rig.verdict("node-01").text
        #expect(told.contains("node-04"), "\(told)")
        #expect(!told.contains("failed"), "\(told)")
    }
}
