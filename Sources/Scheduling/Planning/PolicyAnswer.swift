import Calendars
import Primitives

/// Whether a policy may act at an instant, and if not, why and when next.
public struct PolicyAnswer: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case suspended
        /// Inside the window until `until`; `noStartFrom` is where the cutoff begins, which has `isReached` or not.
        case open(OccurrenceID, noStartFrom: Timestamp, isReached: Bool)
        /// A rollout without windows; nil where no exclusion follows.
        case always
        /// Inside a window, and an exclusion forbids it.
        case excluded(TakenAway)
        /// Outside; the next occurrences that exclusions take away entirely before anything opens.
        case outside(takenAway: [Plan.Entry])
    }

    public var policy: String
    /// IANA name; instants are shown in it.
    public var timeZone: String
    public var acts: Bool
    public var reason: Reason
    /// How long this answer holds; nil where nothing ends it.
    public var until: Timestamp?
    /// When it may act next after it stops, or starts, to; nil: not within the years that are looked at.
    public var next: Timestamp?
    /// The zone of the occurrence that opens next.
    public var nextTimeZone: String
}

/// What each policy of the set would do at the instant: maintenance windows, then rollouts, by name.
public func answers(_ set: PolicySet, at instant: Timestamp) -> [PolicyAnswer] {
    set.runPolicies.map { answer($0, at: instant, zones: set.zones) }
}

private func answer(_ policy: RunPolicy, at instant: Timestamp, zones: [String: ZoneRules]) -> PolicyAnswer {
    let calendar = policy.calendar(zones: zones)
    func zone(_ occurrence: OccurrenceID?) -> String {
        policy.windows.first { $0.name == occurrence?.window }?.timeZone
            ?? (policy.windows.first?.timeZone ?? policy.exclusions.first?.window.timeZone ?? ZoneRules.utc.name)
    }
    let following = calendar.nextOpening(after: instant)
    var answer = PolicyAnswer(
        policy: policy.name, timeZone: zone(nil), acts: false, reason: .suspended, until: nil,
        next: following?.start, nextTimeZone: zone(following?.occurrence))
    if policy.isSuspended {
        answer.next = nil
        return answer
    }
    if let opening = calendar.opening(at: instant) {
        answer.acts = true
        answer.timeZone = zone(opening.occurrence)
        if policy.windows.isEmpty {
            answer.reason = .always
            // The turn of a year is a cut for the sake of the search only.
            var end = opening.end
            for _ in 0..<4 {
                guard let next = calendar.opening(at: end) else { break }
                end = next.end
            }
            answer.until = calendar.opening(at: end) == nil ? end : nil
            answer.next = answer.until.flatMap { calendar.nextOpening(after: $0)?.start }
        } else {
            let last = opening.end - policy.cutoff
            answer.until = opening.end
            answer.reason = .open(opening.occurrence, noStartFrom: last, isReached: instant >= last)
        }
        return answer
    }
    if let joined = calendar.containing(at: instant), let taken = calendar.isExcluded(at: instant) {
        answer.timeZone = zone(policy.windows.isEmpty ? nil : joined.occurrence)
        answer.until = taken.span.end == .distantFuture ? nil : taken.span.end
        answer.reason = .excluded(taken)
        return answer
    }
    answer.until = following?.start
    let end = following?.start ?? instant + .days(PlanLimits.rolloutDays)
    let missed = calendar.occurrences(from: instant, to: end, limit: 1_000).filter(\.open.isEmpty)
    answer.reason = .outside(takenAway: missed.map { Plan.Entry($0) })
    return answer
}
