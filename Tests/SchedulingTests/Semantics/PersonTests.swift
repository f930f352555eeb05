import ModeCore
import Testing

/// What a person's hand means.
struct PersonTests {
    static func failing(_ change: (inout RigPolicies) -> Void = { _ in }) throws -> Rig {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()).with(change))
        rig.commands(on: "a", RigCommand(end: .fails), .upgrade)
        try rig.advance(until: { $0.phase("a") == "failed" }, atMost: .minutes(5))
        return rig
    }

    /// The only way out of a failed node was to open it four times.
    @Test func `a failed node that somebody opens is theirs at once`() throws {
        var rig = try Self.failing()
        let sends = rig.sends("a").count
        rig.person(opens: "a")
        rig.advance(.hours(1))
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.sends("a").count == sends, "\(rig)")
    }

    /// A revision that mends what the last one broke could not reach the node that needed it most.
    @Test func `a new revision takes over a failed node first, without opening it`() throws {
        var rig = try Self.failing()
        let failed = rig.elapsed
        rig.reload(RigPolicies(["a", "b", "c"], .rollout("sora", to: "3")))
        try rig.advance(until: { $0.version("a") == "3" }, atMost: .minutes(10))
        // But for the moment in which a restarted node comes back by itself.
        #expect(rig.timeOpen("a", since: failed) < .seconds(1), "\(rig)")
        #expect(rig.commandsBegun("b") + rig.commandsBegun("c") == 0, "\(rig)")
        rig.advance(.minutes(20))
        #expect(["a", "b", "c"].allSatisfy { rig.version($0) == "3" && rig.mode($0) == .normal }, "\(rig)")
    }

    @Test func `a node that failed before commitment is given back`() throws {
        var rig = Rig(
            RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", [.drain(), .prefetch(), .block, .restore])))
        rig.commands(on: "a", RigCommand(end: .fails))
        rig.advance(.minutes(3))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// A path that was misspelt cost a node: it was kept shut although nothing had been done to it.
    @Test func `a command that could not be started has disrupted nothing`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.commands(on: "a", RigCommand(end: .cannotStart))
        rig.advance(.minutes(3))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    @Test func `a node in work that somebody opens is shut again`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "02:10")
        rig.person(opens: "a")
        rig.advance(.seconds(2))
        #expect(rig.isShut("a"), "\(rig)")
    }

    @Test func `with onDrift yield it is left alone for this run`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly().with { $0.yields = true }), at: "01:59")
        rig.advance(to: "02:10")
        #expect(rig.isShut("a"))
        let sends = rig.sends("a").count
        rig.person(opens: "a")
        rig.advance(to: "04:50")
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.sends("a").count == sends)
        #expect(rig.phase("a") == "yielded", "\(rig)")
    }

    @Test func `what somebody does to a node that nagi has nothing to do with is not its business`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "12:00")
        rig.person(sets: .blockNewConnection, on: "a")
        rig.advance(.hours(1))
        rig.person(opens: "a")
        rig.advance(.hours(1))
        #expect(rig.sends("a").isEmpty)
        #expect(rig.verdict("a").code == "unmanaged" || rig.verdict("a").code == "waiting-window")
    }

    /// Room that comes and goes: each time the node waits twice as long, and not for ever.
    @Test func `a node given back for the budget starts again after ten, twenty and forty minutes`() throws {
        var rig = Rig(RigPolicies(["a", "b"], standalone: true, .rollout().with { $0.nodes = ["a"] }))
        rig.sessions("a", 2)
        rig.advance(.minutes(5))
        for minutes in [10, 20, 40] {
            #expect(rig.isShut("a"), "\(rig)")
            rig.stop("b")
            try rig.advance(until: { $0.mode("a") == .normal }, atMost: .minutes(2))
            rig.start("b")
            rig.advance(.minutes(minutes) - .seconds(30))
            #expect(rig.mode("a") == .normal, "\(minutes) minutes\n\(rig)")
            rig.advance(.minutes(1) + .seconds(30))
        }
        #expect(rig.isShut("a"), "\(rig)")
        rig.stop("b")
        rig.advance(.minutes(2))
        rig.start("b")
        rig.advance(.hours(5))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// Nothing is written to a node that has not joined.
    @Test func `initial is never written to`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "02:10")
        let sends = rig.sends("a").count
        rig.cutOff(["a"])
        rig.restart("a")
        rig.advance(.minutes(10))
        #expect(rig.mode("a") == .initial)
        #expect(rig.sends("a").count == sends, "\(rig)")
    }

    @Test func `a later occurrence leaves a failed node alone and takes the others`() {
        var rig = Rig(
            RigPolicies(
                ["a", "b", "c"], standalone: true, maxUnavailable: 2,
                .nightly("night", at: "02:00", for: .hours(3), RigStep.patching)), at: "01:59")
        rig.commands(on: "a", RigCommand(end: .fails), .upgrade)
        rig.advance(to: "06:00")
        #expect(rig.phase("a") == "failed", "\(rig)")
        rig.advance(to: "06:00", day: 1)
        #expect(rig.commandsBegun("a") == 1, "\(rig)")
        #expect(rig.isShut("a"))
        #expect(rig.commandsBegun("b") >= 1 && rig.commandsBegun("c") >= 1, "\(rig)")
    }
}
