/// A value as a policy file writes it, made comparable: durations in one form, what is not written as its default, lists
/// whose order means nothing in the order of their texts. It says nothing about whether the value is right.
package indirect enum WrittenValue: Hashable, Sendable {
    case text(String)
    /// A list of short things that is looked at as a whole.
    case list([String])
    /// A list whose items have names of their own.
    case items([Entry], isOrdered: Bool)
    /// The keys in the order of their declaration.
    case mapping([Entry])
    /// A mapping with one key, which says what kind of thing it is.
    case choice(key: String, WrittenValue)

    package struct Entry: Hashable, Sendable {
        package var key: String
        package var value: WrittenValue
        /// It is not written: this is what holds then.
        package var isDefault = false
    }
}

extension WrittenValue {
    /// On one line, as YAML's flow style; what is not written is left out.
    package var flow: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .list(let texts): "[\(texts.joined(separator: ", "))]"
        case .items(let entries, _): "[\(entries.map(\.value.flow).joined(separator: ", "))]"
        case .mapping(let entries):
            "{\(entries.filter { !$0.isDefault }.map { "\(Self.quoted($0.key)): \($0.value.flow)" }.joined(separator: ", "))}"
        case .choice(let key, let value): "{\(key): \(value.flow)}"
        }
    }

    /// In double quotes where a reader, or YAML, could take it for something else.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.first != " " && text.last != " "
            && !text.unicodeScalars.contains { isUnprintable($0) || "{}[],#\"'\\".unicodeScalars.contains($0) }
            && !text.contains(": ")
        if isPlain { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": escaped += "\\" + String(Character(scalar))
            case "\n": escaped += "\\n"
            default: escaped += visible(scalar)
            }
        }
        return "\"\(escaped)\""
    }

    /// Every text in it with its path; what is not written is left out.
    func leaves(_ path: String = "", into leaves: inout Set<String>) {
        switch self {
        case .text, .list: leaves.insert("\(path)=\(flow)")
        case .items(let entries, _): for entry in entries { entry.value.leaves("\(path)[\(entry.key)]", into: &leaves) }
        case .mapping(let entries):
            for entry in entries where !entry.isDefault { entry.value.leaves("\(path).\(entry.key)", into: &leaves) }
        case .choice(let key, let value): value.leaves("\(path).\(key)", into: &leaves)
        }
    }
}
