import ModeCore
import Testing

/// A node that cannot be read, has not joined or is not listed: what goes on without it, and when it is given up.
struct CutOffTests {
    enum Cut: String, CaseIterable {
        case dies, refuses, isIsolated

        func begins(_ rig: inout Rig) {
            switch self {
            case .dies: rig.stop("a")
            case .refuses: rig.reach("a", .refuses)
            case .isIsolated: rig.unlist("a")
            }
        }

        func ends(_ rig: inout Rig) {
            switch self {
            case .dies: rig.start("a")
            case .refuses: rig.reach("a", .answers)
            case .isIsolated: rig.relist()
            }
        }
    }

    static let upgradedTillTheEnd: [RigStep] = [
        .drain(), .block, .upgrade(), .verify(version: nil), .waitForEnd, .restore,
    ]

    /// Its run waited for it for ever, and with it every later night of the policy was lost for all nodes.
    @Test(arguments: Cut.allCases, [false, true])
    func `a node that is cut off when its window ends costs no later night`(cut: Cut, isCommitted: Bool) {
        let steps = isCommitted ? Self.upgradedTillTheEnd : RigStep.drainThenBlock
        let policies = RigPolicies(["a", "b", "c"], maxUnavailable: 2, .nightly("night", steps))
        var rig = Rig(policies.with { $0.interval = .seconds(30) }, at: "01:59")
        rig.advance(to: "04:00")
        #expect(rig.isShut("a"), "\(rig)")
        cut.begins(&rig)
        rig.advance(to: "05:15")
        #expect(rig.runs.last?.isOver == true && rig.phase("a") != "done", "\(rig)")
        // What would be disrupted beside it is kept in service; it is not to be so because of the last run.
        if isCommitted { cut.ends(&rig) }
        rig.advance(to: "02:10", day: 1)
        #expect(rig.runs.count == 2, "\(rig)")
        #expect(rig.isShut("b") || rig.commandsBegun("b") > 0, "\(rig)")
    }

