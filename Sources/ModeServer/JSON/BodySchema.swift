/// The properties of an object. Those that it does not name are accepted, as the vendor's schemas do.
struct BodySchema: Sendable {
    enum Shape: Sendable {
        case boolean
        case object
        /// Length in bytes of UTF-8.
        case string(ClosedRange<Int>)
        case word([String])
        /// An array with a number of strings in the range, each not empty.
        case strings(ClosedRange<Int>)
        case anything
    }

    struct Property: Sendable {
        var name: String
        var shape: Shape
        var isRequired = true

        static func required(_ name: String, _ shape: Shape) -> Property { Property(name: name, shape: shape) }

        static func optional(_ name: String, _ shape: Shape) -> Property {
            Property(name: name, shape: shape, isRequired: false)
        }
    }

    var properties: [Property]

    init(_ properties: Property...) { self.properties = properties }

    /// All that is wrong with the value, in the order of the properties.
    func violations(in value: JSONValue) -> [SchemaViolation] {
        guard case .object = value else { return [SchemaViolation(kind: .wrongType, path: [])] }
        return properties.flatMap { property -> [SchemaViolation] in
            let path = [JSONValue.string(property.name)]
            guard let member = value[property.name] else {
                return property.isRequired ? [SchemaViolation(kind: .missingProperty, path: path)] : []
            }
            return property.shape.violations(in: member, at: path)
        }
    }
}

extension BodySchema.Shape {
    fileprivate func violations(in value: JSONValue, at path: [JSONValue]) -> [SchemaViolation] {
        func violated(_ kind: SchemaViolation.Kind) -> [SchemaViolation] { [SchemaViolation(kind: kind, path: path)] }
        switch (self, value) {
        case (.anything, _), (.boolean, .bool), (.object, .object): return []
        case (.string(let length), .string(let text)):
            return length.contains(text.utf8.count) ? [] : violated(.wrongLength)
        case (.word(let words), .string(let text)):
            return words.contains(text) ? [] : violated(.notInEnum)
        case (.strings(let count), .array(let elements)):
            guard count.contains(elements.count) else { return violated(.wrongSize) }
            return elements.enumerated().flatMap { position, element in
                Self.string(1...255).violations(in: element, at: path + [.integer(Int64(position))])
            }
        default: return violated(.wrongType)
        }
    }
}

/// A body breaks its schema at this path.
struct SchemaViolation: Hashable, Sendable {
    enum Kind: String, Sendable {
        case wrongType = "wrong_type"
        case wrongLength = "wrong_length"
        case wrongSize = "wrong_size"
        case notInEnum = "not_in_enum"
        case missingProperty = "missing_required_property"
    }

    var kind: Kind
    /// Names of properties and positions in arrays, from the top.
    var path: [JSONValue]
}
