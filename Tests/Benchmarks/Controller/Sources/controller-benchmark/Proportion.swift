import Foundation
import Scheduling

/// Whether cost follows change: an event costs the same in a small fleet and in a larger one, by a generous bound. Ratios
/// of one process, so that it does not matter how fast the machine is.
enum Proportion {
    static let bound = 3.0

    private static let sizes = [100, 400, 1_600]
    /// A machine with other work to do may look like a pass over everything once, and hardly three times.
    private static let tries = 3

    private struct Row {
        var what: String
        /// In nanoseconds; the least of all tries, by size.
        var costs: [Double]

        var ratio: Double { (costs.max() ?? 0) / max(costs.first ?? 0, 1) }
    }

    static func check() -> Bool {
        var rows = measured()
        for _ in 1..<tries where rows.contains(where: { $0.ratio >= bound }) {
            for (index, row) in measured().enumerated() {
                rows[index].costs = zip(rows[index].costs, row.costs).map { min($0, $1) }
            }
        }
        for row in rows {
            let costs = zip(sizes, row.costs).map { size, cost in String(format: "%.2f µs at \(size)", cost / 1e3) }
            let verdict =
                row.ratio < bound
                ? ""
                : String(
                    format: ": ×%.1f, and at most ×%.0f is right: cost no longer follows change", row.ratio, bound)
            print("\(row.what): \(costs.joined(separator: ", "))\(verdict)")
        }
        return rows.allSatisfy { $0.ratio < bound }
    }

    private static func measured() -> [Row] {
        [Fleets(), Fleets(topology: .clustered)].flatMap { fleets in
            let rests = sizes.map { Rest(fleets, $0) }
            return [
                Row(what: "an idle event, \(fleets.topology)", costs: rests.map(\.event)),
                Row(what: "a node of a status report, \(fleets.topology)", costs: rests.map(\.statusOfNode)),
                Row(
                    what: "an event of a rollout, \(fleets.topology)",
                    costs: sizes.map { Rollout(fleets, $0, atOnce: $0 / 20).event }),
            ]
        }
    }
}
