import ModeCore

/// The first message of a client: what it wants.
///
///     {"type": "connect", "channel_id", "role": "sendrecv" | "sendonly" | "recvonly",
///      "client_id"?, "bundle_id"?, "metadata"?, "redirect"?}
struct ConnectRequest: Hashable, Sendable {
    var channel: ChannelID
    var role: String
    var clientID: String?
    var bundleID: String?
    var metadata: JSONValue?
    /// The client followed a redirect: it is not sent on again.
    var wasRedirected: Bool

    private static let schema = BodySchema(
        .required("type", .word(["connect"])),
        .required("channel_id", .string(1...255)),
        .required("role", .word(["sendrecv", "sendonly", "recvonly"])),
        .optional("client_id", .string(1...255)),
        .optional("bundle_id", .string(1...255)),
        .optional("metadata", .anything),
        .optional("redirect", .boolean))

    /// Why a message is not a request.
    struct Fault: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    init(_ message: JSONValue) throws(Fault) {
        if let violation = Self.schema.violations(in: message).first {
            let place = violation.path.first.map { "\($0.text): " } ?? ""
            throw Fault(description: place + violation.kind.rawValue)
        }
        channel = ChannelID(message.string("channel_id") ?? "")
        role = message.string("role") ?? ""
        clientID = message.string("client_id")
        bundleID = message.string("bundle_id")
        metadata = message["metadata"]
        wasRedirected = message["redirect"] == .bool(true)
    }
}
