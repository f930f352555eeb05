import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Calls of a node somewhere else.
struct HTTPTransport: ModeAPITransport {
    let exchange: HTTPExchange
    let api: String
    let ready: String?
    let headers: HTTPHeaders
    /// For both addresses.
    let tls: NodeTLS?

    func call(
        _ target: String, body: ByteBuffer?, deadline: NIODeadline, limit: Int
    ) async throws(CallFailure) -> CallAnswer {
        var headers = headers
        headers.replaceOrAdd(name: "x-sora-target", value: target)
        if body != nil { headers.replaceOrAdd(name: "content-type", value: "application/json") }
        return try await exchange.perform(
            .POST, api, headers: headers, body: body, tls: tls, deadline: deadline, bodyLimit: limit)
    }

    /// Asked once more where the connection, kept from an earlier probe, was closed just then.
    func isReady(deadline: NIODeadline, limit: Int) async -> Bool? {
        guard let url = ready else { return nil }
        do throws(CallFailure) {
            return try await exchange.perform(.GET, url, tls: tls, deadline: deadline, bodyLimit: limit).status == 200
        } catch {
            guard case .broken = error, !Task.isCancelled else { return nil }
            return (try? await exchange.perform(.GET, url, tls: tls, deadline: deadline, bodyLimit: limit)).map {
                $0.status == 200
            }
        }
    }
}
