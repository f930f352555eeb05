import ModeCore

/// A client that was admitted, by the ids that it is told.
struct AcceptedClient: Sendable {
    var connection: ConnectionID
    var connectionID: String
    var clientID: String
    var bundleID: String
    var sessionID: String
    var channel: ChannelID
    var nodeName: String
    var version: String

    var message: JSONValue {
        [
            "type": "accepted", "connection_id": .string(connectionID), "client_id": .string(clientID),
            "bundle_id": .string(bundleID), "session_id": .string(sessionID), "channel_id": .string(channel.name),
            "node_name": .string(nodeName), "version": .string(version),
        ]
    }
}
