import Primitives

extension Run {
    /// When its last node is through, if each takes as long as those that are through took on the average, and nothing comes in
    /// between; nil: none is through yet, all are, or nobody knows when it goes on.
    ///
    /// Not counted is what nodes wait for together: windows, gates, a canary's soak, a person's word.
    ///
    /// - Parameters:
    ///   - limit: how many the cluster's budget lets be out of service.
    ///   - blockers: what stands in the way of its next node.
    func projectedEnd(limit: Int, blockers: [Blocker], at now: Timestamp) -> Timestamp? {
        guard pauses.isEmpty, case .active = phase,
            blockers.allSatisfy({ $0.class == .capacity || $0.class == .ours || $0.class == .health })
        else { return nil }
        let taken = parts.compactMap { part -> Duration? in
            guard part.phase == .finished(.done), let begun = part.milestones.claimedAt else { return nil }
            return part.since - begun
        }
        let (inWork, queued) = (parts.filter(\.phase.isInWork), count(of: .queued))
        guard !taken.isEmpty, !inWork.isEmpty || queued > 0 else { return nil }
        let average = taken.reduce(.zero, +) / taken.count
        var ends = inWork.map { max(now, ($0.milestones.claimedAt ?? now) + average) }
        let slots = max(1, min(limit, pinned.strategy.maxUnavailable.asMaxUnavailable(of: parts.count)))
        // Each goes as soon as one before it is through; a slot that is free now is free now.
        ends += Array(repeating: now, count: max(0, slots - ends.count))
        for _ in 0..<queued {
            guard let first = ends.indices.min(by: { ends[$0] < ends[$1] }) else { break }
            ends[first] = max(ends[first], now) + pinned.strategy.pauseBetweenNodes + average
        }
        return ends.max()
    }
}
