import ModeCore
import Testing

/// What outlives a reboot, a reload, an outage or a node's departure, and what must not.
struct AfterwardsTests {
    /// The intent was to be sent by an uptime of the boot before: nothing was written to the node for days.
    @Test func `a change that was open when the host was rebooted is settled at once`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.writes("a", .lost)
        rig.advance(to: "02:00:01")
        rig.reboot(for: .seconds(30))
        rig.writes("a", .applied)
        rig.advance(to: "02:01")
        #expect(rig.isShut("a"), "\(rig)")
    }

    /// It was counted among those that are missing, though it is not one of the cluster's any more: nothing ever started.
    @Test func `a node that left policies and cluster and is gone costs no quorum`() {
        var policies = RigPolicies(
            ["a", "b", "c", "d"], .rollout("one", to: "2").with { $0.nodes = ["d"] })
        var rig = Rig(policies)
        rig.sessions("d", 2)
        rig.advance(.seconds(5))
        #expect(rig.isShut("d"))
        rig.stop("d")
        for other in ["a", "b", "c"] { rig.list(of: other, leavesOut: ["d"]) }
        rig.advance(.seconds(5))
        policies.nodes = ["a", "b", "c"]
        policies.policies = [.rollout("two", to: "2")]
        rig.reload(policies)
        rig.advance(.minutes(5))
        #expect(["a", "b", "c"].allSatisfy { rig.version($0) == "2" }, "\(rig)")
    }

    /// As long as a majority lists it, it is one of N that is missing: N is 4, and two of them are enough for nothing.
    @Test func `a node that left the policies alone costs quorum while the lists name it`() {
        var policies = RigPolicies(
            ["a", "b", "c", "d"], .rollout("one", to: "2").with { $0.nodes = ["d"] })
        var rig = Rig(policies)
        rig.sessions("d", 2)
        rig.advance(.seconds(5))
        rig.stop("d")
        rig.advance(.seconds(5))
        policies.nodes = ["a", "b", "c"]
        policies.policies = [.rollout("two", to: "2")]
        rig.reload(policies)
        rig.advance(.minutes(5))
        #expect(["a", "b", "c"].allSatisfy { rig.version($0) == "1" }, "\(rig)")
        #expect(rig.verdict("a").code == "waiting-budget", "\(rig.verdict("a"))")
        #expect(rig.verdict("a").text.contains("d"), "\(rig.verdict("a"))")
    }

    /// A reload made nagi forget that it suspected its own network, and the node was given back.
    @Test(arguments: [false, true]) func `a reload while nothing answers blames no node`(reloads: Bool) {
        let policies = RigPolicies(
            ["a", "b", "c"],
            .rollout("sora", to: "2", [.drain(deadline: .minutes(3)), .block, .upgrade(), .verify(), .restore]))
        var rig = Rig(policies)
        rig.sessions("a", 2)
        rig.advance(.minutes(2))
        #expect(rig.isShut("a"))
        for node in ["a", "b", "c"] { rig.reach(node, .hangs) }
        rig.advance(.seconds(30))
        if reloads { rig.reload(policies.with { $0.interval = .seconds(4) }) }
        rig.advance(.minutes(5))
        for node in ["a", "b", "c"] { rig.reach(node, .answers) }
        rig.sessions("a", 0)
        rig.advance(.seconds(30))
        #expect(rig.version("a") == "2", "\(rig)")
    }

    /// The new address was taken for the node's: what nagi had shut stayed shut, and nobody owed it anything.
    @Test func `a node that left while it was shut and comes back elsewhere is opened where it was shut`() {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .nightly())
        var rig = Rig(policies, at: "01:59", others: ["x"])
        rig.advance(to: "02:05")
        #expect(rig.isShut("a"))
        rig.reach("a", .hangs)
        rig.reload(policies.with { $0.nodes = ["b", "c"] })
        rig.advance(.minutes(1))
        rig.reload(policies.with { $0.hosts = ["a": "x"] })
        rig.advance(.minutes(1))
        rig.reach("a", .answers)
        rig.advance(.minutes(10))
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.sends("x").isEmpty)
    }

    /// Committed from its intent on, it was tried again after its window's end, though nothing had begun on the node.
    @Test func `an upgrade that never began is not begun after the window`() {
        let policies = RigPolicies(["a", "b", "c"], .nightly("night", at: "02:00", for: .hours(3), RigStep.patching))
        var start = Rig(policies, at: "04:50")
        start.sessions("a", 2)
        start.advance(to: "04:59:53")
        start.sessions("a", 0)
        let end: Int64 = 5 * 3_600_000_000_000
        for _ in 0..<20 {
            start.advance(.milliseconds(200))
            var rig = start
            rig.stallNextAppend(for: .seconds(6))
            rig.advance(to: "05:01")
            #expect(rig.commandsBegun("a", since: end) == 0, "\(rig)")
        }
    }

    /// A release that was given up opened the node half a minute later, in the next run: taken for a person's doing.
    @Test(arguments: [false, true]) func `a late write of nagi's own is nobody's hand`(yields: Bool) {
        let policies = RigPolicies(
            ["a", "b", "c"], standalone: true, .nightly("one", at: "02:00", for: .hours(1)).with { $0.nodes = ["a"] },
            .nightly("two", at: "03:00", for: .hours(1)).with {
                $0.nodes = ["a"]
                $0.yields = yields
            })
        var rig = Rig(policies, at: "02:50")
        rig.advance(to: "02:59:59")
        rig.writes("a", .late(.seconds(30)))
        rig.advance(to: "03:00:05")
        rig.writes("a", .applied)
        rig.advance(to: "03:05")
        #expect(rig.isShut("a"), "\(rig)")
        #expect(!"\(rig)".contains("by hand"), "\(rig)")
    }

    /// What is given back and does not come back is no room: a third node stayed out of service.
    @Test func `a node that is open and never becomes ready is not on its way`() {
        let policies = RigPolicies(
            ["a", "b", "c", "d", "e"], standalone: true, maxUnavailable: 2,
            .rollout("sora", to: "2", [.drain(), .block, .wait(.minutes(1)), .restore]).with { $0.maxUnavailable = 2 })
        var rig = Rig(policies)
        rig.sessions("b", 2)
        rig.advance(.seconds(30))
        rig.ready("a", false)
        rig.advance(.minutes(2))
        rig.stop("e")
        rig.advance(.minutes(2))
        #expect(rig.mode("b") == .normal, "\(rig)")
    }

    /// Somebody's floor, and a release down to it that is lost and sent again: nagi's own or theirs, it has to be said once.
    @Test func `a lost release down to a floor is over in one event`() {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .nightly())
        var rig = Rig(policies, at: "01:59")
        rig.advance(to: "02:00:02")
        rig.person(sets: .blockNewSession, on: "a")
        rig.person(sets: .blockNewSession, on: "a", beforeRead: true)
        rig.advance(to: "04:59:59")
        rig.writes("a", .lost)
        rig.advance(to: "05:00:04")
        rig.writes("a", .applied)
        let records = rig.recordCount
        rig.advance(to: "05:02")
        #expect(rig.recordCount - records < 50, "\(rig)")
    }

    /// From the moment that its run was over it was told that there is nothing to do.
    @Test func `a node that its run left out says so after it, until somebody has done what was left`() {
        let steps: [RigStep] = [.drain(deadline: .minutes(3)), .block, .upgrade(), .verify(), .restore]
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", steps)))
        rig.sessions("a", 2)
        rig.advance(.minutes(40))
        #expect(rig.version("a") == "1" && rig.version("b") == "2" && rig.version("c") == "2", "\(rig)")
        #expect(rig.verdict("a").code == "unmanaged", "\(rig.verdict("a"))")
        #expect(rig.verdict("a").text.hasPrefix("skipped in sora@2#1"), "\(rig.verdict("a"))")
        #expect(rig.verdict("b").text == "no claim", "\(rig.verdict("b"))")
    }
}
