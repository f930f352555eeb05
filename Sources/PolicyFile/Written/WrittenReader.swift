import Primitives
import Scheduling

/// Makes values of the YAML of a document by the declared shape alone: a key that is declared is compared, whatever it is.
enum WrittenReader {
    /// Nil where nothing is written and nothing else holds.
    static func value(_ node: YAMLNode, _ shape: Shape) -> WrittenValue? {
        switch shape {
        case .text, .words, .integer, .number, .boolean:
            return node.scalar.map { .text(text($0.text, shape)) }
        case .object(let object): return mapping(node, object)
        case .map(let item, _):
            guard case .mapping(let entries) = node.value else { return nil }
            return .mapping(
                entries.sorted { $0.key < $1.key }.compactMap { entry in
                    value(entry.value, item).map { .init(key: entry.key, value: $0) }
                })
        case .list(let item, _, _, _, let isOrdered):
            guard case .sequence(let nodes) = node.value else { return nil }
            return list(nodes, of: item, isOrdered: isOrdered)
        case .oneOf(let shapes): return oneOf(node, shapes)
        }
    }

    /// The first of the shapes that has the node's kind.
    private static func oneOf(_ node: YAMLNode, _ shapes: [Shape]) -> WrittenValue? {
        let fitting = shapes.first { shape in
            switch (shape, node.value) {
            case (.object, .mapping), (.map, .mapping), (.list, .sequence): true
            case (.object, _), (.map, _), (.list, _), (.oneOf, _): false
            case (_, .scalar): true
            case (_, .sequence), (_, .mapping): false
            }
        }
        return fitting.flatMap { value(node, $0) }
    }

    private static func mapping(_ node: YAMLNode, _ object: ObjectShape) -> WrittenValue? {
        var written: [YAMLNode.Entry] = []
        if case .mapping(let entries) = node.value { written = entries } else if !node.isNull { return nil }
        if object.isChoice {
            guard written.count == 1, let entry = written.first,
                let field = object.fields.first(where: { $0.key == entry.key })
            else { return nil }
            return .choice(key: entry.key, value(entry.value, field.shape) ?? .mapping([]))
        }
        return .mapping(
            object.fields.compactMap { field in
                if let entry = written.first(where: { $0.key == field.key }) {
                    guard let value = value(entry.value, field.shape) else { return nil }
                    // An empty list says the same as none.
                    let isNothing = value == .list([]) && field.isDefaulted
                    return isNothing ? nil : .init(key: field.key, value: value)
                }
                return standard(field).map { .init(key: field.key, value: $0, isDefault: true) }
            })
    }

    /// What holds where the key is not written.
    private static func standard(_ field: FieldShape) -> WrittenValue? {
        if let text = field.defaultText { return .text(text) }
        guard field.isDefaulted, case .object(let object) = field.shape, !object.isChoice else { return nil }
        let nothing = YAMLNode(value: .mapping([]), location: SourceLocation(file: 0, line: 1, column: 1))
        return mapping(nothing, object)
    }

    private static func list(_ nodes: [YAMLNode], of item: Shape, isOrdered: Bool) -> WrittenValue {
        guard case .object(let object) = item else {
            let texts = nodes.compactMap { value($0, item)?.flow }
            return .list(isOrdered ? texts : texts.sorted())
        }
        var seen: [String: Int] = [:]
        var entries: [WrittenValue.Entry] = []
        for (index, node) in nodes.enumerated() {
            guard let value = mapping(node, object) else { continue }
            let name = name(of: node, object) ?? "\(index + 1)"
            seen[name, default: 0] += 1
            let count = seen[name, default: 1]
            entries.append(.init(key: count == 1 ? name : "\(name) \(count)", value: value))
        }
        return entries.isEmpty ? .list([]) : .items(entries, isOrdered: isOrdered)
    }

    /// What people call the item of a list: by its name, or by the one thing that it is about.
    private static func name(of node: YAMLNode, _ object: ObjectShape) -> String? {
        if object.isChoice {
            guard case .mapping(let entries) = node.value, let entry = entries.first else { return nil }
            let name = entry.value["name"]?.scalar?.text
            return entry.key + (name.map { " \($0)" } ?? "")
        }
        if let name = node["name"]?.scalar?.text { return name }
        if let calendar = node["calendar"]?.scalar?.text { return "calendar \(calendar)" }
        return node["key"]?.scalar?.text
    }

    /// One form for what can be written in several.
    private static func text(_ text: String, _ shape: Shape) -> String {
        switch shape {
        case .integer: decimal(text).map(String.init) ?? text
        case .oneOf: decimal(text).map(String.init) ?? text
        case .number:
            Double(text).map { $0 == $0.rounded() && $0.magnitude < 1e9 ? String(Int($0)) : String($0) } ?? text
        case .duration: Duration(text)?.written ?? text
        default: text
        }
    }
}
