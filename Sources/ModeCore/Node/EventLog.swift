import Primitives

/// The events of a node that its owner has not taken yet.
struct EventLog: Sendable {
    private(set) var dropped = 0
    private let interest: NodeEvent.Interest
    private let limit: Int
    private var events: [NodeEvent] = []

    init(_ settings: NodeSettings) {
        interest = settings.interest
        limit = settings.eventLimit
    }

    /// Whether the coming and going of single sessions and connections is kept.
    var keepsTraffic: Bool { interest == .all }

    mutating func record(_ kind: NodeEvent.Kind, at time: Timestamp) {
        guard interest != .none else { return }
        guard events.count < limit else {
            dropped += 1
            return
        }
        events.append(NodeEvent(at: time, kind: kind))
    }

    mutating func take() -> [NodeEvent] {
        guard !events.isEmpty else { return [] }
        defer { events = [] }
        return events
    }
}
