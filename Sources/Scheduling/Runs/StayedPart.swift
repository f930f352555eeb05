import ModeCore
import Primitives

/// What a node that failed after commitment was at when it stopped: `retry` goes on from there, also after its run's end.
package struct StayedPart: Hashable, Sendable, Codable {
    /// The run's policy, as the run pinned it.
    package var pinned: Shared<Policy>
    /// Right before it failed.
    package var part: Part
    /// The step whose command has not been heard of since: it may still run.
    package var openCommand: String?

    /// The part at its failed step once more, as committed; nil where it was not at work.
    ///
    /// - Parameter claim: the mode at which the node stayed.
    package func resumed(claim: RequestableMode, at now: Moment) -> Part? {
        guard let former = part.phase.work, pinned.sequence.steps.indices.contains(former.step) else { return nil }
        var work = PartPhase.Work(step: former.step, since: now, claim: claim, isGranted: true)
        work.timer = pinned.sequence.steps[former.step].deadline().map { Countdown($0, from: now) }
        var commitment = PartPhase.Commitment(incarnation: 0)
        if case .committed(_, let known) = part.phase { commitment = known }
        // Whether or not its command ran to its end, it may have.
        commitment.hasDisrupted = true
        var next = part
        next.phase = .committed(work, commitment)
        next.since = now.wall
        (next.error, next.order, next.slotFreedAt) = (nil, nil, nil)
        (next.exempt, next.givenBackForOthers) = ([], 0)
        return next
    }
}
