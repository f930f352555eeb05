import Foundation
import Primitives
import Scheduling

// `controller-benchmark [NODES…]`: the controller's rows of section 8 at each size; 100, 1,000 and 10,000 if none is given.
// `controller-benchmark --short`: in a few seconds, whether an event costs the same in a small fleet and in a larger one.

let arguments = CommandLine.arguments.dropFirst()
if arguments.contains("--short") {
    exit(Proportion.check() ? 0 : 1)
}
let given = arguments.compactMap { Int($0) }
let milliseconds = { (duration: Duration) in String(format: "%.2f ms", Double(duration.nanoseconds) / 1e6) }
let microseconds = { (nanoseconds: Double) in String(format: "%.2f µs", nanoseconds / 1e3) }

for size in given.isEmpty ? [100, 1_000, 10_000] : given {
    for fleets in [Fleets(topology: .standalone), Fleets(topology: .clustered)] {
        let rest = Rest(fleets, size)
        print("\(size) nodes, \(fleets.topology), \(rest.runs) runs:")
        print("  load \(milliseconds(rest.load)), first observation \(milliseconds(rest.first))")
        print("  an event \(microseconds(rest.event)), status \(milliseconds(rest.status))")
        let atOnce = max(1, size / 20)
        let rollout = Rollout(fleets, size, atOnce: atOnce)
        print(
            "  rollout, \(atOnce) at once: \(milliseconds(rollout.spent)), \(rollout.events) events of \(microseconds(rollout.event)), "
                + "status \(milliseconds(rollout.status))\(rollout.isOver ? "" : ", NOT OVER")")
    }
}
