/// One field that another text of a document writes differently.
package struct FieldChange: Hashable, Sendable {
    /// Below `spec`: `strategy.maxUnavailable`, `windows[sunday].duration`, `steps` for the order of a list.
    package var path: String
    /// Nil: there was nothing.
    package var old: String?
    package var new: String?
    /// The value is not written: it is what holds then.
    package var isOldDefault = false
    package var isNewDefault = false

    /// The key of `spec` that it is in.
    package var top: Substring { path.prefix { $0 != "." && $0 != "[" } }
}

extension WrittenValue.Entry {
    /// An item of a list without what its key says already: the word of its kind, its name.
    fileprivate var named: WrittenValue.Entry {
        var entry = self
        switch value {
        case .choice(let word, let inner) where key.split(separator: " ").first.map(String.init) == word:
            entry.value = inner
            entry.value = entry.named.value
        case .mapping(let fields):
            entry.value = .mapping(
                fields.filter { field in
                    guard field.key == "name", case .text(let name) = field.value else { return true }
                    return !(key == name || key.hasSuffix(" \(name)"))
                })
        case .text, .list, .items, .choice: break
        }
        return entry
    }
}

/// Every field in which two values of one shape differ, in the order of their declaration.
struct FieldComparison {
    private(set) var changes: [FieldChange] = []

    init(_ old: WrittenValue, _ new: WrittenValue) { compare(old, new, "") }

    private mutating func compare(_ old: WrittenValue, _ new: WrittenValue, _ path: String) {
        if old == new { return }
        switch (old, new) {
        case (.mapping(let old), .mapping(let new)): compare(old, new, path, Self.joined)
        case (.items(let old, let isOrdered), .items(let new, _)):
            if isOrdered, old.map(\.key) != new.map(\.key) {
                note(path, Self.order(old), Self.order(new))
            }
            compare(old, new, path) { "\($0)[\($1)]" }
        case (.choice(let key, let old), .choice(let other, let new)) where key == other:
            compare(old, new, Self.joined(path, key))
        // The same thing written in two ways: a list of steps, or a mapping with them.
        default: note(path, old.flow, new.flow)
        }
    }

    private mutating func compare(
        _ old: [WrittenValue.Entry], _ new: [WrittenValue.Entry], _ path: String,
        _ join: (String, String) -> String
    ) {
        let before = Dictionary(old.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Set(new.map(\.key))
        for entry in old where !after.contains(entry.key) { note(join(path, entry.key), entry.named, nil) }
        for entry in new {
            guard let former = before[entry.key] else {
                note(join(path, entry.key), nil, entry.named)
                continue
            }
            switch (former.value, entry.value) {
            case (.text(let a), .text(let b)) where a == b: continue
            case (.text, .text): note(join(path, entry.key), former, entry)
            default: compare(former.named.value, entry.named.value, join(path, entry.key))
            }
        }
    }

    private mutating func note(_ path: String, _ old: WrittenValue.Entry?, _ new: WrittenValue.Entry?) {
        changes.append(
            FieldChange(
                path: path, old: old?.value.flow, new: new?.value.flow, isOldDefault: old?.isDefault ?? false,
                isNewDefault: new?.isDefault ?? false))
    }

    private mutating func note(_ path: String, _ old: String, _ new: String) {
        changes.append(FieldChange(path: path, old: old, new: new))
    }

    private static func order(_ entries: [WrittenValue.Entry]) -> String {
        "[\(entries.map(\.key).joined(separator: ", "))]"
    }

    private static func joined(_ path: String, _ key: String) -> String {
        let isWord = !key.isEmpty && key.utf8.allSatisfy { $0 != 0x2E && $0 != 0x5B && $0 != 0x20 && $0 != 0x5D }
        if !isWord { return "\(path)[\(key)]" }
        return path.isEmpty ? key : "\(path).\(key)"
    }
}
