import Foundation
import Scheduling

/// Whether cost follows change: an event costs the same in a small fleet and in a larger one, by a generous bound. Ratios
/// of one process, so that it does not matter how fast the machine is.
enum Proportion {
    static let bound = 3.0

    private static let sizes = [100, 400, 1_600]

    static func check() -> Bool {
        let standalone = sizes.map { Rest(Fleets(), $0) }
        let clustered = sizes.map { Rest(Fleets(topology: .clustered), $0) }
        let rows: [(what: String, costs: [Double])] = [
            ("an idle event, standalone", standalone.map(\.event)),
            ("an idle event, clustered", clustered.map(\.event)),
            ("a node of a status report, standalone", standalone.map(\.statusOfNode)),
            ("a node of a status report, clustered", clustered.map(\.statusOfNode)),
            ("an event of a rollout, standalone", sizes.map { Rollout(Fleets(), $0, atOnce: $0 / 20).event }),
            (
                "an event of a rollout, clustered",
                sizes.map { Rollout(Fleets(topology: .clustered), $0, atOnce: $0 / 20).event }
            ),
        ]
        var isGood = true
        for row in rows {
            let ratio = (row.costs.max() ?? 0) / max(row.costs.first ?? 0, 1)
            let costs = zip(sizes, row.costs).map { size, cost in String(format: "%.2f µs at \(size)", cost / 1e3) }
            let line = "\(row.what): \(costs.joined(separator: ", "))"
            if ratio < bound {
                print(line)
            } else {
                isGood = false
                print(
                    line
                        + String(
                            format: ": ×%.1f, and at most ×%.0f is right: cost no longer follows change", ratio, bound))
            }
        }
        return isGood
    }
}
