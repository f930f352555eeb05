import BenchmarkHarness
import Primitives
import Scheduling

/// A fleet at rest: a hundred policies whose runs wait for budget.
struct Rest {
    let runs: Int
    /// Of the event `policiesLoaded`.
    let load: Duration
    /// Until every node was read once.
    let first: Duration
    /// Of one event, in nanoseconds: the quickest of a few stretches, for other work on the machine makes none quicker.
    let event: Double
    let status: Duration
    private let nodes: Int

    /// In nanoseconds.
    var statusOfNode: Double { Double(status.nanoseconds) / Double(nodes) }

    init(_ fleets: Fleets, _ count: Int, policies: Int = 100) {
        nodes = count
        let (set, broken) = fleets.waiting(count, policies: policies)
        var world = PerfectWorld(set, broken: broken)
        load = world.load(set)
        let before = world.spent
        world.answerAll()
        first = world.spent - before
        runs = world.controller.ledger.activeRuns.count
        world.pass(.seconds(20))
        event = (0..<3).map { _ in world.perEvent { $0.pass(.seconds(15)) } }.min() ?? 0
        status = world.statusCost
    }
}

/// A rollout of everything, from the first read to its end.
struct Rollout {
    let spent: Duration
    let events: Int
    /// Of one event, in nanoseconds.
    let event: Double
    /// While it is half through.
    let status: Duration
    let isOver: Bool

    init(_ fleets: Fleets, _ count: Int, atOnce: Int) {
        let set = fleets.rolling(count, atOnce: atOnce)
        let runs = set.policies.count
        var world = PerfectWorld(set)
        _ = world.load(set)
        // Half of the nodes have had their turn: each makes about so many records.
        world.pass(.hours(10)) { $0.endedRuns == runs || $0.records > count * 7 }
        status = world.statusCost
        world.pass(.hours(10)) { $0.endedRuns == runs }
        (spent, events, isOver) = (world.spent, world.events, world.endedRuns == runs)
        event = Double(spent.nanoseconds) / Double(events)
    }
}

extension PerfectWorld {
    fileprivate mutating func perEvent(_ body: (inout PerfectWorld) -> Void) -> Double {
        let (spent, events) = (spent, events)
        body(&self)
        return Double((self.spent - spent).nanoseconds) / Double(max(1, self.events - events))
    }

    fileprivate var statusCost: Duration {
        let (controller, now) = (controller, now)
        return (0..<5).map { _ in ContinuousClock().measure { keep(controller.status(at: now)) } }.min() ?? .zero
    }
}
