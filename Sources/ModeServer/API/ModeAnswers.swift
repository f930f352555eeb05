import HTTPTypes
import Hummingbird
import HummingbirdCore
import ModeCore
import NIOCore

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
    private let normal = Self.answer(.ok, body: Self.body(of: .normal))
    private let initial = Self.answer(.ok, body: Self.body(of: .initial))
    private let blockNewSession = Self.answer(.ok, body: Self.body(of: .blockNewSession))
    private let blockNewConnection = Self.answer(.ok, body: Self.body(of: .blockNewConnection))

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

    static func answer(_ value: JSONValue) -> Response { answer(.ok, body: value.text) }

    static func answer(_ error: ModeAPIError) -> Response { answer(error.status, body: error.body.text) }

    private static func body(of mode: NodeMode) -> String { "{\"mode\":\"\(mode.rawValue)\"}" }

    private static func answer(_ status: HTTPResponse.Status, body: String) -> Response {
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
