/// What a value may look like, as data: the declaration that unknown keys, hints and the JSON Schema come from.
package indirect enum Shape: Hashable, Sendable {
    /// `pattern` is a regular expression of JSON Schema's dialect.
    case text(pattern: String?)
    /// `meanings`: of each of them, where there are any.
    case words([String], meanings: [String?] = [])
    case integer(minimum: Int, maximum: Int)
    case number(minimum: Int, maximum: Int)
    case boolean
    /// `first`, where there is one, is the shape of the first item. `isOrdered`: in another order it means something else.
    case list(Shape, minimum: Int, maximum: Int = 10_000, first: Shape? = nil, isOrdered: Bool = false)
    /// Any text as key, or one that matches the pattern.
    case map(Shape, keys: String? = nil)
    case object(ObjectShape)
    case oneOf([Shape])

    /// `1h30m`, units from large to small.
    static let duration = Shape.text(
        pattern: "^(?=.)([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?([0-9]{1,9}ms)?$")
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
    /// Where there are any: the key of exactly one of them is written.
    package var forms: [Form] = []
    /// Of each of these groups at least one key is written.
    package var needed: [[String]] = []
    /// Keys that are looked for here in vain, because they went or belong elsewhere, and what to do instead.
    var absent: [String: String] = [:]
    /// The key that a text alone, where the mapping should be, is meant for: `soak: 10m` is `soak: {for: 10m}`.
    var loneKey: String?
    /// The key of a map under which keys that are not known here may belong: a node's `zone: a` is a label.
    var othersUnder: String?

    /// One of several ways to write the same thing, known by a key of its own.
    package struct Form: Hashable, Sendable {
        package var key: String
        /// Exactly one of these is written beside it, where there are any.
        package var oneOf: [String]
        /// None of these.
        package var without: [String]

        package init(_ key: String, oneOf: [String] = [], without: [String] = []) {
            self.key = key
            self.oneOf = oneOf
            self.without = without
        }
    }

    package init(_ title: String, isChoice: Bool = false, mayBeEmpty: Bool = false, _ fields: [FieldShape] = []) {
        self.title = title
        self.fields = fields
        self.isChoice = isChoice
        self.mayBeEmpty = mayBeEmpty
    }

    /// The same shape, written in one of several ways.
    package func inForms(_ forms: [Form]) -> ObjectShape {
        var shape = self
        shape.forms = forms
        return shape
    }

    /// The same shape, of which one of these keys is always written.
    package func needing(oneOf keys: String...) -> ObjectShape {
        var shape = self
        shape.needed.append(keys)
        return shape
    }

    /// The same shape, with a hint for who writes the value of that key alone.
    func alone(_ key: String) -> ObjectShape {
        var shape = self
        shape.loneKey = key
        return shape
    }

    /// The same shape, with a hint that other keys belong into that map.
    func others(under key: String) -> ObjectShape {
        var shape = self
        shape.othersUnder = key
        return shape
    }

    /// The same shape, with a hint for those who look for that key.
    func without(_ key: String, _ hint: String) -> ObjectShape {
        var shape = self
        shape.absent[key] = hint
        return shape
    }

    /// In the order of their declaration.
    var keys: [String] { fields.map(\.key) }
}

extension ObjectShape: ExpressibleByStringLiteral {
    /// A mapping about which nothing is to be said but its title.
    package init(stringLiteral title: String) { self.init(title) }
}

/// One key of a mapping.
package struct FieldShape: Hashable, Sendable {
    package var key: String
    package var summary: String
    package var shape: Shape
    package var isRequired: Bool
    /// Where it is not written, something else holds: `defaultText`, or of a mapping the defaults of its keys.
    package var isDefaulted: Bool
    /// As it would be written.
    package var defaultText: String?
}
