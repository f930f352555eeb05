/// Why a live connection was ended by somebody else than its client.
struct Disconnection: Hashable, Sendable {
    enum Reason: String, Sendable {
        case terminateSession = "terminate_session"
        case disconnectChannel = "disconnect_channel"
        case disconnectConnection = "disconnect_connection"
        case disconnectClient = "disconnect_client"
        case nodeStopped = "node_stopped"
        /// Nobody is told: the sockets just close.
        case nodeCrashed = "node_crashed"
        /// The node ended it by itself.
        case ended
    }

    var reason: Reason
    /// The object that the caller of the API gave for it.
    var given: JSONValue?

    init(_ reason: Reason, _ given: JSONValue? = nil) {
        self.reason = reason
        self.given = given
    }

    var message: JSONValue {
        var members: [JSONValue.Member] = [
            .init(key: "type", value: "disconnect"), .init(key: "reason", value: .string(reason.rawValue)),
        ]
        if let given { members.append(.init(key: "disconnect_api_reason", value: given)) }
        return .object(members)
    }
}
