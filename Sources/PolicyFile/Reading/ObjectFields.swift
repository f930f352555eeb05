/// One key with the type of its value: declared once, used for reading, hints and the schema.
struct Field<Value: Sendable>: Sendable {
    let key: String
    let type: ValueType<Value>
    let summary: String
    let isRequired: Bool

    var shape: FieldShape {
        FieldShape(
            key: key, summary: summary, shape: type.shape, isRequired: isRequired, isDefaulted: false,
            defaultText: nil)
    }

    /// The same key, read as another value.
    func map<Other: Sendable>(_ change: @escaping @Sendable (Value) -> Other) -> Field<Other> {
        Field<Other>(
            key: key, type: type.map(change), summary: summary, isRequired: isRequired)
    }
}

extension Field {
    /// An optional key without a default.
    init(_ key: String, _ type: ValueType<Value>, _ summary: String) {
        self.init(key: key, type: type, summary: summary, isRequired: false)
    }

    static func required(_ key: String, _ type: ValueType<Value>, _ summary: String) -> Field {
        Field(key: key, type: type, summary: summary, isRequired: true)
    }
}

/// A key that always has a value: what is written and right, or the default that the model declares.
struct DefaultedField<Value: Sendable>: Sendable {
    let field: Field<Value>
    let fallback: Value

    var shape: FieldShape {
        var shape = field.shape
        shape.isDefaulted = true
        shape.defaultText = field.type.written(fallback)
        return shape
    }
}

extension DefaultedField {
    init(_ key: String, _ type: ValueType<Value>, default fallback: Value, _ summary: String) {
        self.init(field: Field(key, type, summary), fallback: fallback)
    }
}

/// A key without which, or with a faulty value of which, nothing is built at all.
struct NeededField<Value: Sendable>: Sendable {
    let field: Field<Value>

    init(_ key: String, _ type: ValueType<Value>, _ summary: String) { field = .required(key, type, summary) }
}

/// What an object is declared with.
protocol ObjectKey<Reading>: Sendable {
    associatedtype Reading: Sendable
    var shapes: [FieldShape] { get }
    func read(_ fields: ObjectFields) throws(NothingBuilt) -> Reading
}

/// Something is missing or faulty, which is reported, without which nothing can be built.
struct NothingBuilt: Error {}

extension Field: ObjectKey {
    var shapes: [FieldShape] { [shape] }
    func read(_ fields: ObjectFields) -> Value? { fields[self] }
}

extension DefaultedField: ObjectKey {
    var shapes: [FieldShape] { [shape] }
    func read(_ fields: ObjectFields) -> Value { fields[field] ?? fallback }
}

extension NeededField: ObjectKey {
    var shapes: [FieldShape] { [field.shape] }
    func read(_ fields: ObjectFields) throws(NothingBuilt) -> Value {
        guard let value = fields[field] else { throw NothingBuilt() }
        return value
    }
}

/// Keys that several objects have in common, and what is built from their values.
struct FieldGroup<Value: Sendable>: ObjectKey {
    let shapes: [FieldShape]
    private let build: @Sendable (ObjectFields) -> Value?

    init<each Key: ObjectKey>(
        _ keys: repeat each Key, build: @escaping @Sendable (ObjectFields, repeat (each Key).Reading) -> Value?
    ) {
        var shapes: [FieldShape] = []
        for key in repeat each keys { shapes += key.shapes }
        self.shapes = shapes
        self.build = { fields in
            do throws(NothingBuilt) {
                return build(fields, repeat try (each keys).read(fields))
            } catch {
                // What is wrong with the keys after it is to be known as well; what was reported is not reported again.
                for key in repeat each keys { _ = try? key.read(fields) }
                return nil
            }
        }
    }

    func read(_ fields: ObjectFields) throws(NothingBuilt) -> Value {
        guard let value = build(fields) else { throw NothingBuilt() }
        return value
    }

    /// The object that has these keys alone.
    func object(_ frame: ObjectShape) -> ValueType<Value> {
        var shape = frame
        shape.fields += shapes
        return .object(shape, build: build)
    }
}

/// The entries of one mapping, after its keys were checked against the shape.
struct ObjectFields {
    let node: YAMLNode
    let findings: Findings
    private let entries: [YAMLNode.Entry]

    /// Nil where the node is no mapping. Unknown, unsupported and missing keys are reported here.
    init?(_ node: YAMLNode, _ shape: ObjectShape, _ findings: Findings) {
        self.node = node
        self.findings = findings
        if case .mapping(let entries) = node.value {
            self.entries = entries
        } else if node.isNull, shape.mayBeEmpty {
            entries = []
        } else {
            let text = node.scalar?.text ?? ""
            let isWord = shape.isChoice && shape.keys.contains(text)
            let isYes = shape.mayBeEmpty && ["true", "yes", "on"].contains(text)
            let asWord: String? = isWord ? "write `\(text): {}`" : isYes ? "write {}" : nil
            let hint = asWord ?? Self.asMapping(node, shape)
            findings.wrongType(shape.title, node, hint: hint)
            return nil
        }
        checkKeys(shape)
    }

    /// The mapping that a value without its key was meant as.
    private static func asMapping(_ node: YAMLNode, _ shape: ObjectShape) -> String? {
        guard let key = shape.loneKey, let field = shape.fields.first(where: { $0.key == key }) else { return nil }
        if case .list = field.shape {
            switch node.value {
            case .scalar(let scalar):
                return "write {\(key): [\(scalar.text.split(separator: " ").joined(separator: ", "))]}"
            case .sequence: return "write {\(key): […]}"
            case .mapping: return nil
            }
        }
        return node.scalar.map { "write {\(key): \($0.text)}" }
    }

