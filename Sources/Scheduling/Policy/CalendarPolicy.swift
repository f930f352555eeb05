import Calendars

/// Named spans (kind Calendar), written once and used by policies as windows or as exclusions.
public struct CalendarPolicy: Hashable, Sendable, Codable {
    public var name: String
    /// Each named `calendar/span`, as in the policies that use it.
    public var spans: [Exclusion]

    public init(name: String, spans: [Exclusion]) {
        self.name = name
        self.spans = spans
    }
}
