import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What is said of a node and of a run that somebody asks about.
struct ExplanationTests {
    /// Two policies that want the same nodes: one has windows tomorrow, the other acts at any time.
    private static func two(_ change: (inout RigPolicies) -> Void = { _ in }) -> Rig {
        let kernel = RigPolicy.rollout("kernel").with { $0.starts = "02:00" }
        let slow: [RigStep] = [.drain(deadline: .minutes(30)), .block, .restore]
        let sora = RigPolicy.rollout("sora", to: "3", slow)
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, kernel, sora).with(change), at: "12:00")
        rig.sessions("a", 4)
        rig.advance(.minutes(1))
        return rig
    }

    private static func node(_ name: String, _ rig: Rig) throws -> NodeExplanation {
        guard case .node(let node) = try rig.answer(.explain(name)) else {
            throw Rig.Impatience(description: "\(name) is no node")
        }
        return node
    }

    @Test func `a node says of each run that waits for it what that waits for, the soonest first`() throws {
        let rig = Self.two()
        let node = try Self.node("b", rig)
        #expect(node.waits.map(\.run.text) == ["sora@3#1", "kernel@2#1"])
        #expect(node.status.verdict.code == .waitingPrevious, "\(node.status.verdict)")
        #expect(node.status.queuedIn?.text == "sora@3#1" && node.run?.text == "sora@3#1")
        #expect(node.waits.map { $0.blockers.first?.code } == [.waitingPrevious, .waitingWindow])
        #expect(node.status.blockers == node.waits[0].blockers)
    }

    @Test func `what other runs wait for is not in the way of a node in work, and their levers are their own`() throws {
        let rig = Self.two()
        let node = try Self.node("a", rig)
        #expect(node.status.run?.text == "sora@3#1" && node.status.blockers.isEmpty)
        #expect(node.waits.map(\.run.text) == ["kernel@2#1"])
        // That it is in work for sora is no news.
        #expect(node.waits[0].blockers.map(\.code) == [.waitingWindow, .waitingBudget])
        #expect(!node.levers.contains { $0.contains("force") })
    }

    @Test func `a run that is through with a node does not come next, and takes it again when it is retried`() throws {
        var rig = Self.two()
        #expect(try Self.node("b", rig).next.map(\.policy) == ["sora", "kernel"])
        _ = try rig.pull(.skip) { ($0.run, $0.node, $0.reason) = ("sora", "b", "later") }.get()
        let node = try Self.node("b", rig)
        #expect(node.next.map(\.policy) == ["kernel"])
        #expect(node.levers.contains { $0.hasPrefix("nagi retry sora@3#1 ") }, "\(node.levers)")
    }

    @Test func `whoever stops nagi is told which nodes stay shut, and for what`() {
        let rig = Self.two()
        #expect(
            Ledger(folding: rig.journal).leftShut == [
                "a stays block_new_session until nagi runs again: in work for sora@3#1"
            ])
    }

    @Test func `a pause that a person can lift now is nearer than a window of tomorrow`() throws {
        var rig = Self.two()
        rig.pull(.pause) { $0.run = "sora" }
        let node = try Self.node("b", rig)
        #expect(node.status.verdict.code == .paused && node.levers.contains("nagi resume sora@3#1"), "\(node)")
    }

    @Test func `a time that stands has no end, and a pause has its own instant`() throws {
        var rig = Self.two()
        rig.pull(.pause) { $0.run = "sora" }
        rig.advance(.minutes(10))
        let node = try Self.node("a", rig)
        let claim = try #require(node.status.claims.first)
        #expect(claim.until == nil && claim.left.map { $0 > .minutes(28) && $0 < .minutes(30) } == true, "\(claim)")
        #expect(node.levers.contains("nagi resume sora@3#1"))
        #expect(node.status.since == RigWorld.midnight + .hours(12) + .minutes(1), "\(node.status)")
        guard case .run(let run) = try rig.answer(.explain("sora")) else {
            Issue.record("no run")
            return
        }
        let part = try #require(run.run.parts.first { $0.name == "a" })
        #expect(part.until == nil && part.left == claim.left)
    }

    @Test func `a run names the nodes whose own state is in its way, and what is typed against that`() throws {
        let steps: [RigStep] = [.drain(deadline: .minutes(30)), .block, .restore]
        var rig = Rig(RigPolicies(["a"], standalone: true, .rollout("sora", to: "3", steps)), at: "12:00")
        rig.pull(.hold) { ($0.node, $0.reason) = ("a", "card") }
        rig.advance(.minutes(1))
        guard case .run(let run) = try rig.answer(.explain("sora")) else {
            Issue.record("no run")
            return
        }
        let held = try #require(run.run.blockers.first)
        #expect(held.told == "a: held by ann: card" && run.levers.contains("nagi resume c/a"), "\(run)")
        #expect(held.lift(of: nil, in: run.id) == "nagi resume c/a")
    }

    @Test func `a pending word is shown with its run, and with the node that uses it`() throws {
        let frozen = RigPolicy.rollout("sora", to: "3", [.drain(deadline: .minutes(30)), .block, .restore])
            .with { $0.freezes = [.init(start: "12:00", lasts: .hours(2))] }
        var rig = Rig(RigPolicies(["a", "b"], standalone: true, frozen), at: "12:01")
        rig.sessions("a", 4)
        rig.advance(.minutes(1))
        rig.pull(.pause) { $0.run = "sora" }
        rig.pull(.force) { ($0.run, $0.ignored, $0.reason) = ("sora", .exclusion, "fix") }
        guard case .run(let run) = try rig.answer(.explain("sora")) else {
            Issue.record("no run")
            return
        }
        #expect(run.run.force?.ignored == [.exclusion])
        rig.pull(.resume) { $0.run = "sora" }
        rig.advance(.minutes(1))
        #expect(rig.status?.runs.last?.force == nil)
        #expect(try Self.node("a", rig).status.exempt == [.exclusion])
    }

    @Test func `a policy without a run says when it may act, and a wrong name is no policy`() throws {
        let rig = Rig(RigPolicies(["a"], standalone: true, .nightly()), at: "12:00")
        guard case .policy(let policy) = try rig.answer(.explain("night")) else {
            Issue.record("no policy")
            return
        }
        #expect(policy.policy.state == "closed" && policy.policy.next == RigWorld.midnight + .hours(26))
        #expect(throws: LeverRefusal.self) { try rig.answer(.explain("nosuch")) }
    }

    @Test func `a part of a name is enough to ask about a node, and not to act on it`() throws {
        let names = ["media-a-01", "media-a-02", "media-b-01"]
        var rig = Rig(RigPolicies(names, standalone: true, .nightly()), at: "12:00")
        rig.advance(.minutes(1))
        for part in ["a-02", "c/b-", "…a-02…", "media-b…"] {
            #expect(names.contains(try Self.node(part, rig).node.name), "\(part)")
        }
        #expect(throws: LeverRefusal.self) { try rig.answer(.explain("media-a")) }
        guard case .failure(let refusal) = rig.pull(.hold, { ($0.node, $0.reason) = ("a-02", "x") }) else {
            Issue.record("a guess was acted on")
            return
        }
        #expect(refusal.code == .unknownNode && refusal.hint == "did you mean c/media-a-02?", "\(refusal)")
    }

    @Test func `windows without an end in sight have none, with or without a freeze ahead`() throws {
        let always = RigPolicy.nightly(at: "00:00", for: .days(1))
        var rig = Rig(RigPolicies(["a"], standalone: true, always), at: "12:00")
        rig.advance(.minutes(1))
        let policy = try #require(rig.status?.policies.first)
        #expect(policy.state == "open" && policy.until == nil && policy.next == nil, "\(policy)")
        let frozen = RigPolicy.rollout().with { $0.freezes = [.init(start: "11:00", lasts: .hours(2))] }
        var other = Rig(RigPolicies(["a"], standalone: true, frozen), at: "12:00")
        other.advance(.minutes(1))
        let next = try #require(try Self.node("a", other).next.first)
        #expect(next.opens == RigWorld.midnight + .hours(13) && next.until == nil, "\(next)")
    }
}

