import ModeCore

/// Connections by the time at which they will leave: a binary heap, ties by id.
struct DepartureQueue: Sendable {
    struct Departure: Sendable, Comparable {
        var at: Timestamp
        var connection: ConnectionID

        static func < (a: Departure, b: Departure) -> Bool {
            a.at == b.at ? a.connection < b.connection : a.at < b.at
        }
    }

    private var heap: [Departure] = []

    var first: Departure? { heap.first }
    var count: Int { heap.count }

    mutating func insert(_ departure: Departure) {
        heap.append(departure)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Departure? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
