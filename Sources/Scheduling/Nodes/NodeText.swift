/// A text that came from a node or from the network: visible ASCII, at most 128 characters. What a node says ends up in the
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

    /// For reasons and excerpts: cut to the limit, with `?` for what is not visible ASCII or a space.
    package init(cutting text: String) {
        let bytes = text.utf8.prefix(NodeText.limit).map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: "?") }
        description = String(decoding: bytes, as: UTF8.self)
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
