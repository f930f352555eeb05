import Calendars
import Primitives

/// When the policies of a set may act in a span of time, what exclusions take of it, and how far their runs come.
package struct Plan: Hashable, Sendable {
    /// One occurrence of one policy.
    package struct Entry: Hashable, Sendable {
        package var id: OccurrenceID
        package var policy: String
        package var window: String
        package var start: Timestamp
        package var end: Timestamp
        /// IANA name; instants are shown in it.
        package var timeZone: String
        package var elapsedSeconds: Double
        /// What the clocks on the wall show at the end minus what they show at the start; differs from the elapsed
        /// seconds only across a change of offset.
        package var wallSeconds: Double
        /// Daylight saving touches the occurrence: its start, its end, or the time between them.
        package var dst: Bool
        /// By start, clipped to the occurrence.
        package var takenAway: [TakenAway]
        /// What is left of it; empty where exclusions take everything.
        package var open: [Span]

        package var span: Span { Span(start: start, end: end) }

        init(_ planned: PlannedOccurrence) {
            let occurrence = planned.occurrence
            id = occurrence.id
            policy = occurrence.id.policy
            window = occurrence.id.window
            start = occurrence.span.start
            end = occurrence.span.end
            timeZone = occurrence.timeZone
            elapsedSeconds = occurrence.span.length.inSeconds
            wallSeconds = occurrence.wallLength.inSeconds
            dst = occurrence.isTouchedByDST
            takenAway = planned.takenAway
            open = planned.open
        }
    }

    package var from: Timestamp
    package var to: Timestamp
    /// Maintenance windows, then rollouts, each in the order of their names.
    package var policies: [PlannedPolicy]
    /// Those that overlap `[from, to)`, by start, then by id.
    package var occurrences: [Entry]
    /// One for each run of a maintenance window that begins or goes on in `[from, to)`, and one for each rollout.
    /// Policies that are suspended have none.
    package var runs: [RunEstimate]
    /// By the first span, then by name.
    package var freezes: [PlannedFreeze]
    /// Rollouts without windows, in the order of their names: they progress at any time that no exclusion takes.
    package var unbounded: [String]
    /// Some policy has more occurrences than `PolicyCalendar.largestAnswer`, or a rehearsal took more than
    /// `PlanLimits.events`: what comes later is missing.
    package var isTruncated: Bool
}

/// The occurrences of every policy of the set that overlap `[from, to)`, the runs in them, and the freezes.
///
/// - Parameters:
///   - pace: what is expected of the steps.
///   - eventLimit: what the controller handles in one rehearsal at most.
package func plan(
    _ set: PolicySet, from: Timestamp, to: Timestamp, expected pace: Pace = .usual,
    eventLimit: Int = PlanLimits.events
) -> Plan {
    var result = Plan(
        from: from, to: to, policies: set.policies.map { PlannedPolicy($0, of: set) }, occurrences: [], runs: [],
        freezes: freezes(of: set, from: from, to: to), unbounded: [], isTruncated: false)
    var entries: [String: [Plan.Entry]] = [:]
    for policy in set.policies {
        if policy.schedule.isUnbounded {
            result.unbounded.append(policy.name)
            continue
        }
        let found = set.calendar(of: policy).occurrences(from: from, to: to)
        result.isTruncated = result.isTruncated || found.count == PolicyCalendar.largestAnswer
        entries[policy.name] = found.map { Plan.Entry($0) }
        result.occurrences += entries[policy.name] ?? []
    }
    result.occurrences.sort {
        ($0.start, $0.policy, $0.window, $0.id.nominal) < ($1.start, $1.policy, $1.window, $1.id.nominal)
    }
    var runs: [String: [RunEstimate]] = [:]
    let byCluster = Dictionary(grouping: result.policies, by: \.policy.cluster)
    for cluster in set.clusters {
        let estimator = RunEstimator(
            cluster, byCluster[cluster.name] ?? [], of: set, entries, from: from, to: to, eventLimit: eventLimit)
        let estimates = estimator.estimates(expected: pace)
        result.isTruncated = result.isTruncated || estimates.isCut
        runs.merge(estimates.runs) { first, _ in first }
    }
    result.runs = set.policies.flatMap { runs[$0.name] ?? [] }
    return result
}
