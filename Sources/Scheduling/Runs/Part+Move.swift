import ModeCore
import Primitives

/// One move of a node's part in a run.
package struct PartMove: Hashable, Sendable {
    package var part: Part
    /// Start this command; its id is to be put into the part.
    package var command: Command?
    /// Somebody is to be told.
    package var notice: NotifyStep?
    /// Leave this claim behind on the node: it failed after commitment.
    package var stay: RequestableMode?
    /// The run is to end.
    package var abort: String?
    /// What was proven about live sessions proves nothing any more.
    package var voidsEvidence = false

    init(_ part: Part) {
        self.part = part
    }
}

extension Part {
    /// The next move of a part that is in work, or nil while it waits.
    package func move(in situation: PartSituation) -> PartMove? {
        guard let tablePhase else { return nil }
        let responses = situation.happenings(to: self).map { happening in
            (happening, Table.response(of: tablePhase, to: happening, situation.traits))
        }
        let all = responses.map(\.1)
        let hasEnded = hasItsWindowEnded(all, situation)
        for (happening, response) in responses {
            if hasEnded, [.windowEnds, .windowPauses, .exclusion].contains(happening) { continue }
            switch response {
            case .giveBack(let after):
                return givenBack(after, why: situation.reason(happening, for: self), situation)
            case .finish(let result):
                // What still runs on the node ends first.
                guard case .returning(var returning) = phase, returning.command != nil, situation.outcome == nil else {
                    return finished(result, error: situation.reason(happening, for: self), situation)
                }
                guard returning.after != .end(.finish(result)) else { continue }
                returning.after = .end(.finish(result))
                var part = self
                part.phase = .returning(returning)
                return PartMove(part)
            case .unlessCommandRuns(let otherwise):
                guard phase.command == nil || situation.outcome != nil else { continue }
                let reason = situation.reason(happening, for: self)
                switch otherwise {
                case .giveBack(let result): return givenBack(.finish(result), why: reason, situation)
                case .stay(let result):
                    var move = finished(result, error: reason, situation)
                    move.stay = phase.claim
                    return move
                }
            default: continue
            }
        }
        // A new order is what the table says of it, and nothing else.
        guard situation.order == order else { return nil }
        return stepMove(all, situation) ?? timerMove(all, situation)
    }

    /// Of a part that is in work.
    var tablePhase: Table.Phase? {
        switch phase {
        case .queued, .finished: nil
        // Before its first `drain` or `block` it has no claim and no slot, like one that is queued.
        case .out(let work): work.isGranted || work.command != nil ? .out : .queued
        case .committed: .committed
        case .returning: .returning
        case .soaking: .soaking
        }
    }

    /// It waits for the window's end, which is there, and can go on from here: it has got what it came for.
    private func hasItsWindowEnded(_ responses: [Table.Response], _ situation: PartSituation) -> Bool {
        guard let work = phase.work, situation.sequence.steps.indices.contains(work.step),
            situation.sequence.steps[work.step] == .wait(.windowEnd),
            case .closed(let closure) = situation.clearance, !situation.isPausedWithRestore, !situation.isGone
        else { return false }
        return !(closure.isExclusion && closure.reopens) && !responses.contains(.stays)
    }

    private func stepMove(_ responses: [Table.Response], _ situation: PartSituation) -> PartMove? {
        if case .returning(let returning) = phase { return returningMove(returning, situation) }
        guard let work = phase.work, !responses.contains(.stays), !responses.contains(.waits) else { return nil }
        // It waits for its grant: whoever gives it goes on from here.
        if case .out = phase, !work.isGranted, situation.sequence.steps[work.step].takesOut { return nil }
        if case .out = phase, work.claim != nil, situation.readings.identity == .refuted {
            return failed("the cluster's lists do not show this node at this address", work, situation)
        }
        let step = situation.sequence.steps[work.step]
        let context = context(of: work, step, responses, situation)
        var move = step.move(in: context)
        if responses.contains(.waitsUntilDeadline) { move = held(back: move, work, context, situation) }
        return perform(move, work, responses, situation)
    }

