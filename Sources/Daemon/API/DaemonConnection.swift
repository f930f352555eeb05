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
        case refused(message: String, hint: String?)
        case badAnswer(String)
    }

    package struct StatusAnswer: Sendable {
        package var document: StatusDocument
        /// As the daemon sent it: fields that this program does not know stay in.
        package var json: String
    }

    static let timeout = TimeAmount.seconds(10)
    static let bodyLimit = 64 << 20

    package let address: ListenAddress
    private let token: String?

    package init(address: ListenAddress, token: String?) {
        self.address = address
        self.token = token
    }

    package func status() async throws(Failure) -> StatusAnswer {
        let bytes = try await get("/v1/status")
        guard let document = try? JSONDecoder().decode(StatusDocument.self, from: bytes) else {
            throw .badAnswer("the status cannot be read")
        }
        return StatusAnswer(document: document, json: String(decoding: bytes, as: UTF8.self))
    }

    private func get(_ path: String) async throws(Failure) -> Data {
        let client = HTTPExchange.makeClient()
        let answer: CallAnswer
        do throws(CallFailure) {
            answer = try await HTTPExchange(client: client).perform(
                .GET, "http://\(address)\(path)", headers: token.map { ["authorization": "Bearer \($0)"] } ?? [:],
                deadline: .now() + Self.timeout, bodyLimit: Self.bodyLimit)
        } catch {
            try? await client.shutdown()
            throw .unreachable("\(error)")
        }
        try? await client.shutdown()
        if answer.status == 200 { return Data(answer.body.readableBytesView) }
        guard let error = answer.decoded([String: APIError.Body].self)?["error"] else {
            throw .badAnswer(answer.summary)
        }
        if token == nil && answer.status == 401 { throw .noToken }
        if answer.status == 503 { throw .unreachable(error.message) }
        throw .refused(message: error.message, hint: error.hint)
    }
}
