import Scheduling

/// The bodies of the mode API, as far as nagi reads them.
struct ModeAnswer: Decodable {
    var mode: String
}

struct ModeRequest: Encodable {
    var mode: String
}

struct StatsAnswer: Decodable {
    var version: String?
    var totalOngoingConnections: Int
    var totalSessionCreated: Int
    var totalSessionDestroyed: Int
    var totalConnectionCreated: Int

    enum CodingKeys: String, CodingKey {
        case version
        case totalOngoingConnections = "total_ongoing_connections"
        case totalSessionCreated = "total_session_created"
        case totalSessionDestroyed = "total_session_destroyed"
        case totalConnectionCreated = "total_connection_created"
    }

    var load: NodeLoad {
        NodeLoad(
            ongoingConnections: totalOngoingConnections, sessionsCreated: totalSessionCreated,
            sessionsDestroyed: totalSessionDestroyed, connectionsCreated: totalConnectionCreated)
    }
}

/// One row of ListClusterNodes; a node that is not connected has only the first two.
struct MemberAnswer: Decodable {
    var nodeName: String
    var connected: Bool
    var epoch: Int?
    var soraVersion: String?
    var temporaryNode: Bool?

    enum CodingKeys: String, CodingKey {
        case nodeName = "node_name"
        case connected, epoch
        case soraVersion = "sora_version"
        case temporaryNode = "temporary_node"
    }

    var member: ClusterMember {
        ClusterMember(
            name: nodeName, isConnected: connected, epoch: epoch, version: soraVersion,
            isTemporary: temporaryNode ?? false)
    }
}
