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

    @Test func `of a member whose address no list says, that is said`() {
        var rig = Rig(Self.policies([]).with { $0.unsaid = ["b", "c"] }, others: ["a", "b", "c"])
        rig.advance(.minutes(1))
        #expect(rig.alarms.contains { $0.contains("b: no list says where it is") }, "\(rig.alarms) \(rig)")
        rig.reload(Self.policies([]))
        rig.advance(.minutes(1))
        #expect(!rig.alarms.contains { $0.contains("no list says") }, "\(rig.alarms)")
    }

    @Test func `who asks for a run before its nodes are known is told so`() throws {
        var rig = Rig(Self.policies([]).with { $0.seeds = ["away"] }, others: ["a", "b", "c"])
        rig.advance(.minutes(1))
        guard case .failure(let refusal) = rig.pull(.start, { $0.policy = "sora" }) else {
            Issue.record("started")
            return
        }
        #expect(
            refusal.code == .notNow && refusal.message.contains("which nodes are in c is not known yet"), "\(refusal)")
        #expect(rig.status?.policies.first?.reason?.contains("not known yet") == true)
    }

    /// Its place in the budget is not taken for ever by a machine that was destroyed.
    @Test func `one that is purged while something is owed on it stands in nobody's way`() throws {
        var rig = Rig(Self.policies(["a", "b", "c"], .rollout().with { $0.nodes = ["d"] }), others: ["d"])
        rig.commands(on: "d", RigCommand(lasts: .minutes(3), stopsAfter: .seconds(5)))
        try rig.advance(until: { $0.isCommandRunning("d") }, atMost: .hours(1))
        rig.advance(.seconds(10))
        rig.stop("d")
        for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, ["d"]) }
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(2))
        rig.reload(Self.policies(["a", "b", "c"], .rollout(to: "3").with { $0.nodes = ["a", "b", "c"] }))
        try rig.advance(until: { $0.runs.last?.isOver == true && $0.runs.count == 2 }, atMost: .hours(2))
        #expect(["a", "b", "c"].allSatisfy { rig.phase($0) == "done" }, "\(rig)")
    }

    /// As long as the lists cannot agree, each change is looked at for longer: no journal is filled by them.
    @Test func `lists that flap cost less and less`() {
        var rig = Rig(Self.policies(["a", "b", "c"], .nightly()), at: "10:00", others: ["d"])
        rig.advance(.minutes(1))
        for round in 0..<720 {
            for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, round % 4 < 2 ? ["d"] : []) }
            rig.advance(.seconds(5))
        }
        let changes = rig.timesTold("c  found: d at http://d:3000/") + rig.timesTold("c  gone from the lists: d")
        #expect((4..<20).contains(changes), "\(changes)")
        for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, []) }
        rig.advance(.minutes(11))
        #expect(rig.verdict("d").code != "none", "found in the end")
    }

    @Test func `who comes while another one flaps is found at once`() {
        var rig = Rig(Self.policies(["a", "b", "c"], .nightly()), at: "10:00", others: ["d", "e"])
        for round in 0..<240 {
            for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, round % 4 < 2 ? ["d", "e"] : ["e"]) }
            rig.advance(.seconds(5))
        }
        #expect(rig.verdict("e").code == "none")
        for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, ["d"]) }
        rig.advance(.seconds(20))
        #expect(rig.verdict("e").code != "none", "\(rig)")
    }

    /// What the lists said before was judged by another policy.
    @Test func `a run that comes with discovery waits until its nodes are known`() throws {
        var rig = Rig(Self.policies(["a", "b", "c"], .nightly()).with { $0.seeds = [] }, at: "10:00", others: ["d"])
        rig.advance(.minutes(1))
        rig.reload(Self.policies(["a", "b", "c"]))
        rig.advance(.minutes(1))
        #expect(rig.runs.first?.parts.map(\.node).sorted() == ["a", "b", "c", "d"], "\(rig)")
        #expect(!rig.hasHeard("no list says where it is"), "\(rig)")
    }

    /// Their places in the cluster shift as another one comes before them.
    @Test func `an alarm of a node stays its own where others come and go`() throws {
        let wrong = Self.policies(["a", "b", "z"], .rollout().with { $0.nodes = ["z"] })
            .with { ($0.hosts, $0.refused, $0.maxUnavailable) = (["z": "x"], ["x"], 3) }
        var rig = Rig(wrong, others: ["d", "x", "z"])
        for node in ["a", "b", "x", "z"] { rig.world.change(node, \.unlisted, ["d"]) }
        try rig.advance(until: { $0.alarms.contains { $0.hasPrefix("wrong-address: z") } }, atMost: .hours(1))
        for node in ["a", "b", "x", "z"] { rig.world.change(node, \.unlisted, []) }
        rig.advance(.minutes(2))
        #expect(rig.verdict("d").code != "none", "\(rig)")
        #expect(rig.alarms.contains { $0.hasPrefix("wrong-address: z") }, "\(rig.alarms) \(rig)")
        for node in ["a", "b", "x", "z"] { rig.world.change(node, \.unlisted, ["d"]) }
        rig.advance(.minutes(2))
        #expect(rig.verdict("d").code == "none", "\(rig)")
        #expect(rig.alarms.contains { $0.hasPrefix("wrong-address: z") }, "\(rig.alarms) \(rig)")
    }

    /// A machine is replaced by another one: for a while no list names it.
    @Test func `one that is purged while a run has it takes its place in the budget`() throws {
        let policies = Self.policies(["a", "b", "c"], .rollout().with { $0.nodes = ["d"] })
        var rig = Rig(policies, others: ["d"])
        rig.commands(on: "d", RigCommand(lasts: .minutes(9), stopsAfter: .seconds(5), down: .minutes(8)))
        try rig.advance(until: { $0.isCommandRunning("d") }, atMost: .hours(1))
        for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, ["d"]) }
        rig.advance(.minutes(1))
        rig.reload(policies.with { $0.policies.append(.rollout("other").with { $0.nodes = ["a"] }) })
        rig.advance(.minutes(2))
        #expect(rig.isCommandRunning("d") && rig.sends("a").isEmpty, "\(rig)")
    }

    @Test func `too few nodes that say who is there are named`() {
        var rig = Rig(Self.policies(["a", "b", "c"], .nightly()), at: "10:00", others: ["d", "e", "f", "g"])
        rig.advance(.minutes(1))
        rig.crash(for: .minutes(1))
        for node in ["d", "e", "f", "g"] { rig.stop(node) }
        for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, ["d", "e", "f", "g"]) }
        rig.advance(.minutes(5))
        let told = "who is in c is not known: 3 of 7 nodes say, and it takes 4; nothing is heard of d, e, f and 1 more"
        #expect(rig.alarms.contains("no-seed-answers: \(told)"), "\(rig.alarms) \(rig)")
    }

    @Test func `temporary nodes that were found are not needed to say who is a member`() throws {
        let temporary: Set = ["t1", "t2", "t3"]
        var rig = Rig(Self.policies(["a", "b", "c"]), others: temporary.sorted(), temporary: temporary)
        rig.advance(.minutes(1))
        #expect(rig.verdict("t1").code != "none", "\(rig)")
        rig.crash(for: .minutes(1))
        for node in temporary { rig.stop(node) }
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(2))
        #expect(["a", "b", "c"].allSatisfy { rig.phase($0) == "done" }, "\(rig)")
        #expect(rig.verdict("t1").code == "none", "\(rig)")
    }

    @Test func `a hold stays where its node goes and comes again`() {
        var rig = Rig(Self.policies(["a", "b", "c"], .nightly()), at: "10:00", others: ["t"], temporary: ["t"])
        rig.advance(.minutes(1))
        _ = rig.pull(.hold) { $0.node = "t" }
        rig.stop("t")
        rig.advance(.minutes(3))
        rig.start("t")
        rig.advance(.minutes(1))
        #expect(rig.verdict("t").code == "held", "\(rig.verdict("t")) \(rig)")
    }

    @Test func `what was said of lists and seeds ends with discovery`() {
        let policies = Self.policies(["a", "b", "c"]).with { $0.refused = ["d"] }
        var rig = Rig(policies, others: ["d"])
        rig.advance(.minutes(1))
        #expect(!rig.alarms.isEmpty)
        rig.reload(policies.with { $0.seeds = [] })
        rig.advance(.minutes(1))
        #expect(rig.alarms.isEmpty, "\(rig.alarms)")
    }

    /// The lists said that it is where another one answers; then they said where it is.
    @Test func `a wrong address is no trouble any more where the lists know better`() throws {
        let wrong = Self.policies(["a", "b", "c"], .rollout().with { $0.nodes = ["d"] })
            .with { ($0.hosts, $0.refused, $0.maxUnavailable) = (["d": "x"], ["x"], 3) }
        var rig = Rig(wrong, others: ["d", "x"])
        try rig.advance(until: { $0.alarms.contains { $0.hasPrefix("wrong-address") } }, atMost: .hours(1))
        rig.reload(wrong.with { $0.hosts = [:] })
        rig.advance(.minutes(5))
        #expect(!rig.alarms.contains { $0.hasPrefix("wrong-address") }, "\(rig.alarms) \(rig)")
    }

    /// The run ended without them, its revision was used up, and N was 1.
    @Test func `a seed that is cut off together with the daemon makes no small cluster`() {
        let policies = Self.policies([], .nightly()).with { $0.seeds = ["x"] }
        var rig = Rig(policies, at: "10:00", others: ["a", "b", "c", "x"])
        for node in ["a", "b", "c"] { rig.world.change(node, \.unlisted, ["x"]) }
        rig.advance(.minutes(5))
        #expect(rig.verdict("b").code != "none" && rig.verdict("x").code == "none", "\(rig)")
        for node in ["a", "b", "c"] { rig.stop(node) }
        rig.world.change("x", \.unlisted, ["a", "b", "c"])
        rig.crash(for: .minutes(1))
        rig.advance(.minutes(5))
        #expect(rig.verdict("b").code != "none", "\(rig)")
        #expect(rig.alarms.contains { $0.contains("does not name a, b, c") }, "\(rig.alarms)")
        // It may be so: who is silent for long is believed to be gone.
        rig.advance(.minutes(10))
        #expect(rig.verdict("b").code == "none" && rig.verdict("x").code != "none", "\(rig)")
    }

    /// A block was put back that had never been lost, at the address that the node had before: whoever stood there by then
    /// stayed shut for ever, as by somebody else's hand.
    @Test(arguments: stride(from: 0, to: 1_100, by: 100).map { Duration.milliseconds($0) })
    func `of two that exchange addresses the one that nagi has not shut is never shut`(after pause: Duration) throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        rig.sessions("e", 3)
        try rig.advance(until: { $0.isShut("d") && $0.sends("d").count == 2 }, atMost: .minutes(10))
        rig.advance(pause)
        rig.exchange("d", "e")
        rig.advance(.minutes(5))
        #expect(rig.isShut("d") && rig.sends("e").isEmpty, "\(rig)")
        #expect(!rig.hasHeard("somebody set normal by hand"))
        rig.advance(to: "05:05")
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal && rig.sends("e").isEmpty, "\(rig)")
    }

    /// The block that its command was to cost it was put back at its address at the first read, where the other stood by then.
    @Test(arguments: stride(from: 0, to: 1_100, by: 100).map { Duration.milliseconds($0) })
    func `nor while the command of the first one is at work`(after pause: Duration) throws {
        let policies = Self.policies(["a", "b", "c"], .rollout().with { $0.nodes = ["d"] })
        var rig = Rig(policies, others: ["d", "e"])
        rig.commands(on: "d", RigCommand(lasts: .seconds(40), stopsAfter: .seconds(20)))
        try rig.advance(until: { $0.isCommandRunning("d") }, atMost: .hours(1))
        rig.advance(pause)
        rig.exchange("d", "e")
        try rig.advance(until: { $0.phase("d") == "done" }, atMost: .minutes(10))
        rig.advance(.minutes(1))
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal && rig.sends("e").isEmpty, "\(rig)")
    }

    /// It is put back without a list, too: whoever is about to be stopped has none.
    @Test func `a block that is lost to a command is back a moment later where no list comes`() throws {
        let policies = Self.policies(["a", "b", "c"], .rollout().with { $0.nodes = ["d"] })
        var rig = Rig(policies, others: ["d", "e"])
        rig.commands(on: "d", RigCommand(lasts: .minutes(1), stopsAfter: .seconds(40)))
        try rig.advance(until: { $0.isCommandRunning("d") }, atMost: .hours(1))
        rig.reach("d", .hangsAfterMode)
        rig.advance(.seconds(5))
        rig.person(opens: "d")
        rig.advance(.seconds(1))
        #expect(rig.isShut("d"), "\(rig)")
    }

    /// What answered at its former address was open: that it owed anything was forgotten, and it stayed shut for ever.
    @Test(arguments: stride(from: 0, to: 1_100, by: 100).map { Duration.milliseconds($0) })
    func `of two that exchange addresses the one that is to be opened is opened`(after pause: Duration) throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        rig.sessions("e", 3)
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        rig.writes("d", .rejected)
        rig.advance(to: "05:00")
        rig.advance(.seconds(20))
        rig.advance(pause)
        rig.exchange("d", "e")
        rig.advance(.minutes(1))
        #expect(rig.isShut("d") && rig.sends("e").isEmpty, "\(rig)")
        rig.writes("d", .applied)
        rig.advance(.minutes(6))
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal && rig.sends("e").isEmpty, "\(rig)")
    }

    /// A list that is alone with its word is not believed for ever.
    @Test func `a node whose own list has another address is shut again, and is nobody's debt`() throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        rig.saysElsewhere = ["d"]
        rig.advance(.seconds(5))
        rig.person(opens: "d")
        rig.advance(.minutes(2))
        #expect(rig.isShut("d"), "\(rig)")
        rig.advance(to: "05:05")
        #expect(rig.mode("d") == .normal, "\(rig)")
    }

    /// It answered at both spellings of its address, and was neither shut nor opened any more.
    @Test(arguments: [false, true])
    func `a node that is restarted under another address is shut again, and opened`(isOwed: Bool) throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        if isOwed {
            rig.writes("d", .rejected)
            rig.advance(to: "05:00")
            rig.advance(.seconds(20))
        }
        rig.restart("d")
        rig.spells["d"] = "d-2"
        rig.advance(.minutes(1))
        #expect(rig.isShut("d") == !isOwed, "\(rig)")
        rig.writes("d", .applied)
        rig.advance(to: "05:05")
        #expect(rig.mode("d") == .normal && !["owed", "unreachable"].contains(rig.verdict("d").code), "\(rig)")
    }

    /// The counters of the other were taken for the node's own: when these came back it had been restarted, and its block was
    /// somebody else's for ever.
    @Test func `two that exchange addresses and then again are who they were`() throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        for _ in 0..<5 { rig.restart("e", down: .seconds(1)); rig.advance(.seconds(5)) }
        rig.sessions("e", 9)
        rig.advance(.seconds(5))
        for _ in 0..<4 {
            rig.exchange("d", "e")
            rig.advance(.milliseconds(1_200))
        }
        rig.advance(.minutes(1))
        #expect(rig.isShut("d") && rig.sends("e").isEmpty, "\(rig)")
        #expect(!rig.hasHeard("somebody set") && !rig.hasHeard("d  was restarted"), "\(rig)")
        rig.advance(to: "05:05")
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal && rig.sends("e").isEmpty, "\(rig)")
    }

    /// Where the other is named at its address nobody can move: nothing is done to it in the first one's name.
    @Test func `whoever has the address of another that the policies name is not touched for it`() throws {
        let policies = Self.policies(["a", "b", "c", "e"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        rig.advance(.seconds(5))
        rig.exchange("d", "e")
        rig.advance(.minutes(10))
        #expect(rig.isShut("d") && rig.sends("e").isEmpty, "\(rig)")
        #expect(rig.verdict("d").text.contains("another node answers there"), "\(rig.verdict("d"))")
        rig.exchange("d", "e")
        rig.advance(to: "05:05")
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal, "\(rig)")
    }

    /// A list that does not come says nothing of who answers, for a while.
    @Test func `where no list comes a node is shut again after a while`() throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        rig.reach("d", .hangsAfterMode)
        rig.advance(.seconds(10))
        rig.person(opens: "d")
        rig.advance(.minutes(1))
        #expect(rig.isShut("d"), "\(rig)")
    }

    /// The other's `normal` at its address was taken for the opening that nobody had answered: it stayed shut for ever.
    @Test(arguments: stride(from: 0, to: 4_400, by: 400).map { Duration.milliseconds($0) })
    func `an opening of which nothing was heard is not seen in another node`(after pause: Duration) throws {
        let policies = Self.policies(["a", "b", "c", "e"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        rig.writes("d", .lost)
        rig.advance(to: "05:00")
        rig.advance(pause)
        rig.exchange("d", "e")
        rig.advance(.minutes(1))
        rig.exchange("d", "e")
        rig.writes("d", .applied)
        rig.advance(.minutes(6))
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal && rig.sends("e").isEmpty, "\(rig)")
    }

    /// Nor at its new one, where the other may stand again by then.
    @Test(arguments: stride(from: 100, to: 2_300, by: 200).map { Duration.milliseconds($0) })
    func `an opening that was given up is not seen in another node`(back pause: Duration) throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        rig.writes("d", .lost)
        rig.advance(to: "05:00")
        rig.advance(.seconds(20))
        for _ in 0..<4 {
            rig.exchange("d", "e")
            rig.advance(pause)
        }
        rig.writes("d", .applied)
        rig.advance(.minutes(6))
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal && rig.sends("e").isEmpty, "\(rig)")
    }

    /// What nagi had given up came to the node that had the address by then, and was nobody's.
    @Test(arguments: 1..<13)
    func `a block that reaches another node late is taken back there`(after seconds: Int) throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        rig.advance(.minutes(1) - .milliseconds(100))
        rig.writes("e", .late(.seconds(Int64(seconds))))
        rig.exchange("d", "e")
        rig.advance(.seconds(2))
        rig.writes("e", .applied)
        rig.advance(.minutes(5))
        #expect(rig.isShut("d") && rig.mode("e") == .normal, "\(rig)")
        rig.advance(to: "05:05")
        #expect(rig.mode("d") == .normal && rig.mode("e") == .normal, "\(rig)")
    }

    /// Nobody could say what had become of it: the node was neither shut nor moved any more.
    @Test func `what was sent to an address where nobody is any more is given up`() throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        rig.writes("d", .lost)
        rig.advance(to: "02:00")
        rig.advance(.seconds(1))
        rig.exchange("d", "x")
        rig.advance(.seconds(5))
        rig.writes("d", .applied)
        rig.advance(.minutes(3))
        #expect(rig.isShut("d"), "\(rig)")
        rig.advance(to: "05:05")
        #expect(rig.mode("d") == .normal, "\(rig)")
    }

    /// It was a majority's word for the next read, and one that nobody had for the one after that: a record each time.
    @Test func `a node's own list is not what most lists say of it`() throws {
        let policies = Self.policies(["a", "b", "c"], .nightly().with { $0.nodes = ["d"] })
        var rig = Rig(policies, at: "01:59", others: ["d", "e"])
        try rig.advance(until: { $0.isShut("d") }, atMost: .minutes(10))
        for node in ["a", "b", "c", "e"] { rig.reach(node, .hangsAfterMode) }
        rig.saysElsewhere = ["d"]
        rig.advance(.minutes(2))
        let told = rig.journal.count { $0.text != nil }
        rig.advance(.minutes(20))
        #expect(rig.journal.count { $0.text != nil } == told, "\(rig)")
        #expect(rig.isShut("d"), "\(rig)")
    }

    /// One list that left it out, while a third node was restarted, ended its part, and N was less by one.
    @Test func `one list that differs while another node is away makes nobody a stranger`() throws {
        var rig = Rig(Self.policies([]), others: ["a", "b", "c", "d"])
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .hours(1))
        rig.list(of: "b", leavesOut: ["c"])
        rig.advance(.seconds(30))
        #expect(rig.phase("c") == "queued", "\(rig)")
        rig.list(of: "b", leavesOut: [])
        try rig.advance(until: { $0.runs.first?.isOver == true }, atMost: .hours(1))
        #expect(["a", "b", "c", "d"].allSatisfy { rig.phase($0) == "done" }, "\(rig)")
    }
}
