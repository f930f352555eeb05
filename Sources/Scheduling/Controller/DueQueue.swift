import ModeCore

/// What is due when: a binary heap of instants with a payload, earliest first; equal instants in the order of payloads,
/// so that the order never depends on the history of insertions.
struct DueQueue: Sendable {
    struct Entry: Hashable, Sendable {
        var at: Uptime
        var node: Int
    }

    private var heap: [Entry] = []

    var next: Uptime? { heap.first?.at }

    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The earliest entry, if it is due.
    mutating func popDue(at now: Uptime) -> Entry? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return first
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if isBefore(heap[child], heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ a: Entry, _ b: Entry) -> Bool { a.at == b.at ? a.node < b.node : a.at < b.at }
}
