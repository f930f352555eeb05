import Primitives

/// What happens to the gate as a whole, and what can be read of all its shards.
extension AdmissionGate {
    /// Answers a `ChangeMode`.
    @discardableResult
    public func changeMode(_ requested: RequestableMode, at time: Timestamp) -> ModeTransition {
        change(at: time) { $0.changeMode(requested, at: $2, into: &$1) }
    }

    /// Becomes a member of the cluster. No effect on a standalone or stopped node.
    public func join(at time: Timestamp) { change(at: time) { $0.join(at: $2, into: &$1) } }

    /// Loses the majority of the cluster.
    public func isolate(at time: Timestamp) { change(at: time) { $0.isolate(at: $2, into: &$1) } }

    /// Finds the majority again.
    public func rejoin(at time: Timestamp) { change(at: time) { $0.rejoin(at: $2, into: &$1) } }

    /// A file operation failed; a clustered node blocks itself, a standalone one goes on.
    public func fileFault(at time: Timestamp) { change(at: time) { $0.fileFault(at: $2, into: &$1) } }

    /// Ends the process: connections are cut and sessions gone without a webhook. Answers how many were cut.
    @discardableResult
    public func stop(at time: Timestamp) -> Int {
        advance(to: time)
        return process.withLock { stop(&$0, at: time) }
    }

    /// Starts a stopped process, with another version if one is given. Counters begin at zero.
    public func start(version: String? = nil, at time: Timestamp) {
        advance(to: time)
        process.withLock { start(&$0, version: version, at: time) }
    }

    /// Stops and starts in one instant. Answers how many connections were cut.
    @discardableResult
    public func restart(version: String? = nil, at time: Timestamp) -> Int {
        advance(to: time)
        return process.withLock { process in
            let cut = stop(&process, at: time)
            start(&process, version: version, at: time)
            return cut
        }
    }

    public var version: String { process.withLock { $0.version } }
    /// Incarnation: one more with each start and each join.
    public var epoch: UInt64 { process.withLock { $0.epoch } }

    /// What was counted since the process started, all of one instant.
    public var counters: NodeCounters {
        var sum = NodeCounters()
        holdingShards {
            sum += $0.counters
        } then: {
        }
        return sum
    }

    /// Live connections that ended because the process ended or somebody terminated them, since the gate exists.
    public var connectionsCut: Int {
        var sum = 0
        holdingShards {
            sum += $0.connectionsCut
        } then: {
        }
        return sum
    }

    /// Sessions by id. Read shard by shard: what comes or goes meanwhile may be in it or not.
    public var sessions: [Session] {
        shards.flatMap { shard in shard.table.withLock { Array($0.sessions.values) } }.sorted { $0.id < $1.id }
    }

    public func session(of channel: ChannelID) -> Session? {
        inShard(of: channel) { table, _ in table.sessions[channel] }
    }

    /// Whether a connection of the channel is live here, which is what `block_new_session` asks.
    public func hasLiveSession(of channel: ChannelID) -> Bool {
        inShard(of: channel) { table, _ in table.hasLiveSession(of: channel) }
    }

    /// The live connections, oldest first. Read shard by shard; walks all of them: for listings, not for hot paths.
    public var connections: [Connection] {
        shards.flatMap { shard in shard.table.withLock { $0.connections() } }.sorted { $0.id < $1.id }
    }

    /// The live connections of a channel, oldest first.
    public func connections(of channel: ChannelID) -> [Connection] {
        inShard(of: channel) { table, _ in table.connections { $0 == channel } }.sorted { $0.id < $1.id }
    }
}

extension AdmissionGate {
    /// Changes the process while nobody is in any shard, so that every admission is before the change or after it.
    private func change<Answer: Sendable>(
        at time: Timestamp, _ body: (inout NodeProcess, inout EventLog, Timestamp) -> Answer
    ) -> Answer {
        advance(to: time)
        return process.withLock { process in
            holdingShards { _ in
            } then: {
                let answer = shared.log.withLock { body(&process, &$0, shared.reach(time)) }
                shared.state = GateState(process)
                return answer
            }
        }
    }

    private func stop(_ process: inout NodeProcess, at time: Timestamp) -> Int {
        guard process.isRunning else { return 0 }
        return holdingShards {
            $0.removeAll()
        } then: {
            let cut = shared.connectionCount
            shared.removeAll()
            shared.log.withLock { process.stop(connectionsCut: cut, at: shared.reach(time), into: &$0) }
            shared.state = GateState(process)
            return cut
        }
    }

    private func start(_ process: inout NodeProcess, version: String?, at time: Timestamp) {
        guard !process.isRunning else { return }
        holdingShards {
            $0.resetCounters()
        } then: {
            shared.log.withLock { process.start(version: version, at: shared.reach(time), into: &$0) }
            shared.state = GateState(process)
        }
    }

    /// Takes the lock of every shard in order, each table passed to `each`, and calls `body` while it holds them all.
    private func holdingShards<Answer: Sendable>(
        each: (inout SessionTable) -> Void, then body: () -> Answer
    ) -> Answer {
        func hold(from shard: Int) -> Answer {
            guard shard < shards.count else { return body() }
            return shards[shard].table.withLock { table in
                each(&table)
                return hold(from: shard + 1)
            }
        }
        return hold(from: 0)
    }
}
