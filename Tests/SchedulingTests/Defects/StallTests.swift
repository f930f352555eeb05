import ModeCore
import Testing

/// A loop that was busy, or a disk that was: what is decided afterwards is decided on what was true before.
struct StallTests {
    /// Node a is shut and has one call left; the window ends at 03:00.
    static func beforeTheEnd(_ nodes: [String]) -> Rig {
        let policies = RigPolicies(nodes, standalone: nodes.count == 1, .nightly(for: .hours(1), RigStep.patching))
        var rig = Rig(policies.with { $0.interval = .milliseconds(500) }, at: "01:59")
        rig.sessions("a", 1)
        rig.advance(to: "02:59:20")
        rig.latency = .milliseconds(400)
        return rig
    }

    /// A disruptive command was started five minutes after the window, on a node that a person had opened meanwhile:
    /// its calls were cut.
    ///
    /// The read that was missing before the command lies in the mailbox while the loop stalls over the window's end.
    @Test(arguments: [["a"], ["a", "b", "c"]]) func `D1: a stall across the window's end starts no command after it`(
        nodes: [String]
    ) {
        Self.stalled(nodes, at: 600, every: .milliseconds(20)) { $0.stall(for: .minutes(6)) }
    }

    /// The decision was made inside the window, its record needed six minutes to the disk, and the command was started
    /// then, on a node that a person had opened meanwhile.
    @Test func `D1: a command whose record became durable too late is not started`() {
        Self.stalled(["a", "b", "c"], at: 200, every: .milliseconds(60)) { $0.stallNextAppend(for: .minutes(6)) }
    }

    /// Stalls at each of so many instants until the command is due, and opens the node meanwhile, with calls: the command begins
    /// in none of these stories.
    private static func stalled(_ nodes: [String], at instants: Int, every step: Duration, _ stall: (inout Rig) -> Void)
    {
        var start = beforeTheEnd(nodes)
        #expect(start.isShut("a"), "\(start)")
        start.sessions("a", 0)
        for _ in 0..<instants {
            start.advance(step)
            guard start.commandsBegun("a") == 0 else { return }
            var rig = start
            stall(&rig)
            rig.advance(.seconds(8))
            rig.person(opens: "a")
            rig.sessions("a", 4)
            rig.advance(.minutes(7))
            guard rig.commandsBegun("a") == 0 else {
                Issue.record("\(rig.callsLiveAtBegin("a")) calls were live as the upgrade began, too late\n\(rig)")
                return
            }
        }
        Issue.record("the command was never due\n\(start)")
    }

    /// Reads of before the stall were taken for fresh after it: a node was taken out of service although another had died
    /// meanwhile, and two of three were out.
    @Test func `D1: what was read before a stall starts no node after it`() {
        var start = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly()), at: "01:58")
        start.latency = .seconds(2)
        start.advance(to: "01:59:50")
        for _ in 0..<100 {
            start.advance(.milliseconds(50))
            var rig = start
            rig.stall(for: .minutes(5))
            rig.advance(.minutes(1))
            rig.stop("b")
            rig.advance(.minutes(5))
            guard rig.sends("a").isEmpty, rig.sends("c").isEmpty else {
                Issue.record("a was shut while b was dead\n\(rig)")
                return
            }
        }
    }
}
