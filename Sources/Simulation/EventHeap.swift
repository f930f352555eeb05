/// A binary heap of events by instant; events of one instant in the order in which they were put in.
///
/// The heap moves small keys about; the payloads, which are large, stay where they are.
struct EventHeap<Payload: Sendable>: Sendable {
    private struct Key: Sendable {
        var at: Int64
        var sequence: Int
        var slot: Int

        func isBefore(_ other: Key) -> Bool { at == other.at ? sequence < other.sequence : at < other.at }
    }

    private var heap: [Key] = []
    private var payloads: [Payload?] = []
    private var freeSlots: [Int] = []
    private var sequence = 0

    var next: Int64? { heap.first?.at }

    mutating func insert(_ payload: Payload, at instant: Int64) {
        sequence += 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            payloads[slot] = payload
        } else {
            slot = payloads.count
            payloads.append(payload)
        }
        heap.append(Key(at: instant, sequence: sequence, slot: slot))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (at: Int64, payload: Payload)? {
        guard let first = heap.first, let payload = payloads[first.slot] else { return nil }
        payloads[first.slot] = nil
        freeSlots.append(first.slot)
        let last = heap.removeLast()
        guard !heap.isEmpty else { return (first.at, payload) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return (first.at, payload) }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
