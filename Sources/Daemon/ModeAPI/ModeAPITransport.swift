import Foundation
import NIOCore
import Primitives

/// How the calls about one node get to it. Whoever reads and writes modes does not know which way it is.
protocol ModeAPITransport: Sendable {
    /// One call of the mode API and its whole answer.
    ///
    /// - Parameters:
    ///   - body: JSON; nil for a call without one.
    ///   - limit: longest answer in bytes.
    func call(
        _ target: String, body: ByteBuffer?, deadline: NIODeadline, limit: Int
    ) async throws(CallFailure) -> CallAnswer

    /// What a load balancer would see at the node's readiness gate; nil where there is none, or it gave no answer.
    func isReady(deadline: NIODeadline, limit: Int) async -> Bool?
}

/// Why one call gave no complete answer.
enum CallFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection was made: the request was not sent.
    case notConnected(String)
    /// Whoever answers shows a certificate that is not trusted: the request was not sent.
    case distrusted(String)
    /// The connection ended while the answer was awaited.
    case broken(String)
    case timedOut
    case tooLarge(limit: Int)

    /// Whoever is called may have got something.
    var mayHaveArrived: Bool {
        switch self {
        case .notConnected, .distrusted: false
        case .broken, .timedOut, .tooLarge: true
        }
    }

    var description: String {
        switch self {
        case .notConnected(let reason), .distrusted(let reason), .broken(let reason): reason
        case .timedOut: "no answer in time"
        case .tooLarge(let limit): "the answer is longer than \(limit) bytes"
        }
    }
}

/// What came back from one call.
struct CallAnswer: Sendable {
    /// HTTP status code.
    var status: Int
    var body: ByteBuffer
    /// The clock of whoever answered, to the second; nil where the answer does not say.
    var date: Timestamp?
    /// When whoever answered wants to be asked again, as it stands in the answer.
    var retryAfter: String?

    /// Nil where the body is not what the call answers with.
    func decoded<Answer: Decodable>(_: Answer.Type) -> Answer? {
        try? JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    }

    /// The answer as a line of a log: status and the start of the body, without control characters.
    var summary: String { start.isEmpty ? "status \(status)" : "status \(status): \(start)" }

    /// Of the body, without control characters.
    var start: String {
        let start = String(decoding: body.readableBytesView.prefix(200), as: UTF8.self)
        return String(String.UnicodeScalarView(start.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}
