import CLibYAML

/// The parts of libyaml's event that are used. It stays where libyaml put it, and is good until the next one is read.
struct Event {
    private let place: UnsafeMutablePointer<yaml_event_t>

    init(at place: UnsafeMutablePointer<yaml_event_t>) {
        self.place = place
    }

    var type: yaml_event_type_t { place.pointee.type }
    var startLine: Int { Int(place.pointee.start_mark.line) }
    var startColumn: Int { Int(place.pointee.start_mark.column) }
    var endLine: Int { Int(place.pointee.end_mark.line) }
    var endColumn: Int { Int(place.pointee.end_mark.column) }

    var anchor: String? {
        switch place.pointee.type {
        case YAML_SCALAR_EVENT: text(place.pointee.data.scalar.anchor)
        case YAML_SEQUENCE_START_EVENT: text(place.pointee.data.sequence_start.anchor)
        case YAML_MAPPING_START_EVENT: text(place.pointee.data.mapping_start.anchor)
        case YAML_ALIAS_EVENT: text(place.pointee.data.alias.anchor)
        default: nil
        }
    }

    var tag: String? {
        switch place.pointee.type {
        case YAML_SCALAR_EVENT: text(place.pointee.data.scalar.tag)
        case YAML_SEQUENCE_START_EVENT: text(place.pointee.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT: text(place.pointee.data.mapping_start.tag)
        default: nil
        }
    }

    /// Of a scalar event.
    var scalar: YAMLNode.Scalar {
        let scalar = place.pointee.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        return YAMLNode.Scalar(
            text: String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
            isVisibleASCII: bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
