/// Server-sent events out of the bytes of a stream, as far as nagi sends them.
struct EventReader {
    struct Event: Hashable {
        var id: Int64?
        var kind: String?
        /// Nil: only the place has moved.
        var data: String?

        fileprivate var isEmpty: Bool { id == nil && data == nil }
    }

    /// A longer line is no event of nagi's: it is left out.
    static let lineLimit = 1 << 20

    private var line: [UInt8] = []
    private var event = Event()

    /// The events that these bytes complete.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Event] {
        var complete: [Event] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n"):
                if let event = endLine() { complete.append(event) }
            case UInt8(ascii: "\r"): break
            default: if line.count < Self.lineLimit { line.append(byte) }
            }
        }
        return complete
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer { event = Event() }
            return event.isEmpty ? nil : event
        }
        let text = String(decoding: line, as: UTF8.self)
        let name = text.prefix { $0 != ":" }
        var value = text.dropFirst(name.count + 1)
        if value.first == " " { value = value.dropFirst() }
        switch name {
        case "id": event.id = Int64(value)
        case "event": event.kind = String(value)
        case "data": event.data = (event.data.map { $0 + "\n" } ?? "") + value
        default: break
        }
        return nil
    }
}
