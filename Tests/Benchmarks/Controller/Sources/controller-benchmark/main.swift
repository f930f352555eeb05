import BenchmarkHarness
import Foundation
import Primitives
import Scheduling

/// `controller-benchmark [NODES…]`: the controller's rows of section 8 at each size; 100, 1,000 and 10,000 if none is given.
let given = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let sizes = given.isEmpty ? [100, 1_000, 10_000] : given

func text(_ value: Double, _ unit: String) -> String { String(format: "%.2f %@", value, unit) }
func milliseconds(_ duration: Duration) -> Double { Double(duration.nanoseconds) / 1e6 }

for size in sizes {
    let (set, broken) = Fleets.waiting(size)
    var world = PerfectWorld(set, broken: broken)
    let load = world.load(set)
    let before = world.spent
    world.answerAll()
    let first = world.spent - before
    world.pass(.seconds(20))
    let (spent, events) = (world.spent, world.events)
    world.pass(.seconds(30))
    let perEvent = Double((world.spent - spent).nanoseconds) / Double(world.events - events) / 1e3
    let controller = world.controller
    let now = world.now
    let status = median((0..<5).map { _ in 1e3 / rate(of: 1) { keep(controller.status(at: now)) } })
    print("\(size) nodes, \(set.policies.count) policies, \(controller.ledger.activeRuns.count) runs:")
    print("  load \(text(milliseconds(load), "ms")), first observation \(text(milliseconds(first), "ms"))")
    print("  an event \(text(perEvent, "µs")), status \(text(status, "ms"))")

    let rolling = Fleets.rolling(size, atOnce: max(1, size / 20))
    var world2 = PerfectWorld(rolling)
    _ = world2.load(rolling)
    world2.pass(.hours(1)) { $0.endedRuns == 1 }
    let per = Double(world2.spent.nanoseconds) / Double(world2.events) / 1e3
    print(
        "  rollout, \(max(1, size / 20)) at once: \(text(milliseconds(world2.spent), "ms")), \(world2.events) events of \(text(per, "µs")), ended \(world2.endedRuns)"
    )
}
