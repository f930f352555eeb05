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

    /// The same text, as another value.
    func map<Other: Sendable>(_ change: @escaping @Sendable (Value) -> Other) -> ValueType<Other> {
        ValueType<Other>(shape) { node, findings in read(node, findings).map(change) }
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
    static func located<Wrapped>(_ type: ValueType<Wrapped>) -> ValueType where Value == Located<Wrapped> {
        ValueType(type.shape) { node, findings in
            type.read(node, findings).map { Located(value: $0, node: node) }
        }
    }

    /// A list; faulty items are reported and left out.
    static func list<Item: Sendable>(
        of item: ValueType<Item>, minimum: Int = 0, maximum: Int = 10_000, isOrdered: Bool = false
    ) -> ValueType where Value == [Item] {
        ValueType(.list(item.shape, minimum: minimum, maximum: maximum, isOrdered: isOrdered)) { node, findings in
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
                findings.wrongType("a mapping", node, hint: node.pairs.map { "write {\($0)}" })
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

    /// A mapping with these keys, built from their values.
    static func object<each Key: ObjectKey>(
        _ frame: ObjectShape, _ keys: repeat each Key, build: @escaping @Sendable (repeat (each Key).Reading) -> Value?
    ) -> ValueType {
        checkedObject(frame, repeat each keys) { (_, values: repeat (each Key).Reading) in build(repeat each values) }
    }

    /// The same, where it also matters which of the keys are written.
    static func checkedObject<each Key: ObjectKey>(
        _ frame: ObjectShape, _ keys: repeat each Key,
        build: @escaping @Sendable (ObjectFields, repeat (each Key).Reading) -> Value?
    ) -> ValueType {
        FieldGroup(repeat each keys, build: build).object(frame)
    }

    /// A mapping with one of these keys, which says what kind of thing it is.
    static func choice(_ title: String, alone: String? = nil, _ choices: Field<Value>...) -> ValueType {
        var shape = ObjectShape(title, isChoice: true, choices.map(\.shape))
        shape.loneKey = alone
        return object(shape) { fields in choices.compactMap { fields[$0] }.first }
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

extension YAMLNode {
    /// `zone: b, rack: 4`, where a list of `zone=b` or `zone: b`, or one such text, was written for a mapping.
    fileprivate var pairs: String? {
        var pairs: [String] = []
        let items: [YAMLNode]
        if case .sequence(let nodes) = value { items = nodes } else { items = [self] }
        for item in items {
            switch item.value {
            case .scalar(let scalar):
                let parts = scalar.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
                pairs.append("\(parts[0]): \(parts[1])")
            case .mapping(let entries):
                for entry in entries {
                    guard let text = entry.value.scalar?.text else { return nil }
                    pairs.append("\(entry.key): \(text)")
                }
            case .sequence: return nil
            }
        }
        return pairs.isEmpty ? nil : pairs.joined(separator: ", ")
    }
}

extension Findings {
    func wrongType(_ expected: String, _ node: YAMLNode, hint: String? = nil) {
        if node.isNull {
            error(.missingValue, "a value is missing here: \(expected)", at: node.location)
        } else {
            error(.wrongType, "this must be \(expected), it is \(node.kindInWords)", at: node.location, hint: hint)
        }
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
