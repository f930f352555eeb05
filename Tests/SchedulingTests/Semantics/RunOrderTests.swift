import ModeCore
import Testing

/// Who goes when: no barriers, canaries, groups, pauses, failures.
struct RunOrderTests {
    static let four = ["a", "b", "c", "d"]

    static func rollout(_ count: Int, _ change: (inout RigPolicy) -> Void = { _ in }) -> RigPolicies {
        RigPolicies(
            four, standalone: true, maxUnavailable: count,
            .rollout().with { $0.maxUnavailable = count }.with(change))
    }

    /// One node that drains for an hour held up everybody behind its wave.
    @Test func `as one node is through, the next starts`() {
        var rig = Rig(Self.rollout(2))
        rig.sessions("a", 2)
        rig.advance(.minutes(10))
        #expect(rig.isShut("a"))
        #expect(["b", "c", "d"].map(rig.phase) == ["done", "done", "done"], "\(rig)")
    }

    @Test func `never more than maxUnavailable are out at once`() {
        var rig = Rig(Self.rollout(2))
        for node in Self.four { rig.calls(node, whenOpen: 2, lasting: .seconds(45)) }
        for _ in 0..<4000 {
            rig.advance(.milliseconds(200))
            let open = Self.four.count { rig.mode($0) == .normal }
            guard open >= 2 else {
                Issue.record("\(open) of four are open\n\(rig)")
                return
            }
        }
        #expect(rig.runs.last?.word == "completed", "\(rig)")
    }

    /// The canary was chosen by its name; it was dead, and nothing ever started.
    @Test func `the canary is the first node that can start`() {
        var rig = Rig(
            Self.rollout(2) {
                $0.canaries = 1
                $0.canarySoak = .minutes(5)
            })
        rig.stop("a")
        rig.advance(.minutes(3))
        #expect(rig.version("b") == "2", "\(rig)")
        #expect(rig.version("c") == "1")
        rig.advance(.minutes(15))
        #expect(rig.version("c") == "2" && rig.version("d") == "2", "\(rig)")
    }

    @Test func `the others wait until the canary has soaked, and a failed canary stops them`() {
        var rig = Rig(Self.rollout(2) { $0.canaries = 1 })
        rig.commands(on: "a", RigCommand(end: .fails))
        rig.advance(.hours(1))
        #expect(rig.phase("a") == "failed")
        #expect(["b", "c", "d"].allSatisfy { rig.sends($0).isEmpty }, "\(rig)")
        #expect(rig.runs.last?.word == "paused")
    }

    @Test func `a node that cannot start holds up nobody behind it in its group`() {
        var rig = Rig(Self.rollout(2) { $0.groups = [["a", "b", "c"], ["d"]] })
        rig.person(sets: .blockNewSession, on: "a")
        rig.advance(.minutes(10))
        #expect(rig.version("b") == "2" && rig.version("c") == "2", "\(rig)")
        #expect(rig.sends("a").isEmpty)
        #expect(rig.sends("d").isEmpty, "the next group waits")
    }

    /// Two slots; each is unused for two minutes after its node is through, and neither waits for the other.
    @Test func `a slot that became free stays unused for pauseBetweenNodes`() throws {
        var rig = Rig(Self.rollout(2) { $0.pauseBetweenNodes = .minutes(2) })
        rig.sessions("a", 2)
        try rig.advance(until: { $0.phase("b") == "done" }, atMost: .minutes(5))
        rig.advance(.seconds(115))
        #expect(rig.sends("c").isEmpty && rig.sends("d").isEmpty, "\(rig)")
        rig.advance(.seconds(15))
        #expect(!rig.sends("c").isEmpty, "\(rig)")
        #expect(rig.sends("d").isEmpty)
    }

    /// A failed node stays shut: the budget has room for it and for the next.
    @Test func `failures add up, and the run pauses at the last that it may have`() {
        var rig = Rig(
            RigPolicies(Self.four, standalone: true, maxUnavailable: 4, .rollout().with { $0.maxFailures = 2 }))
        rig.commands(on: "a", RigCommand(end: .fails))
        rig.commands(on: "c", RigCommand(end: .fails))
        rig.advance(.hours(1))
        #expect(Self.four.map(rig.phase) == ["failed", "done", "failed", "queued"], "\(rig)")
        #expect(rig.runs.last?.word == "paused")
        #expect(rig.sends("d").isEmpty)
    }

    /// A node that never drains in time came first again, every night, and no other ever had its turn.
    @Test func `whoever was tried last night goes last tonight`() {
        let policies = RigPolicies(
            ["a", "b", "c"], standalone: true,
            .nightly(
                "night", at: "02:00", for: .hours(1), [.drain(deadline: .hours(2)), .block, .waitForEnd, .restore]))
        var rig = Rig(policies, at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:40")
        #expect(rig.isShut("a"))
        rig.advance(to: "02:40", day: 1)
        #expect(rig.isShut("b"), "\(rig)")
        rig.advance(to: "02:40", day: 2)
        #expect(rig.isShut("c"), "\(rig)")
    }
}
