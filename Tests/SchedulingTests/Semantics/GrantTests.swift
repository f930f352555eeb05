import ModeCore
import Testing

/// What a start is granted on, what it is not begun without, and what a clock or a freeze does to it.
struct GrantTests {
    /// Committed and failed in revision 2, and shut.
    static func failed(_ change: (inout RigPolicy) -> Void) throws -> (rig: Rig, next: RigPolicies) {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .rollout())
        var rig = Rig(policies)
        rig.commands(on: "a", RigCommand(end: .fails))
        try rig.advance(until: { $0.phase("a") == "failed" }, atMost: .minutes(5))
        let steps: [RigStep] = [.drain(), .block, .wait(.minutes(30)), .upgrade(), .verify(), .restore]
        return (rig, policies.with { $0.policies = [.rollout("sora", to: "3", steps).with(change)] })
    }

    /// Nothing was kept shut any more, and it needed no place of its own: two of three were out.
    @Test func `a failed node that somebody opened before its next window needs a place as any other`() throws {
        var (rig, next) = try Self.failed { $0.starts = "02:00" }
        rig.reload(next)
        rig.advance(to: "01:00")
        #expect(rig.isShut("a"), "\(rig)")
        rig.person(opens: "a")
        rig.advance(to: "01:55")
        rig.stop("b")
        let sends = rig.sends("a").count
        rig.advance(to: "02:30")
        #expect(rig.mode("a") == .normal && rig.sends("a").count == sends, "\(rig)")
        rig.start("b")
        rig.advance(.minutes(5))
        #expect(["a", "b", "c"].count { rig.isShut($0) } == 1, "\(rig)")
    }

    /// It had been given back for a freeze, and was taken again after it past every budget.
    @Test func `a node that was taken over and given back needs a place as any other`() throws {
        var (rig, next) = try Self.failed { $0.freezes = [RigPolicy.Span(start: "01:00", lasts: .hours(1))] }
        rig.advance(to: "00:40")
        rig.reload(next)
        rig.advance(to: "00:59")
        #expect(rig.isShut("a") && rig.phase("a") == "out", "\(rig)")
        rig.advance(to: "01:30")
        #expect(rig.mode("a") == .normal, "\(rig)")
        rig.stop("b")
        let sends = rig.sends("a").count
        rig.advance(to: "02:20")
        #expect(rig.mode("a") == .normal && rig.sends("a").count == sends, "\(rig)")
    }

    /// What the last revision broke, and the next had only begun to mend, was opened to make room for others.
    @Test func `a node that was taken over makes no room for others`() throws {
        var (rig, next) = try Self.failed { _ in }
        rig.reload(next)
        rig.advance(.minutes(5))
        #expect(rig.phase("a") == "out", "\(rig)")
        rig.stop("b")
        rig.advance(.minutes(10))
        #expect(rig.isShut("a"), "\(rig)")
    }

    static let blocking: [RigStep] = [.block, .waitForEnd, .restore]

    /// Who was out was never shown to be the node that the policies name, and nobody followed: one node a night.
    @Test func `a node that is blocked without a drain lets others follow once the lists show it`() {
        let policies = RigPolicies(
            ["a", "b", "c"], maxUnavailable: 3, .nightly("night", Self.blocking).with { $0.maxUnavailable = 3 })
        var rig = Rig(policies, at: "01:59")
        rig.advance(to: "02:05")
        #expect(["a", "b", "c"].allSatisfy { rig.isShut($0) }, "\(rig)")
    }

    /// Nor was a wrong address ever noticed.
    @Test func `a wrong address is noticed without a drain too`() {
        var rig = Rig(
            RigPolicies(["a", "b", "c"], .nightly("night", Self.blocking)).with { $0.hosts = ["a": "b", "b": "a"] },
            at: "01:59")
        rig.advance(to: "02:10")
        #expect(["a", "b"].contains { rig.phase($0) == "failed" }, "\(rig)")
        #expect(rig.mode("a") == .normal && rig.mode("b") == .normal, "\(rig)")
    }

    struct Step: CustomTestStringConvertible {
        var testDescription: String
        /// How much the clock is fast, and how long after the opening it is set right.
        var fast: Duration
        var lasts: Duration
    }

    static let stepsBack = [
        Step(testDescription: "eight minutes, and it was not trusted", fast: .minutes(8), lasts: .minutes(1)),
        Step(testDescription: "forty seconds, and nobody noticed", fast: .seconds(40), lasts: .seconds(20)),
    ]

    /// The run that the wrong clock had opened was ended for good, and at the right time its night had been used up.
    @Test(arguments: stepsBack) func `a clock that goes back over a window's start costs no night`(step: Step) {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .nightly("night", RigStep.patching))
        var rig = Rig(policies, at: "01:00")
        rig.sessions("a", 2)
        rig.wallJumps(by: step.fast)
        rig.advance(to: "02:00")
        rig.advance(step.lasts)
        #expect(rig.isShut("a"), "\(rig)")
        rig.wallJumps(by: .zero - step.fast)
        rig.advance(to: "02:02")
        #expect(rig.isShut("a"), "\(rig)")
        rig.sessions("a", 0)
        rig.advance(to: "02:20")
        #expect(["a", "b", "c"].map(rig.phase) == ["done", "done", "done"] && rig.runs.count == 1, "\(rig)")
    }

    static let freeze = RigPolicy.Span(start: "01:00", lasts: .minutes(30))

    /// The decision was made before the freeze, its record needed five seconds to the disk, and the upgrade began inside it.
    @Test func `no first upgrade begins inside a freeze, whatever is said about the window's end`() {
        let steps: [RigStep] = [.drain(), .block, .upgrade(), .verify(), .restore]
        var start = Rig(
            RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", steps).with { $0.freezes = [Self.freeze] }),
            at: "00:50")
        start.sessions("a", 2)
        start.advance(to: "00:59:53")
        start.sessions("a", 0)
        Self.expectNothing(of: start) { $0.commandsBegun("a", since: Self.instant("01:00")) > 0 }
    }

    /// A block likewise.
    @Test func `no node is shut inside a freeze, whatever is said about the window's end`() {
        let before = RigPolicy.Span(start: "00:30", lasts: .minutes(29) + .seconds(57))
        let policies = RigPolicies(["a", "b", "c"], .rollout().with { $0.freezes = [before, Self.freeze] })
        Self.expectNothing(of: Rig(policies, at: "00:59:56")) { rig in
            rig.sends("a").contains { $0.mode != .normal && $0.at >= Self.instant("01:00") }
        }
    }

    private static func instant(_ time: String) -> Int64 { RigTime.parsed(time).inNanoseconds }

    /// Whenever the disk stalls for five seconds.
    private static func expectNothing(of start: Rig, _ isBad: (Rig) -> Bool) {
        var start = start
        while start.elapsed < instant("01:00") {
            var rig = start
            rig.stallNextAppend(for: .seconds(5))
            rig.advance(to: "01:20")
            guard !isBad(rig) else {
                Issue.record("\(RigTime.text(start.elapsed))\n\(rig)")
                return
            }
            start.advance(.milliseconds(100))
        }
    }

    /// It had died before its opening was confirmed, and was counted as good as back: the other one stayed out.
    @Test func `a node that died while it was to be opened is not on its way`() throws {
        let policies = RigPolicies(
            ["a", "b", "c", "d", "e"], standalone: true, maxUnavailable: 2,
            .rollout("sora", to: "2", [.drain(), .block, .wait(.minutes(1)), .restore]).with { $0.maxUnavailable = 2 })
        var rig = Rig(policies)
        rig.sessions("b", 2)
        rig.advance(.seconds(30))
        rig.writes("a", .noConnection)
        try rig.advance(until: { $0.phase("a") == "returning" }, atMost: .minutes(1))
        rig.stop("a")
        rig.advance(.minutes(1))
        #expect(rig.isShut("b"), "\(rig)")
        rig.stop("e")
        rig.advance(.minutes(1))
        #expect(rig.mode("b") == .normal, "\(rig)")
    }

    /// A node was opened while it waited for its cluster's majority, calls came, and what had been read before cut them.
    ///
    /// The block is not nagi's own but what it found: whoever loosens it loosens nothing that nagi wrote.
    @Test func `what was read before an opening proves nothing after it, whoever's block it was`() {
        let steps: [RigStep] = [.drain(), .block, .wait(.minutes(1)), .upgrade(), .verify(), .restore]
        var start = Rig(RigPolicies(["a", "b", "c"], maxUnavailable: 2, .rollout("sora", to: "2", steps)))
        start.person(sets: .blockNewConnection, on: "a", beforeRead: true)
        start.advance(.seconds(58))
        #expect(start.isShut("a") && start.sends("a").isEmpty, "\(start)")
        start.stop("c")
        start.advance(.seconds(8))
        start.start("c")
        let joins = start.elapsed + RigWorld.joinTime.inNanoseconds
        while start.elapsed < joins + 5_000_000_000, start.commandsBegun("a") == 0 {
            start.advance(.milliseconds(50))
            var rig = start
            rig.reach("a", .hangsAfterMode)
            rig.calls("a", whenOpen: 3, lasting: .minutes(5))
            rig.person(opens: "a")
            rig.advance(.seconds(20))
            guard rig.callsLiveAtBegin("a") == 0 else {
                Issue.record("opened at \(RigTime.text(start.elapsed))\n\(rig)")
                return
            }
        }
        #expect(start.commandsBegun("a") > 0, "\(start)")
    }

    /// A freeze of ten minutes made an end of the night: the node was `done`, and in service until the window's end.
    @Test func `a node that waits for its window's end is out again after a freeze`() {
        var rig = Rig(Self.frozen("02:30", for: .minutes(10)), at: "01:59")
        rig.advance(to: "02:29")
        #expect(rig.isShut("a"))
        rig.advance(to: "02:35")
        #expect(rig.mode("a") == .normal && rig.phase("a") == "queued", "\(rig)")
        rig.advance(to: "02:45")
        #expect(rig.isShut("a"), "\(rig)")
        rig.advance(to: "05:05")
        #expect(rig.mode("a") == .normal && rig.phase("a") == "done" && rig.runs.count == 1, "\(rig)")
    }

    @Test func `a node that waits for its window's end is done where a freeze covers the rest of it`() {
        var rig = Rig(Self.frozen("04:30", for: .hours(1)), at: "01:59")
        rig.advance(to: "04:35")
        #expect(rig.mode("a") == .normal && rig.phase("a") == "done", "\(rig)")
    }

    private static func frozen(_ start: String, for length: Duration) -> RigPolicies {
        RigPolicies(
            ["a", "b", "c"],
            .nightly().with {
                $0.nodes = ["a"]
                $0.freezes = [RigPolicy.Span(start: start, lasts: length)]
            })
    }
}
