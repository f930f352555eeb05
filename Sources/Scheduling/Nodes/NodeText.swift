/// A text that came from a node or from the network: nothing but what is to be seen, at most 128 bytes. What a node says ends up in the
/// journal, so its length is bounded by its type.
package struct NodeText: Hashable, Sendable, Codable, CustomStringConvertible, ExpressibleByStringInterpolation {
    package static let limit = 128

    package let description: String

    /// Nil where the text is empty, too long, or holds anything but visible ASCII: such a name or version is no answer.
    package init?(exactly text: String) {
        guard !text.isEmpty, text.utf8.count <= NodeText.limit, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            return nil
        }
        description = text
    }

    /// For reasons and excerpts: cut to the limit, with `?` for every character that is not to be seen, but a space.
    package init(cutting text: String) {
        if text.utf8.count <= NodeText.limit, text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) {
            description = text
            return
        }
        var kept = ""
        var length = 0
        for scalar in text.unicodeScalars {
            let shown = scalar == " " || scalar.isVisible ? scalar : "?"
            length += UTF8.width(shown)
            guard length <= NodeText.limit else { break }
            kept.unicodeScalars.append(shown)
        }
        description = kept
    }

    package init(stringLiteral value: String) { self.init(cutting: value) }

    package init(from decoder: any Decoder) throws {
        self.init(cutting: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Unicode.Scalar {
    /// A letter, a mark, a digit, or a sign: nothing that steers a terminal, turns the direction, or parts lines.
    fileprivate var isVisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }
}
