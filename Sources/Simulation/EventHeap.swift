import Primitives

/// Events by instant; those of one instant in the order in which they were put in.
///
/// The heap moves small keys about; the payloads, which are large, stay where they are.
struct EventHeap<Payload: Sendable>: Sendable {
    private struct Key: Comparable, Sendable {
        var at: Int64
        var sequence: Int
        var slot: Int

        static func < (a: Key, b: Key) -> Bool { a.at == b.at ? a.sequence < b.sequence : a.at < b.at }
    }

    private var keys = Heap<Key>()
    private var payloads: [Payload?] = []
    private var freeSlots: [Int] = []
    private var sequence = 0

    var next: Int64? { keys.first?.at }

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
        keys.insert(Key(at: instant, sequence: sequence, slot: slot))
    }

    mutating func pop() -> (at: Int64, payload: Payload)? {
        guard let first = keys.popFirst(), let payload = payloads[first.slot] else { return nil }
        payloads[first.slot] = nil
        freeSlots.append(first.slot)
        return (first.at, payload)
    }
}
