import ModeCore

/// What GetMode answered.
package enum ObservedMode: Hashable, Sendable, Codable, CustomStringConvertible {
    case known(NodeMode)
    /// A word that this program does not know: observed, shown, never acted on.
    case unknown(NodeText)

    package init(word: String) {
        self = NodeMode(rawValue: word).map(ObservedMode.known) ?? .unknown(NodeText(cutting: word))
    }

    package var description: String {
        switch self {
        case .known(let mode): mode.rawValue
        case .unknown(let word): word.description
        }
    }

    /// Nil for `initial` and for unknown words.
    package var requestable: RequestableMode? {
        if case .known(let mode) = self { mode.requestable } else { nil }
    }
}
