import Calendars
import Primitives

/// How far a run comes, and when its last node is through, if nothing fails and nobody intervenes.
///
/// The run is taken to be alone in its cluster with every node in service; of a rollout, every node to be at another
/// revision, approvals and promotions to come at once.
package struct RunEstimate: Hashable, Sendable {
    /// How a walk through the open time ends.
    package struct Course: Hashable, Sendable {
        /// When the last node that was started is through; nil where that is not within sight.
        package var end: Timestamp?
        /// Nodes that are never started: it would be too late.
        package var notReached: [String]
        /// Nodes that the window's end gives back before their sequence is through.
        package var givenBack: [String]
        /// Occurrences of the windows in which something is done; 0 for a rollout without windows.
        package var windows: Int
        /// No node starts from then on, in the last stretch of open time that was looked at.
        package var lastStart: Timestamp?
        /// When the last node is through that works on after its open time: past the window's end or into a freeze.
        /// Nil where none does; one that waited for the window's end in time is none of them.
        package var overrun: Timestamp?

        init() {
            notReached = []
            givenBack = []
            windows = 0
        }
    }

    package var policy: String
    /// The one that names the run of a maintenance window; of a rollout the first that it works in.
    package var occurrence: OccurrenceID?
    /// Of a maintenance window: the first of its occurrences that the plan lists. Another than `occurrence` where that
    /// one was over before the plan begins.
    package var firstListed: OccurrenceID?
    /// Of a maintenance window: the joined occurrences. Nil for a rollout.
    package var span: Span?
    package var nodes: [String]
    package var waves: [[String]]
    /// What all waves and pauses take in the worst case, one after the other without a break. Nil where nodes wait for
    /// the window's end.
    package var needed: Duration?
    /// Every step takes as long as it may.
    package var worst: Course
    /// Drains, commands and checks take half of that, soaks, waits and pauses all of it. An assumption to plan with:
    /// nothing is known about the traffic.
    package var expected: Course
    /// Even in the worst case every node is through while the run's window is open (a freeze inside it is its end for
    /// who works then), or waits for its end; for a rollout: before the plan ends.
    package var fits: Bool

}

/// Walks the runs of one policy through the time in which it may act.
struct RunEstimator {
    private let planned: PlannedPolicy
    private let calendar: PolicyCalendar
    private let worst: NodeCourse
    private let usual: NodeCourse

    init(_ planned: PlannedPolicy, calendar: PolicyCalendar) {
        self.planned = planned
        self.calendar = calendar
        worst = NodeCourse(planned.sequence) { $0.longest }
        usual = NodeCourse(planned.sequence) { $0.usual }
    }

    /// One run for each union of overlapping or touching occurrences that exclusions leave something of.
    func runs(of entries: [Plan.Entry], from: Timestamp, to: Timestamp) -> [RunEstimate] {
        var estimates: [RunEstimate] = []
        // Most nights are alike: how long the union is and what of it is open, counted from its start, decide
        // everything.
        var known: [Shape: RunEstimate] = [:]
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
            let distance = Timestamp(nanoseconds: 0) - joined.span.start
            let shape = Shape(length: joined.span.length, open: open.map { $0.shifted(by: distance) })
            var estimate = known[shape] ?? run(in: joined, open: open)
            known[shape] = estimate
            estimate.move(to: joined)
            estimate.firstListed = first.id
            estimates.append(estimate)
        }
        return estimates
    }

    private struct Shape: Hashable {
        var length: Duration
        var open: [Span]
    }

    private func run(in joined: JoinedOccurrence, open: [Span]) -> RunEstimate {
        func stretch(from instant: Timestamp) -> RunWalk.Stretch? {
            guard let found = open.firstIndex(where: { instant < $0.end }) else { return nil }
            return RunWalk.Stretch(
                span: open[found], occurrence: joined.occurrence, reopens: found < open.count - 1)
        }
        func course(_ node: NodeCourse) -> RunEstimate.Course {
            RunWalk(planned: planned, node: node, stretch: stretch).course(from: joined.span.start).course
        }
        var estimate = estimate(occurrence: joined.occurrence, span: joined.span)
        estimate.worst = course(worst)
        estimate.expected = course(usual)
        estimate.fits =
            estimate.worst.end != nil && estimate.worst.overrun == nil && estimate.worst.notReached.isEmpty
            && estimate.worst.givenBack.isEmpty
        return estimate
    }

    /// From the first instant of the plan on, past its end where it takes longer.
    func rollout(from: Timestamp, to: Timestamp) -> RunEstimate {
        let limit = max(to, from + .days(PlanLimits.rolloutDays))
        let isAlways = planned.schedule.isUnbounded
        func stretch(from instant: Timestamp) -> RunWalk.Stretch? {
            guard let opening = calendar.opening(at: instant) ?? calendar.nextOpening(after: instant),
                opening.start < limit
            else { return nil }
            var span = Span(start: opening.start, end: opening.end)
            if isAlways {
                // Cut at the turn of a year for the sake of the search only.
                while span.end < limit, let next = calendar.opening(at: span.end) { span.end = next.end }
                if span.end >= limit { span.end = .distantFuture }
            }
            return RunWalk.Stretch(span: span, occurrence: isAlways ? nil : opening.occurrence, reopens: true)
        }
        func course(_ node: NodeCourse) -> (RunEstimate.Course, OccurrenceID?) {
            let walk = RunWalk(planned: planned, node: node, stretch: stretch).course(from: from)
            return (walk.course, walk.first)
        }
        var estimate = estimate(occurrence: nil, span: nil)
        (estimate.worst, estimate.occurrence) = course(worst)
        (estimate.expected, _) = course(usual)
        estimate.fits = estimate.worst.notReached.isEmpty && (estimate.worst.end.map { $0 <= to } ?? false)
        return estimate
    }

    private func estimate(occurrence: OccurrenceID?, span: Span?) -> RunEstimate {
        let pauses = planned.waves.reduce(Duration.zero) { $0 + $1.pauseBefore }
        return RunEstimate(
            policy: planned.name, occurrence: occurrence, firstListed: occurrence, span: span, nodes: planned.nodes,
            waves: planned.waves.map(\.nodes),
            needed: worst.windowEnd == nil ? worst.total * planned.waves.count + pauses : nil,
            worst: RunEstimate.Course(), expected: RunEstimate.Course(), fits: false)
    }
}

extension RunEstimate {
    /// The same run at another time.
    fileprivate mutating func move(to joined: JoinedOccurrence) {
        guard let span else { return }
        let distance = joined.span.start - span.start
        for path in [\RunEstimate.worst, \.expected] {
            self[keyPath: path].end = self[keyPath: path].end.map { $0 + distance }
            self[keyPath: path].lastStart = self[keyPath: path].lastStart.map { $0 + distance }
            self[keyPath: path].overrun = self[keyPath: path].overrun.map { $0 + distance }
        }
        occurrence = joined.occurrence
        self.span = joined.span
    }
}

extension Span {
    fileprivate func shifted(by distance: Duration) -> Span { Span(start: start + distance, end: end + distance) }
}
