import ModeCore

/// The longer answers of the mode API.
enum Reports {
    static func stats(of index: Int, _ served: ServedCluster) -> JSONValue {
        let (node, consensus, relayed) = served.update { state, _ in
            (
                NodeFigures(state.cluster[index]), state.cluster.consensus(seenBy: index),
                state.cluster.isRelaying
                    ? state.cluster.members(seenBy: index).filter { $0.isConnected && $0.index != index } : nil
            )
        }
        let counters = node.counters
        var members: [JSONValue.Member] = [
            .init(key: "version", value: .string(node.version)),
            .init(key: "total_ongoing_connections", value: .integer(Int64(counters.ongoingConnections))),
            .init(key: "total_session_created", value: .integer(Int64(counters.sessionsCreated))),
            .init(key: "total_session_destroyed", value: .integer(Int64(counters.sessionsDestroyed))),
            .init(key: "total_connection_created", value: .integer(Int64(counters.connectionsCreated))),
            .init(key: "total_connection_destroyed", value: .integer(Int64(counters.connectionsDestroyed))),
            .init(key: "total_duration_sec", value: .integer(counters.connectedTime.components.seconds)),
            .init(key: "average_duration_sec", value: .integer(counters.averageDurationSeconds)),
        ]
        if let consensus {
            members.append(
                .init(
                    key: "cluster",
                    value: [
                        "raft_state": .string(consensus.role.rawValue), "raft_term": .integer(Int64(consensus.term)),
                        "raft_commit_index": .integer(Int64(consensus.commitIndex)),
                    ]))
        }
        if let relayed {
            members.append(.init(key: "cluster_relay", value: .array(relayed.map { relay(to: $0.name) })))
        }
        return .object(members)
    }

    /// One entry for each other node. No media goes through embedded nodes, so there is nothing to count.
    private static func relay(to name: String) -> JSONValue {
        [
            "node_name": .string(name), "total_received_byte_size": 0, "total_sent_byte_size": 0, "total_received": 0,
            "total_sent": 0,
        ]
    }

    /// - Parameter listsAll: also members that are not connected.
    static func clusterNodes(
        seenBy index: Int, listsAll: Bool, _ served: ServedCluster, _ directory: NodeDirectory
    ) -> JSONValue {
        let (members, license) = served.update { state, _ in
            (
                state.cluster.members(seenBy: index),
                state.cluster.nodes.map { Int64($0.settings.maxConnections) }
            )
        }
        return .array(
            members.filter { listsAll || $0.isConnected }.map { member in
                guard let details = member.details else {
                    return ["node_name": .string(member.name), "connected": false]
                }
                let address = directory[member.index]
                return [
                    "node_name": .string(member.name),
                    "epoch": .integer(Int64(details.epoch)),
                    "mode": .string(details.mode.rawValue),
                    "cluster_signaling_url": .string(address?.signaling ?? ""),
                    "cluster_api_url": .string(address?.api ?? ""),
                    "member_since": .string(details.memberSince.rfc3339),
                    "sora_version": .string(details.version),
                    "license_max_nodes": .integer(Int64(license.count)),
                    "license_max_connections": .integer(license[member.index]),
                    "license_serial_code": .string(licenseSerialCode),
                    "license_type": .string(licenseType),
                    "connected": true,
                    "temporary_node": .bool(member.isTemporary),
                ]
            })
    }

    /// What the node is licensed for: an embedded node never expires.
    static func license(of index: Int, _ served: ServedCluster) -> JSONValue {
        let (maxConnections, maxNodes) = served.read { state in
            (state.cluster[index].settings.maxConnections, state.cluster.isClustered ? state.cluster.count : nil)
        }
        var members: [JSONValue.Member] = [
            .init(key: "expired_at", value: "9999-12"),
            .init(key: "max_connections", value: .integer(Int64(maxConnections))),
        ]
        if let maxNodes { members.append(.init(key: "max_nodes", value: .integer(Int64(maxNodes)))) }
        members += [
            .init(key: "product_name", value: "nagi"),
            .init(key: "serial_code", value: .string(licenseSerialCode)),
            .init(key: "type", value: .string(licenseType)),
        ]
        return .object(members)
    }

    private static let licenseSerialCode = "NAGI-EMBEDDED"
    private static let licenseType = "Embedded"

    private struct NodeFigures: Sendable {
        let version: String
        let counters: NodeCounters

        init(_ node: Node) {
            version = node.version
            counters = node.counters
        }
    }
}
