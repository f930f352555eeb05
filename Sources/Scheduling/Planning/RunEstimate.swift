import Calendars
import Primitives

/// How far a run comes, and when its nodes are through: a rehearsal by the controller, with the other policies of the
/// cluster, in which nothing fails and no person acts.
///
/// Every node is in service when it begins; of a rollout, every node is at another revision. Approvals and promotions
/// come at once.
package struct RunEstimate: Hashable, Sendable {
    /// One node's part.
    package struct Part: Hashable, Sendable {
        package var node: String
        /// Nil: it is never started.
        package var start: Timestamp?
        /// When it is through, or is taken back for the last time.
        package var end: Timestamp?
        package var isThrough: Bool
    }

    /// How a rehearsal goes.
    package struct Course: Hashable, Sendable {
        /// In the order of the run.
        package var parts: [Part] = []
        /// When the last node that was started is through; nil where that is not within sight.
        package var end: Timestamp?
        /// Occurrences of the windows in which a node is started; 0 for a rollout without windows.
        package var windows = 0
        /// When the last node is through that works on after its open time: past the window's end or into a freeze.
        /// Nil where none does; one that waited for the window's end in time is none of them.
        package var overrun: Timestamp?
        /// Why the run pauses and waits for a person, if it does.
        package var pause: String?

        /// Nodes that are never started.
        package var notReached: [String] { parts.filter { $0.start == nil }.map(\.node) }
        /// Nodes that are started, and taken back before their sequence is through.
        package var givenBack: [String] { parts.filter { $0.start != nil && !$0.isThrough }.map(\.node) }
        var isWhole: Bool { parts.allSatisfy(\.isThrough) }
    }

    package var policy: String
    /// The one that names the run of a maintenance window; of a rollout the first that it works in.
    package var occurrence: OccurrenceID?
    /// Of a maintenance window: the first of its occurrences that the plan lists. Another than `occurrence` where that
    /// one was over before the plan begins.
    package var firstListed: OccurrenceID?
    /// Of a maintenance window: the joined occurrences. Nil for a rollout.
    package var span: Span?
    /// In the order of the run.
    package var nodes: [String]
    /// Nodes out of service at once, at most.
    package var atOnce: Int
    /// What the run takes in the worst case if nothing closes before it. Nil where nodes wait for the window's end, and
    /// where it does not end.
    package var needed: Duration?
    /// The nodes wait for the window's end before they are restored.
    package var waitsForWindowEnd: Bool
    /// Of a maintenance window: no node starts from then on.
    package var lastStart: Timestamp?
    /// Every step takes as long as it may.
    package var worst: Course
    /// `Pace.usual`.
    package var expected: Course
    /// Even in the worst case every node is through while the run's window is open (a freeze inside it is its end for
    /// who works then), or waits for its end; for a rollout: before the plan ends.
    package var fits: Bool
}

/// The runs of one cluster's policies.
struct RunEstimator {
    private let policies: [PlannedPolicy]
    private let set: PolicySet
    private let rehearsal: ClusterRehearsal
    private let from: Timestamp
    private let to: Timestamp

    /// - Parameter entries: of the policies that are not suspended, by policy.
    init(
        _ cluster: ClusterPolicy, _ policies: [PlannedPolicy], of set: PolicySet, _ entries: [String: [Plan.Entry]],
        from: Timestamp, to: Timestamp, eventLimit: Int
    ) {
        self.policies = policies.filter { !$0.isSuspended }
        self.set = set
        self.from = from
        self.to = to
        let unions = self.policies.filter { !$0.isRollout }.flatMap { planned in
            Self.unions(of: entries[planned.name] ?? [], set.calendar(of: planned.policy), from: from, to: to)
        }
        rehearsal = ClusterRehearsal(cluster, of: set, unions: unions, eventLimit: eventLimit)
    }

