import Primitives

/// A node for real traffic: the rules of `Node`, for calls from any thread.
///
/// In `normal` a decision is two atomic reads. Everything else takes the lock of one shard of the sessions, chosen by
/// the channel. A change of the mode takes all of them: once it has returned, nobody is admitted against it. Time is an
/// argument as in `Node`: the latest time that any thread gave is the time for all.
public final class AdmissionGate: Sendable {
    public let settings: NodeSettings
    /// Position in its cluster; part of the ids that the gate hands out.
    public let index: Int

    let shared: GateShared
    let shards: [Shard]
    let shardBits: Int
    let process: Lock<NodeProcess>

    /// Sessions of the channels whose hash leads here.
    final class Shard: Sendable {
        let table = Lock(SessionTable())
    }

    /// - Parameter shards: how many threads can be busy in it at once; taken as the next power of two, at most 1024.
    public init(_ settings: NodeSettings, index: Int = 0, shards: Int = 256) {
        self.settings = settings
        self.index = index
        var bits = 0
        while 1 << bits < min(shards, 1024) { bits += 1 }
        shardBits = bits
        self.shards = (0..<1 << bits).map { _ in Shard() }
        let process = NodeProcess(settings)
        shared = GateShared(settings, index: index, state: GateState(process))
        self.process = Lock(process)
    }

    public var shardCount: Int { shards.count }
    public var name: String { settings.name }
    public var mode: NodeMode { shared.state.mode }
    /// Whether the process runs.
    public var isRunning: Bool { shared.state.isRunning }
    /// Sessions that are not destroyed yet, those in their grace period included.
    public var sessionCount: Int { shared.sessionCount }
    public var connectionCount: Int { shared.connectionCount }
    /// The earliest time at which `advance(to:)` may destroy a session; nil when none is in its grace period.
    public var nextExpiry: Timestamp? { shared.nextExpiry }

    /// Why a client of the channel would be turned away now; nil if it would be admitted. Another client may be faster:
    /// what counts is the answer of `connect`.
    public func rejection(of channel: ChannelID) -> Rejection? {
        let state = shared.state
        guard state.isRunning else { return .notRunning }
        switch state.mode {
        case .normal: return shared.connectionCount < shared.maxConnections ? nil : .full
        case .initial: return .initial
        case .blockNewConnection: return .blockNewConnection
        case .blockNewSession: return inShard(of: channel) { table, scope in table.rejection(of: channel, in: scope) }
        }
    }

    /// Admits or rejects one client.
    public func connect(_ channel: ChannelID, at time: Timestamp) -> Admission {
        advance(to: time)
        return inShard(of: channel) { table, scope in
            table.connect(channel, at: self.shared.reach(time), in: &scope)
        }
    }

    /// A client leaves. False if the connection is not live: it was cut before.
    @discardableResult
    public func disconnect(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        advance(to: time)
        return inShard(of: connection) { table, scope in
            table.disconnect(connection, at: self.shared.reach(time), in: &scope)
        }
    }

    /// Cuts one connection, whether its client likes it or not. False if it is not live.
    @discardableResult
    public func cut(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        advance(to: time)
        return inShard(of: connection) { table, scope in
            table.cut(connection, at: self.shared.reach(time), in: &scope)
        }
    }

    /// Cuts all connections of a channel; its session ends after the grace period. Answers how many were cut.
    @discardableResult
    public func disconnectChannel(_ channel: ChannelID, at time: Timestamp) -> Int {
        advance(to: time)
        return inShard(of: channel) { table, scope in
            table.disconnectChannel(channel, at: self.shared.reach(time), in: &scope)
        }
    }

    /// Cuts all connections of a channel and destroys its session. Nil if there is none.
    @discardableResult
    public func terminateSession(of channel: ChannelID, at time: Timestamp) -> SessionID? {
        advance(to: time)
        return inShard(of: channel) { table, scope in
            table.terminateSession(of: channel, at: self.shared.reach(time), in: &scope)
        }
    }

    /// Destroys the sessions whose grace period is over by then.
    public func advance(to time: Timestamp) {
        let target = shared.reach(time)
        guard shared.isAnyOver(by: target) else { return }
        shared.expiring.withLock { _ in
            while let next = shared.firstOver(by: target) {
                inShard(of: next.channel) { table, scope in table.expire(next, at: next.at, in: &scope) }
                shared.remove(next)
            }
        }
    }

    /// Hands over the events since the last call, in the order in which they happened.
    public func takeEvents() -> [NodeEvent] { shared.log.withLock { $0.take() } }

    /// Events that came in while the buffer was full.
    public var droppedEvents: Int { shared.log.withLock { $0.dropped } }
}

extension AdmissionGate {
    func inShard<Answer: Sendable>(
        of channel: ChannelID, _ body: (inout SessionTable, inout GateScope) -> Answer
    ) -> Answer {
        inShard(Int(truncatingIfNeeded: channel.spread) & (shards.count - 1), body)
    }

    func inShard<Answer: Sendable>(
        of connection: ConnectionID, _ body: (inout SessionTable, inout GateScope) -> Answer
    ) -> Answer {
        inShard(Int(truncatingIfNeeded: connection.rawValue) & (shards.count - 1), body)
    }

    private func inShard<Answer: Sendable>(
        _ shard: Int, _ body: (inout SessionTable, inout GateScope) -> Answer
    ) -> Answer {
        var scope = GateScope(shared: shared, shard: shard, shardBits: shardBits)
        return shards[shard].table.withLock { body(&$0, &scope) }
    }
}

extension ChannelID {
    /// The bytes of the name, mixed: the same in every run, unlike a `Hasher`'s.
    var spread: UInt64 {
        let hash = StableHash(name).value
        return hash ^ hash >> 32
    }
}
