import Calendars
import Primitives

/// When the policies of a set may act in a span of time, what exclusions take of it, and how far their runs come.
public struct Plan: Hashable, Sendable {
    /// One occurrence of one policy.
    public struct Entry: Hashable, Sendable {
        public var id: OccurrenceID
        public var policy: String
        public var window: String
        public var start: Timestamp
        public var end: Timestamp
        /// IANA name; instants are shown in it.
        public var timeZone: String
        public var elapsedSeconds: Double
        /// What the clocks on the wall show at the end minus what they show at the start; differs from the elapsed
        /// seconds only across a change of offset.
        public var wallSeconds: Double
        /// Daylight saving touches the occurrence: its start, its end, or the time between them.
        public var dst: Bool
        /// By start, clipped to the occurrence.
        public var takenAway: [TakenAway]
        /// What is left of it; empty where exclusions take everything.
        public var open: [Span]

        public var span: Span { Span(start: start, end: end) }

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

    public var from: Timestamp
    public var to: Timestamp
    /// Maintenance windows, then rollouts, each in the order of their names.
    public var policies: [PlannedPolicy]
    /// Those that overlap `[from, to)`, by start, then by id.
    public var occurrences: [Entry]
    /// One for each run of a maintenance window that begins or goes on in `[from, to)`, and one for each rollout.
    /// Policies that are suspended have none.
    public var runs: [RunEstimate]
    /// By the first span, then by name.
    public var freezes: [PlannedFreeze]
    /// Rollouts without windows, in the order of their names: they progress at any time that no exclusion takes.
    public var unbounded: [String]
    /// Some policy has more occurrences than `PolicyCalendar.largestAnswer`; its later ones are missing.
    public var isTruncated: Bool
}

/// The occurrences of every policy of the set that overlap `[from, to)`, the runs in them, and the freezes.
public func plan(_ set: PolicySet, from: Timestamp, to: Timestamp) -> Plan {
    var result = Plan(
        from: from, to: to, policies: [], occurrences: [], runs: [], freezes: [], unbounded: [], isTruncated: false)
    for policy in set.runPolicies {
        let calendar = PolicyCalendar(
            policy: policy.name, windows: policy.windows, exclusions: policy.exclusions, zones: set.zones)
        let found = calendar.occurrences(from: from, to: to)
        result.isTruncated = result.isTruncated || found.count == PolicyCalendar.largestAnswer
        let entries = found.map { Plan.Entry($0) }
        result.occurrences += entries
        let cluster = set.clusters.first { $0.name == policy.cluster }
        let planned = PlannedPolicy(policy, cluster: cluster, zones: set.zones)
        if !policy.isSuspended {
            let estimator = RunEstimator(policy: policy, planned: planned, zones: set.zones)
            if policy.revision == nil {
                result.runs += estimator.runs(of: entries, calendar: calendar, from: from, to: to)
            } else {
                result.runs.append(estimator.rollout(from: from, to: to))
            }
        }
        if policy.revision != nil, policy.windows.isEmpty { result.unbounded.append(policy.name) }
        result.policies.append(planned)
    }
    result.occurrences.sort {
        ($0.start, $0.policy, $0.window, $0.id.nominal) < ($1.start, $1.policy, $1.window, $1.id.nominal)
    }
    result.freezes = freezes(of: set, from: from, to: to)
    return result
}