    /// The value; nil where the key is not written or its value is faulty, which is then reported.
    subscript<Value>(field: Field<Value>) -> Value? {
        guard let index = entries.firstIndex(where: { $0.key == field.key }) else { return nil }
        return field.type.read(entries[index].value, findings)
    }

    func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// The keys as written.
    var keys: [String] { entries.map(\.key) }

    func keyLocation(_ key: String) -> SourceLocation {
        entries.first { $0.key == key }?.keyLocation ?? node.location
    }

    /// For keys that are only sometimes needed.
    func reportMissing<Value>(_ field: Field<Value>, in title: String) {
        reportMissing(field.key, field.summary, in: title)
    }

    private func reportMissing(_ key: String, _ summary: String, in title: String) {
        findings.error(.missingKey, "`\(key)` is missing in \(title): \(summary)", at: node.location)
    }

    private func checkKeys(_ shape: ObjectShape) {
        // By index: an entry that is copied drags its whole value along.
        var known: Int?
        for entry in entries.indices {
            let key = entries[entry].key
            guard shape.fields.contains(where: { $0.key == key }) else {
                unknown(entries[entry], shape, after: known)
                continue
            }
            known = entry
        }
        for index in shape.fields.indices where shape.fields[index].isRequired && !has(shape.fields[index].key) {
            reportMissing(shape.fields[index].key, shape.fields[index].summary, in: shape.title)
        }
        // One known key is what most have.
        guard shape.isChoice, entries.count != 1 else { return }
        let chosen = entries.filter { entry in shape.fields.contains { $0.key == entry.key } }
        // What holds mappings is a list's item, a step; two texts are two ways to say one thing.
        let areItems = shape.fields.contains { if case .object = $0.shape { true } else { false } }
        if chosen.isEmpty, entries.isEmpty {
            findings.error(.missingKey, "\(shape.title) is one of \(listed(shape.keys))", at: node.location)
        } else if chosen.count > 1 {
            findings.error(
                .conflictingKeys,
                "\(shape.title) has one key, this has \(listed(chosen.map(\.key), conjunction: "and"))",
                at: chosen[1].keyLocation,
                hint: chosen[0].value.isNull
                    ? "indent what belongs to `\(chosen[0].key)`"
                    : areItems ? "start each with its own `- `" : "keep one of them")
        }
    }

    /// The key, or what it is called here, is known one level deeper.
    private func nested(_ key: String, _ shape: ObjectShape) -> String? {
        if shape.isChoice, let choice = choice(of: shape) { return "`\(key)` stands under `\(choice)`" }
        for field in shape.fields {
            var shape = field.shape
            if case .list(let item, _, _, _, _) = shape { shape = item }
            guard case .object(let inner) = shape else { continue }
            if inner.keys.contains(key) { return "`\(key)` stands under `\(field.key)`" }
            if let word = LookAlikes.word(for: key, among: inner.keys) {
                return "here it is `\(field.key): {\(word): …}`"
            }
        }
        return nil
    }

    /// The one kind of thing that all keys written here, misplaced as they are, speak of.
    private func choice(of shape: ObjectShape) -> String? {
        guard entries.count <= 32 else { return nil }
        let misplaced = entries.map(\.key).filter { key in !shape.fields.contains { $0.key == key } }
        return shape.fields.first { field in
            guard case .object(let inner) = field.shape else { return false }
            return misplaced.allSatisfy(inner.keys.contains)
        }?.key
    }

    /// - Parameter known: the known key before it.
    private func unknown(_ entry: YAMLNode.Entry, _ shape: ObjectShape, after known: Int?) {
        guard !shape.fields.isEmpty else {
            return findings.error(.unknownKey, "\(shape.title): this has `\(entry.key)`", at: entry.keyLocation)
        }
        let message = "\(shape.title) has no key `\(entry.key)`"
        // A hint costs a comparison with every word there is, and a file may hold ten thousands of keys.
        let hint = findings.isFull ? nil : self.hint(for: entry, shape, after: known)
        findings.error(.unknownKey, message, at: entry.keyLocation, hint: hint)
    }

    private func hint(for entry: YAMLNode.Entry, _ shape: ObjectShape, after known: Int?) -> String? {
        if let hint = shape.absent[entry.key] { return hint }
        let possible = shape.keys
        let alike = LookAlikes.word(for: entry.key, among: possible)
        let near = alike ?? nearest(to: entry.key, among: shape.fields.map(\.key))
        var hint = alike.map { "here the word is `\($0)`" } ?? near.map { "did you mean `\($0)`?" }
        if let place = nested(entry.key, shape), alike == nil { hint = place }
        // Nothing stands under the key before: what should was not indented.
        if let known, entries[known].value.isNull, !shape.isChoice {
            return "indent what belongs to `\(entries[known].key)`"
        }
        if hint == nil, let map = shape.othersUnder, let text = entry.value.scalar?.text {
            hint = "write \(map): {\(entry.key): \(text)}"
        }
        if hint == nil, possible.count <= 12 { hint = "possible: \(possible.joined(separator: ", "))" }
        if shape.isChoice, let first = entries.first, first.value.isNull, first.key != entry.key {
            hint = "indent what belongs to `\(first.key)`"
        }
        return hint
    }
}
