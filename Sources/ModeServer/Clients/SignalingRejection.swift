import ModeCore

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

extension String {
    /// `blockNewSession` as programs of other languages write it: `block_new_session`.
    fileprivate var snakeCase: String {
        reduce(into: "") { text, character in
            text += character.isUppercase ? "_\(character.lowercased())" : String(character)
        }
    }
}
