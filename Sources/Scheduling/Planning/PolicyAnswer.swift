import Calendars
import Primitives

/// Whether a policy may act at an instant, and if not, why and when next.
package struct PolicyAnswer: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        case suspended
        /// Inside the window until `until`; no node starts from `noStartFrom` on, which `isReached` or not.
        case open(OccurrenceID, noStartFrom: Timestamp, isReached: Bool)
        /// A rollout without windows; nil where no exclusion follows.
        case always
        /// Inside a window, and an exclusion forbids it.
        case excluded(TakenAway)
        /// Outside; the next occurrences that exclusions take away entirely before anything opens.
        case outside(takenAway: [Plan.Entry])
    }

    package var policy: String
    /// IANA name; instants are shown in it.
    package var timeZone: String
    package var acts: Bool
    package var reason: Reason
    /// How long this answer holds; nil where nothing ends it.
    package var until: Timestamp?
    /// When it may act next after it stops, or starts, to; nil: not within the years that are looked at.
    package var next: Timestamp?
    /// The zone of the occurrence that opens next.
    package var nextTimeZone: String
}

/// What each policy of the set would do at the instant: maintenance windows, then rollouts, by name.
package func answers(_ set: PolicySet, at instant: Timestamp) -> [PolicyAnswer] {
    set.policies.map { answer($0, of: set, at: instant) }
}

private func answer(_ policy: Policy, of set: PolicySet, at instant: Timestamp) -> PolicyAnswer {
    let calendar = set.calendar(of: policy)
    let windows = policy.schedule.windows
    func zone(_ occurrence: OccurrenceID?) -> String {
        let window = windows.first { $0.name == occurrence?.window } ?? windows.first
        return window?.timeZone ?? set.exclusions(of: policy).first?.window.timeZone ?? ZoneRules.utc.name
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
        if policy.schedule.isUnbounded {
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
            let last = opening.end - policy.startMargin
            answer.until = opening.end
            answer.reason = .open(opening.occurrence, noStartFrom: last, isReached: instant >= last)
        }
        return answer
    }
    if let joined = calendar.containing(at: instant), let taken = calendar.isExcluded(at: instant) {
        answer.timeZone = zone(joined.occurrence)
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
