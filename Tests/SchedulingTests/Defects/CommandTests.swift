import ModeCore
import Testing

/// What runs on a node, and what may be believed of it meanwhile.
struct CommandTests {
    /// A freeze of five minutes gave the node back and forgot its prefetch; after it a second one ran beside the first.
    @Test func `D9: no command runs beside its own next attempt`() throws {
        let policies = RigPolicies(
            ["a", "b", "c"],
            .rollout("sora", to: "2", [.drain(), .prefetch(), .block, .restore]).with {
                $0.freezes = [RigPolicy.Span(start: "01:05", lasts: .minutes(5))]
                $0.atEnd = .restore
                $0.nodes = ["a"]
            })
        var rig = Rig(policies, at: "01:00")
        rig.commands(on: "a", RigCommand(lasts: .minutes(14)))
        rig.advance(to: "01:04")
        #expect(rig.commandsRunning("a") == 1, "\(rig)")
        rig.advance(to: "01:06")
        // Shut for nobody: the claim is gone though the command runs on.
        #expect(rig.mode("a") == .normal)
        for _ in 0..<40 {
            rig.advance(.seconds(30))
            guard rig.commandsRunning("a") <= 1 else {
                Issue.record("two prefetches at once\n\(rig)")
                return
            }
        }
        #expect(rig.commandsBegun("a") == 2, "\(rig)")
    }

    /// A node in the middle of its upgrade came back open, and was shut only when every other call of the same read had run
    /// into its timeout: calls came in for six seconds.
    @Test func `D10: a lost block is back though all calls but GetMode hang`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.commands(on: "a", RigCommand(lasts: .minutes(1), stopsAfter: .seconds(5)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(5))
        rig.advance(.seconds(7))
        #expect(rig.mode("a") == nil)
        let stopped = rig.elapsed
        rig.reach("a", .hangsAfterMode)
        rig.advance(.seconds(20))
        #expect(rig.isShut("a"), "\(rig)")
        #expect(rig.timeOpen("a", since: stopped) < .seconds(1), "\(rig.timeOpen("a", since: stopped))\n\(rig)")
    }

    /// The command only triggers a reboot and returns. `verify` believed the read of before it, the node was opened, calls
    /// came, and then it went down with them.
    @Test func `D11: verify believes nothing that was read before the command had worked`() throws {
        var rig = Rig(
            RigPolicies(
                ["a", "b", "c"],
                .rollout("sora", to: "2", [.drain(), .block, .upgrade(), .verify(version: nil), .restore])))
        rig.commands(
            on: "a", RigCommand(lasts: .seconds(1), stopsAfter: .seconds(8), down: .seconds(30)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(5))
        rig.calls("a", whenOpen: 5, lasting: .minutes(1))
        rig.advance(.minutes(3))
        #expect(rig.callsCut("a") == 0, "\(rig)")
        #expect(rig.phase("a") == "done")
    }
}
