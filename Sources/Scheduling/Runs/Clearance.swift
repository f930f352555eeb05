import Primitives

/// Whether a run may act now by its windows and exclusions.
package enum Clearance: Hashable, Sendable, Codable {
    /// Until then; nil: no end in sight.
    case open(until: Timestamp?)
    case closed(Closure)

    package struct Closure: Hashable, Sendable, Codable {
        package enum Cause: Hashable, Sendable, Codable {
            case outsideWindow
            case excluded(by: String, reason: String?)
        }

        package var cause: Cause
        /// When it may act again; nil: not known, or never.
        package var until: Timestamp?
        /// The same run may act again later.
        package var reopens: Bool

        package var isExclusion: Bool { if case .excluded = cause { true } else { false } }
    }

    package var isOpen: Bool { if case .open = self { true } else { false } }

    /// When the present opening ends; nil: it is closed, or no end is in sight.
    package var end: Timestamp? { if case .open(let until) = self { until } else { nil } }
}
