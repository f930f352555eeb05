/// `{node}` and its like in the addresses, bodies and queries of a policy: they stand for facts about the node, and are put in
/// so that no value changes what is around it.
package enum Placeholders {
    /// How a value is written where it is put in.
    enum Place {
        /// Percent-encoded but for unreserved characters (RFC 3986, section 2.3).
        case address
        /// Inside the quotes of a JSON string (RFC 8259, section 7), or of a string of PromQL.
        case quoted
        case plain
    }

    package static let words = ["node", "api", "cluster", "run", "revision"]
    /// What precedes the name of a label.
    package static let label = "label."

    /// Those in the text that stand for nothing, without their braces.
    package static func unknown(in text: String) -> [String] {
        used(in: text).filter { !words.contains($0) && !$0.hasPrefix(label) }
    }

    /// The labels that the text names.
    package static func labels(in text: String) -> [String] {
        used(in: text).filter { $0.hasPrefix(label) }.map { String($0.dropFirst(label.count)) }
    }

    /// All of them, without their braces.
    package static func used(in text: String) -> [String] {
        guard text.contains("{") else { return [] }
        return pieces(of: text).compactMap { if case .placeholder(let word) = $0 { word } else { nil } }
    }

    static func fill(_ text: String, _ place: Place, _ value: (String) -> String?) -> String {
        guard text.contains("{") else { return text }
        return pieces(of: text).map { part in
            switch part {
            case .text(let text): String(text)
            case .placeholder(let word): encode(value(word) ?? "", place)
            }
        }.joined()
    }

    private enum Piece {
        case text(Substring)
        case placeholder(String)
    }

    /// A word in braces, of letters, digits and `._-/`, is one; all else in braces is text (JSON, selectors of PromQL).
    private static func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let inside = rest[rest.index(after: open)...]
            let word = inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/".contains($0)) }
            guard inside[word.endIndex...].first == "}", word.first?.isLetter == true else {
                pieces.append(.text(rest[...open]))
                rest = inside
                continue
            }
            pieces.append(.text(rest[..<open]))
            pieces.append(.placeholder(String(word)))
            rest = inside[inside.index(after: word.endIndex)...]
        }
        return pieces + [.text(rest)]
    }

    static func encode(_ value: String, _ place: Place) -> String {
        switch place {
        case .plain: value
        case .quoted: value.unicodeScalars.map(quoted).joined()
        case .address: value.utf8.map(unreserved).joined()
        }
    }

    private static func quoted(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case _ where scalar.value < 0x20: "\\u00" + hexadecimal(UInt8(scalar.value))
        default: String(scalar)
        }
    }

    private static func unreserved(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            String(UnicodeScalar(byte))
        default: "%" + hexadecimal(byte)
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
