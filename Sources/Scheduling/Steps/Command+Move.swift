import Primitives

/// What a step that has something done makes of what it sees.
extension Command {
    /// How long a command waits for what it needs to start: proof that no call is live, quorum, a node that is there.
    static let startTimeout = Duration.hours(1)
    /// How long after its timeout a command's end is awaited: it is killed, and whoever ran it tells.
    static let killGrace = Duration.minutes(2)
    /// How often sessions may come back before it starts.
    static let redrainLimit = 3

    func move(in context: StepContext) -> StepMove {
        switch context.command {
        case .running:
            return context.isLate
                ? .fail("\(name): nothing was heard of it after its timeout")
                : .wait(.command(name: name, attempt: context.attempt))
        case .ended(let outcome): return move(after: outcome, in: context)
        case .none: return startMove(in: context)
        }
    }

    /// Nobody knows that it has begun, and where that is so it is begun once more: it counts as no attempt.
    func isVoid(_ outcome: CommandOutcome) -> Bool {
        outcome == .neverBegan || outcome == .interrupted && onInterrupted == .rerun
    }

    private func move(after outcome: CommandOutcome, in context: StepContext) -> StepMove {
        if outcome.isSuccess { return .done }
        if outcome == .neverBegan { return .again(attempt: context.attempt - 1) }
        if outcome == .stopped { return .fail("\(name) \(outcome)") }
        // Nobody knows how far an interrupted command came: it is run again only where the policy says so.
        let mayRepeat = outcome != .interrupted || onInterrupted == .rerun
        let limit = retries + (outcome == .interrupted ? 1 : 0)
        if mayRepeat, context.attempt <= limit { return .again(attempt: context.attempt) }
        return .fail("\(name) \(outcome)")
    }

    private func startMove(in context: StepContext) -> StepMove {
        guard context.mayStartCommands else { return .wait(.clearance(name: name)) }
        // No attempt is made: the next one would have the same hole.
        if let lack = context.lack { return .fail("\(name) \(CommandOutcome.notStarted(NodeText(cutting: lack)))") }
        if case .termination = work {
            // Behind a block that is there, or new calls come while the live ones are ended.
            guard context.isConfirmed else {
                return context.isLate ? .fail("\(name): the node was not blocked in time") : .wait(.block)
            }
            if context.isEmpty, context.isDrained { return .done }
            guard context.isShown else { return unshown(context) }
            return .start(self)
        }
        guard isDisruptive else { return .start(self) }
        if !context.isCommitted, context.isRefilled, !context.mayDropSessions {
            guard context.redrains < Command.redrainLimit else {
                return .fail("\(name): sessions came back \(context.redrains) times")
            }
            return .drainAgain
        }
        guard context.isConfirmed, context.mayDropSessions || context.isDrainedSinceStep else {
            return context.isLate
                ? .fail("\(name): live sessions were there until the last moment") : .wait(.evidence(name: name))
        }
        guard context.isShown else { return unshown(context) }
        // Quorum can't be forced: the step waits for it as long as it may, no longer.
        guard context.hasQuorum else {
            return context.isLate
                ? .fail("\(name): it would have cost the cluster its majority") : .wait(.quorum(name: name))
        }
        return .start(self)
    }

    private func unshown(_ context: StepContext) -> StepMove {
        context.isLate ? .fail("\(name): the node was not shown in time") : .wait(.identity(name: name))
    }

    var longest: Duration { timeout * (retries + 1) }
    /// Half of the timeout; what is answered by machines, at once.
    var usual: Duration {
        switch work {
        case .program, .call: timeout / 2
        case .termination: .zero
        }
    }
}
