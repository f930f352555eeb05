/// A priority queue: a binary heap whose least element comes out first.
///
/// `Comparable` has to be a total order over everything that makes two elements different. Then the order in which they
/// come out follows from what is in the heap and never from the history of insertions: whoever queues by an instant
/// compares an id next.
public struct Heap<Element: Comparable> {
    @usableFromInline var elements: [Element] = []

    @inlinable public init() {}

    @inlinable public init(_ elements: some Sequence<Element>) {
        for element in elements { insert(element) }
    }

    @inlinable public var count: Int { elements.count }
    @inlinable public var isEmpty: Bool { elements.isEmpty }

    /// The least element.
    @inlinable public var first: Element? { elements.first }

    @inlinable public mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    @inlinable public mutating func popFirst() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let first = elements.first else { return last }
        elements[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < elements.count {
                if elements[child] < elements[least] { least = child }
            }
            guard least != parent else { return first }
            elements.swapAt(parent, least)
            parent = least
        }
    }

    /// The least element, if it fulfils the condition: what is due by now.
    @inlinable public mutating func popFirst(where isWanted: (Element) -> Bool) -> Element? {
        guard let first, isWanted(first) else { return nil }
        return popFirst()
    }

    /// The storage is kept: a queue that was full once is likely to be full again.
    @inlinable public mutating func removeAll() { elements.removeAll(keepingCapacity: true) }
}

extension Heap: Sendable where Element: Sendable {}
