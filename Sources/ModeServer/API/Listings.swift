import ModeCore

/// The listings of connections and sessions.
enum Listings {
    /// The live connections of the node, or of all nodes in touch with it.
    static func connections(seenBy index: Int, isLocal: Bool, _ served: ServedCluster) -> JSONValue {
        rows(served.snapshot { isLocal ? [index] : $0.nodesInTouch(with: index) }, served) { $0.connections }
    }

    /// The live connections of one channel, on all nodes in touch with the one that is asked.
    static func connections(of channel: ChannelID, seenBy index: Int, _ served: ServedCluster) -> JSONValue {
        rows(served.snapshot { $0.nodesInTouch(with: index) }, served) { $0.connections(of: channel) }
    }

    /// The sessions of the node with their connections; those in their grace period have none.
    static func sessions(of index: Int, _ served: ServedCluster) -> JSONValue {
        let (nodes, clients) = served.snapshot { _ in [index] }
        return .array(
            nodes.flatMap { node -> [JSONValue] in
                let bySession = Dictionary(grouping: node.connections, by: \.session)
                return node.sessions.map { session in
                    .object(
                        [
                            .init(key: "node_name", value: .string(node.name)),
                            .init(key: "session_id", value: .string(served.ids.text(session.id))),
                            .init(key: "channel_id", value: .string(session.channel.name)),
                        ] + session.createdAt.created + [
                            .init(key: "max_connections", value: .integer(Int64(session.maxConnections))),
                            .init(key: "total_connections", value: .integer(Int64(session.totalConnections))),
                            .init(
                                key: "connections",
                                value: .array(
                                    (bySession[session.id] ?? []).map { row($0, on: node, clients, served.ids) })),
                        ])
                }
            })
    }

    private static func rows(
        _ snapshot: (nodes: [Node], clients: SocketClients), _ served: ServedCluster,
        _ connections: (Node) -> [Connection]
    ) -> JSONValue {
        .array(
            snapshot.nodes.flatMap { node in
                connections(node).map { row($0, on: node, snapshot.clients, served.ids) }
            })
    }

    private static func row(
        _ connection: Connection, on node: Node, _ clients: SocketClients, _ ids: WireIDs
    ) -> JSONValue {
        .object(
            [
                .init(key: "node_name", value: .string(node.name)),
                .init(key: "channel_id", value: .string(connection.channel.name)),
                .init(key: "session_id", value: .string(ids.text(connection.session))),
                .init(key: "client_id", value: .string(clients.clientID(of: connection.id, ids))),
                .init(key: "bundle_id", value: .string(clients.bundleID(of: connection.id, ids))),
                .init(key: "connection_id", value: .string(clients.text(connection.id, ids))),
                .init(key: "role", value: .string(clients[connection.id]?.request.role ?? SocketClients.defaultRole)),
            ] + connection.createdAt.created)
    }
}

extension Cluster {
    /// The node itself and those that it is connected with, in the order of indices.
    func nodesInTouch(with index: Int) -> [Int] {
        let others = members(seenBy: index).filter(\.isConnected).map(\.index)
        return others.contains(index) ? others : (others + [index]).sorted()
    }
}
