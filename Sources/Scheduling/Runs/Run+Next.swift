import Primitives

/// Who is next.
extension Run {
    /// The first queued part from that place on of the group that is at work or comes next, or that is taken over.
    package func queuedCandidate(from place: Int = 0) -> Int? {
        let group = currentGroup
        return parts.indices[max(place, tally.firstQueued)...].first { index in
            parts[index].phase.isQueued && (parts[index].isTakenOver || groupPlace(parts[index]) == group)
        }
    }

    /// The first part after that one that may be granted: those that wait for their grant, then the queued ones.
    package func candidate(after place: Int?) -> Int? {
        let steps = pinned.sequence.steps
        func waits(_ index: Int) -> Bool { parts[index].phase.work.map { steps[$0.step].takesOut } ?? false }
        let isAfter = place.map { parts[$0].phase.isQueued } ?? false
        if !isAfter, let next = tally.ungranted.first(where: { $0 > place ?? -1 && waits($0) }) { return next }
        return queuedCandidate(from: isAfter ? (place ?? -1) + 1 : 0)
    }

    /// The first group with a part that is not finished; the count of groups stands for the nodes in none.
    package var currentGroup: Int { tally.groups.firstIndex { $0.left > 0 } ?? tally.groups.count - 1 }

    package func isInCurrentGroup(_ part: Part) -> Bool { part.isTakenOver || groupPlace(part) == currentGroup }

    package func groupName(_ place: Int?) -> String? {
        guard let place, pinned.strategy.groups.indices.contains(place) else { return nil }
        return pinned.strategy.groups[place].name
    }

    /// How much longer no node of the current group starts: its `waitAfterPrevious`, since the last node of the group before
    /// was finished. Nil: it waits for nothing any more, or has begun.
    package func groupWait(at now: Moment) -> (previous: Int, left: Duration)? {
        let current = currentGroup
        guard current < pinned.strategy.groups.count, !tally.groups[current].hasBegun else { return nil }
        let wait = pinned.strategy.groups[current].waitAfterPrevious
        guard wait > .zero, let previous = tally.groups[..<current].lastIndex(where: { $0.lastFinished != nil }),
            let last = tally.groups[previous].lastFinished, now.uptime - last.uptime < wait
        else { return nil }
        return (previous, wait - (now.uptime - last.uptime))
    }

    /// The nodes that go first; fewer than the strategy wants while they have not started.
    package var canaries: [Part] { tally.canaries.map { parts[$0] } }

    /// How many canary nodes have yet to start.
    package var canariesMissing: Int {
        guard let canary = pinned.strategy.canary else { return 0 }
        return max(0, min(canary.count, parts.count) - tally.canaries.count)
    }

    /// No canary nodes, or they were good for long enough and the others may follow.
    package var isPromoted: Bool { promotedAt != nil || pinned.strategy.canary == nil }

    /// No node of it was touched yet.
    package var isUntouched: Bool {
        parts.allSatisfy { $0.phase.isQueued && $0.milestones == Milestones() || $0.phase == .finished(.alreadyThere) }
    }

    /// How many slots that became free must stay unused for now, and for how much longer the first of them.
    package func restingSlots(at now: Moment) -> (count: Int, left: Duration?) {
        let pause = pinned.strategy.pauseBetweenNodes
        let resting = (tally.freed ?? []).reversed().prefix { now.uptime - $0.uptime < pause }
        return (resting.count, resting.last.map { pause - (now.uptime - $0.uptime) })
    }
}
