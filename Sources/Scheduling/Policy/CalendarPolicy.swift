import Calendars

/// Named spans (kind Calendar), written once and used by policies as windows or as exclusions.
package struct CalendarPolicy: Hashable, Sendable, Codable {
    package var name: String
    /// Each named `calendar/span`, as in the policies that use it.
    package var spans: [Exclusion]

    package init(name: String, spans: [Exclusion]) {
        self.name = name
        self.spans = spans
    }
}
