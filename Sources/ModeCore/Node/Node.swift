import Primitives

/// One media server: its mode, the sessions and connections that it carries, and what it counts.
///
/// A node starts out as a process that has just booted. Time only comes in as an argument; a time before one that was
/// seen is taken as the latest one seen.
public struct Node: Sendable {
    public let settings: NodeSettings
    /// Position in its cluster; part of the ids that the node hands out.
    public let index: Int

    var scope: NodeScope
    var table = SessionTable()
    private(set) var now: Timestamp = .distantPast

    public init(_ settings: NodeSettings, index: Int = 0) {
        self.settings = settings
        self.index = index
        self.scope = NodeScope(settings, index: index)
    }

    public var name: String { settings.name }
    public var isClustered: Bool { settings.isClustered }
    public var isTemporary: Bool { settings.isTemporary }
    public var version: String { scope.process.version }
    public var mode: NodeMode { scope.process.mode }
    /// Whether the process runs.
    public var isRunning: Bool { scope.process.isRunning }
    /// Incarnation: one more with each start and each join.
    public var epoch: UInt64 { scope.process.epoch }
    public var counters: NodeCounters { table.counters }
    /// Live connections that ended because the process ended or somebody terminated them, since the node exists.
    /// Restarts do not reset it: it is the harm that was done.
    public var connectionsCut: Int { table.connectionsCut }
    /// Events that came in while the buffer was full.
    public var droppedEvents: Int { scope.log.dropped }
    /// Sessions that are not destroyed yet, those in their grace period included.
    public var sessionCount: Int { table.sessions.count }
    public var connectionCount: Int { scope.connectionCount }
    /// The earliest time at which `advance(to:)` may destroy a session; nil when none is in its grace period.
    public var nextExpiry: Timestamp? { scope.expiries.first?.at }

    /// Sessions by id.
    public var sessions: [Session] { table.sessions.values.sorted { $0.id < $1.id } }

    public func session(of channel: ChannelID) -> Session? { table.sessions[channel] }

    /// Whether a connection of the channel is live here, which is what `block_new_session` asks.
    public func hasLiveSession(of channel: ChannelID) -> Bool { table.hasLiveSession(of: channel) }

    /// The live connections, oldest first. Walks all of them: for listings, not for hot paths.
    public var connections: [Connection] { table.connections().sorted { $0.id < $1.id } }

    /// The live connections of a channel, oldest first; likewise.
    public func connections(of channel: ChannelID) -> [Connection] {
        guard hasLiveSession(of: channel) else { return [] }
        return table.connections { $0 == channel }.sorted { $0.id < $1.id }
    }

    /// Hands over the events since the last call.
    public mutating func takeEvents() -> [NodeEvent] { scope.log.take() }

    /// Admits or rejects one client.
    public mutating func connect(_ channel: ChannelID, at time: Timestamp) -> Admission {
        advance(to: time)
        return table.connect(channel, at: now, in: &scope)
    }

    /// Why a client of the channel would be turned away now; nil if it would be admitted.
    public func rejection(of channel: ChannelID) -> Rejection? { table.rejection(of: channel, in: scope) }

    /// A client leaves. False if the connection is not live: it was cut before.
    @discardableResult
    public mutating func disconnect(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        advance(to: time)
        return table.disconnect(connection, at: now, in: &scope)
    }

    /// Cuts one connection, whether its client likes it or not. False if it is not live.
    @discardableResult
    public mutating func cut(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        advance(to: time)
        return table.cut(connection, at: now, in: &scope)
    }

    /// Cuts all connections of a channel; its session ends after the grace period. Answers how many were cut.
    @discardableResult
    public mutating func disconnectChannel(_ channel: ChannelID, at time: Timestamp) -> Int {
        advance(to: time)
        return table.disconnectChannel(channel, at: now, in: &scope)
    }

    /// Cuts all connections of a channel and destroys its session. Nil if there is none.
    @discardableResult
    public mutating func terminateSession(of channel: ChannelID, at time: Timestamp) -> SessionID? {
        advance(to: time)
        return table.terminateSession(of: channel, at: now, in: &scope)
    }

    /// Destroys the sessions whose grace period is over by then.
    public mutating func advance(to time: Timestamp) {
        let target = max(now, time)
        while let next = scope.expiries.first, next.at <= target {
            scope.expiries.removeFirst()
            now = max(now, next.at)
            table.expire(next, at: now, in: &scope)
        }
        now = target
    }

    /// Answers a `ChangeMode`.
    @discardableResult
    public mutating func changeMode(_ requested: RequestableMode, at time: Timestamp) -> ModeTransition {
        advance(to: time)
        return scope.process.changeMode(requested, at: now, into: &scope.log)
    }

    /// Becomes a member of the cluster. No effect on a standalone or stopped node.
    public mutating func join(at time: Timestamp) {
        advance(to: time)
        scope.process.join(at: now, into: &scope.log)
    }

    /// Loses the majority of the cluster.
    public mutating func isolate(at time: Timestamp) {
        advance(to: time)
        scope.process.isolate(at: now, into: &scope.log)
    }

    /// Finds the majority again.
    public mutating func rejoin(at time: Timestamp) {
        advance(to: time)
        scope.process.rejoin(at: now, into: &scope.log)
    }

    /// A file operation failed; a clustered node blocks itself, a standalone one goes on.
    public mutating func fileFault(at time: Timestamp) {
        advance(to: time)
        scope.process.fileFault(at: now, into: &scope.log)
    }

    /// Ends the process: connections are cut and sessions gone without a webhook. Answers how many were cut.
    @discardableResult
    public mutating func stop(at time: Timestamp) -> Int {
        advance(to: time)
        guard isRunning else { return 0 }
        let cut = connectionCount
        table.removeAll()
        scope.removeAll()
        scope.process.stop(connectionsCut: cut, at: now, into: &scope.log)
        return cut
    }

    /// Starts a stopped process, with another version if one is given. Counters begin at zero.
    public mutating func start(version: String? = nil, at time: Timestamp) {
        advance(to: time)
        guard !isRunning else { return }
        table.resetCounters()
        scope.process.start(version: version, at: now, into: &scope.log)
    }

    /// Stops and starts in one instant. Answers how many connections were cut.
    @discardableResult
    public mutating func restart(version: String? = nil, at time: Timestamp) -> Int {
        let cut = stop(at: time)
        start(version: version, at: time)
        return cut
    }
}
