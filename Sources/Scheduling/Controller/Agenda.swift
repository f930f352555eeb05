import Primitives

/// What is due when: reads of nodes, what the journal is to be told of them, and nodes, runs and clusters that are to be
/// looked at again though nothing happens.
struct Agenda: Sendable {
    enum Subject: Hashable, Sendable, Comparable {
        case wholeRead(Int)
        case modeRead(Int)
        /// What the journal has of it is behind what it shows.
        case facts(Int)
        case node(Int)
        case run(Int)
        case cluster(Int)

        private var order: (Int, Int) {
            switch self {
            case .modeRead(let place): (0, place)
            case .wholeRead(let place): (1, place)
            case .facts(let place): (2, place)
            case .node(let place): (3, place)
            case .run(let place): (4, place)
            case .cluster(let place): (5, place)
            }
        }

        static func < (a: Subject, b: Subject) -> Bool { a.order < b.order }
    }

    private struct Entry: Hashable, Sendable, Comparable {
        var at: Uptime
        var subject: Subject

        static func < (a: Entry, b: Entry) -> Bool { a.at == b.at ? a.subject < b.subject : a.at < b.at }
    }

    private var heap = Heap<Entry>()
    /// By subject, so that what is looked at often does not fill the heap; reads know their own instants.
    private var wakes: [Subject: Uptime] = [:]

    var next: Uptime? { heap.first?.at }

    mutating func removeAll() {
        heap.removeAll()
        wakes = [:]
    }

    /// Only the latest instant of a read counts: the caller compares.
    mutating func insertRead(_ subject: Subject, at: Uptime) { heap.insert(Entry(at: at, subject: subject)) }

    /// Looks at it then, or earlier if that is wanted already.
    mutating func wake(_ subject: Subject, at: Uptime) {
        if let known = wakes[subject], known <= at { return }
        wakes[subject] = at
        heap.insert(Entry(at: at, subject: subject))
    }

    mutating func popDue(at now: Uptime) -> (at: Uptime, subject: Subject)? {
        guard let entry = heap.popFirst(where: { $0.at <= now }) else { return nil }
        if wakes[entry.subject] == entry.at { wakes[entry.subject] = nil }
        return (entry.at, entry.subject)
    }
}

/// How soon a node is read again when nothing says that it is worth a look, and how often the journal is told that time
/// has passed.
struct Cadence: Sendable {
    /// From a disruptive step's start until it is verified, or a change is open: a lost block must be back at once.
    var urgent: Duration
    /// Claimed, or its release is owed.
    var close: Duration
    var soaking: Duration
    /// Its release has been owed for long.
    var patient: Duration
    /// While something is out of service: what a crash leaves to be counted from.
    var heartbeat: Duration

    static let standard = Cadence(
        urgent: .milliseconds(250), close: .milliseconds(500), soaking: .seconds(1), patient: .seconds(5),
        heartbeat: .minutes(1))

    /// However often something says so.
    static let hinted = Duration.milliseconds(250)

    /// Spreads the reads of different nodes without drawing anything: the offset follows from place and time.
    static func jittered(_ interval: Duration, share: Double, place: Int, at now: Uptime) -> Duration {
        guard share > 0 else { return interval }
        let factor = 1 + share * (2 * RandomStream.unit(place: place, at: now) - 1)
        return .nanoseconds(Int64(Double(interval.nanoseconds) * factor))
    }
}
