/// What a value may look like, as data: the declaration that unknown keys, hints and the JSON Schema come from.
package indirect enum Shape: Hashable, Sendable {
    /// `pattern` is a regular expression of JSON Schema's dialect.
    case text(pattern: String?)
    case words([String])
    case integer(minimum: Int, maximum: Int)
    case number(minimum: Int, maximum: Int)
    case boolean
    case list(Shape, minimum: Int)
    /// Any text as key.
    case map(Shape)
    case object(ObjectShape)
    case oneOf([Shape])
}

/// A mapping with known keys.
package struct ObjectShape: Hashable, Sendable {
    /// What messages call it: "a drain step".
    package var title: String
    package var fields: [FieldShape]
    /// Exactly one of the keys is written: the key says which kind of thing it is.
    package var isChoice: Bool
    /// `block:` without a value is the same as `block: {}`.
    package var mayBeEmpty: Bool

    package init(_ title: String, isChoice: Bool = false, mayBeEmpty: Bool = false, _ fields: [FieldShape]) {
        self.title = title
        self.fields = fields
        self.isChoice = isChoice
        self.mayBeEmpty = mayBeEmpty
    }

    /// The keys that can be written today, in the order of their declaration.
    var keys: [String] { fields.filter { $0.availability != .later }.map(\.key) }
}

/// One key of a mapping.
package struct FieldShape: Hashable, Sendable {
    package enum Availability: Hashable, Sendable {
        case now
        /// Read, checked and planned with, but the daemon of this version does not act on it: it refuses the set.
        case checkedOnly
        /// Planned: writing it is an error that says so.
        case later
    }

    package var key: String
    package var summary: String
    package var shape: Shape
    package var isRequired: Bool
    /// As it would be written.
    package var defaultText: String?
    package var availability: Availability

    /// A key that comes with a later version.
    package static func later(_ key: String, _ summary: String) -> FieldShape {
        FieldShape(
            key: key, summary: summary, shape: .text(pattern: nil), isRequired: false, defaultText: nil,
            availability: .later)
    }
}
