import Primitives

/// A run's `progressDeadline`: how much longer it may stand still. It runs only while the run could act.
///
/// Progress is a step that is over: a node goes on to a later step, or its part in the run ends, however it ends. Waiting
/// that the policy itself orders is not lack of progress: `wait` and `soak` steps, the pause between waves,
/// `waitAfterPrevious`, the soak of canary nodes that are good, and a promotion that is an operator's to give.
public struct ProgressClock: Hashable, Sendable, Codable {
    /// When the run pauses; nil: the clock stands still. Like every deadline it goes on while the daemon is away, but not to
    /// its end: whoever comes back late has a quarter of the whole length to show progress.
    public private(set) var deadline: Deadline?
    /// What was left when the clock last started or stopped.
    public private(set) var left: Duration

    public init(_ length: Duration) {
        left = length
    }

    public var isRunning: Bool { deadline != nil }

    public func hasPassed(at now: Moment) -> Bool { deadline?.hasPassed(at: now) ?? false }

    func started(at now: Moment) -> ProgressClock {
        var clock = self
        clock.deadline = Deadline(left, from: now)
        return clock
    }

    func stopped(at now: Moment) -> ProgressClock {
        var clock = self
        clock.left = deadline?.timeLeft(at: now) ?? left
        clock.deadline = nil
        return clock
    }

    /// The whole length is left again.
    mutating func reset(to length: Duration, at now: Moment) {
        left = length
        if isRunning { deadline = Deadline(length, from: now) }
    }

    mutating func reanchor(from last: Moment, to now: Moment, length: Duration) {
        guard let deadline else { return }
        let left = deadline.reanchored(from: last, to: now).timeLeft(at: now)
        self.deadline = Deadline(max(left, length / 4), from: now)
    }
}

extension NodeRun {
    /// Whether a step of the node was finished since then.
    func hasProgressed(since former: NodeRun) -> Bool {
        if phase.isFinished { return !former.phase.isFinished }
        return phase.isInWork && former.phase.isInWork && step > former.step
    }
}
