import ModeCore
import Testing

/// On what a start is granted.
struct StartTests {
    /// The dead node had been read half a minute before the window opened: two of three were out of service.
    @Test func `a start needs reads of all nodes that began after it was wished for`() {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .nightly())
        var start = Rig(policies.with { $0.interval = .seconds(30) }, at: "01:58")
        start.advance(to: "01:59:30")
        for _ in 0..<54 {
            start.advance(.milliseconds(500))
            var rig = start
            rig.stop("b")
            rig.advance(to: "02:01")
            guard rig.sends("a").isEmpty, rig.sends("c").isEmpty else {
                Issue.record("a was shut while b was dead\n\(rig)")
                return
            }
        }
    }

    @Test func `a read that failed is an answer too`() {
        var rig = Rig(
            RigPolicies(["a", "b", "c"], standalone: true, maxUnavailable: 2, .nightly()), at: "01:58")
        rig.reach("b", .hangs)
        rig.advance(to: "02:00:10")
        #expect(rig.isShut("a"), "\(rig)")
    }

    @Test func `a window that opens is noticed at once`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:58")
        rig.advance(to: "01:59:59.999")
        #expect(rig.sends("a").isEmpty)
        rig.advance(to: "02:00:00.050")
        #expect(rig.isShut("a"), "\(rig)")
    }

    @Test func `two policies share one budget`() {
        var rig = Rig(
            RigPolicies(
                ["n1", "n2", "n3"], .nightly("one").with { $0.nodes = ["n1"] },
                .nightly("two").with { $0.nodes = ["n2"] }),
            at: "01:59")
        rig.advance(to: "04:00")
        #expect(rig.isShut("n1") && rig.mode("n2") == .normal, "\(rig)")
        #expect(rig.verdict("n2").code == "waiting-budget", "\(rig.verdict("n2"))")
        #expect(rig.verdict("n2").text.contains("n1"), "\(rig.verdict("n2"))")
    }

    @Test func `a node is in one run at most, and the other says so`() {
        var rig = Rig(
            RigPolicies(["a", "b", "c"], .nightly("one"), .nightly("two").with { $0.nodes = ["a"] }), at: "01:59")
        rig.advance(to: "02:10")
        #expect(rig.isShut("a"))
        let two = rig.runs.last { $0.id.hasPrefix("two") }
        #expect(two?.parts.first?.word == "queued", "\(rig)")
    }

    @Test func `only a node that is freshly seen normal is taken`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, maxUnavailable: 2, .nightly()), at: "01:58")
        rig.person(sets: .blockNewSession, on: "a")
        rig.advance(to: "04:00")
        #expect(rig.sends("a").isEmpty, "\(rig)")
        #expect(rig.isShut("b"), "\(rig)")
        #expect(rig.mode("a") == .blockNewSession)
    }

    /// Declared standalone, and the nodes form a cluster: quorum and isolation were switched off without a word.
    @Test func `nothing starts where the topology is another than the lists show`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly()), at: "01:59", isClustered: true)
        rig.advance(to: "03:00")
        #expect(["a", "b", "c"].allSatisfy { rig.sends($0).isEmpty }, "\(rig)")
        #expect(rig.verdict("a").code == "wrong-topology", "\(rig.verdict("a"))")
    }

    /// Nothing starts there either, and nothing would be opened; nobody was told why.
    @Test func `a cluster whose nodes stand alone is an alarm`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59", isClustered: false)
        rig.advance(to: "03:00")
        #expect(["a", "b", "c"].allSatisfy { rig.sends($0).isEmpty }, "\(rig)")
        let topology = "wrong-topology: c is said to be clustered, and none of its nodes lists another"
        #expect(rig.alarms.count == 1 && rig.alarms.first?.hasPrefix(topology) == true, "\(rig.alarms)")
    }
}
