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

    var response: Response {
        var response = json(["error": body])
        response.status = status
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

/// A value as the JSON body of an answer that nobody stores.
func json(_ value: some Encodable) -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only floating-point numbers that JSON has no word for cannot be encoded, and no answer has any.
    let bytes = (try? encoder.encode(value)) ?? Data("{}".utf8)
    return Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
}
