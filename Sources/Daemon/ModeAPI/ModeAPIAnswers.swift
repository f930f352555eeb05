import Scheduling

/// The bodies of the mode API, as far as nagi reads them. What they say is bounded before it goes anywhere: it ends up in
/// the journal.
struct ModeAnswer: Decodable {
    var mode: String
}

struct StatsAnswer: Decodable {
    var version: String?
    var totalOngoingConnections: Int
    var totalSessionCreated: Int
    var totalSessionDestroyed: Int
    var totalConnectionCreated: Int
    var clusterRelay: RelayAnswer?

    enum CodingKeys: String, CodingKey {
        case version
        case totalOngoingConnections = "total_ongoing_connections"
        case totalSessionCreated = "total_session_created"
        case totalSessionDestroyed = "total_session_destroyed"
        case totalConnectionCreated = "total_connection_created"
        case clusterRelay = "cluster_relay"
    }

    var load: NodeLoad {
        NodeLoad(
            ongoingConnections: totalOngoingConnections, sessionsCreated: totalSessionCreated,
            sessionsDestroyed: totalSessionDestroyed, connectionsCreated: totalConnectionCreated,
            relays: clusterRelay?.hasEntries ?? false)
    }
}

/// `cluster_relay` of GetStatsReport: an entry for each node that sessions are shared with. What stands in an entry is
/// nobody's business here, and a shape that nobody knows spoils no report.
struct RelayAnswer: Decodable {
    var hasEntries: Bool

    init(from decoder: any Decoder) {
        hasEntries = ((try? decoder.unkeyedContainer())?.count ?? 0) > 0
    }
}

/// One row of ListClusterNodes; a node that is not connected has only the first two.
struct MemberAnswer: Decodable {
    var nodeName: String
    var connected: Bool
    var mode: String?
    var epoch: Int?
    var soraVersion: String?
    var temporaryNode: Bool?
    var clusterAPIURL: String?

    enum CodingKeys: String, CodingKey {
        case nodeName = "node_name"
        case connected, mode, epoch
        case soraVersion = "sora_version"
        case temporaryNode = "temporary_node"
        case clusterAPIURL = "cluster_api_url"
    }

    /// Nil where the name is none. Where the node is, is left out if nobody asks.
    private func member(_ addresses: MemberAddresses?) -> ClusterMember? {
        guard let name = NodeText(exactly: nodeName) else { return nil }
        return ClusterMember(
            name: name, isConnected: connected, mode: mode.map(ObservedMode.init(word:)), epoch: epoch,
            version: soraVersion.flatMap(NodeText.init(exactly:)), isTemporary: temporaryNode ?? false,
            api: addresses.flatMap { addresses in clusterAPIURL.map(addresses.judge) })
    }

    /// Nil where the list is no answer: too long, with a name that is none, or with one name twice, which would count as
    /// two votes.
    static func members(_ rows: [MemberAnswer], _ addresses: MemberAddresses?) -> [ClusterMember]? {
        guard rows.count <= ClusterMember.limit else { return nil }
        let members = rows.compactMap { $0.member(addresses) }
        guard members.count == rows.count, Set(members.map(\.name)).count == members.count else { return nil }
        return members
    }
}

/// One row of ListConnections.
struct ConnectionAnswer: Decodable {
    var channelID: String
    var connectionID: String?

    enum CodingKeys: String, CodingKey {
        case channelID = "channel_id"
        case connectionID = "connection_id"
    }
}

/// What ends a channel or one connection of it: DisconnectChannel and DisconnectConnection, and TerminateSession, which
/// takes no reason.
struct ChannelEnd: Encodable {
    struct Reason: Encodable {
        var reason: String
    }

    var channelID: String
    var connectionID: String?
    var reason: Reason?

    enum CodingKeys: String, CodingKey {
        case channelID = "channel_id"
        case connectionID = "connection_id"
        case reason
    }
}
