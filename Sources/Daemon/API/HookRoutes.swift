import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Scheduling

/// `POST /hooks/{cluster}`: webhooks of the nodes. The secret is the last part of the path, the password of Basic, or the key of
/// `X-Nagi-Signature: sha256=HEX` over the body.
struct HookRoutes: Sendable {
    static let path = "/hooks/"
    static let bodyLimit = 64 << 10
    private static let signature = "sha256="

    let desk: HookDesk

    func add(to router: Router<CallerContext>) {
        router.post("/hooks/{cluster}") { request, context in try await take(request, context) }
        router.post("/hooks/{cluster}/{secret}") { request, context in try await take(request, context) }
    }

    /// What of a body is looked at.
    private struct Envelope: Decodable {
        var nodeName: String

        private enum CodingKeys: String, CodingKey { case nodeName = "node_name" }
    }

    private func take(_ request: Request, _ context: CallerContext) async throws -> Response {
        let cluster = context.parameters.get("cluster") ?? ""
        let signed = HTTPField.Name("X-Nagi-Signature").flatMap { request.headers[$0] }
        // A cluster that takes none, or is not there, answers as one whose secret is another.
        let secret = desk.secret(cluster)
        let isKnown = knows(secret ?? Self.nobodys, request, context) && secret != nil
        guard isKnown || signed != nil else { throw Self.refusal }
        let body = try await request.body.collect(upTo: Self.bodyLimit)
        if !isKnown {
            let digits = signed.flatMap { $0.hasPrefix(Self.signature) ? $0.dropFirst(Self.signature.count) : nil }
            let isSigned = (secret ?? Self.nobodys).isSigned(Data(body.readableBytesView), digits ?? "")
            guard isSigned, secret != nil else { throw Self.refusal }
        }
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(body.readableBytesView)) else {
            throw APIError(
                .badRequest, "invalid-body", "the body is not a webhook: it has no node_name",
                hint: #"for example {"type":"session.vanished","node_name":"node-01"}"#)
        }
        desk.take(NodeID(cluster: cluster, name: envelope.nodeName))
        return Response(status: .noContent)
    }

    /// By the path, or by the password of Basic, whoever the user is.
    private func knows(_ secret: SharedSecret, _ request: Request, _ context: CallerContext) -> Bool {
        let written = context.parameters.get("secret")
        let inPath = secret.isEqual(to: written?.removingPercentEncoding ?? written ?? "")
        var password = ""
        if let header = request.headers[.authorization], header.hasPrefix("Basic "),
            let decoded = Data(base64Encoded: String(header.dropFirst("Basic ".count)))
        {
            let text = String(decoding: decoded, as: UTF8.self)
            password = text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? ""
        }
        let inHeader = secret.isEqual(to: password)
        return (inPath && written != nil) || (inHeader && !password.isEmpty)
    }

    /// One that nobody knows, so that a cluster without one takes as long as any other.
    private static let nobodys = SharedSecret(UUID().uuidString)

    private static let refusal = APIError(
        .unauthorized, "hook-refused", "this is not a webhook of that cluster's nodes",
        hint: "the secret of spec.hooks: in the path, as a password, or as the key of X-Nagi-Signature")
}
