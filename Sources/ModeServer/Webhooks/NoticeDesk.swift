import ModeCore
import Primitives

/// Something that a hook is told: the whole body but for what every body has.
struct WebhookNotice: Sendable {
    enum Hook: Int, Sendable, CaseIterable {
        case session
        case event
    }

    var index: Int
    var hook: Hook
    var type: String
    var at: Timestamp
    var nodeName: String
    var version: String
    var facts: [JSONValue.Member]

    /// The body: `type, timestamp, id, version, label, node_name` and the facts.
    var body: JSONValue {
        .object([.init(key: "type", value: .string(type))] + Self.envelope(at, version, nodeName) + facts)
    }

    static func envelope(_ at: Timestamp, _ version: String, _ nodeName: String) -> [JSONValue.Member] {
        [
            .init(key: "timestamp", value: .string(at.rfc3339)), .init(key: "id", value: .string(WireIDs.unique())),
            .init(key: "version", value: .string(version)), .init(key: "label", value: "nagi"),
            .init(key: "node_name", value: .string(nodeName)),
        ]
    }
}

/// Turns what the nodes report into notices for the hooks that want them.
struct NoticeDesk: Sendable {
    private let names: [String]
    private let settings: [WebhookSettings]
    private let ids: WireIDs
    private var notices: [WebhookNotice] = []
    /// Live connections of each channel, as they were at the event that is being told.
    private var connections: [[ChannelID: Int]]
    /// The nodes that tell of their connections from time to time.
    private let intervals: [(index: Int, interval: Duration)]
    /// When each node tells of its connections again; nil before the first time was set.
    private var nextUpdate: [Timestamp?]

    init(_ nodes: [ServedNodeSettings], _ ids: WireIDs) {
        names = nodes.map(\.node.name)
        settings = nodes.map(\.webhooks)
        connections = nodes.map { _ in [:] }
        intervals = nodes.enumerated().compactMap { index, node in
            node.webhooks.event == nil ? nil : node.webhooks.updateInterval.map { (index, $0) }
        }
        nextUpdate = nodes.map { _ in nil }
        self.ids = ids
    }

    /// Whether anybody wants to hear of the node.
    func wants(_ index: Int) -> Bool { settings[index].session != nil || settings[index].event != nil }

    mutating func take() -> [WebhookNotice] {
        guard !notices.isEmpty else { return [] }
        defer { notices = [] }
        return notices
    }

    mutating func note(
        _ event: NodeEvent, of index: Int, version: String, _ clients: SocketClients,
        because disconnection: Disconnection
    ) {
        func tell(_ hook: WebhookNotice.Hook, _ type: String, _ facts: [JSONValue.Member]) {
            add(
                .init(
                    index: index, hook: hook, type: type, at: event.at, nodeName: names[index], version: version,
                    facts: facts))
        }
        switch event.kind {
        case .sessionCreated(let session): tell(.session, "session.created", facts(of: session))
        case .sessionDestroyed(let session):
            tell(
                .session, "session.destroyed",
                facts(of: session) + event.at.members("destroyed") + [
                    .init(key: "max_connections", value: .integer(Int64(session.maxConnections))),
                    .init(key: "total_connections", value: .integer(Int64(session.totalConnections))),
                ])
        case .sessionVanished:
            if settings[index].tellsVanished { tell(.session, "session.vanished", []) }
        case .connectionCreated(let connection, let session, let channel):
            connections[index][channel, default: 0] += 1
            tell(
                .event, "connection.created",
                facts(of: connection, session, channel, clients) + data(of: channel, on: index))
        case .connectionDestroyed(let connection, let session, let channel):
            let left = connections[index][channel, default: 1] - 1
            connections[index][channel] = left > 0 ? left : nil
            tell(
                .event, "connection.destroyed",
                facts(of: connection, session, channel, clients) + data(of: channel, on: index, disconnection))
        case .stopped: connections[index] = [:]
        case .modeChanged, .started, .joined, .isolated, .rejoined, .fileFault: return
        }
    }

    /// Tells of the live connections of the nodes whose interval is over.
    mutating func noteUpdates(in cluster: Cluster, _ clients: SocketClients, at now: Timestamp) {
        for (index, interval) in intervals {
            if let due = nextUpdate[index], now < due { continue }
            defer { nextUpdate[index] = now + interval }
            if nextUpdate[index] == nil { continue }
            for connection in cluster[index].connections where connection.createdAt + interval <= now {
                add(
                    WebhookNotice(
                        index: index, hook: .event, type: "connection.updated", at: now, nodeName: names[index],
                        version: cluster[index].version,
                        facts: facts(of: connection.id, connection.session, connection.channel, clients)
                            + data(of: connection.channel, on: index)))
            }
        }
    }

    /// Events were lost: the channels are counted anew.
    mutating func recount(_ live: [Connection], of index: Int) {
        connections[index] = wants(index) ? Dictionary(grouping: live, by: \.channel).mapValues(\.count) : [:]
    }

    /// A client that said what it wanted was turned away.
    mutating func noteFailed(
        _ client: SocketClient, _ rejection: SignalingRejection, of index: Int, version: String, at time: Timestamp
    ) {
        let (request, id) = (client.request, ids.text(client.reserved))
        add(
            .init(
                index: index, hook: .event, type: "connection.failed", at: time, nodeName: names[index],
                version: version,
                facts: [
                    .init(key: "role", value: .string(request.role)),
                    .init(key: "channel_id", value: .string(request.channel.name)),
                    .init(key: "client_id", value: .string(request.clientID ?? id)),
                    .init(key: "connection_id", value: .string(id)),
                    .init(
                        key: "data",
                        value: [
                            "channel_connections": .integer(Int64(connections[index][request.channel] ?? 0)),
                            "reason": .string(rejection.reason),
                        ]),
                ]))
    }

    private mutating func add(_ notice: WebhookNotice) {
        let url = notice.hook == .session ? settings[notice.index].session : settings[notice.index].event
        if url != nil { notices.append(notice) }
    }

    private func facts(of session: Session) -> [JSONValue.Member] {
        [
            .init(key: "channel_id", value: .string(session.channel.name)),
            .init(key: "session_id", value: .string(ids.text(session.id))),
        ] + session.createdAt.created
    }

    private func facts(
        of connection: ConnectionID, _ session: SessionID, _ channel: ChannelID, _ clients: SocketClients
    ) -> [JSONValue.Member] {
        [
            .init(key: "role", value: .string(clients[connection]?.request.role ?? SocketClients.defaultRole)),
            .init(key: "channel_id", value: .string(channel.name)),
            .init(key: "session_id", value: .string(ids.text(session))),
            .init(key: "client_id", value: .string(clients.clientID(of: connection, ids))),
            .init(key: "connection_id", value: .string(clients.text(connection, ids))),
        ]
    }

    private func data(
        of channel: ChannelID, on index: Int, _ disconnection: Disconnection = Disconnection(.ended)
    ) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init(key: "channel_connections", value: .integer(Int64(connections[index][channel] ?? 0)))
        ]
        if disconnection.reason != .ended {
            members.append(.init(key: "reason", value: .string(disconnection.reason.rawValue)))
        }
        if let given = disconnection.given { members.append(.init(key: "disconnect_api_reason", value: given)) }
        return [.init(key: "data", value: .object(members))]
    }
}
