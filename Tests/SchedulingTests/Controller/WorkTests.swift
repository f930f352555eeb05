import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What an event costs: what it touches, not what exists. Seen by effects, which is all that leaves the controller.
struct WorkTests {
    static let names = names(200)

    private static func names(_ count: Int) -> [String] { (0..<count).map { "n\($0 + 1000)" } }

    /// So many nodes, and for every five of them a policy that has a run which is not over. Nothing may start: the budget is
    /// used up by a node of no policy that does not answer.
    private static func set(_ count: Int) -> PolicySet {
        let names = names(count)
        let nodes = (names + ["x"]).map { ClusterNode(name: $0, api: "http://\($0)/") }
        let policies = (0..<(count / 5)).map { number in
            Policy(
                name: "p\(number + 10)", cluster: "c",
                selector: Selector(nodes: Set(names[(number * 5)..<(number * 5 + 5)])), schedule: .rollout,
                sequence: ScriptedRehearsal.fiveMinutes, kind: .rollout(revision: "2", approval: nil))
        }
        return PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "c", topology: .standalone, nodes: nodes, budget: Budget(maxUnavailable: .count(1)))
            ], policies: policies, zones: ["UTC": .utc], digest: "many")
    }

    /// At rest: everything was read, and nothing is due.
    private static func resting(_ count: Int = 200) -> ScriptedRehearsal {
        var rehearsal = ScriptedRehearsal(set(count), broken: ["x"])
        rehearsal.advance(by: .seconds(12))
        rehearsal.hand(.ticked)
        return rehearsal
    }

    /// The quickest of a few tries: other work on the machine makes none quicker.
    private static func cost(_ count: Int) -> Duration {
        let rehearsal = resting(count)
        var controller = rehearsal.controller
        let events = names(20).map { rehearsal.answer(of: NodeID(cluster: "c", name: $0)) }
        return (0..<10).map { _ in
            ContinuousClock().measure { for event in events { _ = controller.handle(event, at: rehearsal.now) } }
        }.min() ?? .zero
    }

    @Test func `an observation costs as much among two hundred nodes and forty runs as among twenty and four`() {
        let (few, many) = (Self.cost(20), Self.cost(200))
        #expect(many < few * 4, "\(few) and \(many)")
    }

    @Test func `an observation that changes nothing brings nothing about but its node's next read`() throws {
        var rehearsal = Self.resting()
        #expect(rehearsal.controller.ledger.activeRuns.count == 40)
        #expect(rehearsal.lines.isEmpty, "\(rehearsal.text)")
        for name in [Self.names[0], Self.names[101], Self.names[199]] {
            let id = NodeID(cluster: "c", name: name)
            let records = rehearsal.journal.count
            rehearsal.forgetEffects()
            // Whatever is due at this instant is done first.
            rehearsal.hand(.ticked)
            rehearsal.forgetEffects()
            rehearsal.hand(rehearsal.answer(of: id))
            #expect(rehearsal.effects.isEmpty, "\(rehearsal.effects)")
            #expect(rehearsal.journal.count == records)
        }
    }

    /// Each node is read every five seconds, give or take, and nothing is recorded.
    @Test func `at rest every node is read in its turn, and nothing else happens`() {
        var rehearsal = Self.resting()
        rehearsal.forgetEffects()
        let records = rehearsal.journal.count
        rehearsal.advance(by: .seconds(20))
        var reads: [NodeID: Int] = [:]
        for effect in rehearsal.effects {
            guard case .read(let node, .whole, _) = effect else {
                Issue.record("\(effect)")
                return
            }
            reads[node, default: 0] += 1
        }
        #expect(rehearsal.journal.count == records)
        #expect(reads.count == 201)
        #expect(reads.values.allSatisfy { (3...5).contains($0) }, "\(reads.values.sorted())")
    }

    /// A node that changes is recorded, once; the others are not asked about it.
    @Test func `a node that changes touches its own cluster only by what it changes`() {
        var rehearsal = Self.resting()
        let id = NodeID(cluster: "c", name: Self.names[7])
        rehearsal.hand(.ticked)
        rehearsal.forgetEffects()
        rehearsal.nodes[id.name]?.mode = .known(.blockNewSession)
        rehearsal.hand(rehearsal.answer(of: id))
        let facts = rehearsal.effects.flatMap { effect -> [Fact] in
            if case .append(let records) = effect { records.map(\.fact) } else { [] }
        }
        #expect(facts.count == 2, "\(facts)")
        #expect(facts.contains { if case .floorChanged(id, .blockNewSession) = $0 { true } else { false } })
        #expect(facts.contains { if case .nodeObserved(id, _, _, _) = $0 { true } else { false } })
        let others = rehearsal.effects.contains { effect in
            if case .read(let node, _, _) = effect { node != id } else { false }
        }
        #expect(!others, "\(rehearsal.effects)")
    }

    /// Ticks that find nothing due do nothing.
    @Test func `a tick that finds nothing due does nothing`() {
        var rehearsal = Self.resting()
        rehearsal.hand(.ticked)
        rehearsal.forgetEffects()
        for _ in 0..<100 { rehearsal.hand(.ticked) }
        #expect(rehearsal.effects.isEmpty)
    }

    /// What the run waits for is another thing with every read.
    @Test func `of a node that comes and goes the journal is told now and then, and at last how it is`() {
        let set = ScriptedRehearsal.rollout(Strategy(), names: ["a1"])
        var rehearsal = ScriptedRehearsal(set, broken: ["a1"])
        rehearsal.perform(.sets("a1", .known(.blockNewSession)))
        for _ in 0..<50 {
            rehearsal.perform(.mends("a1"))
            rehearsal.advance(by: .seconds(6))
            rehearsal.perform(.breaks("a1"))
            rehearsal.advance(by: .seconds(6))
        }
        let told = rehearsal.journal.count { if case .runWaits = $0.fact { true } else { false } }
        #expect((4...10 * Burst.limit).contains(told), "\(told) in ten minutes, of a hundred changes")
        for isBroken in [false, true] {
            rehearsal.perform(isBroken ? .breaks("a1") : .mends("a1"))
            rehearsal.advance(by: .minutes(2))
            let run = rehearsal.controller.ledger.activeRuns.first.flatMap { rehearsal.controller.ledger.run($0) }
            #expect(run?.waitsFor == rehearsal.verdict(of: "a1")?.code)
        }
        #expect(rehearsal.isFolded)
    }
}
