import Primitives

/// The part of a node that its one table of sessions shares with the rest of it.
struct NodeScope: SessionScope, Sendable {
    var process: NodeProcess
    var log: EventLog
    var expiries = ExpiryQueue()
    private(set) var connectionCount = 0
    private var sessionCount = 0
    private var lastID: UInt64
    private let maxConnections: Int
    let gracePeriod: Duration

    init(_ settings: NodeSettings, index: Int) {
        process = NodeProcess(settings)
        log = EventLog(settings)
        lastID = UInt64(index) << indexShift
        maxConnections = settings.maxConnections
        gracePeriod = settings.gracePeriod
    }

    var mode: NodeMode { process.mode }
    var isRunning: Bool { process.isRunning }
    var isFull: Bool { connectionCount >= maxConnections }
    var keepsTraffic: Bool { log.keepsTraffic }

    mutating func takeConnection() -> ConnectionID? {
        guard connectionCount < maxConnections else { return nil }
        connectionCount += 1
        lastID += 1
        return ConnectionID(lastID)
    }

    mutating func returnConnections(_ count: Int) { connectionCount -= count }

    mutating func sessionOpened() { sessionCount += 1 }

    mutating func sessionClosed() -> Bool {
        sessionCount -= 1
        return sessionCount == 0
    }

    mutating func awaitExpiry(_ entry: ExpiryQueue.Entry) { expiries.append(entry) }

    mutating func record(_ kind: NodeEvent.Kind, at time: Timestamp) { log.record(kind, at: time) }

    /// The process ended.
    mutating func removeAll() {
        connectionCount = 0
        sessionCount = 0
        expiries.removeAll()
    }
}
