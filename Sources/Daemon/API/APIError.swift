import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A refusal of the HTTP API: `{"error":{"code","message","hint"}}`.
struct APIError: Error, Hashable {
    struct Body: Codable, Hashable {
        var code: String
        var message: String
        @Nullable var hint: String?
    }

    var status: HTTPResponse.Status
    var body: Body

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, hint: String? = nil) {
        self.status = status
        body = Body(code: code, message: message, hint: hint)
    }

    static let starting = APIError(
        .serviceUnavailable, "starting", "the daemon has just started", hint: "ask again soon")

    var response: Response {
        var response = json(["error": body])
        response.status = status
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

/// A value as the JSON body of an answer that nobody stores.
func json(_ value: some Encodable) -> Response {
    Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: jsonBytes(value))))
}

/// As the API sends it, on one line.
package func jsonText(_ value: some Encodable) -> String { String(decoding: jsonBytes(value), as: UTF8.self) }

private func jsonBytes(_ value: some Encodable) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only floating-point numbers that JSON has no word for cannot be encoded, and no answer has any.
    return ((try? encoder.encode(value)) ?? Data("{}".utf8)).escapedForTerminals
}

extension Data {
    /// JSON in which nothing steers a terminal or turns the direction of writing: a program reads the same, and whoever looks
    /// at it with curl is safe. The encoder escapes only what JSON asks for.
    fileprivate var escapedForTerminals: Data {
        guard contains(where: { $0 >= 0x7F }) else { return self }
        var escaped = String.UnicodeScalarView()
        for scalar in String(decoding: self, as: UTF8.self).unicodeScalars {
            if scalar.value >= 0x7F, scalar.isSteering {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    escaped += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
                }
            } else {
                escaped.append(scalar)
            }
        }
        return Data(String(escaped).utf8)
    }
}
