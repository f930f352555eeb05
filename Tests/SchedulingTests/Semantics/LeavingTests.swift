import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Policies and nodes that leave the files while something of theirs is under way.
struct LeavingTests {
    /// Not empty where its first policy is taken out.
    static func policies(_ policy: RigPolicy) -> RigPolicies {
        RigPolicies(["a", "b", "c"], policy, .nightly("other").with { $0.isSuspended = true })
    }

    enum Change: String, CaseIterable {
        case removed, renamed
    }

    static func changed(_ policies: RigPolicies, _ change: Change) -> RigPolicies {
        policies.with {
            switch change {
            case .removed: $0.policies.removeFirst()
            case .renamed: $0.policies[0].name = "renamed"
            }
        }
    }

    /// Nobody asked for its window any more: it stayed open for ever, the node stayed shut with it, and nothing else ever
    /// started in the cluster.
    @Test(arguments: Change.allCases)
    func `a committed node whose policy has gone does not wait for its window's end for ever`(change: Change) {
        let policies = Self.policies(.nightly("night", CutOffTests.upgradedTillTheEnd))
        var rig = Rig(policies, at: "01:59")
        rig.advance(to: "03:00")
        #expect(rig.commandsBegun("a") == 1 && rig.isShut("a"), "\(rig)")
        rig.reload(Self.changed(policies, change))
        rig.advance(to: "05:05")
        #expect(rig.mode("a") == .normal, "\(rig)")
        #expect(rig.runs.first?.isOver == true, "\(rig)")
    }

    /// The window that nobody asked for any more had ended: the next command came too late at once, and was tried again as
    /// fast as the disk could write it down.
    @Test func `a command of a policy that has gone is not tried as fast as it can be`() throws {
        let steps: [RigStep] = [.drain(), .upgrade(timeout: .hours(1)), .verify(version: nil), .prefetch(), .restore]
        let policies = Self.policies(.nightly("night", steps))
        var rig = Rig(policies, at: "04:45")
        rig.commands(on: "a", RigCommand(lasts: .minutes(20), stopsAfter: .minutes(19)), .idle)
        rig.advance(to: "04:50")
        #expect(rig.isCommandRunning("a"), "\(rig)")
        rig.reload(Self.changed(policies, .removed))
        try rig.advance(until: { !$0.isCommandRunning("a") }, atMost: .minutes(20))
        let records = rig.recordCount
        // Each record takes a moment, as it does on a disk.
        for _ in 0..<10_000 {
            rig.stallNextAppend(for: .milliseconds(2))
            rig.advance(.milliseconds(1))
        }
        #expect(rig.recordCount - records < 50, "\(rig.recordCount - records) records\n\(rig)")
        rig.advance(.minutes(2))
        #expect(rig.mode("a") == .normal && rig.phase("a") == "done", "\(rig)")
    }

    /// They were counted as configured: seven, of which three are no majority. Nothing could be opened or started again.
    @Test(arguments: [4, 5, 7]) func `a cluster that was made smaller by half goes on`(size: Int) {
        let nodes = Array(["a", "b", "c", "d", "e", "f", "g"].prefix(size))
        let staying = Array(nodes.prefix(size / 2))
        let policies = RigPolicies(nodes, maxUnavailable: size, .rollout("sora", to: "2", [.drain(), .restore]))
        var rig = Rig(policies)
        rig.sessions("a", 2)
        rig.advance(.minutes(1))
        #expect(rig.isShut("a"), "\(rig)")
        for node in nodes.dropFirst(size / 2) { rig.reach(node, .refuses) }
        rig.advance(.seconds(8))
        for node in nodes.dropFirst(size / 2) { rig.purge(node) }
        rig.reload(policies.with { $0.nodes = staying })
        rig.advance(.minutes(1))
        rig.sessions("a", 0)
        rig.advance(.minutes(5))
        #expect(staying.allSatisfy { rig.phase($0) == "done" && rig.mode($0) == .normal }, "\(rig)")
    }

    /// It was shut by hand weeks later, and counted in the budget of a cluster that it was no part of any more.
    @Test func `a node that left the policies and owes nothing is forgotten`() {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .nightly()).with { $0.interval = .seconds(30) }
        var rig = Rig(policies, at: "01:59")
        rig.advance(to: "02:30")
        #expect(rig.isShut("a"))
        rig.reload(policies.with { $0.nodes = ["b", "c"] })
        rig.advance(to: "12:00")
        #expect(rig.mode("a") == .normal)
        #expect(rig.verdict("a").code == "none", "\(rig.verdict("a"))")
        rig.person(sets: .blockNewConnection, on: "a")
        rig.advance(to: "02:30", day: 1)
        #expect(rig.isShut("b") || rig.isShut("c"), "\(rig)")
    }

    /// Its API went on being asked, and its lists with it.
    @Test func `a node that is forgotten is not read any more`() {
        let strategy = Strategy()
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(strategy))
        rehearsal.run(
            minutes: 60,
            [(2, .loads(ScriptedRehearsal.rollout(strategy, names: Array(ScriptedRehearsal.five.dropFirst()))))])
        rehearsal.forgetEffects()
        rehearsal.run(minutes: 65)
        let reads = rehearsal.effects.compactMap { effect in
            if case .read(let node, _, _) = effect { node.name } else { nil }
        }
        #expect(reads.contains("a2"))
        #expect(!reads.contains("a1"), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    /// What is under way to a node may still shut it: it is not forgotten before that.
    @Test func `a node that left is not forgotten before a lost write may not arrive any more`() {
        let policies = RigPolicies(["a", "b", "c"], standalone: true, .nightly())
        var rig = Rig(policies, at: "01:59")
        rig.writes("a", .late(.seconds(30)))
        rig.advance(to: "02:00:05")
        rig.reload(policies.with { $0.nodes = ["b", "c"] })
        rig.advance(.seconds(10))
        rig.writes("a", .applied)
        rig.advance(.minutes(5))
        #expect(rig.sends("a").first?.mode == .blockNewSession, "\(rig)")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }

    enum Pause: String, CaseIterable {
        case suspended, removed
    }

    /// Nothing was left to do, and weeks later all nodes were disrupted again, unasked.
    @Test(arguments: Pause.allCases)
    func `a revision that was finished while its policy was out of force does not run again`(pause: Pause) throws {
        let steps: [RigStep] = [.drain(), .block, .upgrade(), .verify(version: nil), .restore]
        let policies = Self.policies(.rollout("sora", to: "2", steps))
        var rig = Rig(policies)
        for node in policies.nodes { rig.commands(on: node, RigCommand(stopsAfter: .seconds(5), version: "1")) }
        try rig.advance(until: { $0.isCommandRunning("c") }, atMost: .minutes(10))
        switch pause {
        case .suspended: rig.reload(policies.with { $0.policies[0].isSuspended = true })
        case .removed: rig.reload(Self.changed(policies, .removed))
        }
        rig.advance(.minutes(5))
        #expect(rig.runs.map(\.isOver) == [true] && rig.phase("c") == "done", "\(rig)")
        rig.reload(policies)
        rig.advance(.minutes(10))
        #expect(rig.runs.count == 1, "\(rig)")
        #expect(policies.nodes.map { rig.commandsBegun($0) } == [1, 1, 1], "\(rig)")
    }
}

extension Rig {
    /// Taken out of the cluster and switched off: no list names it any more.
    fileprivate mutating func purge(_ node: String) {
        world.change(node, \.isTemporary, true)
        stop(node)
    }
}
