import ModeCore
import Primitives

/// When a connection will leave; ties by id.
struct Departure: Sendable, Comparable {
    var at: Timestamp
    var connection: ConnectionID

    static func < (a: Departure, b: Departure) -> Bool {
        a.at == b.at ? a.connection < b.connection : a.at < b.at
    }
}
