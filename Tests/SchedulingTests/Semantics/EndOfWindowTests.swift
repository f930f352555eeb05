import ModeCore
import Testing

/// The window's end, freezes and deadlines, for a node that is out.
struct EndOfWindowTests {
    static func nightly(_ atEnd: RigPolicy.AtEnd, freeze: String? = nil) -> RigPolicies {
        RigPolicies(
            ["a", "b", "c"],
            .nightly("night", at: "02:00", for: .hours(2), RigStep.patching).with {
                $0.atEnd = atEnd
                if let freeze { $0.freezes = [RigPolicy.Span(start: freeze, lasts: .minutes(30))] }
                $0.nodes = ["a"]
            })
    }

    @Test func `restore gives a node back that is not committed`() {
        var rig = Rig(Self.nightly(.restore), at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "03:59:59")
        #expect(rig.isShut("a"))
        rig.advance(to: "04:00:05")
        #expect(rig.mode("a") == .normal, "\(rig)")
        rig.sessions("a", 0)
        rig.advance(.minutes(10))
        #expect(rig.commandsBegun("a") == 0)
    }

    @Test func `a committed node goes on after the window's end`() throws {
        var rig = Rig(Self.nightly(.restore), at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "03:59:50")
        rig.sessions("a", 0)
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .seconds(9))
        rig.advance(to: "04:05")
        #expect(rig.phase("a") == "done", "\(rig)")
        #expect(rig.commandsBegun("a") == 1)
    }

    @Test func `finish lets a node go on that is out`() {
        var rig = Rig(Self.nightly(.finish), at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "04:10")
        #expect(rig.isShut("a"), "\(rig)")
        rig.sessions("a", 0)
        rig.advance(.minutes(10))
        #expect(rig.phase("a") == "done", "\(rig)")
        #expect(rig.commandsBegun("a") == 1)
    }

    /// A drain under `finish` has its deadline, window or not.
    @Test func `a deadline runs under finish`() {
        var rig = Rig(
            RigPolicies(
                ["a", "b", "c"],
                .nightly("night", at: "02:00", for: .hours(1), [.drain(deadline: .minutes(90)), .block, .restore]).with
                {
                    $0.atEnd = .finish
                }), at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "03:29")
        #expect(rig.isShut("a"), "\(rig)")
        rig.advance(to: "03:31")
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.phase("a") == "skipped", "\(rig)")
    }

    /// A freeze takes its part of the window away, whatever is said about the end of the window.
    @Test(arguments: [RigPolicy.AtEnd.restore, .finish])
    func `a freeze inside the window gives back, and the same run goes on after it`(atEnd: RigPolicy.AtEnd) {
        var rig = Rig(Self.nightly(atEnd, freeze: "02:30"), at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:29:59")
        #expect(rig.isShut("a"))
        rig.advance(to: "02:30:05")
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.verdict("a").code == "excluded", "\(rig.verdict("a"))")
        rig.advance(to: "02:59:59")
        #expect(rig.mode("a") == .normal, "\(rig)")
        rig.advance(to: "03:00:05")
        #expect(rig.isShut("a"), "\(rig)")
        rig.sessions("a", 0)
        rig.advance(.minutes(5))
        #expect(rig.commandsBegun("a") == 1, "\(rig)")
        #expect(rig.runs.count == 1)
    }

    /// A pause stops the clock of a drain.
    @Test func `a deadline stands while the run is paused`() {
        let policies = RigPolicies(
            ["a", "b", "c", "d"], standalone: true, maxUnavailable: 2,
            .rollout("sora", to: "2", [.drain(deadline: .minutes(20)), .block, .upgrade(), .verify(), .restore]).with {
                $0.maxUnavailable = 2
            })
        var rig = Rig(policies)
        rig.sessions("a", 2)
        rig.commands(on: "b", RigCommand(end: .fails))
        rig.advance(.hours(2))
        #expect(rig.runs.last?.word == "paused", "\(rig)")
        #expect(rig.isShut("a") && rig.phase("a") == "out", "\(rig)")
        #expect(rig.verdict("a").code == "paused")
        // Nothing disruptive is begun either.
        rig.sessions("a", 0)
        rig.advance(.minutes(10))
        #expect(rig.commandsBegun("a") == 0, "\(rig)")
    }

    @Test func `a run that stands still pauses at its progress deadline, and freezes do not count`() {
        var rig = Rig(
            RigPolicies(
                ["a", "b", "c"],
                .rollout("sora", to: "2", [.drain(deadline: .hours(5)), .block, .restore]).with {
                    $0.progressDeadline = .minutes(30)
                    $0.freezes = [RigPolicy.Span(start: "00:10", lasts: .minutes(20))]
                }))
        rig.sessions("a", 2)
        rig.advance(to: "00:49")
        #expect(rig.runs.last?.word == "active", "\(rig)")
        rig.advance(to: "01:05")
        #expect(rig.runs.last?.word == "paused", "\(rig)")
    }

    /// An occurrence opens once.
    @Test func `neither a restart nor a clock that goes back opens a window again`() {
        var rig = Rig(
            RigPolicies(["a"], standalone: true, .nightly("night", at: "02:00", for: .hours(3), RigStep.patching)),
            at: "01:59")
        rig.advance(to: "03:00")
        #expect(rig.commandsBegun("a") == 1, "\(rig)")
        rig.crash(for: .minutes(1))
        rig.advance(to: "04:00")
        rig.wallJumps(by: .minutes(-110))
        rig.advance(.minutes(30))
        rig.crash()
        rig.advance(.hours(3))
        #expect(rig.commandsBegun("a") == 1, "\(rig)")
    }

    @Test func `a daemon that comes late starts while the window is open`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:00")
        rig.crash(for: .hours(2))
        rig.advance(to: "03:01")
        #expect(rig.isShut("a"), "\(rig)")
    }

    @Test func `nothing starts within the cutoff`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly().with { $0.cutoff = .minutes(30) }), at: "01:00")
        rig.crash(for: .hours(3) + .minutes(31))
        rig.advance(to: "06:00")
        #expect(["a", "b", "c"].allSatisfy { rig.sends($0).isEmpty }, "\(rig)")
    }
}
