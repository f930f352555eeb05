import Primitives
import Scheduling

/// One read that the controller asked for.
package struct NodeRead: Hashable, Sendable {
    package var node: NodeID
    package var scope: ReadScope
    package var address: NodeAddress

    package init(node: NodeID, scope: ReadScope, address: NodeAddress) {
        self.node = node
        self.scope = scope
        self.address = address
    }
}

/// Reads that wait for their turn, in two lanes, each with its own limit of reads at the same time: the mode alone of nodes
/// that something depends on, and whole reads. A rack whose whole reads all hang delays no node in work by that.
///
/// Among whole reads those of nodes whose mode is read alone go first. Each queue is first in, first out. Soon after a start,
/// when nodes have no connections yet, fewer whole reads begin: answers would wait behind the opening of hundreds.
package struct ReadQueue {
    private var modes = Fifo()
    private var close = Fifo()
    private var others = Fifo()
    private let modeLimit: Int
    private let wholeLimit: Int
    private var modesUnderWay = 0
    private var wholeUnderWay = 0
    /// Nodes whose mode was wanted alone, and when last.
    private var closeSince: [NodeID: Uptime] = [:]

    /// A node whose mode was not read alone for so long has nothing of nagi's on it any more.
    package static let closeFor = Duration.seconds(5)

    /// The limit of whole reads grows by so many, as often as that.
    private static let growth = 32
    package static let growthPause = Duration.milliseconds(20)
    private let began: Uptime

    package init(modeLimit: Int, wholeLimit: Int, began: Uptime) {
        self.modeLimit = modeLimit
        self.wholeLimit = wholeLimit
        self.began = began
    }

    /// Whether whole reads wait that may begin when the limit grows.
    package func isHeldBack(at now: Uptime) -> Bool {
        let limit = wholeLimit(at: now)
        return limit < wholeLimit && wholeUnderWay >= limit && !(close.isEmpty && others.isEmpty)
    }

    private func wholeLimit(at now: Uptime) -> Int {
        let steps = (now - began).nanoseconds / Self.growthPause.nanoseconds
        return Int(clamping: min(Int64(wholeLimit), Int64(Self.growth) * (1 + max(0, steps))))
    }

    package mutating func add(_ read: NodeRead, at now: Uptime) {
        switch read.scope {
        case .mode:
            closeSince[read.node] = now
            modes.add(read)
        case .newAddress:
            modes.add(read)
        case .whole:
            if let since = closeSince[read.node], now - since <= ReadQueue.closeFor {
                close.add(read)
            } else {
                closeSince[read.node] = nil
                others.add(read)
            }
        }
    }

    /// The next read that may begin now; it counts as under way until `ended`.
    package mutating func next(at now: Uptime) -> NodeRead? {
        if modesUnderWay < modeLimit, let read = modes.next() {
            modesUnderWay += 1
            return read
        }
        if wholeUnderWay < wholeLimit(at: now), let read = close.next() ?? others.next() {
            wholeUnderWay += 1
            return read
        }
        return nil
    }

    package mutating func ended(_ scope: ReadScope) {
        if scope == .whole { wholeUnderWay -= 1 } else { modesUnderWay -= 1 }
    }

    /// First in, first out.
    private struct Fifo {
        private var reads: [NodeRead] = []
        private var first = 0

        var isEmpty: Bool { first == reads.count }

        mutating func add(_ read: NodeRead) { reads.append(read) }

        mutating func next() -> NodeRead? {
            guard first < reads.count else { return nil }
            defer {
                first += 1
                // Compacted from time to time, so that a queue that is never empty does not grow for ever.
                if first == reads.count || first > 1024 {
                    reads.removeFirst(first)
                    first = 0
                }
            }
            return reads[first]
        }
    }
}
