import Foundation
import Primitives

/// The wall clock at the start plus the time since then: never goes back.
struct ServerClock: Sendable {
    private let wall: Timestamp
    private let origin: ContinuousClock.Instant

    init() {
        wall = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e6) * 1000)
        origin = .now
    }

    var now: Timestamp { wall + origin.duration(to: .now) }
}
