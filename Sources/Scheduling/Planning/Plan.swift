import ModeCore

/// When the policies of a set may act in a span of time, and what exclusions take of it.
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
    /// Those that overlap `[from, to)`, by start, then by id.
    public var occurrences: [Entry]
    /// Rollouts without windows, in the order of their names: they progress at any time that no exclusion takes.
    public var unbounded: [String]
    /// Some policy has more occurrences than `PolicyCalendar.largestAnswer`; its later ones are missing.
    public var isTruncated: Bool
}

/// The occurrences of every policy of the set that overlap `[from, to)`.
public func plan(_ set: PolicySet, from: Timestamp, to: Timestamp) -> Plan {
    var entries: [Plan.Entry] = []
    var isTruncated = false
    func list(_ policy: String, _ windows: [Window], _ exclusions: [Exclusion]) {
        let calendar = PolicyCalendar(policy: policy, windows: windows, exclusions: exclusions, zones: set.zones)
        let found = calendar.occurrences(from: from, to: to)
        isTruncated = isTruncated || found.count == PolicyCalendar.largestAnswer
        entries += found.map { Plan.Entry($0) }
    }
    for policy in set.maintenanceWindows { list(policy.name, policy.windows, policy.exclusions) }
    for policy in set.rollouts { list(policy.name, policy.windows, policy.exclusions) }
    entries.sort {
        ($0.start, $0.policy, $0.window, $0.id.nominal) < ($1.start, $1.policy, $1.window, $1.id.nominal)
    }
    let unbounded = set.rollouts.filter(\.windows.isEmpty).map(\.name).sorted()
    return Plan(from: from, to: to, occurrences: entries, unbounded: unbounded, isTruncated: isTruncated)
}
