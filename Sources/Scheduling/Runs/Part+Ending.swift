import ModeCore
import Primitives

/// How a part leaves its node: given back, finished or failed.
extension Part {
    func returningMove(_ returning: PartPhase.Returning, _ situation: PartSituation) -> PartMove? {
        if case .end(let after) = returning.after {
            // No command is ever beside its own next attempt: nothing follows before it has ended.
            let isOver = situation.outcome != nil || returning.timer?.hasPassed(at: situation.now) ?? true
            return isOver ? ended(after, situation) : nil
        }
        guard case .goOn(let step) = returning.after else { return nil }
        let isSeen = situation.readings.isObservedSinceStep && situation.isSettled
        if isSeen, let mode = situation.readings.mode?.requestable {
            if mode != .normal {
                return finished(.foreign, error: "left in \(mode.rawValue), which somebody else set", situation)
            }
            if !situation.readings.hasReadinessProbe || situation.readings.ready == true {
                var part = self
                part.milestones.restoredAt = situation.now.wall
                part.resume(
                    PartPhase.Work(step: step, since: situation.now, isGranted: true), at: step + 1, situation)
                return PartMove(part)
            }
        }
        if case .ending = situation.runPhase, situation.hasWaitedLong {
            let why = "the run ended before the node was seen in service"
            return finished(.ended, error: error ?? why, situation)
        }
        return nil
    }

    func givenBack(_ after: GivingBack, why: String, _ situation: PartSituation) -> PartMove {
        var after = after
        // What is closed for good does not open again for this run.
        if after == .again(.whenClear), case .closed(let closure) = situation.clearance, !closure.reopens {
            after = .finish(.ended)
        }
        var part = self
        part.error = why
        guard let command = phase.command, situation.outcome == nil else { return part.ended(after, situation) }
        // What somebody has opened by hand is not closed for the time that its command takes to end.
        let closing = after == .finish(.yielded) ? nil : phase.work
        part.phase = .returning(
            PartPhase.Returning(
                after: .end(after), since: situation.now, isGranted: phase.holdsSlot, command: command,
                claim: closing.flatMap { situation.sequence.steps[$0.step].endsCalls ? $0.claim : nil },
                timer: phase.timer))
        part.since = situation.now.wall
        return PartMove(part)
    }

    func ended(_ after: GivingBack, _ situation: PartSituation) -> PartMove {
        var part = self
        part.since = situation.now.wall
        part.slotFreedAt = situation.now.wall
        (part.order, part.exempt) = (nil, [])
        // Whoever starts first from here on is the canary, and what was opened is not taken over.
        if case .again = after {
            part.isCanary = false
            part.isTakenOver = false
        }
        switch after {
        case .finish(let result): part.phase = .finished(result)
        case .again(.whenClear): part.phase = .queued(PartPhase.Queued())
        case .again(.forOthers):
            part.givenBackForOthers += 1
            if part.givenBackForOthers > Part.forOthersLimit {
                part.phase = .finished(.ended)
                part.error = "given back \(part.givenBackForOthers) times: \(part.error ?? "no room")"
            } else {
                let backOff = Part.firstBackOff * (1 << (part.givenBackForOthers - 1))
                part.phase = .queued(PartPhase.Queued(backOff: backOff))
            }
        }
        return PartMove(part)
    }

    package func finished(_ result: PartResult, error: String?, _ situation: PartSituation) -> PartMove {
        var part = self
        part.error = error ?? part.error
        part.order = nil
        part.since = situation.now.wall
        if phase.isInWork { part.slotFreedAt = situation.now.wall }
        part.phase = .finished(result)
        return PartMove(part)
    }

    func failed(_ error: String, _ work: PartPhase.Work, _ situation: PartSituation) -> PartMove {
        var part = self
        part.noteDisruption(situation)
        // Nothing is heard of the command that was to end first: the operator's word stands.
        if order?.happening == .release {
            return part.givenBack(.finish(.released), why: situation.reason(.release, for: self), situation)
        }
        // What may still run, and disrupts, is not run on an open node, whatever the policy says of failures.
        let isDisruptive = situation.sequence.steps[work.step].command?.isDisruptive == true
        let mayStillRun =
            part.phase.kind == .committed && isDisruptive && work.command != nil && situation.outcome == nil
        let response = Table.response(of: part.tablePhase ?? .out, to: .stepFails, situation.traits)
        switch mayStillRun ? .failAndStay : response {
        case .giveBack(let after): return part.givenBack(after, why: error, situation)
        case .failAndStay:
            var move = part.finished(.failed, error: error, situation)
            move.stay = work.claim
            return move
        default: return part.finished(.failed, error: error, situation)
        }
    }

    /// What became of the command that it committed itself for: one that never ran has disrupted nothing, and the part is
    /// out as before. One of which nothing was heard may have run.
    mutating func noteDisruption(_ situation: PartSituation) {
        guard case .committed(let work, var commitment) = phase, work.command != nil else { return }
        if situation.outcome?.hasRun ?? true {
            commitment.hasDisrupted = true
            phase = .committed(work, commitment)
        } else if !commitment.hasDisrupted {
            phase = .out(work)
            since = situation.now.wall
        }
    }
}
