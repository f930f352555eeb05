import Calendars
import Primitives

/// One way through the open time, wave after wave, as the controller goes: no node starts within the cutoff; at the end
/// of a stretch what is not committed is given back or finishes, as the policy says, and is taken again later where the
/// run goes on.
struct RunWalk {
    /// Open time without a break.
    struct Stretch {
        var span: Span
        var occurrence: OccurrenceID?
        /// The same run may act again after it.
        var reopens: Bool
    }

    let planned: PlannedPolicy
    let node: NodeCourse
    /// The first stretch that ends after the instant.
    let stretch: (Timestamp) -> Stretch?

    private enum Step {
        /// Through at that instant.
        case done(Timestamp)
        case givenBack(Timestamp)
        case notReached
    }

    func course(from start: Timestamp) -> (course: RunEstimate.Course, first: OccurrenceID?) {
        var course = RunEstimate.Course()
        var used: [OccurrenceID] = []
        var ready = start
        for (number, wave) in planned.waves.enumerated() {
            ready = ready + wave.pauseBefore
            switch take(from: ready, &used, &course) {
            case .done(let end):
                ready = end
                course.end = max(course.end ?? end, end)
            case .givenBack(let end):
                course.givenBack += wave.nodes
                course.notReached += planned.waves[(number + 1)...].flatMap(\.nodes)
                course.end = max(course.end ?? end, end)
                return finished(course, used)
            case .notReached:
                course.notReached += planned.waves[number...].flatMap(\.nodes)
                return finished(course, used)
            }
        }
        return finished(course, used)
    }

    private func finished(
        _ course: RunEstimate.Course, _ used: [OccurrenceID]
    ) -> (course: RunEstimate.Course, first: OccurrenceID?) {
        var course = course
        course.windows = used.count
        // A rollout whose last nodes are never reached has no end.
        if planned.isRollout, !course.notReached.isEmpty { course.end = nil }
        return (course, used.first)
    }

    private func take(
        from ready: Timestamp, _ used: inout [OccurrenceID], _ course: inout RunEstimate.Course
    ) -> Step {
        var ready = ready
        var wasted = 0
        var lastEnd: Timestamp?
        for _ in 0..<PlanLimits.openings {
            guard let stretch = stretch(ready) else {
                // Started, and there is no time left to start again.
                if let lastEnd, !planned.isRollout { return .givenBack(lastEnd) }
                return .notReached
            }
            let begin = max(ready, stretch.span.start)
            let end = stretch.span.end
            let lastStart = end == .distantFuture ? end : end - planned.startMargin
            course.lastStart = lastStart == .distantFuture ? nil : lastStart
            guard begin < lastStart else {
                ready = end
                continue
            }
            if let occurrence = stretch.occurrence, used.last != occurrence { used.append(occurrence) }
            if let wait = node.windowEnd, begin + wait <= end { return .done(end + (node.total - wait)) }
            if begin + node.total <= end || node.isBound(after: end - begin) || planned.schedule.onWindowEnd == .finish
            {
                let done = begin + node.total
                if end < done { course.overrun = max(course.overrun ?? done, done) }
                return .done(done)
            }
            guard stretch.reopens else { return .givenBack(end) }
            ready = end
            lastEnd = end
            wasted += 1
            // Given back in a whole stretch again and again: no later one is different enough to wait for.
            if wasted == 100 { return .notReached }
        }
        return .notReached
    }
}
