/// A binary heap of events by instant; events of one instant in the order in which they were put in.
struct EventHeap<Payload: Sendable>: Sendable {
    struct Entry: Sendable {
        var at: Int64
        var sequence: Int
        var payload: Payload
    }

    private var heap: [Entry] = []
    private var sequence = 0

    var next: Int64? { heap.first?.at }

    mutating func insert(_ payload: Payload, at instant: Int64) {
        sequence += 1
        heap.append(Entry(at: instant, sequence: sequence, payload: payload))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(child, parent) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Entry? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        heap[a].at == heap[b].at ? heap[a].sequence < heap[b].sequence : heap[a].at < heap[b].at
    }
}
