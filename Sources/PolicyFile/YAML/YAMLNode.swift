/// A value of a YAML document with its place. Aliases are expanded; the expanded copies share their storage.
struct YAMLNode: Sendable {
    enum Value: Sendable {
        case scalar(Scalar)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    /// Text is text: what it means is decided by the key that it stands under, never by the way it looks.
    struct Scalar: Sendable {
        var text: String
        /// Written without quotes and not as a block.
        var isPlain: Bool
        /// Nothing but visible ASCII and spaces: neither line breaks nor anything that must be looked at more closely.
        var isVisibleASCII: Bool

        /// `key:`, `key: ~` and `key: null`.
        var isNull: Bool { isPlain && (text.isEmpty || text == "~" || text == "null") }
    }

    struct Entry: Sendable {
        var key: String
        var keyLocation: SourceLocation
        var value: YAMLNode
    }

    var value: Value
    var location: SourceLocation

    var scalar: Scalar? { if case .scalar(let scalar) = value { scalar } else { nil } }
    /// A span of a calendar file: it stands where the file is named.
    var isOfFile: Bool { scalar != nil }
    var isNull: Bool { scalar?.isNull ?? false }

    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let entries) = value else { return nil }
        return entries.firstIndex { $0.key == key }.map { entries[$0].value }
    }

    func hasKey(_ key: String) -> Bool {
        guard case .mapping(let entries) = value else { return false }
        return entries.contains { $0.key == key }
    }

    subscript(index: Int) -> YAMLNode? {
        guard case .sequence(let items) = value, items.indices.contains(index) else { return nil }
        return items[index]
    }

    /// Of the node and of everything in it, keys too.
    var locations: Set<SourceLocation> {
        switch value {
        case .scalar: [location]
        case .sequence(let items): items.reduce(into: [location]) { $0.formUnion($1.locations) }
        case .mapping(let entries):
            entries.reduce(into: [location]) {
                $0.insert($1.keyLocation)
                $0.formUnion($1.value.locations)
            }
        }
    }

    /// Where the value of that key stands, or the node itself.
    func location(of key: String) -> SourceLocation {
        guard case .mapping(let entries) = value else { return location }
        return entries.firstIndex { $0.key == key }.map { entries[$0].value.location } ?? location
    }

    /// Where the value at that path stands, or the nearest value around it that exists.
    func location(of path: String...) -> SourceLocation {
        var node = self
        for key in path {
            guard let next = node[key] else { break }
            node = next
        }
        return node.location
    }

    /// "a list", for messages.
    var kindInWords: String {
        switch value {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "the text \"\(scalar.text.prefix(40))\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
