import ModeCore
import Primitives

/// Everything that decides what happens next to one node's part in a run.
package struct PartSituation: Hashable, Sendable {
    package var now: Moment
    package var sequence: StepSequence
    package var onWindowEnd: OnWindowEnd
    package var clearance = Clearance.open(until: nil)
    package var runPhase = RunPhase.active
    /// Of the run, and of everything.
    package var pauses: [Pause] = []
    /// What an operator orders right now, or did while its command ran.
    package var order: Part.Order?
    package var isHeld = false
    package var isClockTrusted = true
    /// It is one of those that others cost their place: who is out of service; nil: it is not.
    package var mustMakeRoomFor: [String]?
    /// Quorum has been missing for its disruptive step for longer than `staleAfter`.
    package var isQuorumMissing = false
    /// No read has succeeded for longer than `staleAfter`.
    package var isGone = false
    /// A majority does not list it as connected, or it says `initial`.
    package var isIsolated = false
    /// Somebody else wants it stricter.
    package var hasFloor = false
    /// Somebody opened it by hand, and the policy yields to that.
    package var isYieldDue = false
    /// No remote node answers any more: deadlines stand for a while.
    package var doesNothingAnswer = false
    /// No ChangeMode is open, and nothing that nagi wrote is left on the node.
    package var isSettled = true
    /// A returning part has waited longer than a run that is ending waits for it.
    package var hasWaitedLong = false
    /// What the running command came to.
    package var outcome: CommandOutcome?
    package var incarnation = 0
    /// What was read; the part fills in what it knows itself.
    package var readings: StepContext

    /// Everything that is not committed is to be given back, until the pause is over.
    var isPausedWithRestore: Bool { pauses.contains(where: \.givesBack) }

    var traits: Table.Traits { Table.Traits(onWindowEnd: onWindowEnd, onFailure: sequence.onFailure ?? .stay) }

    /// What happens to the part just now, in the order of the table.
    func happenings(to part: Part) -> [Table.Happening] {
        var happenings = order.map { [$0.happening] } ?? []
        if case .ending(let reason) = runPhase {
            switch reason {
            case .windowEnded: if !part.exempt.contains(.window) { happenings.append(.windowEnds) }
            case .superseded, .edited: happenings.append(.newRevision)
            case .suspended, .policyRemoved, .nodeRemoved, .aborted: happenings.append(.abort)
            }
        }
        if isPausedWithRestore { happenings.append(.exclusion) }
        if case .closed(let closure) = clearance, !part.exempt.contains(closure.isExclusion ? .exclusion : .window) {
            happenings.append(closure.isExclusion ? .exclusion : .windowPauses)
        }
        if isYieldDue { happenings.append(.yield) }
        if mustMakeRoomFor != nil { happenings.append(.overBudget) }
        if isQuorumMissing { happenings.append(.quorumMissing) }
        if isHeld { happenings.append(.hold) }
        if !pauses.isEmpty { happenings.append(.pause) }
        if !isClockTrusted { happenings.append(.clock) }
        if isGone { happenings.append(.unreachable) }
        if isIsolated { happenings.append(.isolated) }
        if hasFloor { happenings.append(.foreign) }
        return happenings
    }

    /// Why a part is given back or ends, for its `error`.
    func reason(_ happening: Table.Happening, for part: Part) -> String {
        switch happening {
        case .abort, .newRevision, .windowEnds:
            if case .ending(let reason) = runPhase { reason.description } else { happening.rawValue }
        case .exclusion:
            if case .closed(let closure) = clearance, case .excluded(let by, _) = closure.cause,
                !part.exempt.contains(.exclusion)
            {
                "freeze \(by) began"
            } else {
                pauses.first(where: \.givesBack).map(\.words) ?? happening.rawValue
            }
        case .windowPauses: "the window ended"
        case .yield: "somebody opened it by hand: it is left alone in this run"
        case .overBudget:
            "more nodes are out of service than the budget allows: \((mustMakeRoomFor ?? []).joined(separator: ", "))"
        case .quorumMissing: "its next step would cost the cluster its majority"
        case .hold: "a person holds the node"
        case .release, .skip: "\(happening == .skip ? "skipped" : "released") \(order?.reason ?? "")"
        default: happening.rawValue
        }
    }
}
