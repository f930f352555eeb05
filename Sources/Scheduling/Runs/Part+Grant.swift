import ModeCore
import Primitives

/// How a part begins, and goes from step to step.
extension Part {
    /// What a grant makes of a queued part, or of one that waits before its first step that takes the node out of service.
    ///
    /// - Parameter carried: the claim that the node keeps from a run before.
    package func started(_ situation: PartSituation, carrying carried: RequestableMode? = nil) -> Part {
        var part = self
        part.error = nil
        switch phase {
        case .out(var work) where !work.isGranted:
            work.isGranted = situation.sequence.steps[work.step].takesOut
            part.resume(work, at: work.step, situation)
        default:
            part.since = situation.now.wall
            part.milestones = Milestones()
            let isGranted = situation.sequence.steps[0].takesOut || carried != nil
            let work = PartPhase.Work(step: 0, since: situation.now, claim: carried, isGranted: isGranted)
            part.phase = .out(work)
            part.resume(work, at: 0, situation)
        }
        if part.phase.claim != nil { part.milestones.claimedAt = part.milestones.claimedAt ?? situation.now.wall }
        return part
    }

    /// Goes to a step of the sequence, or is done after the last.
    mutating func resume(_ former: PartPhase.Work, at index: Int, _ situation: PartSituation) {
        let now = situation.now
        guard index < situation.sequence.steps.count else {
            phase = .finished(.done)
            error = nil
            since = now.wall
            slotFreedAt = now.wall
            return
        }
        let step = situation.sequence.steps[index]
        if step == .restore {
            phase = .returning(PartPhase.Returning(after: .goOn(step: index), since: now))
            since = now.wall
            return
        }
        var work = PartPhase.Work(step: index, since: now, claim: former.claim, isGranted: former.isGranted)
        work.mayDropSessions = former.mayDropSessions
        work.redrains = former.redrains
        if case .returning = phase {
            // Whatever follows `restore` happens to a node in service.
            phase = .soaking(work)
            since = now.wall
        }
        if step.takesOut, !work.isGranted {
            set(work)
            return
        }
        if let claim = step.claim(relaying: situation.readings.relays) {
            work.claim = max(work.claim ?? .normal, claim)
        }
        work.timer = step.deadline().map { Countdown($0, from: now) }
        set(work)
    }

    mutating func set(_ work: PartPhase.Work) {
        switch phase {
        case .committed(_, let commitment): phase = .committed(work, commitment)
        case .soaking: phase = .soaking(work)
        case .queued, .out, .returning, .finished: phase = .out(work)
        }
    }
}
