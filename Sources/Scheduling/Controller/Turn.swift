import Primitives

/// The handling of one event: its moment, and what has been decided so far.
struct Turn {
    let now: Moment
    private(set) var records: [Record] = []
    private var actions: [Effect] = []
    var cost = Cost()

    init(now: Moment) {
        self.now = now
    }

    mutating func record(_ record: Record) { records.append(record) }
    mutating func act(_ effect: Effect) { actions.append(effect) }

    /// All records first: nothing is done before its record is durable.
    var effects: [Effect] { records.isEmpty ? actions : [.append(records)] + actions }
}

/// Places that have to be looked at again, each once, in the order in which they were put in.
struct WorkQueue: Sendable {
    private var isQueued: [Bool] = []
    private var places: [Int] = []
    private var next = 0

    var isEmpty: Bool { next == places.count }

    mutating func insert(_ place: Int) {
        if place >= isQueued.count {
            isQueued.append(contentsOf: repeatElement(false, count: place + 1 - isQueued.count))
        }
        guard !isQueued[place] else { return }
        isQueued[place] = true
        places.append(place)
    }

    mutating func popFirst() -> Int? {
        guard next < places.count else {
            places.removeAll(keepingCapacity: true)
            next = 0
            return nil
        }
        defer { next += 1 }
        isQueued[places[next]] = false
        return places[next]
    }

    mutating func removeAll() { while popFirst() != nil {} }
}
