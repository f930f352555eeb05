import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1

/// One question to a running daemon, for the command line.
package struct DaemonConnection: Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case unreachable(String)
        case noToken
        case refused(code: String, message: String, hint: String?)
        case badAnswer(String)
    }

    package struct StatusAnswer: Sendable {
        package var document: StatusDocument
        /// As the daemon sent it: fields that this program does not know stay in.
        package var json: String
    }

    package struct ActionAnswer: Sendable {
        package var document: ActionDocument.Answer
        package var json: String
    }

    static let timeout = TimeAmount.seconds(10)
    static let bodyLimit = 64 << 20
    /// A longer one would only be refused, without a word of what is wrong with it.
    static let pathLimit = APIServer.lineLimit - 1 << 10

    package let address: ListenAddress
    let token: String?

    package init(address: ListenAddress, token: String?) {
        self.address = address
        self.token = token
    }

    package func status() async throws(Failure) -> StatusAnswer {
        let bytes = try await call(.GET, "/v1/status")
        guard let document = try? JSONDecoder().decode(StatusDocument.self, from: bytes) else {
            throw .badAnswer("the status cannot be read")
        }
        return StatusAnswer(document: document, json: String(decoding: bytes, as: UTF8.self))
    }

    /// Why a node or a run is as it is, or was.
    package func explain(_ name: String, at instant: String?) async throws(Failure) -> Explained {
        let bytes = try await call(
            .GET, "/v1/explain" + Self.query([("of", name)] + (instant.map { [("at", $0)] } ?? [])))
        let json = String(decoding: bytes, as: UTF8.self)
        if let node = try? JSONDecoder().decode(NodeDocument.self, from: bytes) { return .node(node, json: json) }
        if let run = try? JSONDecoder().decode(RunExplanationDocument.self, from: bytes) {
            return .run(run, json: json)
        }
        guard let policy = try? JSONDecoder().decode(PolicyExplanationDocument.self, from: bytes) else {
            throw .badAnswer("the explanation cannot be read")
        }
        return .policy(policy, json: json)
    }

    package enum Explained: Sendable {
        case node(NodeDocument, json: String)
        case run(RunExplanationDocument, json: String)
        case policy(PolicyExplanationDocument, json: String)
    }

    package func okToStop(_ nodes: [String], most: Int?) async throws(Failure) -> (document: StopDocument, json: String)
    {
        let query = nodes.map { ("node", $0) } + (most.map { [("max", String($0))] } ?? [])
        let bytes = try await call(.GET, "/v1/ok-to-stop" + Self.query(query))
        guard let document = try? JSONDecoder().decode(StopDocument.self, from: bytes) else {
            throw .badAnswer("the answer cannot be read")
        }
        return (document, String(decoding: bytes, as: UTF8.self))
    }

    private static func query(_ items: [(String, String)]) -> String {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        return "?"
            + items.map { name, value in
                "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
            }.joined(separator: "&")
    }

    /// Pulls a lever. With its key it can be said again where the connection broke: it is done once.
    package func act(_ action: ActionDocument, key: String) async throws(Failure) -> ActionAnswer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Strings and truth values can always be encoded.
        let body = ByteBuffer(bytes: (try? encoder.encode(action)) ?? Data())
        let bytes = try await call(
            .POST, "/v1/actions", headers: ["content-type": "application/json", "idempotency-key": key], body: body,
            attempts: 2)
        guard let document = try? JSONDecoder().decode(ActionDocument.Answer.self, from: bytes) else {
            throw .badAnswer("the answer cannot be read")
        }
        return ActionAnswer(document: document, json: String(decoding: bytes, as: UTF8.self))
    }

    /// - Parameter attempts: how often it may be said where the connection breaks.
    func call(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: ByteBuffer? = nil, attempts: Int = 1
    ) async throws(Failure) -> Data {
        guard path.utf8.count <= Self.pathLimit else {
            throw .refused(
                code: "invalid-value", message: "what is asked is longer than \(Self.pathLimit) bytes", hint: nil)
        }
        let client = HTTPExchange.makeClient()
        let answer: CallAnswer
        var headers = headers
        if let token { headers.add(name: "authorization", value: "Bearer \(token)") }
        do throws(CallFailure) {
            answer = try await HTTPExchange(client: client).perform(
                method, "http://\(address)\(path)", headers: headers, body: body, deadline: .now() + Self.timeout,
                bodyLimit: Self.bodyLimit)
        } catch {
            try? await client.shutdown()
            if case .broken = error, attempts > 1 {
                return try await call(method, path, headers: headers, body: body, attempts: attempts - 1)
            }
            let isOrder = attempts > 1 && error == .timedOut
            throw .unreachable(
                isOrder ? "\(error); it may have been taken all the same: nagi history --since 1m" : "\(error)")
        }
        try? await client.shutdown()
        if answer.status == 200 { return Data(answer.body.readableBytesView) }
        throw refusal(of: answer)
    }

    /// What an answer that is not 200 says.
    func refusal(of answer: CallAnswer) -> Failure {
        guard let error = answer.decoded([String: APIError.Body].self)?["error"] else {
            // The page that another server sends for everything says nothing.
            return .badAnswer("it says status \(answer.status)")
        }
        if token == nil && answer.status == 401 { return .noToken }
        let isFull = error.code == "too-many-streams"
        if answer.status == 503, !isFull { return .unreachable(error.message) }
        return .refused(code: error.code, message: error.message, hint: error.hint)
    }
}
