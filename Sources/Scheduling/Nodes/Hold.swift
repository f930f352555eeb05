import ModeCore
import Primitives

/// A person's word about a node: hands off, and perhaps a mode.
package struct Hold: Hashable, Sendable, Codable {
    package enum Wish: Hashable, Sendable, Codable {
        /// Left alone with the claim that stands.
        case handsOff
        /// Left alone, and at least this strict.
        case mode(RequestableMode)
        /// Left alone and open: it vetoes claims.
        case keepOpen
        /// Left alone, and counted as out of service for whoever asked.
        case reserved
    }

    package var wish: Wish
    package var actor: String
    package var reason: String
    package var since: Timestamp
    /// Nil: until it is released.
    package var until: Timestamp?

    package func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }

    /// `by mika: disk swap`
    package var text: String { Hold.text(by: actor, reason) }

    static func text(by actor: String, _ reason: String) -> String {
        "by \(actor)" + (reason.isEmpty ? "" : ": \(reason)")
    }
}

/// The claim that a run leaves behind on a node that failed after commitment. It never expires and outlives the run: ended
/// by retry and release, by a person's hand, or by a new revision of the same policy.
package struct FailedStay: Hashable, Sendable, Codable {
    package var run: RunID
    package var policy: String
    package var mode: RequestableMode
    package var reason: String
    package var since: Timestamp
}
