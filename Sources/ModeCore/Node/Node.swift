/// One media server: its mode, the sessions and connections that it carries, and what it counts.
///
/// A node starts out as a process that has just booted. Time only comes in as an argument; a time before one that was
/// seen is taken as the latest one seen.
public struct Node: Sendable {
    public let settings: NodeSettings
    /// Position in its cluster; part of the ids that the node hands out.
    public let index: Int
    public private(set) var version: String
    public private(set) var mode: NodeMode
    /// Whether the process runs.
    public private(set) var isRunning = true
    /// Incarnation: one more with each start and each join.
    public private(set) var epoch: UInt64 = 1
    public private(set) var counters = NodeCounters()
    /// Live connections that ended because the process ended or somebody terminated them, since the node exists.
    /// Restarts do not reset it: it is the harm that was done.
    public private(set) var connectionsCut = 0
    /// Events that came in while the buffer was full.
    public private(set) var droppedEvents = 0

    private var sessionsByChannel: [ChannelID: Session] = [:]
    private var connectionsByID: [ConnectionID: (channel: ChannelID, since: Timestamp)] = [:]
    private var expiries = ExpiryQueue()
    private var events: [NodeEvent] = []
    private var lastID: UInt64
    private var now: Timestamp = .distantPast

    public init(_ settings: NodeSettings, index: Int = 0) {
        self.settings = settings
        self.index = index
        self.version = settings.version
        self.mode = settings.isClustered ? .initial : .normal
        self.lastID = UInt64(index) << indexShift
    }

    public var name: String { settings.name }
    public var isClustered: Bool { settings.isClustered }
    public var isTemporary: Bool { settings.isTemporary }
    /// Sessions that are not destroyed yet, those in their grace period included.
    public var sessionCount: Int { sessionsByChannel.count }
    public var connectionCount: Int { connectionsByID.count }
    /// The earliest time at which `advance(to:)` may destroy a session; nil when none is in its grace period.
    public var nextExpiry: Timestamp? { expiries.first?.at }

    /// Sessions by id.
    public var sessions: [Session] { sessionsByChannel.values.sorted { $0.id < $1.id } }

    public func session(of channel: ChannelID) -> Session? { sessionsByChannel[channel] }

    /// Whether a connection of the channel is live here, which is what `block_new_session` asks.
    public func hasLiveSession(of channel: ChannelID) -> Bool {
        (sessionsByChannel[channel]?.connections ?? 0) > 0
    }

    /// The live connections, oldest first. Walks all of them: for listings, not for hot paths.
    public var connections: [Connection] {
        connectionsByID.compactMap { id, place in
            sessionsByChannel[place.channel].map {
                Connection(id: id, session: $0.id, channel: place.channel, createdAt: place.since)
            }
        }.sorted { $0.id < $1.id }
    }

    /// The live connections of a channel, oldest first; likewise.
    public func connections(of channel: ChannelID) -> [Connection] { connections.filter { $0.channel == channel } }

    /// Hands over the events since the last call.
    public mutating func takeEvents() -> [NodeEvent] {
        guard !events.isEmpty else { return [] }
        defer { events = [] }
        return events
    }

    /// Admits or rejects one client.
    public mutating func connect(_ channel: ChannelID, at time: Timestamp) -> Admission {
        advance(to: time)
        if let rejection = rejection(of: channel) { return .rejected(rejection) }
        lastID += 1
        let connection = ConnectionID(lastID)
        let session = open(channel, for: connection)
        connectionsByID[connection] = (channel, now)
        counters.connectionsCreated += 1
        record(.connectionCreated(connection, session, channel))
        return .admitted(connection, session)
    }

    /// Why a client of the channel would be turned away now; nil if it would be admitted.
    public func rejection(of channel: ChannelID) -> Rejection? {
        guard isRunning else { return .notRunning }
        switch mode {
        case .normal: break
        case .initial: return .initial
        case .blockNewConnection: return .blockNewConnection
        case .blockNewSession: if !hasLiveSession(of: channel) { return .blockNewSession }
        }
        return connectionsByID.count < settings.maxConnections ? nil : .full
    }

    /// A client leaves. False if the connection is not live: it was cut before.
    @discardableResult
    public mutating func disconnect(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        advance(to: time)
        guard let (channel, since) = connectionsByID.removeValue(forKey: connection) else { return false }
        end(connection, of: channel, since: since)
        if sessionsByChannel[channel]?.connections == 0 { letGo(of: channel) }
        return true
    }

    /// Cuts one connection, whether its client likes it or not. False if it is not live.
    @discardableResult
    public mutating func cut(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        guard disconnect(connection, at: time) else { return false }
        connectionsCut += 1
        return true
    }

    /// Cuts all connections of a channel; its session ends after the grace period. Answers how many were cut.
    @discardableResult
    public mutating func disconnectChannel(_ channel: ChannelID, at time: Timestamp) -> Int {
        advance(to: time)
        let cut = cutConnections(of: channel)
        if cut > 0 { letGo(of: channel) }
        return cut
    }

    /// Cuts all connections of a channel and destroys its session. Nil if there is none.
    @discardableResult
    public mutating func terminateSession(of channel: ChannelID, at time: Timestamp) -> SessionID? {
        advance(to: time)
        guard let session = sessionsByChannel[channel] else { return nil }
        cutConnections(of: channel)
        destroySession(of: channel)
        return session.id
    }

    /// Destroys the sessions whose grace period is over by then.
    public mutating func advance(to time: Timestamp) {
        let target = max(now, time)
        while let next = expiries.first, next.at <= target {
            expiries.removeFirst()
            guard let session = sessionsByChannel[next.channel], session.id == next.session,
                session.emptySince == next.emptySince
            else { continue }
            now = max(now, next.at)
            destroySession(of: next.channel)
        }
        now = target
    }

