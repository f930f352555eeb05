import ModeCore
import Testing

/// Whatever happens to the daemon and its policies, at whatever instant of a node's course: the story ends well.
struct UpheavalTests {
    static let policies = RigPolicies(
        ["a", "b", "c"],
        .rollout("sora", to: "2", [.drain(), .block, .upgrade(), .verify(), .restore, .soak(.seconds(25))]))

    /// Calls may be cut where a person lets them in while the node's upgrade runs.
    ///
    /// Tries the deed at every instant from the start of the first node into its soak, and then lets seven minutes pass.
    static func attempt(
        every step: Duration, mayCut: Bool = false, _ deed: (inout Rig) -> Void, endsWith version: String
    ) {
        var start = Rig(policies)
        for node in ["a", "b", "c"] { start.calls(node, whenOpen: 3, lasting: .seconds(4)) }
        var phases: Set<String> = []
        while start.elapsed < 35_000_000_000 {
            start.advance(step)
            phases.insert(start.phase("a"))
            var rig = start
            deed(&rig)
            rig.advance(.minutes(7))
            let isWell = ["a", "b", "c"].allSatisfy {
                rig.version($0) == version && rig.mode($0) == .normal && (mayCut || rig.callsCut($0) == 0)
                    && rig.mostCommandsAtOnce[$0] ?? 0 <= 1
            }
            guard isWell, !rig.lostMajority else {
                Issue.record(
                    "at \(RigTime.text(start.elapsed)), while a was \(start.phase("a")): now it is \(rig.version("a")) and \(rig.phase("a"))\n\(rig)"
                )
                return
            }
        }
        #expect(phases.isSuperset(of: ["out", "committed", "soaking"]), "\(phases)")
    }

    @Test func `the daemon is killed`() { Self.attempt(every: .milliseconds(250), { $0.crash() }, endsWith: "2") }

    @Test func `the daemon is killed and stays away for two minutes`() {
        Self.attempt(every: .milliseconds(500), { $0.crash(for: .minutes(2)) }, endsWith: "2")
    }

    /// A command dies with the machine; everything else goes on.
    @Test func `the machine of the daemon is rebooted`() {
        Self.attempt(
            every: .milliseconds(500), { if !$0.isCommandRunning("a") { $0.reboot(for: .seconds(30)) } }, endsWith: "2")
    }

    @Test func `the policy is renamed`() {
        Self.attempt(
            every: .milliseconds(500), { $0.reload(Self.policies.with { $0.policies[0].name = "other" }) },
            endsWith: "2")
    }

    @Test func `a new revision comes`() {
        Self.attempt(
            every: .milliseconds(500), { $0.reload(Self.policies.with { $0.policies[0].revision = "3" }) },
            endsWith: "3")
    }

    @Test func `a new revision comes, and the daemon is killed right after`() {
        Self.attempt(
            every: .seconds(1),
            {
                $0.reload(Self.policies.with { $0.policies[0].revision = "3" })
                $0.advance(.milliseconds(7))
                $0.crash(for: .seconds(3))
            }, endsWith: "3")
    }

    @Test func `the policy is taken out and put back`() {
        Self.attempt(
            every: .milliseconds(500),
            {
                $0.reload(Self.policies.with { $0.policies = [.nightly("other").with { $0.isSuspended = true }] })
                $0.advance(.minutes(2))
                $0.reload(Self.policies)
            }, endsWith: "2")
    }

    @Test func `the policy is suspended and taken up again`() {
        Self.attempt(
            every: .milliseconds(500),
            {
                $0.reload(Self.policies.with { $0.policies[0].isSuspended = true })
                $0.advance(.minutes(2))
                $0.reload(Self.policies)
            }, endsWith: "2")
    }

    /// What a wall clock does is nothing to a run that has no windows.
    @Test func `the wall clock jumps`() {
        Self.attempt(every: .milliseconds(500), { $0.wallJumps(by: .hours(3)) }, endsWith: "2")
    }

    @Test func `the network of the daemon is away for half a minute`() {
        Self.attempt(
            every: .milliseconds(500),
            { rig in
                for node in ["a", "b", "c"] { rig.reach(node, .hangs) }
                rig.advance(.seconds(30))
                for node in ["a", "b", "c"] { rig.reach(node, .answers) }
            }, endsWith: "2")
    }

    @Test func `the loop stalls for half a minute`() {
        Self.attempt(every: .milliseconds(250), { $0.stall(for: .seconds(30)) }, endsWith: "2")
    }

    @Test func `the disk stalls for half a minute`() {
        Self.attempt(every: .milliseconds(250), { $0.stallNextAppend(for: .seconds(30)) }, endsWith: "2")
    }

    @Test func `somebody opens the node`() {
        Self.attempt(every: .milliseconds(250), mayCut: true, { $0.person(opens: "a") }, endsWith: "2")
    }

    @Test func `somebody restarts the node`() {
        Self.attempt(every: .milliseconds(250), mayCut: true, { $0.restart("a", down: .seconds(2)) }, endsWith: "2")
    }

    @Test func `every write is answered too late`() {
        Self.attempt(
            every: .milliseconds(500),
            { rig in
                for node in ["a", "b", "c"] { rig.writes(node, .late(.seconds(10))) }
                rig.advance(.minutes(2))
                for node in ["a", "b", "c"] { rig.writes(node, .applied) }
            }, endsWith: "2")
    }

    /// Whatever was done to it is finished or undone, and the others go on without it.
    @Test func `the node leaves the file`() {
        var start = Rig(Self.policies)
        for node in ["a", "b", "c"] { start.calls(node, whenOpen: 3, lasting: .seconds(4)) }
        while start.elapsed < 35_000_000_000 {
            start.advance(.milliseconds(500))
            var rig = start
            rig.reload(Self.policies.with { $0.nodes = ["b", "c"] })
            rig.advance(.minutes(7))
            let isWell = rig.mode("a") == .normal && ["b", "c"].allSatisfy { rig.version($0) == "2" }
            let cut = ["a", "b", "c"].map(rig.callsCut).reduce(0, +)
            #expect(!rig.isReloadRefused)
            guard !rig.isReloadRefused, isWell, cut == 0, !rig.lostMajority else {
                Issue.record(
                    "at \(RigTime.text(start.elapsed)), while a was \(start.phase("a")): now it is \(rig.version("a")) and \(rig.phase("a"))\n\(rig)"
                )
                return
            }
        }
    }
}
