import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Nodes that no policy names.
struct DiscoveryTests {
    static func policies(_ nodes: [String], _ policy: RigPolicy = .rollout()) -> RigPolicies {
        RigPolicies(nodes, policy).with { $0.seeds = ["a"] }
    }

    @Test func `a member that no policy names is a node like the others`() throws {
        var rig = Rig(Self.policies(["a", "b", "c"]), others: ["d", "e"])
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(1))
        for node in ["a", "b", "c", "d", "e"] {
            #expect(rig.phase(node) == "done" && rig.mode(node) == .normal, "\(rig)")
        }
        #expect(rig.told("c  found: d at http://d:3000/, e at http://e:3000/"), "\(rig)")
    }

    @Test func `seeds are enough`() throws {
        var rig = Rig(Self.policies([]), others: ["a", "b", "c"])
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(1))
        #expect(["a", "b", "c"].allSatisfy { rig.phase($0) == "done" }, "\(rig)")
    }

    /// A run of no nodes would have used the revision up.
    @Test func `while no seed answers nothing is used up, and it is said`() throws {
        var rig = Rig(Self.policies([]).with { $0.seeds = ["away"] }, others: ["a", "b", "c"])
        rig.advance(.minutes(10))
        #expect(rig.runs.isEmpty, "\(rig)")
        #expect(rig.alarms.contains { $0.contains("http://away:3000/: connection refused") }, "\(rig.alarms) \(rig)")
        rig.reload(Self.policies([]).with { $0.seeds = ["away", "a"] })
        rig.advance(.minutes(1))
        #expect(!rig.alarms.contains { $0.contains("connection refused") }, "\(rig.alarms)")
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(1))
        #expect(["a", "b", "c"].allSatisfy { rig.phase($0) == "done" }, "\(rig)")
    }

    @Test func `one that comes during a run is not covered by it`() throws {
        var rig = Rig(Self.policies(["a", "b", "c"]), others: ["d"])
        rig.stop("d")
        rig.world.change("a", \.unlisted, ["d"])
        rig.world.change("b", \.unlisted, ["d"])
        rig.world.change("c", \.unlisted, ["d"])
        rig.commands(on: "a", RigCommand(lasts: .minutes(3), stopsAfter: .seconds(5)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(10))
        rig.start("d")
        for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, []) }
        rig.advance(.minutes(1))
        #expect(rig.verdict("d").code == "not-covered", "\(rig)")
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(1))
        #expect(rig.version("d") == "1", "\(rig)")
    }

    @Test func `a temporary one that leaves while it is out costs no more than its part`() throws {
        var rig = Rig(Self.policies(["a", "b", "c"]), others: ["t"], temporary: ["t"])
        rig.sessions("t", 3)
        try rig.advance(until: { $0.mode("t") == .blockNewSession }, atMost: .hours(1))
        rig.stop("t")
        rig.advance(.minutes(2))
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(3))
        // What nagi set there may still be there: it is owed until the node is seen in another life.
        #expect(rig.verdict("t").code == "unreachable", "\(rig)")
        rig.start("t")
        rig.advance(.minutes(1))
        rig.stop("t")
        rig.advance(.minutes(1))
        #expect(rig.verdict("t").code == "none", "\(rig)")
        #expect(rig.told("c  gone from the lists: t"), "\(rig)")
        for node in ["a", "b", "c"] { #expect(rig.phase(node) == "done", "\(rig)") }
    }

    @Test func `the journal knows them after a restart`() throws {
        var rig = Rig(Self.policies([]), others: ["a", "b", "c"])
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .hours(1))
        rig.reach("b", .hangs)
        rig.reach("c", .hangs)
        rig.crash()
        #expect(rig.verdict("a").code != "none" && rig.verdict("c").code != "none", "\(rig)")
        rig.reach("b", .answers)
        rig.reach("c", .answers)
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(1))
        #expect(["a", "b", "c"].allSatisfy { rig.phase($0) == "done" && rig.mode($0) == .normal }, "\(rig)")
    }

    /// How many there would be nobody knew when the budget was checked.
    @Test func `a budget never takes all that were found`() throws {
        let policies = Self.policies([], .nightly("night", at: "02:00").with { $0.maxUnavailable = 9 })
            .with { $0.maxUnavailable = 9 }
        var rig = Rig(policies, at: "01:00", others: ["a", "b", "c"])
        rig.advance(to: "03:00")
        #expect(["a", "b", "c"].count { rig.isShut($0) } == 2, "\(rig)")
    }

    @Test func `where nobody looks for nodes any more, they are given back and forgotten`() throws {
        let policies = Self.policies(["a", "b", "c"], .nightly("night", at: "02:00").with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:00", others: ["d"])
        rig.advance(to: "03:00")
        #expect(rig.isShut("d"), "\(rig)")
        rig.reload(policies.with { $0.seeds = [] })
        rig.advance(.minutes(2))
        #expect(rig.mode("d") == .normal, "\(rig)")
        #expect(rig.verdict("d").code == "none", "\(rig)")
    }

    @Test func `whoever may not be called is not, and stands among those that no policy has`() {
        let policies = Self.policies(["a", "b", "c"]).with { $0.refused = ["d"] }
        var rig = Rig(policies, others: ["d"])
        rig.advance(.minutes(2))
        #expect(rig.verdict("d").code == "none", "\(rig)")
        #expect(rig.alarms.contains { $0.contains("d: not in discovery.allow") }, "\(rig.alarms)")
        #expect(rig.status?.clusters.first?.unlisted.map(\.name) == ["d"])
    }

    /// Nobody knows which nodes a policy is about before they were looked for.
    @Test func `a window that is open when the daemon starts waits until its nodes are known`() {
        let policies = Self.policies(["a", "b", "c"], .nightly("night", at: "02:00"))
        var rig = Rig(policies, at: "02:30", others: ["d"])
        rig.advance(.minutes(1))
        #expect(rig.runs.first?.parts.map(\.node).sorted() == ["a", "b", "c", "d"], "\(rig)")
    }
}
