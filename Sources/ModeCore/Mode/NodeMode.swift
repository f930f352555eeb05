/// The mode that a node is in: whether it takes new connections. The raw values are the words of the mode API.
public enum NodeMode: String, Hashable, Sendable, Codable, CaseIterable {
    /// Blocks every connection. Clustered nodes only: from start until joined, and again when isolated while `normal`.
    /// Can be observed, never asked for.
    case initial
    /// Accepts every new connection.
    case normal
    /// Accepts a new connection only where its channel already has a live session on the node.
    case blockNewSession = "block_new_session"
    /// Accepts no new connection. Live sessions and connections go on.
    case blockNewConnection = "block_new_connection"

    /// The same mode as something that can be asked for; nil for `initial`.
    public var requestable: RequestableMode? { RequestableMode(rawValue: rawValue) }
}

/// A mode that `ChangeMode` accepts and that a claim can want, ordered by strictness:
/// `normal` < `block_new_session` < `block_new_connection`.
public enum RequestableMode: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    case normal
    case blockNewSession = "block_new_session"
    case blockNewConnection = "block_new_connection"

    public var mode: NodeMode {
        switch self {
        case .normal: .normal
        case .blockNewSession: .blockNewSession
        case .blockNewConnection: .blockNewConnection
        }
    }

    private var strictness: Int {
        switch self {
        case .normal: 0
        case .blockNewSession: 1
        case .blockNewConnection: 2
        }
    }

    public static func < (a: RequestableMode, b: RequestableMode) -> Bool { a.strictness < b.strictness }
}