    /// A node that is cut off makes no progress; what its deadline brings, it brings, and a command's end counts.
    private func held(
        back move: StepMove, _ work: PartPhase.Work, _ context: StepContext, _ situation: PartSituation
    ) -> StepMove {
        switch move {
        // Nor does it take the node to tell somebody.
        case .fail, .leaveOut, .wait, .again, .tell: return move
        case .done:
            if case .ended = context.command { return move }
            // A time that is over is over. One that does not answer is not given back as if all were well; where a restart
            // is due, what follows says whether it came back.
            guard case .wait(let wait) = situation.sequence.steps[work.step] else { break }
            if !situation.isGone || (context.isCommitted && wait != .windowEnd) { return move }
            if !situation.doesNothingAnswer { return .fail("could not be read when its wait was over") }
        case .proceed: return .fail("could not be read when its drain deadline passed")
        // What is not disruptive may be what brings it back.
        case .start(let run): if context.isCommitted, !run.isDisruptive { return move }
        case .drainAgain: break
        }
        return context.isLate ? .fail("it was cut off until its deadline passed") : .wait(.time)
    }

    /// What the step sees: what was read, and what the part knows of itself.
    package func context(
        of work: PartPhase.Work, _ step: Step, _ responses: [Table.Response], _ situation: PartSituation
    ) -> StepContext {
        var context = situation.readings
        context.now = situation.now
        context.attempt = work.attempt
        context.claim = work.claim
        context.isApproved = work.approval != nil
        context.gate = work.gate
        context.ignoresGates = exempt.contains(.gate)
        context.mayDropSessions = work.mayDropSessions
        context.redrains = work.redrains
        // One failed read when a deadline has passed says nothing: it is judged on a read, or when none comes.
        context.isLate =
            (work.timer?.hasPassed(at: situation.now) ?? false) && (context.mode != nil || situation.isGone)
            && !situation.doesNothingAnswer
        context.command =
            work.command == nil ? .none : situation.outcome.map(StepContext.Command.ended) ?? .running
        if case .committed(_, let commitment) = phase {
            context.isCommitted = true
            context.isAnotherIncarnation = commitment.incarnation != situation.incarnation
            context.versionBefore = commitment.version
        }
        context.isWindowOpen = situation.clearance.isOpen
        context.mayStartCommands = !responses.contains(.onWithoutCommands) && !responses.contains(.onUntilRestore)
        return context
    }

    private func perform(
        _ move: StepMove, _ work: PartPhase.Work, _ responses: [Table.Response], _ situation: PartSituation
    ) -> PartMove? {
        switch move {
        case .wait: return nil
        case .done: return advanced(work, responses, situation)
        case .proceed:
            var next = work
            next.mayDropSessions = true
            return advanced(next, responses, situation)
        case .tell(let notice):
            var move = advanced(work, responses, situation)
            move?.notice = notice
            return move
        case .start(let command): return starting(command, work, situation)
        case .again(let attempt): return again(attempt: attempt, work, situation)
        case .drainAgain: return drainedAgain(work, situation)
        case .leaveOut(let why, let abortsRun):
            var move = givenBack(.finish(.skipped), why: why, situation)
            if abortsRun { move.abort = "\(node.name): \(why)" }
            return move
        case .fail(let error): return failed(error, work, situation)
        }
    }

    /// The next step of a part that goes on.
    private func advanced(
        _ work: PartPhase.Work, _ responses: [Table.Response], _ situation: PartSituation
    ) -> PartMove? {
        let next = work.step + 1
        let isRestore = next < situation.sequence.steps.count && situation.sequence.steps[next] == .restore
        var part = self
        if isRestore { part.milestones.throughAt = situation.now.wall }
        if isRestore, responses.contains(.onUntilRestore) {
            return part.finished(.held, error: "a person holds the node", situation)
        }
        part.noteDisruption(situation)
        switch situation.sequence.steps[work.step] {
        case .drain where !work.mayDropSessions: part.milestones.drainedAt = situation.now.wall
        case .block: part.milestones.blockedAt = situation.now.wall
        default: break
        }
        part.resume(work, at: next, situation)
        return PartMove(part)
    }

