/// A value that is large, read often and never changes: shared by all that hold it, not copied.
@dynamicMemberLookup
package struct Shared<Value: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    private final class Box: Sendable {
        let value: Value

        init(_ value: Value) {
            self.value = value
        }
    }

    private let box: Box

    package init(_ value: Value) {
        box = Box(value)
    }

    package var value: Value { box.value }

    @inline(__always)
    package subscript<Member>(dynamicMember path: KeyPath<Value, Member>) -> Member { box.value[keyPath: path] }

    package static func == (a: Shared, b: Shared) -> Bool { a.box === b.box || a.value == b.value }

    package func hash(into hasher: inout Hasher) { hasher.combine(value) }

    package init(from decoder: any Decoder) throws {
        self.init(try Value(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
