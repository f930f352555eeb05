import Primitives
import Synchronization

/// Mode and life of a node in one word, so that one atomic read tells whether it admits.
struct GateState: Hashable, Sendable {
    var mode: NodeMode
    var isRunning: Bool

    init(_ process: NodeProcess) {
        mode = process.mode
        isRunning = process.isRunning
    }

    init(word: UInt8) {
        isRunning = word & 4 != 0
        mode =
            switch word & 3 {
            case 0: .initial
            case 1: .normal
            case 2: .blockNewSession
            default: .blockNewConnection
            }
    }

    var word: UInt8 {
        let low: UInt8 =
            switch mode {
            case .initial: 0
            case .normal: 1
            case .blockNewSession: 2
            case .blockNewConnection: 3
            }
        return low | (isRunning ? 4 : 0)
    }
}

/// What the shards of a gate share, each word of it atomic or behind a lock that nobody holds for long.
///
/// Locks are taken in this order: the process or `expiring`, the shards from the first to the last, one of those below.
final class GateShared: Sendable {
    let maxConnections: Int
    let gracePeriod: Duration
    let keepsTraffic: Bool
    let firstID: UInt64

    private let word: Atomic<UInt8>
    private let connections = Atomic<Int>(0)
    private let sessions = Atomic<Int>(0)
    private let sequence = Atomic<UInt64>(0)
    private let latest = Atomic<Int64>(Timestamp.distantPast.nanoseconds)
    /// When the first grace period ends; `.max` while none runs.
    private let expiry = Atomic<Int64>(.max)
    private let expiries = Lock(ExpiryQueue())
    /// Held by the one thread that destroys sessions whose grace period is over.
    let expiring = Lock(())
    let log: Lock<EventLog>

    init(_ settings: NodeSettings, index: Int, state: GateState) {
        maxConnections = settings.maxConnections
        gracePeriod = settings.gracePeriod
        firstID = UInt64(index) << indexShift
        let events = EventLog(settings)
        keepsTraffic = events.keepsTraffic
        log = Lock(events)
        word = Atomic(state.word)
    }

    var state: GateState {
        get { GateState(word: word.load(ordering: .acquiring)) }
        set { word.store(newValue.word, ordering: .releasing) }
    }

    var connectionCount: Int { connections.load(ordering: .acquiring) }
    var sessionCount: Int { sessions.load(ordering: .acquiring) }

    /// Counts one more connection unless the license is used up; two threads never get the last one both.
    func takeConnection(shard: Int, shardBits: Int) -> ConnectionID? {
        var current = connections.load(ordering: .relaxed)
        while current < maxConnections {
            let (isTaken, seen) = connections.weakCompareExchange(
                expected: current, desired: current + 1, ordering: .acquiringAndReleasing)
            if isTaken {
                let number = sequence.add(1, ordering: .relaxed).newValue
                return ConnectionID(firstID | number << UInt64(shardBits) | UInt64(shard))
            }
            current = seen
        }
        return nil
    }

    func returnConnections(_ count: Int) { connections.subtract(count, ordering: .acquiringAndReleasing) }

    func sessionOpened() { sessions.add(1, ordering: .acquiringAndReleasing) }

    func sessionClosed() -> Bool { sessions.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }

    /// The time, or the latest one seen if that is later.
    func reach(_ time: Timestamp) -> Timestamp {
        let seen = latest.load(ordering: .relaxed)
        guard time.nanoseconds > seen else { return Timestamp(nanoseconds: seen) }
        return Timestamp(nanoseconds: latest.max(time.nanoseconds, ordering: .relaxed).newValue)
    }

    /// The earliest end of a grace period.
    var nextExpiry: Timestamp? {
        let next = expiry.load(ordering: .acquiring)
        return next == .max ? nil : Timestamp(nanoseconds: next)
    }

    /// Keeps the queue in order of time: of two threads the later one may come first.
    func awaitExpiry(_ entry: ExpiryQueue.Entry) {
        expiries.withLock { queue in
            var entry = entry
            entry.at = max(entry.at, queue.last?.at ?? entry.at)
            queue.append(entry)
            publish(queue.first)
        }
    }

    func isAnyOver(by time: Timestamp) -> Bool { expiry.load(ordering: .acquiring) <= time.nanoseconds }

    /// The first grace period that is over by then. It stays the first until it is removed, so that whoever comes
    /// meanwhile waits until its session is gone.
    func firstOver(by time: Timestamp) -> ExpiryQueue.Entry? {
        expiries.withLock { queue in queue.first.flatMap { $0.at <= time ? $0 : nil } }
    }

    /// Nothing happens if the process ended meanwhile.
    func remove(_ entry: ExpiryQueue.Entry) {
        expiries.withLock { queue in
            guard let first = queue.first, first.session == entry.session, first.emptySince == entry.emptySince
            else { return }
            queue.removeFirst()
            publish(queue.first)
        }
    }

    /// The process ended. For whoever holds every shard.
    func removeAll() {
        connections.store(0, ordering: .releasing)
        sessions.store(0, ordering: .releasing)
        expiries.withLock { queue in
            queue.removeAll()
            publish(nil)
        }
    }

    private func publish(_ first: ExpiryQueue.Entry?) {
        expiry.store(first?.at.nanoseconds ?? .max, ordering: .releasing)
    }
}

/// The part of a gate that one of its shards sees.
struct GateScope: SessionScope {
    let shared: GateShared
    let shard: Int
    let shardBits: Int

    var mode: NodeMode { shared.state.mode }
    var isRunning: Bool { shared.state.isRunning }
    var isFull: Bool { shared.connectionCount >= shared.maxConnections }
    var gracePeriod: Duration { shared.gracePeriod }
    var keepsTraffic: Bool { shared.keepsTraffic }

    func takeConnection() -> ConnectionID? { shared.takeConnection(shard: shard, shardBits: shardBits) }
    func returnConnections(_ count: Int) { shared.returnConnections(count) }
    func sessionOpened() { shared.sessionOpened() }
    func sessionClosed() -> Bool { shared.sessionClosed() }
    func awaitExpiry(_ entry: ExpiryQueue.Entry) { shared.awaitExpiry(entry) }
    func record(_ kind: NodeEvent.Kind, at time: Timestamp) { shared.log.withLock { $0.record(kind, at: time) } }
}
