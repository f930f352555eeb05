import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Calls of a node somewhere else.
struct HTTPTransport: ModeAPITransport {
    let exchange: HTTPExchange
    let api: String
    let ready: String?
    let headers: [(name: String, value: String)]

    func call(
        _ target: String, body: ByteBuffer?, deadline: NIODeadline, limit: Int
    ) async throws(CallFailure) -> CallAnswer {
        var request = HTTPClientRequest(url: api)
        request.method = .POST
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.headers.replaceOrAdd(name: "x-sora-target", value: target)
        if let body {
            request.headers.replaceOrAdd(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        return try await exchange.perform(request, deadline: deadline, bodyLimit: limit)
    }

    /// On a connection of its own, so that a probe behind another port or proxy is asked afresh each time.
    func isReady(deadline: NIODeadline, limit: Int) async -> Bool? {
        guard let url = ready else { return nil }
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "connection", value: "close")
        guard let answer = try? await exchange.perform(request, deadline: deadline, bodyLimit: limit) else {
            return nil
        }
        return answer.status == 200
    }
}
