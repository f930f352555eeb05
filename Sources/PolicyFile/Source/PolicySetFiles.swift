/// What the paths of the policy files are, and what can be read beside them.
struct PolicySetFiles: Sendable {
    /// Paths of the policy files, by the number in locations.
    var paths: [String]
    var calendars: CalendarFiles
}
