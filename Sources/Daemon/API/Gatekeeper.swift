import HTTPTypes
import Hummingbird

/// What every request must pass: a host name of this machine, a small body, and the token. Only `/healthz` needs none, and webhooks, which have a
/// secret of their own.
struct Gatekeeper<Context: RequestContext>: RouterMiddleware {
    static var bodyLimit: Int { 256 << 10 }

    private let token: SharedSecret

    init(token: String) {
        self.token = SharedSecret(token)
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            try admit(request)
            return try await next(request, context)
        } catch let error as APIError {
            return error.response
        } catch let error as HTTPError {
            let code = error.status == .notFound ? "not-found" : "bad-request"
            return APIError(error.status, code, "\(request.method) \(request.uri.path.prefix(200)): \(error.status)")
                .response
        }
    }

    private func admit(_ request: Request) throws(APIError) {
        // Nodes, and proxies before them, know this machine by other names; what they say shows who they are.
        if request.uri.path.hasPrefix(HookRoutes.path) { return try check(request, limit: HookRoutes.bodyLimit) }
        // A page in a browser can be made to call this machine under a name of its own: the name gives it away.
        guard let host = request.head.authority, Self.isLocal(host) else {
            throw APIError(.forbidden, "host-not-allowed", "this host name is not the daemon's", hint: "use 127.0.0.1")
        }
        try check(request, limit: Self.bodyLimit)
        if request.uri.path == "/healthz" { return }
        guard let header = request.headers[.authorization] else {
            throw APIError(
                .unauthorized, "token-missing", "a token is required",
                hint: "send Authorization: Bearer and the token of the state directory")
        }
        guard header.hasPrefix("Bearer "), token.isEqual(to: header.dropFirst("Bearer ".count)) else {
            throw APIError(
                .unauthorized, "token-wrong", "this is not the daemon's token",
                hint: "the token is in the file token of the daemon's state directory")
        }
    }

    private func check(_ request: Request, limit: Int) throws(APIError) {
        guard let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit else { return }
        throw APIError(.contentTooLarge, "too-large", "the body is longer than \(limit) bytes")
    }

    private static func isLocal(_ authority: String) -> Bool {
        guard let address = ListenAddress.split(authority) else { return false }
        return ListenAddress.loopbackNames.contains(address.host.lowercased())
    }
}
