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

/// Why a client is turned away: a word for programs, a sentence for people.
struct SignalingRejection: Hashable, Sendable {
    var reason: String
    var message: String

    var answer: JSONValue {
        ["type": "rejected", "reason": .string(reason), "message": .string(message)]
    }

    static func badMessage(_ text: String) -> SignalingRejection {
        SignalingRejection(reason: "bad_message", message: text)
    }

    /// The auth hook's own words, or what was wrong with it.
    static func auth(_ text: String) -> SignalingRejection { SignalingRejection(reason: "auth", message: text) }

    static let tooLate = SignalingRejection(reason: "timeout", message: "no connect message came in time")

    init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }

    init(_ rejection: Rejection) {
        reason = rejection.rawValue.snakeCase
        message =
            switch rejection {
            case .initial: "the node has not joined its cluster, or is isolated from it"
            case .blockNewSession: "the node takes no new session, and the channel has none on it"
            case .blockNewConnection: "the node takes no new connection"
            case .full: "the node has as many connections as it is licensed for"
            case .notRunning: "the node does not run"
            default: "no node takes the channel"
            }
    }
}

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

extension String {
    /// `blockNewSession` as programs of other languages write it: `block_new_session`.
    fileprivate var snakeCase: String {
        reduce(into: "") { text, character in
            text += character.isUppercase ? "_\(character.lowercased())" : String(character)
        }
    }
}
