import Calendars
import Primitives

/// Runs and policies, as they are shown.
extension Controller {
    func policyStatus(_ place: Int, _ now: Moment) -> PolicyStatus {
        let entry = calendars.entries[place]
        var status = PolicyStatus(name: entry.policy.name, state: "suspended")
        if entry.policy.isSuspended { return status }
        if let opening = entry.calendar.opening(at: now.wall) {
            status.state = "open"
            status.until = entry.calendar.end(of: opening)
            status.next = status.until.flatMap { entry.calendar.nextOpening(after: $0 + .nanoseconds(-1))?.start }
            let cluster = entry.policy.cluster
            if let pause = ledger.pause {
                status.reason = "everything is paused\(pause.ending)"
            } else if fleet.cluster(named: cluster).map({ fleet[$0].awaitsNodes }) ?? false {
                status.reason = "which nodes are in \(cluster) is not known yet"
            } else if entry.policy.isRollout, let ended = ended(entry.policy) {
                status.reason = "\(ended.run.id) is over: \(ended.outcome)"
            }
            return status
        }
        status.state = "closed"
        status.reason = ledger.pause.map { "everything is paused\($0.ending)" }
        status.next = entry.calendar.nextOpening(after: now.wall)?.start
        if let taken = calendars.exclusion(of: place, at: now.wall) {
            status.state = "frozen"
            status.reason = taken.by + (taken.reason.map { " (\($0))" } ?? "")
            status.until = taken.until
        }
        return status
    }

    /// The latest run of the policy as it is now, which has used up its revision or a window; nil: none has, or one is not over.
    func ended(_ policy: Policy) -> Ledger.EndedRun? {
        guard activeRuns[policy.name] == nil,
            let ended = ledger.endedRuns.last(where: { $0.run.policy == policy.name && !$0.run.isRetry })
        else { return nil }
        if case .partial(let reason?) = ended.outcome, reason.leavesRevisionOpen { return nil }
        return ended.run.revision == policy.revision ? ended : nil
    }

    func status(of ended: Ledger.EndedRun, _ now: Moment) -> RunStatus {
        status(
            of: ended.run, phase: ended.outcome.word, text: ended.outcome.description, endedAt: ended.endedAt,
            blockers: [], now)
    }

    /// Of a run that is not over.
    func status(of run: Run, blockers: [Blocker], _ now: Moment) -> RunStatus {
        let awaited = run.pauses.isEmpty ? run.awaitingApproval.map { run.parts[$0].node.name } : []
        // Where no node is left to take, windows, budget and the others are in nobody's way.
        let blockers = run.candidate(after: nil) == nil ? blockers.filter { $0.class == .human } : blockers
        let all = (awaited.isEmpty ? [] : [Blocker(.stepApproval(awaited))]) + blockers
        var status = status(of: run, phase: run.word, text: text(of: run), endedAt: nil, blockers: all, now)
        if let cluster = fleet.cluster(named: run.cluster), ledger.pause == nil {
            status.projectedEnd = run.projectedEnd(
                limit: fleet.budgetUse(of: cluster, at: now).limit, blockers: all, at: now.wall)
        }
        return status
    }

    private func status(
        of run: Run, phase: String, text: String, endedAt: Timestamp?, blockers: [Blocker], _ now: Moment
    ) -> RunStatus {
        RunStatus(
            id: run.id.text, policy: run.policy, cluster: run.cluster, revision: run.revision, phase: phase,
            text: text, startedAt: run.startedAt, endedAt: endedAt, blockers: blockers,
            force: endedAt == nil ? run.force : nil,
            parts: run.parts.map { part in
                PartStatus(
                    name: part.node.name, phase: part.phase.word,
                    step: part.phase.work.map { run.pinned.sequence.steps[$0.step].word }
                        ?? (part.phase.kind == .returning ? "restore" : nil),
                    since: part.since, until: part.phase.shownEnd(at: now), left: part.phase.timer?.standing,
                    error: part.error, milestones: part.milestones, group: run.groupName(part.group),
                    isCanary: part.isCanary)
            })
    }

    private func text(of run: Run) -> String {
        let done = run.tally.proven
        let through = run.parts.filter(\.isThrough).map(\.told)
        let left = run.count(of: .finished) - done - run.tally.failed - through.count
        var words = ["\(done) done", "\(run.inWork) in work", "\(run.count(of: .queued)) to go"]
        if run.tally.failed > 0 { words.append("\(run.tally.failed) failed") }
        words += Set(through).sorted().map { word in "\(through.count { $0 == word }) \(word)" }
        if left > 0 { words.append("\(left) left out") }
        let text = words.joined(separator: ", ")
        switch run.phase {
        case .active: return ([text] + run.pauses.map { "paused\($0.ending)" }).joined(separator: "; ")
        case .ending(let reason): return "\(text); ending: \(reason)"
        }
    }
}

extension PolicyCalendar {
    /// When it ends; nil: no end is in sight. The turn of a year is a cut for the sake of the search only.
    func end(of opening: Opening) -> Timestamp? {
        var end = opening.end
        for _ in 0..<2 {
            guard let next = self.opening(at: end) else { return end }
            end = next.end
        }
        return self.opening(at: end) == nil ? end : nil
    }
}