    /// Answers a `ChangeMode`.
    @discardableResult
    public mutating func changeMode(_ requested: RequestableMode, at time: Timestamp) -> ModeTransition {
        advance(to: time)
        return isRunning ? apply(.request(requested)) : .refused(.notRunning)
    }

    /// Becomes a member of the cluster. No effect on a standalone or stopped node.
    public mutating func join(at time: Timestamp) {
        advance(to: time)
        guard isRunning, isClustered else { return }
        epoch += 1
        record(.joined(epoch: epoch))
        apply(.join)
    }

    /// Loses the majority of the cluster.
    public mutating func isolate(at time: Timestamp) {
        advance(to: time)
        guard isRunning, isClustered else { return }
        record(.isolated)
        apply(.isolate)
    }

    /// Finds the majority again.
    public mutating func rejoin(at time: Timestamp) {
        advance(to: time)
        guard isRunning, isClustered else { return }
        record(.rejoined)
        apply(.rejoin)
    }

    /// A file operation failed; a clustered node blocks itself, a standalone one goes on.
    public mutating func fileFault(at time: Timestamp) {
        advance(to: time)
        guard isRunning, isClustered else { return }
        record(.fileFault)
        apply(.fileFault)
    }

    /// Ends the process: connections are cut and sessions gone without a webhook. Answers how many were cut.
    @discardableResult
    public mutating func stop(at time: Timestamp) -> Int {
        advance(to: time)
        guard isRunning else { return 0 }
        let cut = connectionsByID.count
        connectionsCut += cut
        connectionsByID.removeAll(keepingCapacity: true)
        sessionsByChannel.removeAll(keepingCapacity: true)
        expiries.removeAll()
        isRunning = false
        record(.stopped(connectionsCut: cut))
        return cut
    }

    /// Starts a stopped process, with another version if one is given. Counters begin at zero.
    public mutating func start(version newVersion: String? = nil, at time: Timestamp) {
        advance(to: time)
        guard !isRunning else { return }
        version = newVersion ?? version
        isRunning = true
        epoch += 1
        counters = NodeCounters()
        record(.started(version: version))
        apply(.restart(clustered: isClustered))
    }

    /// Stops and starts in one instant. Answers how many connections were cut.
    @discardableResult
    public mutating func restart(version newVersion: String? = nil, at time: Timestamp) -> Int {
        let cut = stop(at: time)
        start(version: newVersion, at: time)
        return cut
    }
}

extension Node {
    private mutating func record(_ kind: NodeEvent.Kind) {
        switch settings.interest {
        case .none: return
        case .all: break
        case .facts:
            switch kind {
            case .sessionCreated, .sessionDestroyed, .connectionCreated, .connectionDestroyed: return
            default: break
            }
        }
        guard events.count < settings.eventLimit else {
            droppedEvents += 1
            return
        }
        events.append(NodeEvent(at: now, kind: kind))
    }

    @discardableResult
    private mutating func apply(_ cause: ModeCause) -> ModeTransition {
        let outcome = transition(from: mode, on: cause, profile: settings.profile)
        if case .to(let next) = outcome {
            let previous = mode
            mode = next
            record(.modeChanged(from: previous, to: next, on: cause))
        }
        return outcome
    }

    private mutating func open(_ channel: ChannelID, for connection: ConnectionID) -> SessionID {
        if let known = sessionsByChannel[channel]?.add() { return known }
        let id = SessionID(connection.rawValue)
        var session = Session(id: id, channel: channel, createdAt: now)
        _ = session.add()
        sessionsByChannel[channel] = session
        counters.sessionsCreated += 1
        record(.sessionCreated(session))
        return id
    }

    private mutating func end(_ connection: ConnectionID, of channel: ChannelID, since: Timestamp) {
        counters.connectionsDestroyed += 1
        counters.connectedTime += now - since
        guard let session = sessionsByChannel[channel]?.remove() else { return }
        record(.connectionDestroyed(connection, session, channel))
    }

    @discardableResult
    private mutating func cutConnections(of channel: ChannelID) -> Int {
        let doomed = connectionsByID.filter { $0.value.channel == channel }.keys.sorted()
        for connection in doomed {
            guard let (_, since) = connectionsByID.removeValue(forKey: connection) else { continue }
            end(connection, of: channel, since: since)
        }
        connectionsCut += doomed.count
        return doomed.count
    }

    /// The last connection of a session left.
    private mutating func letGo(of channel: ChannelID) {
        guard settings.gracePeriod > .zero else { return destroySession(of: channel) }
        guard let session = sessionsByChannel[channel]?.id else { return }
        sessionsByChannel[channel]?.emptySince = now
        expiries.append(
            .init(at: now + settings.gracePeriod, emptySince: now, channel: channel, session: session))
    }

    private mutating func destroySession(of channel: ChannelID) {
        guard let session = sessionsByChannel.removeValue(forKey: channel) else { return }
        counters.sessionsDestroyed += 1
        record(.sessionDestroyed(session))
        if sessionsByChannel.isEmpty, mode == .blockNewSession || mode == .blockNewConnection {
            record(.sessionVanished)
        }
    }
}

extension Session {
    fileprivate mutating func add() -> SessionID {
        connections += 1
        totalConnections += 1
        maxConnections = max(maxConnections, connections)
        emptySince = nil
        return id
    }

    fileprivate mutating func remove() -> SessionID {
        connections -= 1
        return id
    }
}
