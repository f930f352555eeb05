/// Turns shapes into schema values. Mappings that occur more than once, and the specs, become definitions.
struct SchemaWriter {
    typealias Members = [(key: String, value: SchemaValue)]

    private(set) var definitions: Members = []
    private var names: [ObjectShape: String] = [:]
    private var uses: [ObjectShape: Int] = [:]

    /// - Parameter documents: everything that will be written, to see what occurs more than once.
    init(documents: [Shape]) {
        for shape in documents { count(shape) }
    }

    private mutating func count(_ shape: Shape) {
        switch shape {
        case .list(let item, _, _, let first, _):
            count(item)
            if let first { count(first) }
        case .map(let item, _): count(item)
        case .oneOf(let shapes): for shape in shapes { count(shape) }
        case .object(let object):
            let earlier = uses[object, default: 0]
            uses[object] = earlier + 1
            // What is inside a definition is written once.
            if earlier == 0 { for field in object.fields { count(field.shape) } }
        case .text, .words, .integer, .number, .boolean: break
        }
    }

    /// The schema of a shape, or a reference to it.
    mutating func value(_ shape: Shape, named name: String? = nil) -> SchemaValue {
        .object(members(shape, named: name))
    }

    mutating func field(_ field: FieldShape) -> SchemaValue {
        described(members(field.shape), field)
    }

    /// With the summary of the key, and its default.
    func described(_ members: Members, _ field: FieldShape) -> SchemaValue {
        var all: Members = [("description", .text(field.summary))] + members
        if let written = field.defaultText {
            all.append(("default", SchemaWriter.defaultValue(written, of: field.shape)))
        }
        return .object(all)
    }

    private static func defaultValue(_ written: String, of shape: Shape) -> SchemaValue {
        switch shape {
        case .boolean: .boolean(written == "true")
        case .integer, .number: .literal(written)
        case .oneOf: decimal(written).map { .integer($0) } ?? .text(written)
        case .text, .words, .list, .map, .object: .text(written)
        }
    }

    private mutating func members(_ shape: Shape, named name: String? = nil) -> Members {
        switch shape {
        case .text(let pattern):
            let types = SchemaWriter.types(ofTextLike: pattern)
            let type: SchemaValue = types.count == 1 ? .text(types[0]) : .texts(types)
            return [("type", type)] + (pattern.map { [("pattern", .text($0))] } ?? [])
        case .words(let words, let meanings):
            guard words.count > 1 else { return [("const", .text(words[0]))] }
            let told = zip(words, meanings).compactMap { word, meaning in
                meaning.map { SchemaValue.object([("const", .text(word)), ("description", .text($0))]) }
            }
            return told.count == words.count ? [("oneOf", .array(told))] : [("enum", .texts(words))]
        case .integer(let minimum, let maximum):
            return [("type", .text("integer")), ("minimum", .integer(minimum)), ("maximum", .integer(maximum))]
        case .number(let minimum, let maximum):
            return [("type", .text("number")), ("minimum", .integer(minimum)), ("maximum", .integer(maximum))]
        case .boolean:
            return [("type", .text("boolean"))]
        case .list(let item, let minimum, let maximum, let first, _):
            let head: Members = first.map { [("prefixItems", .array([value($0)]))] } ?? []
            let least: Members = minimum > 0 ? [("minItems", .integer(minimum))] : []
            return [("type", .text("array"))] + head + [("items", value(item))] + least
                + [("maxItems", .integer(maximum))]
        case .map(let item, let keys):
            let names: Members = keys.map { [("propertyNames", .object([("pattern", .text($0))]))] } ?? []
            return [("type", .text("object"))] + names + [("additionalProperties", value(item))]
        case .oneOf(let shapes):
            return [("anyOf", .array(shapes.map { value($0) }))]
        case .object(let object):
            guard name != nil || uses[object, default: 0] > 1 else { return members(object) }
            return [("$ref", .text("#/$defs/" + definition(object, named: name)))]
        }
    }

    private mutating func definition(_ object: ObjectShape, named wanted: String?) -> String {
        if let known = names[object] { return known }
        let base = wanted ?? SchemaWriter.name(from: object.title)
        var name = base
        var number = 2
        while definitions.contains(where: { $0.key == name }) {
            name = "\(base)-\(number)"
            number += 1
        }
        names[object] = name
        // Its place is taken first: definitions stand in the order in which they are met.
        let place = definitions.count
        definitions.append((name, .object([])))
        definitions[place].value = .object(members(object))
        return name
    }

    private mutating func members(_ object: ObjectShape) -> Members {
        let fields = object.fields
        let type: SchemaValue = object.mayBeEmpty ? .texts(["object", "null"]) : .text("object")
        var result: Members = [("title", .text(object.title)), ("type", type)]
        result.append(("properties", .object(fields.map { ($0.key, field($0)) })))
        let required = fields.filter(\.isRequired).map(\.key)
        if !required.isEmpty { result.append(("required", .texts(required))) }
        result.append(("additionalProperties", .boolean(false)))
        if object.isChoice {
            result += [("minProperties", .integer(1)), ("maxProperties", .integer(1))]
        }
        if !object.forms.isEmpty { result.append(("oneOf", .array(object.forms.map(SchemaWriter.form)))) }
        if !object.needed.isEmpty {
            let groups = object.needed.map { keys in
                SchemaValue.object([("anyOf", .array(keys.map { .object([("required", .texts([$0]))]) }))])
            }
            result.append(("allOf", .array(groups)))
        }
        return result
    }

    private static func form(_ form: ObjectShape.Form) -> SchemaValue {
        func isWritten(_ key: String) -> SchemaValue { .object([("required", .texts([key]))]) }
        var result: Members = [("required", .texts([form.key]))]
        if !form.oneOf.isEmpty { result.append(("oneOf", .array(form.oneOf.map(isWritten)))) }
        if !form.without.isEmpty {
            result.append(("not", .object([("anyOf", .array(form.without.map(isWritten)))])))
        }
        return .object(result)
    }

    /// "a drain step" is `drain-step`.
    private static func name(from title: String) -> String {
        var words = title.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map { $0.lowercased() }
        if words.count > 1, ["a", "an"].contains(words[0]) { words.removeFirst() }
        return words.joined(separator: "-")
    }

    /// What a loader of YAML 1.2 may make of a text that the pattern allows: `2025` a number, `true` a boolean.
    private static func types(ofTextLike pattern: String?) -> [String] {
        guard let pattern else { return ["string", "number", "boolean"] }
        guard let expression = try? Regex(pattern) else { return ["string"] }
        func isPossible(_ text: String) -> Bool { (try? expression.firstMatch(in: text)) != nil }
        var types = ["string"]
        if isPossible("1.5") { types.append("number") } else if isPossible("12") { types.append("integer") }
        if isPossible("true") { types.append("boolean") }
        return types
    }
}
