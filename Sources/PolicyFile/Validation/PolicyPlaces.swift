import Calendars
import Scheduling

/// Where in the text the parts of a policy are that later checks speak of. Spans that a calendar provides stand where
/// the policy names the calendar.
struct PolicyPlaces: Sendable {
    var document: PolicyDocument
    var windows: [Located<Window>]
    /// The policy's own.
    var exclusions: [Located<Exclusion>]
    /// Those of its cluster, some of which the policy may name as well.
    var clusterExclusions: [Located<Exclusion>]

    /// What forbids the policy to act, each once: the places of `PolicySet.exclusions(of:)`.
    var allExclusions: [Located<Exclusion>] {
        let own = Set(exclusions.map(\.value))
        return exclusions + clusterExclusions.filter { !own.contains($0.value) }
    }
}
