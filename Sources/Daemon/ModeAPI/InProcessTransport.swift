import ModeServer
import NIOCore

/// Calls of a node that lives in this process: answered at once, and without its listeners.
struct InProcessTransport: ModeAPITransport {
    /// Who calls, in the node's own log.
    static let peer = "nagi"

    let server: ModeServer
    let node: String

    func call(
        _ target: String, body: ByteBuffer?, deadline: NIODeadline, limit: Int
    ) async throws(CallFailure) -> CallAnswer {
        guard
            let answer = server.call(target, body: Array(body?.readableBytesView ?? .init()), on: node, peer: Self.peer)
        else { throw .notConnected("the embedded node does not run") }
        guard answer.body.utf8.count <= limit else { throw .tooLarge(limit: limit) }
        return CallAnswer(status: answer.status, body: ByteBuffer(string: answer.body))
    }

    func isReady(deadline: NIODeadline, limit: Int) async -> Bool? { server.isReady(node) }

    /// 0 where the node does not run.
    var liveConnections: Int {
        guard
            let answer = server.call(ModeAPIClient.Target.getStatsReport.rawValue, body: [], on: node, peer: Self.peer)
        else { return 0 }
        let stats = CallAnswer(status: answer.status, body: ByteBuffer(string: answer.body)).decoded(StatsAnswer.self)
        return stats?.totalOngoingConnections ?? 0
    }
}