/// What levers answer that have nothing to do, or that more is known of.
struct LeverAnswerTests {
    @Test func `the release of a node that only waits says what queues it again`() throws {
        let slow: [RigStep] = [.drain(deadline: .minutes(30)), .block, .restore]
        var rig = Rig(RigPolicies(["a", "b"], standalone: true, .rollout("sora", to: "3", slow)), at: "12:00")
        rig.sessions("a", 4)
        rig.advance(.minutes(1))
        let answer = try rig.pull(.release) { ($0.node, $0.reason) = ("b", "x") }.get()
        #expect(answer.undo == "nagi retry sora@3#1 c/b", "\(answer)")
        let again = try rig.pull(.retry) { ($0.node, $0.run) = ("b", "sora@3#1") }.get()
        #expect(again.text == "queued once more: b in sora@3#1")
    }

    @Test func `nothing to ignore is nothing to force`() {
        var rig = Rig(RigPolicies(["a", "b"], standalone: true, .rollout()), at: "12:00")
        rig.sessions("a", 4)
        rig.advance(.minutes(1))
        for ignored in Ignorable.allCases {
            let answer = rig.pull(.force) { ($0.run, $0.ignored, $0.reason) = ("sora", ignored, "x") }
            guard case .failure(let refusal) = answer else {
                Issue.record("\(ignored): \(answer)")
                continue
            }
            #expect(refusal.code == .nothingToDo)
        }
    }

    @Test func `where nothing is nagi's, releasing everything says so`() throws {
        var rig = Rig(RigPolicies(["a"], standalone: true, .nightly()), at: "12:00")
        rig.advance(.minutes(1))
        let answer = try rig.pull(.release) { ($0.isOfAll, $0.reason) = (true, "x") }.get()
        #expect(answer.text == "everything is paused; there was nothing of nagi's to release")
    }
}