    private func starting(_ command: Command, _ work: PartPhase.Work, _ situation: PartSituation) -> PartMove {
        var next = work
        next.attempt += 1
        next.timer = Countdown(command.timeout + Command.killGrace, from: situation.now)
        var part = self
        let before = PartPhase.Commitment(incarnation: situation.incarnation, version: situation.readings.version)
        switch phase {
        case .out where command.isDisruptive:
            part.since = situation.now.wall
            part.phase = .committed(next, before)
        case .committed(_, let commitment) where command.isDisruptive && work.attempt == 0:
            part.phase = .committed(
                next,
                PartPhase.Commitment(
                    incarnation: before.incarnation, version: before.version, hasDisrupted: commitment.hasDisrupted))
        default: part.set(next)
        }
        var move = PartMove(part)
        move.command = command
        return move
    }

    /// The same step once more.
    private func again(attempt: Int, _ work: PartPhase.Work, _ situation: PartSituation) -> PartMove {
        var next = work
        next.command = nil
        next.attempt = attempt
        next.since = situation.now
        next.timer = situation.sequence.steps[work.step].deadline(after: attempt).map {
            Countdown($0, from: situation.now)
        }
        var part = self
        part.noteDisruption(situation)
        part.set(next)
        return PartMove(part)
    }

    /// Back to the drain before this step. The claim stays as strict as it is.
    private func drainedAgain(_ work: PartPhase.Work, _ situation: PartSituation) -> PartMove? {
        guard let drain = situation.sequence.drain(before: work.step) else { return nil }
        var part = self
        var next = work
        next.redrains += 1
        part.resume(next, at: drain.index, situation)
        var move = PartMove(part)
        move.voidsEvidence = true
        return move
    }

    /// Makes the deadline stand or run, as the table says.
    private func timerMove(_ responses: [Table.Response], _ situation: PartSituation) -> PartMove? {
        guard var timer = phase.timer else { return nil }
        let isRunning = shouldTimerRun(responses, situation)
        guard isRunning != timer.isRunning else { return nil }
        if isRunning { timer.run(from: situation.now) } else { timer.stand(at: situation.now) }
        var part = self
        part.phase.timer = timer
        // It was told when it was measured.
        part.phase.change { $0.gate?.isNews = false }
        return PartMove(part)
    }

    private func shouldTimerRun(_ responses: [Table.Response], _ situation: PartSituation) -> Bool {
        // A command runs on, and so does its time.
        if phase.command != nil { return true }
        guard let work = phase.work else { return true }
        let step = situation.sequence.steps[work.step]
        if step.alwaysRuns { return true }
        if responses.contains(.stays) || responses.contains(.waits) || situation.doesNothingAnswer { return false }
        if step.isCommand, responses.contains(.onWithoutCommands) || responses.contains(.onUntilRestore) {
            return false
        }
        return true
    }
}

extension Part {
    /// The gate that it is at, where nothing else holds it up.
    package func openGate(in situation: PartSituation) -> HealthGate? {
        guard let tablePhase, let work = phase.work, case .gate(let gate) = situation.sequence.steps[work.step] else {
            return nil
        }
        let responses = situation.happenings(to: self).map {
            Table.response(of: tablePhase, to: $0, situation.traits)
        }
        guard !responses.contains(.stays), !responses.contains(.waits) else { return nil }
        // No program begins where no command does.
        let isClosed = responses.contains(.onWithoutCommands) || responses.contains(.onUntilRestore)
        return isClosed && gate.isProgram ? nil : gate
    }

    /// What a part that is not queued waits for; nil where it waits for nothing that a step knows.
    package func wait(in situation: PartSituation) -> StepWait? {
        guard let tablePhase, let work = phase.work else { return nil }
        let responses = situation.happenings(to: self).map {
            Table.response(of: tablePhase, to: $0, situation.traits)
        }
        let step = situation.sequence.steps[work.step]
        if case .wait(let wait) = step.move(in: context(of: work, step, responses, situation)) { return wait }
        return nil
    }
}