    /// By policy; of a maintenance window one for each union that has a run. And whether some rehearsal came to no end.
    ///
    /// - Parameter expected: what `RunEstimate.expected` is rehearsed with.
    func estimates(expected pace: Pace) -> (runs: [String: [RunEstimate]], isCut: Bool) {
        guard !policies.isEmpty else { return ([:], false) }
        let worst = rehearsal.courses(.longest, from: from, to: to)
        let expected = rehearsal.courses(pace, from: from, to: to)
        var estimates: [String: [RunEstimate]] = [:]
        let byName = Dictionary(policies.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let needed = byName.mapValues(needed)
        for (place, union) in rehearsal.unions.enumerated() {
            guard let planned = byName[union.policy] else { continue }
            func course(_ log: RunLog.Entry?) -> RunEstimate.Course {
                var course = RunEstimate.Course(log, planned)
                course.windows = course.parts.contains { $0.start != nil } ? 1 : 0
                course.overrun = log?.parts.filter { $0.isThrough && !$0.fits(in: union.open) }.compactMap(\.end).max()
                return course
            }
            var estimate = RunEstimate(planned, needed[union.policy] ?? nil)
            (estimate.occurrence, estimate.firstListed, estimate.span) = (
                union.joined.occurrence, union.firstListed, union.span
            )
            estimate.lastStart = union.open.last.map { $0.end - planned.startMargin }
            (estimate.worst, estimate.expected) = (course(worst.windows[place]), course(expected.windows[place]))
            estimate.fits = estimate.worst.isWhole && estimate.worst.overrun == nil
            estimates[union.policy, default: []].append(estimate)
        }
        for planned in policies where planned.isRollout {
            let calendar = set.calendar(of: planned.policy)
            func course(_ log: RunLog.Entry?) -> (RunEstimate.Course, OccurrenceID?) {
                var course = RunEstimate.Course(log, planned)
                if !course.isWhole { course.end = nil }
                guard !planned.schedule.isUnbounded else { return (course, nil) }
                let starts = course.parts.compactMap(\.start).sorted()
                var used: [OccurrenceID] = []
                for start in starts {
                    if let found = calendar.opening(at: start)?.occurrence, used.last != found { used.append(found) }
                }
                course.windows = used.count
                return (course, used.first)
            }
            var estimate = RunEstimate(planned, needed[planned.name] ?? nil)
            (estimate.worst, estimate.occurrence) = course(worst.rollouts[planned.name])
            (estimate.expected, _) = course(expected.rollouts[planned.name])
            estimate.fits = estimate.worst.end.map { $0 <= to } ?? planned.nodes.isEmpty
            estimates[planned.name] = [estimate]
        }
        return (estimates, worst.isCut || expected.isCut)
    }

    /// The run by itself, in time that does not close.
    private func needed(_ planned: PlannedPolicy) -> Duration? {
        guard !planned.waitsForWindowEnd, let cluster = set.cluster(named: planned.cluster) else { return nil }
        return planned.policy.longestAlone(in: cluster)
    }

    /// The unions of overlapping or touching occurrences that exclusions leave something of.
    private static func unions(
        of entries: [Plan.Entry], _ calendar: PolicyCalendar, from: Timestamp, to: Timestamp
    ) -> [ClusterRehearsal.Union] {
        var unions: [ClusterRehearsal.Union] = []
        var next = entries.startIndex
        var lastEnd = Timestamp.distantPast
        while next < entries.endIndex {
            let first = entries[next]
            var joined = JoinedOccurrence(occurrence: first.id, span: first.span)
            var taken = first.takenAway.map(\.span)
            var following = next + 1
            while following < entries.endIndex, entries[following].start <= joined.span.end {
                joined.span.end = max(joined.span.end, entries[following].end)
                taken += entries[following].takenAway.map(\.span)
                following += 1
            }
            // At the edges, and where windows touch for ever, the union is more or less than what is listed.
            let isWhole =
                from < joined.span.start && joined.span.end < to && lastEnd < joined.span.start
                && joined.span.length < .days(PolicyCalendar.longestUnionDays)
            if !isWhole, let whole = calendar.containing(at: max(first.start, from)) {
                joined = whole
                taken = calendar.occurrences(from: whole.span.start, to: whole.span.end)
                    .flatMap { $0.takenAway.map(\.span) }
                // A union without an end is cut where a year begins: the next run starts there.
                following = next + 1
                while following < entries.endIndex, entries[following].start < whole.span.end { following += 1 }
            }
            next = following
            lastEnd = joined.span.end
            let open = SpanSet(joined.span).minus(SpanSet(taken)).spans
            guard !open.isEmpty else { continue }
            unions.append(
                ClusterRehearsal.Union(policy: first.policy, joined: joined, open: open, firstListed: first.id))
        }
        return unions
    }
}

extension Policy {
    /// What a run takes in the worst case, by itself and in time that does not close; nil where it does not end.
    fileprivate func longestAlone(in cluster: ClusterPolicy) -> Duration? {
        var (policy, cluster) = (self, cluster)
        policy.schedule.windows = []
        policy.schedule.exclusions = []
        policy.kind = .rollout(revision: revision ?? "", approval: nil)
        cluster.exclusions = []
        let start = Timestamp(seconds: 0)
        let set = PolicySet(clusters: [cluster], policies: [policy])
        let course = ClusterRehearsal(cluster, of: set, unions: []).courses(.longest, from: start, to: start)
            .rollouts[name]
        guard let course, !course.parts.isEmpty, course.parts.allSatisfy(\.isThrough) else { return nil }
        return course.parts.compactMap(\.end).max().map { $0 - start }
    }
}

extension StepSequence {
    /// How much of a window one node needs at the longest, to the second: rehearsed on a node that stands alone, up to the
    /// wait for the window's end where there is one. Nil where it does not end.
    package var longestCourse: Duration? {
        var sequence = self
        if let wait = steps.firstIndex(of: .wait(.windowEnd)) { sequence.steps = steps[..<wait] + [.restore] }
        let cluster = ClusterPolicy(name: name, topology: .standalone, nodes: [ClusterNode(name: name, api: "")])
        let policy = Policy(name: name, cluster: name, schedule: .rollout, sequence: sequence)
        return policy.longestAlone(in: cluster).map { .seconds(Int64($0.inSeconds.rounded(.up))) }
    }
}

extension PlannedPolicy {
    fileprivate var waitsForWindowEnd: Bool { policy.sequence.steps.contains(.wait(.windowEnd)) }
}

extension RunEstimate {
    fileprivate init(_ planned: PlannedPolicy, _ needed: Duration?) {
        self.init(
            policy: planned.name, nodes: planned.nodes, atOnce: planned.atOnce, needed: needed,
            waitsForWindowEnd: planned.waitsForWindowEnd, worst: Course(), expected: Course(), fits: false)
    }
}

extension RunLog.Part {
    /// All that it does, but for what follows the window's end where it waited for it.
    fileprivate func fits(in open: [Span]) -> Bool {
        guard let start, let end = waitsSince ?? end else { return true }
        return open.contains { $0.start <= start && end <= $0.end }
    }
}

extension RunEstimate.Course {
    /// - Parameter log: nil where there was no run.
    fileprivate init(_ log: RunLog.Entry?, _ planned: PlannedPolicy) {
        guard let log else {
            parts = planned.nodes.map { RunEstimate.Part(node: $0, isThrough: false) }
            return
        }
        parts = log.parts.map {
            RunEstimate.Part(node: $0.node, start: $0.start, end: $0.end, isThrough: $0.isThrough)
        }
        end = parts.compactMap(\.end).max()
        pause = log.pause
    }
}
