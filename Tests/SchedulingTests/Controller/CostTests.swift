import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Cost follows change: what is looked at while events are handled is counted, in fleets of different sizes, and is the same.
/// No clock is asked.
struct CostTests {
    private static func nodes(_ count: Int, from first: Int = 0) -> [String] {
        (0..<count).map { "n\(1000 + first + $0)" }
    }

    private static let sequence = StepSequence(name: "s", steps: [.drain(.standard), .block, .restore])

    /// So many nodes in one cluster, and so many rollouts that share them; `atOnce` may be out of service. `x` is in no
    /// policy.
    private static func set(
        _ count: Int, runs: Int = 1, atOnce: Int = 2, _ topology: ClusterPolicy.Topology = .standalone
    ) -> PolicySet {
        let names = nodes(count)
        let policies = (0..<runs).map { number in
            let own = names.indices.filter { $0 % runs == number }.map { names[$0] }
            return Policy(
                name: "p\(number + 100)", cluster: "c", selector: Selector(nodes: Set(own)), schedule: .rollout,
                strategy: Strategy(maxUnavailable: .count(atOnce)), sequence: sequence,
                kind: .rollout(revision: "2", approval: nil))
        }
        let members = (names + ["x"]).map { ClusterNode(name: $0, api: "http://\($0)/") }
        return PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "c", topology: topology, nodes: members, budget: Budget(maxUnavailable: .count(atOnce)))
            ], policies: policies, zones: ["UTC": .utc], digest: "cost")
    }

    /// Everything was read, no run may start anything: `x` does not answer and uses the budget up.
    private static func resting(
        _ count: Int, runs: Int, _ topology: ClusterPolicy.Topology = .standalone
    ) -> ScriptedRehearsal {
        var rehearsal = ScriptedRehearsal(set(count, runs: runs, atOnce: 1, topology), broken: ["x"])
        rehearsal.advance(by: .seconds(12))
        rehearsal.hand(.ticked)
        rehearsal.forgetEffects()
        return rehearsal
    }

    private static func observation(_ count: Int, runs: Int, _ topology: ClusterPolicy.Topology) -> [Cost] {
        var rehearsal = resting(count, runs: runs, topology)
        rehearsal.hand(rehearsal.answer(of: NodeID(cluster: "c", name: nodes(count)[count / 2])))
        return rehearsal.costs
    }

    @Test func `an observation that says nothing new looks at its node alone`() {
        for (count, runs) in [(10, 1), (10, 10), (1000, 1), (1000, 100)] {
            #expect(
                Self.observation(count, runs: runs, .standalone) == [Cost(nodes: 1)], "\(count) nodes, \(runs) runs")
        }
    }

    @Test func `where nodes list each other it costs one comparison of the list too`() {
        for (count, runs) in [(10, 1), (100, 20)] {
            #expect(
                Self.observation(count, runs: runs, .clustered) == [Cost(nodes: 1, rows: count + 1)],
                "\(count) nodes, \(runs) runs")
        }
    }

    @Test func `a tick that finds nothing due looks at nothing`() {
        for count in [10, 1000] {
            var rehearsal = Self.resting(count, runs: 10)
            rehearsal.hand(.ticked)
            #expect(rehearsal.costs == [Cost()])
        }
    }

    /// A rollout from its first event to its end, without what the reads of all nodes cost at its beginning.
    private static func rollout(
        _ count: Int, atOnce: Int, _ topology: ClusterPolicy.Topology = .standalone
    ) throws -> (perNode: Cost, most: Cost) {
        var rehearsal = ScriptedRehearsal(set(count, atOnce: atOnce, topology))
        rehearsal.forgetEffects()
        while !rehearsal.controller.ledger.activeRuns.isEmpty { rehearsal.advance(by: .seconds(5)) }
        let ended = try #require(rehearsal.controller.ledger.endedRuns.last)
        #expect(ended.run.tally.proven == count)
        // What is read all the time is left out: an observation of a node that nothing happens to.
        let idle = topology == .clustered ? Cost(nodes: 1, rows: count + 1) : Cost(nodes: 1)
        let costs = rehearsal.costs.filter { $0 != idle && $0 != Cost() }
        let sum = costs.reduce(into: Cost()) { $0 += $1 }
        return (sum.over(count), costs.reduce(Cost()) { $0.most($1) })
    }

    /// Five times as many nodes, as many of them at once: each costs as much.
    @Test func `a node's whole course costs the same in a small rollout and in a large one`() throws {
        let (few, many) = (try Self.rollout(40, atOnce: 4), try Self.rollout(200, atOnce: 4))
        #expect(many.perNode.isWithin(2, of: few.perNode), "\(few.perNode) and \(many.perNode)")
        #expect(many.most.isWithin(2, of: few.most), "\(few.most) and \(many.most)")
        #expect(many.perNode.nodes < 40 && many.perNode.runs < 30 && many.perNode.candidates < 30, "\(many.perNode)")
    }

    /// Of the same nodes ten times as many at once: a node costs as much.
    @Test func `a node's whole course costs the same whether few or many are out at once`() throws {
        let (few, many) = (try Self.rollout(200, atOnce: 4), try Self.rollout(200, atOnce: 40))
        #expect(many.perNode.isWithin(2, of: few.perNode), "\(few.perNode) and \(many.perNode)")
        // One event may start them all.
        #expect(many.most.isWithin(10, of: few.most), "\(few.most) and \(many.most)")
    }

    /// Each list has as many rows as there are nodes, and each node's own changes are in all of them.
    @Test func `where nodes list each other a node's course costs the same but for the rows that are read`() throws {
        let (few, many) = (try Self.rollout(20, atOnce: 2, .clustered), try Self.rollout(80, atOnce: 2, .clustered))
        let lists = (few.perNode.rows / 20, many.perNode.rows / 80)
        #expect(lists.1 < lists.0 * 8, "lists that were compared, for each node: \(lists)")
        #expect(many.most.candidates <= few.most.candidates * 2, "\(few.most) and \(many.most)")
        #expect(many.most.runs <= few.most.runs * 2, "\(few.most) and \(many.most)")
        #expect(many.most.nodes <= few.most.nodes * 2, "\(few.most) and \(many.most)")
    }

    private static func question(_ question: Question, _ rehearsal: ScriptedRehearsal) throws -> Cost {
        var cost = Cost()
        _ = try rehearsal.controller.answer(question, at: rehearsal.now, &cost)
        return cost
    }

    @Test func `a question looks at what it is about`() throws {
        for (count, runs) in [(10, 1), (10, 10), (1000, 1), (1000, 100)] {
            let rehearsal = Self.resting(count, runs: runs)
            let node = try Self.question(.explain(Self.nodes(count)[count / 2]), rehearsal)
            #expect(node == Cost([1, 0, 1, 0, 0]), "\(count) nodes, \(runs) runs")
            for name in ["p100", "p100@2#1"] {
                #expect(try Self.question(.explain(name), rehearsal) == Cost([0, 0, 1, 0, 0]), "\(name)")
            }
        }
    }

    /// The cluster is looked at once for those that were asked about, and once for all others together.
    @Test func `which nodes may go is one look at the cluster and one at each of its nodes`() throws {
        for topology in [ClusterPolicy.Topology.standalone, .clustered] {
            for count in [10, 200] {
                var rehearsal = ScriptedRehearsal(Self.set(count, runs: 0, atOnce: 4, topology))
                rehearsal.advance(by: .seconds(12))
                let some = try Self.question(.okToStop(["x"], most: 3, by: "ann"), rehearsal)
                #expect(some == Cost([0, 2, 0, 2, 0]), "\(count) nodes")
                let all = try Self.question(.okToStop(["x"], most: count, by: "ann"), rehearsal)
                #expect(all == Cost([0, 2, 0, count, 0]), "\(count) nodes")
            }
        }
    }

    /// What a report says of a run that waits it has from one part of it.
    @Test func `why a run waits is asked of one part, however many it has`() {
        for count in [10, 1000] {
            let rehearsal = Self.resting(count, runs: 1)
            let controller = rehearsal.controller
            #expect(controller.ledger.activeRuns.map { controller.survey(of: $0, rehearsal.now).looked } == [1])
        }
    }
}

extension Cost {
    fileprivate init(nodes: Int = 0, rows: Int) {
        self.init()
        self.nodes = nodes
        self.rows = rows
    }

    fileprivate init(nodes: Int) { self.init(nodes: nodes, rows: 0) }

    private var counts: [Int] { [nodes, clusters, runs, candidates, rows] }

    fileprivate init(_ counts: [Int]) {
        self.init()
        (nodes, clusters, runs, candidates, rows) = (counts[0], counts[1], counts[2], counts[3], counts[4])
    }

    /// Rounded up.
    fileprivate func over(_ count: Int) -> Cost { Cost(counts.map { ($0 + count - 1) / count }) }

    fileprivate func most(_ other: Cost) -> Cost { Cost(zip(counts, other.counts).map { max($0, $1) }) }

    fileprivate func isWithin(_ factor: Int, of other: Cost) -> Bool {
        zip(counts, other.counts).allSatisfy { $0 <= max($1, 1) * factor }
    }
}
