/// A JSON value whose members keep the order in which they were added, so that equal schemas are equal bytes.
enum SchemaValue {
    /// As many keys as values.
    case mapping(keys: [String], values: [SchemaValue])
    case array([SchemaValue])
    case text(String)
    case integer(Int)
    /// A number as it was written.
    case literal(String)
    case boolean(Bool)

    static func object(_ members: [(key: String, value: SchemaValue)]) -> SchemaValue {
        .mapping(keys: members.map(\.key), values: members.map(\.value))
    }

    static func texts(_ texts: [String]) -> SchemaValue { .array(texts.map { .text($0) }) }

    /// Indented by two spaces; lists of plain values stand on one line.
    func rendered(indent: Int = 0) -> String {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch self {
        case .text(let text): return SchemaValue.quoted(text)
        case .integer(let number): return String(number)
        case .literal(let text): return text
        case .boolean(let value): return String(value)
        case .array(let items) where items.allSatisfy(\.isPlain):
            return "[" + items.map { $0.rendered() }.joined(separator: ", ") + "]"
        case .array(let items):
            let lines = items.map { inner + $0.rendered(indent: indent + 2) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        case .mapping(let keys, let values):
            guard let first = keys.first else { return "{}" }
            if values.count == 1, values[0].isPlain {
                return "{" + SchemaValue.quoted(first) + ": " + values[0].rendered() + "}"
            }
            let lines = zip(keys, values).map { key, value in
                inner + SchemaValue.quoted(key) + ": " + value.rendered(indent: indent + 2)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        }
    }

    private var isPlain: Bool {
        switch self {
        case .mapping, .array: false
        default: true
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
