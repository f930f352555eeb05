import Calendars

/// Where in the text the parts of a policy are that later checks speak of. Spans that a calendar provides stand where
/// the policy names the calendar.
struct PolicyPlaces: Sendable {
    var document: PolicyDocument
    var windows: [Located<Window>]
    var exclusions: [Located<Exclusion>]
}
