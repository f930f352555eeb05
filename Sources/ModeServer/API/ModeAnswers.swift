import HTTPTypes
import Hummingbird
import HummingbirdCore
import ModeCore
import NIOCore

/// An answer of the mode API as it stands on the wire, without its headers.
package struct ModeAPIAnswer: Hashable, Sendable {
    /// HTTP status code.
    package var status: Int
    /// JSON.
    package var body: String

    package init(status: Int, body: String) {
        self.status = status
        self.body = body
    }

    init(_ mode: NodeMode) { self.init(status: 200, body: "{\"mode\":\"\(mode.rawValue)\"}") }

    init(_ value: JSONValue) { self.init(status: 200, body: value.text) }

    init(_ error: ModeAPIError) { self.init(status: error.status.code, body: error.body.text) }
}

extension HTTPField.Name {
    static let soraTarget = token("x-sora-target")
    static let allowHeaders = token("access-control-allow-headers")
    static let allowMethods = token("access-control-allow-methods")
    static let allowOrigin = token("access-control-allow-origin")
    static let maxAge = token("access-control-max-age")

    private static func token(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a field name") }
        return name
    }
}

/// The answers of the mode API with the headers of its manual. Those about modes are made once.
struct ModeAnswers: Sendable {
    private let normal = Self.response(ModeAPIAnswer(.normal))
    private let initial = Self.response(ModeAPIAnswer(.initial))
    private let blockNewSession = Self.response(ModeAPIAnswer(.blockNewSession))
    private let blockNewConnection = Self.response(ModeAPIAnswer(.blockNewConnection))

    func mode(_ mode: NodeMode) -> Response {
        switch mode {
        case .normal: normal
        case .initial: initial
        case .blockNewSession: blockNewSession
        case .blockNewConnection: blockNewConnection
        }
    }

    /// The answer to a browser that asks whether it may call.
    static let preflight = Response(status: .ok, headers: crossOrigin)

    static func response(_ answer: ModeAPIAnswer) -> Response {
        response(HTTPResponse.Status(code: answer.status), body: answer.body)
    }

    static func answer(_ error: ModeAPIError) -> Response { response(ModeAPIAnswer(error)) }

    private static func response(_ status: HTTPResponse.Status, body: String) -> Response {
        let buffer = ByteBuffer(string: body)
        var headers = crossOrigin
        headers[.contentLength] = String(buffer.readableBytes)
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: buffer))
    }

    private static let crossOrigin: HTTPFields = [
        .allowHeaders: "Origin, X-Requested-With, Content-Type, Accept, x-sora-target",
        .allowMethods: "POST, OPTIONS",
        .allowOrigin: "http://127.0.0.1:5000",
        .maxAge: "1000",
    ]
}
