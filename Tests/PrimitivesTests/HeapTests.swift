import Primitives
import Testing

struct HeapTests {
    private struct Entry: Comparable, Sendable {
        var key: Int
        var id: Int

        static func < (a: Entry, b: Entry) -> Bool { a.key == b.key ? a.id < b.id : a.key < b.key }
    }

    @Test(arguments: [[], [1], [2, 1], [1, 1, 1], [5, 3, 8, 1, 9, 2, 3], Array((0..<100).reversed())])
    func `elements come out in order`(_ elements: [Int]) {
        var heap = Heap(elements)
        #expect(heap.count == elements.count)
        #expect(heap.first == elements.min())
        let drained = Self.drained(&heap)
        #expect(drained == elements.sorted())
        #expect(heap.isEmpty)
    }

    @Test(arguments: 1...20) func `the order does not depend on the history`(_ seed: UInt64) {
        var random = RandomStream(seed: seed)
        let entries = (0..<200).map { Entry(key: random.below(20), id: $0) }
        var plain = Heap(entries)
        var other = Heap<Entry>()
        for entry in entries.shuffled(using: &random) {
            other.insert(entry)
            // Something that comes and goes leaves no trace.
            if random.chance(0.3) {
                other.insert(Entry(key: -1, id: 0))
                _ = other.popFirst()
            }
        }
        let drained = [Self.drained(&plain), Self.drained(&other)]
        #expect(drained == [entries.sorted(), entries.sorted()])
    }

    @Test func `only what is due comes out`() {
        var heap = Heap([3, 1, 2])
        let popped = [0, 2, 2, 2].map { limit in heap.popFirst(where: { $0 <= limit }) }
        #expect(popped == [nil, 1, 2, nil])
        #expect(heap.count == 1)
        heap.removeAll()
        #expect(heap.isEmpty)
    }

    private static func drained<Element>(_ heap: inout Heap<Element>) -> [Element] {
        var elements: [Element] = []
        while let element = heap.popFirst() { elements.append(element) }
        return elements
    }
}
