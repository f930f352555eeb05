import Primitives
import Scheduling

/// Counts calls and records: none of them may grow without a cause.
struct RateOracle: Sendable {
    private struct Counter: Sendable {
        var since: Int64 = 0
        var count = 0

        /// - Returns: the count of the window that the instant is in.
        mutating func add(_ number: Int, at: Int64, window: Int64) -> Int {
            if at - since >= window {
                since = at - at % window
                count = 0
            }
            count += number
            return count
        }
    }

    private var reads: [NodeID: Counter] = [:]
    private var intents: [NodeID: Counter] = [:]
    private var records = Counter()
    private var events = Counter()

    static let second: Int64 = 1_000_000_000

    /// Four reads of the mode a second, two whole ones, and four that webhooks bring forward, at the most.
    mutating func noteRead(of node: NodeID, at: Int64) -> String? {
        reads[node, default: Counter()].add(1, at: at, window: 10 * RateOracle.second) == 121
            ? "\(node.name) is read more than 120 times in 10 s" : nil
    }

    /// A loop that wakes a thousand times a second for nothing takes a whole processor.
    mutating func noteEvent(at: Int64) -> String? {
        events.add(1, at: at, window: 10 * RateOracle.second) == 3001
            ? "the loop wakes more than 3000 times in 10 s" : nil
    }

    mutating func noteIntent(for node: NodeID, at: Int64) -> String? {
        intents[node, default: Counter()].add(1, at: at, window: 60 * RateOracle.second) == 31
            ? "\(node.name) is written to more than 30 times in a minute" : nil
    }

    mutating func noteRecords(_ number: Int, at: Int64) -> String? {
        let former = records.count
        let count = records.add(number, at: at, window: 600 * RateOracle.second)
        return count > 3000 && former <= 3000 ? "more than 3000 records in ten minutes" : nil
    }
}
