/// How a value is read and what a schema says about it, declared once.
struct ValueType<Value: Sendable>: Sendable {
    let shape: Shape
    /// Nil where something is wrong, which is then reported.
    let read: @Sendable (YAMLNode, Findings) -> Value?
    /// The value as a policy writes it, for defaults in the schema.
    let written: @Sendable (Value) -> String?

    init(
        _ shape: Shape, written: @escaping @Sendable (Value) -> String? = { _ in nil },
        read: @escaping @Sendable (YAMLNode, Findings) -> Value?
    ) {
        self.shape = shape
        self.read = read
        self.written = written
    }

    /// The same text, wrapped or checked further. The second argument of `change` is where to complain.
    func map<Other: Sendable>(
        _ change: @escaping @Sendable (Value, YAMLNode, Findings) -> Other?
    ) -> ValueType<Other> {
        ValueType<Other>(shape) { node, findings in
            read(node, findings).flatMap { change($0, node, findings) }
        }
    }
}

/// A value and the node that it was read from, which knows where everything in it stands.
struct Located<Value: Sendable>: Sendable {
    var value: Value
    var node: YAMLNode
    var location: SourceLocation { node.location }
}

extension ValueType {
    /// Keeps the node beside the value.
    static func located(_ type: ValueType<Value.Wrapped>) -> ValueType where Value: LocatedValue {
        ValueType(type.shape) { node, findings in
            guard let value = type.read(node, findings) else { return nil }
            return Value(value: value, node: node)
        }
    }

    /// A list; faulty items are reported and left out.
    static func list<Item: Sendable>(
        of item: ValueType<Item>, minimum: Int = 0, maximum: Int = 10_000
    ) -> ValueType where Value == [Item] {
        ValueType(.list(item.shape, minimum: minimum, maximum: maximum)) { node, findings in
            guard case .sequence(let nodes) = node.value else {
                let text = node.scalar.flatMap { $0.isNull ? nil : $0.text }
                findings.wrongType("a list", node, hint: text.map { "in brackets: [\($0)]" })
                return nil
            }
            guard nodes.count >= minimum else {
                findings.error(.emptyList, "the list is empty", at: node.location)
                return nil
            }
            guard nodes.count <= maximum else {
                findings.error(
                    .tooManyItems, "\(nodes.count) items, at most \(maximum) are possible", at: node.location)
                return nil
            }
            var items: [Item] = []
            items.reserveCapacity(nodes.count)
            for node in nodes {
                if let value = item.read(node, findings) { items.append(value) }
            }
            return items
        }
    }

    /// A mapping with any keys; faulty values are reported and left out.
    static func map<Item: Sendable>(
        of item: ValueType<Item>, key isKey: @escaping @Sendable (String) -> Bool, keyIsA title: String,
        pattern: String? = nil
    ) -> ValueType where Value == [String: Item] {
        ValueType(.map(item.shape, keys: pattern)) { node, findings in
            guard case .mapping(let entries) = node.value else {
                findings.wrongType("a mapping", node)
                return nil
            }
            var result: [String: Item] = Dictionary(minimumCapacity: entries.count)
            for entry in entries {
                guard isKey(entry.key) else {
                    findings.error(
                        .invalidText, "\"\(entry.key)\" is not \(title)", at: entry.keyLocation)
                    continue
                }
                if let value = item.read(entry.value, findings) { result[entry.key] = value }
            }
            return result
        }
    }

    /// A mapping with known keys. `build` asks for each field once; nil where a required one is missing or faulty.
    static func object(
        _ shape: ObjectShape, build: @escaping @Sendable (ObjectFields) -> Value?
    ) -> ValueType {
        ValueType(.object(shape)) { node, findings in
            guard let fields = ObjectFields(node, shape, findings) else { return nil }
            return build(fields)
        }
    }
}

/// What `ValueType.located` can produce.
protocol LocatedValue: Sendable {
    associatedtype Wrapped: Sendable
    init(value: Wrapped, node: YAMLNode)
}

extension Located: LocatedValue {}

extension Findings {
    func wrongType(_ expected: String, _ node: YAMLNode, hint: String? = nil) {
        if node.isNull {
            error(.missingValue, "a value is missing here: \(expected)", at: node.location)
        } else {
            error(.wrongType, "this must be \(expected), it is \(node.kindInWords)", at: node.location, hint: hint)
        }
    }

    /// What is written is right, and a plan can be made of it, but no daemon of this version acts on it.
    func checkedOnly(_ what: String, at location: SourceLocation) {
        warning(
            .notYetExecuted, "\(what) is checked and planned, but the daemon does not act on it yet", at: location,
            hint: "a daemon refuses policies with it")
    }

    /// The scalar of the node; anything else is reported.
    func scalar(_ node: YAMLNode, _ expected: @autoclosure () -> String) -> YAMLNode.Scalar? {
        guard let scalar = node.scalar, !scalar.isNull else {
            wrongType(expected(), node)
            return nil
        }
        return scalar
    }
}
