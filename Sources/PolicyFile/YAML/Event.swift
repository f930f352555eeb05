import CLibYAML

/// One event of libyaml with the parts of its union that are used. Must be deleted once.
struct Event {
    private let raw: yaml_event_t

    init(_ raw: yaml_event_t) {
        self.raw = raw
    }

    func delete() {
        var copy = raw
        yaml_event_delete(&copy)
    }

    var type: yaml_event_type_t { raw.type }
    var startLine: Int { Int(raw.start_mark.line) }
    var startColumn: Int { Int(raw.start_mark.column) }
    var endLine: Int { Int(raw.end_mark.line) }
    var endColumn: Int { Int(raw.end_mark.column) }

    var anchor: String? {
        switch raw.type {
        case YAML_SCALAR_EVENT: text(raw.data.scalar.anchor)
        case YAML_SEQUENCE_START_EVENT: text(raw.data.sequence_start.anchor)
        case YAML_MAPPING_START_EVENT: text(raw.data.mapping_start.anchor)
        case YAML_ALIAS_EVENT: text(raw.data.alias.anchor)
        default: nil
        }
    }

    var tag: String? {
        switch raw.type {
        case YAML_SCALAR_EVENT: text(raw.data.scalar.tag)
        case YAML_SEQUENCE_START_EVENT: text(raw.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT: text(raw.data.mapping_start.tag)
        default: nil
        }
    }

    /// Of a scalar event.
    var scalar: YAMLNode.Scalar {
        let scalar = raw.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        return YAMLNode.Scalar(
            text: String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
            isVisibleASCII: bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
