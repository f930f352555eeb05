import Calendars

/// `weekly-night/sunday/2026-11-29T02:00` or `sora-upgrade@2025.2.0#1`: derived, never drawn.
package struct RunID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package var text: String

    /// One that was written down.
    package init(text: String) {
        self.text = text
    }

    package init(_ occurrence: OccurrenceID) {
        text = occurrence.description
    }

    package init(policy: String, revision: String, ordinal: Int) {
        text = "\(policy)@\(revision)#\(ordinal)"
    }

    /// - Parameter number: of the lever.
    package init(retryOf run: RunID, number: Int) {
        text = "\(run)/retry-\(number)"
    }

    package var description: String { text }

    package static func < (a: RunID, b: RunID) -> Bool { a.text < b.text }
}
