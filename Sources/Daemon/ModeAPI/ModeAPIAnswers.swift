import Foundation
import NIOCore
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

/// What came back from one call.
struct HTTPAnswer: Sendable {
    var status: Int
    var body: ByteBuffer

    /// Nil where the body is not what the call answers with.
    func decoded<Answer: Decodable>(_: Answer.Type) -> Answer? {
        try? JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    }

    /// The answer as a line of a log: status and the start of the body, without control characters.
    var summary: String {
        let start = String(decoding: body.readableBytesView.prefix(200), as: UTF8.self)
        let text = String(
            String.UnicodeScalarView(start.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
        return text.isEmpty ? "status \(status)" : "status \(status): \(text)"
    }
}
