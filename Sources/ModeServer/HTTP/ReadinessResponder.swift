import HTTPTypes
import Hummingbird
import HummingbirdCore

/// The signaling port of one node, as far as load balancers look at it: `GET /.ok`.
struct ReadinessResponder: HTTPResponder {
    typealias Context = ListenerContext

    let index: Int
    let served: ServedCluster

    func respond(to request: Request, context: ListenerContext) async throws -> Response {
        guard request.uri.path == "/.ok" else { return Response(status: .notFound) }
        guard request.method == .get || request.method == .head else { return Response(status: .methodNotAllowed) }
        return Response(status: served.isReady(index) ? .ok : .serviceUnavailable)
    }
}