    /// What nagi had shut is opened when it is there again.
    @Test(arguments: Cut.allCases)
    func `a node that was cut off when its window ended is opened when it is back`(cut: Cut) {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "04:50")
        cut.begins(&rig)
        rig.advance(to: "06:00")
        cut.ends(&rig)
        rig.advance(.minutes(1))
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.runs.last?.isOver == true, "\(rig)")
    }

    /// The run was paused by another node's failure, and the node stayed shut past its window until somebody resumed it.
    @Test func `a window that ends while the run is paused gives back who waits for its end`() {
        let policies = RigPolicies(
            ["a", "b", "c"], standalone: true, maxUnavailable: 2,
            .rollout("sora", to: "2", [.prefetch(), .drain(), .block, .waitForEnd, .restore]).with {
                $0.starts = "02:00"
                $0.atEnd = .restore
                $0.maxUnavailable = 2
            })
        var rig = Rig(policies, at: "01:59")
        rig.commands(on: "b", RigCommand(lasts: .minutes(2), end: .fails))
        rig.advance(to: "04:59")
        #expect(rig.isShut("a") && rig.runs.last?.word == "paused", "\(rig)")
        rig.advance(to: "05:01")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    static let twoCommands: [RigStep] = [.drain(), .block, .upgrade(), .prefetch(), .verify(), .restore]

    enum Absence: String, CaseIterable {
        case isDown, hasNotJoined, isUnlisted
    }

    /// The second command was the one that starts the node, or makes it join: it waited for the node, and the node for it.
    @Test(arguments: Absence.allCases)
    func `a command that disrupts nothing runs on a committed node that is cut off`(absence: Absence) throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", Self.twoCommands)))
        let down = absence == .isDown ? Duration.days(1) : .seconds(5)
        rig.commands(
            on: "a", RigCommand(lasts: .minutes(1), stopsAfter: .seconds(5), down: down, version: "2"), .idle)
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(1))
        switch absence {
        case .isDown: break
        case .hasNotJoined: rig.cutOff(["a"])
        case .isUnlisted: rig.unlist("a")
        }
        try rig.advance(until: { $0.commandsBegun("a") == 2 }, atMost: .minutes(5))
        rig.advance(.seconds(5))
        switch absence {
        case .isDown:
            rig.start("a")
            rig.version("a", "2")
        case .hasNotJoined: rig.rejoin()
        case .isUnlisted: rig.relist()
        }
        rig.advance(.minutes(2))
        #expect(rig.phase("a") == "done", "\(rig)")
    }

    /// It did not come back from its upgrade, and nothing ever said so: no failure, no pause, no end.
    @Test func `a node that does not come back before a further command fails`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", Self.twoCommands)))
        rig.commands(on: "a", RigCommand(lasts: .minutes(1), stopsAfter: .seconds(5), down: .days(1)), .idle)
        rig.advance(.hours(2))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.runs.last?.word == "paused", "\(rig)")
        #expect(rig.sends("b").isEmpty && rig.sends("c").isEmpty)
    }

    struct Held: CustomTestStringConvertible {
        var testDescription: String
        var steps: [RigStep]
        /// Live sessions until it is isolated.
        var sessions = 0
        var begun: Int
        /// It may wait for so long.
        var lasts = Duration.hours(1)
        var isCommitted: Bool
    }

    static let held = [
        Held(
            testDescription: "a drain", steps: [.drain(), .block, .upgrade(), .verify(), .restore], sessions: 2,
            begun: 0, isCommitted: false),
        Held(
            testDescription: "a command before the upgrade",
            steps: [.drain(), .prefetch(), .prefetch(), .block, .restore], begun: 1, isCommitted: false),
        Held(
            testDescription: "the upgrade", steps: [.drain(), .block, .prefetch(), .upgrade(), .verify(), .restore],
            begun: 1, isCommitted: false),
        Held(
            testDescription: "a second upgrade",
            steps: [.drain(), .block, .upgrade(), .upgrade(), .verify(), .restore], begun: 1, isCommitted: true),
        Held(
            testDescription: "a verification that asks for nothing",
            steps: [.drain(), .block, .upgrade(), .verify(connected: false, version: nil), .restore], begun: 1,
            lasts: .minutes(10), isCommitted: true),
    ]

    /// A node that answers, is drained and is not listed: its step was satisfied, was held back, and past its deadline too.
    @Test(arguments: held) func `a node that stays isolated past its step's deadline fails`(held: Held) throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", held.steps)))
        rig.sessions("a", held.sessions)
        if held.sessions > 0 {
            rig.advance(.seconds(10))
        } else {
            try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(1))
        }
        rig.unlist("a")
        rig.advance(.seconds(5))
        rig.sessions("a", 0)
        rig.advance(held.lasts - .minutes(1))
        #expect(rig.phase("a") != "failed" && rig.commandsBegun("a") == held.begun, "\(rig)")
        rig.advance(.minutes(3))
        #expect(rig.phase("a") == "failed", "\(rig)")
        #expect(rig.commandsBegun("a") == held.begun)
        rig.relist()
        rig.advance(.minutes(1))
        #expect(rig.isShut("a") == held.isCommitted, "\(rig)")
    }

    /// The others' lists counted only if they had begun after a wish that moved before they were there: as long as reads
    /// were slow, nothing was ever opened.
    @Test(arguments: [Duration.milliseconds(2200), .seconds(3)])
    func `a node is opened also where a whole read takes longer than the others' word lasts`(latency: Duration) {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.advance(to: "04:50")
        #expect(rig.isShut("a"))
        rig.latency = latency
        rig.advance(to: "05:02")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    /// It said normal and ready, nobody else saw it, and it was proven to be good.
    @Test func `isolation restarts the soak`() throws {
        var rig = SequenceTests.rollout(RigStep.rolling + [.soak(.minutes(10))])
        try rig.advance(until: { $0.phase("a") == "soaking" }, atMost: .minutes(5))
        rig.advance(.minutes(5))
        rig.unlist("a")
        rig.advance(.minutes(1))
        rig.relist()
        rig.advance(.minutes(9))
        #expect(rig.phase("a") == "soaking", "\(rig)")
        rig.advance(.minutes(2))
        #expect(rig.phase("a") == "done", "\(rig)")
    }
}

extension Rig {
    /// The node answers and serves, and no other of the cluster lists it.
    fileprivate mutating func unlist(_ node: String) {
        for other in world.nodes.keys.sorted() where other != node { list(of: other, leavesOut: [node]) }
    }

    fileprivate mutating func relist() {
        for node in world.nodes.keys.sorted() { list(of: node, leavesOut: []) }
    }
}
