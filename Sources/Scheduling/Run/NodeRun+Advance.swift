import ModeCore
import Primitives

/// Whether a run may act now.
public enum Gate: Hashable, Sendable {
    /// Until then; nil: no end in sight.
    case open(until: Timestamp?)
    /// Not now. `reopens`: the same run may act again later, at `until` where that is known.
    case closed(Cause, until: Timestamp?, reopens: Bool)

    public enum Cause: Hashable, Sendable {
        case outsideWindow
        case excluded(by: String, reason: String?)
    }

    public var isOpen: Bool { if case .open = self { true } else { false } }
}

/// Everything that decides what happens next to one node of a run.
public struct NodeSituation: Sendable {
    public var now: Moment
    public var gate: Gate
    public var runPhase: RunPhase
    public var onWindowEnd: OnWindowEnd
    public var sequence: StepSequence
    public var revision: String?

    public var isReadable: Bool
    public var mode: ObservedMode?
    public var version: String?
    public var ready: Bool?
    /// A readiness gate is configured.
    public var hasGate: Bool
    public var isConnected: Bool
    /// No ChangeMode is open, and none is needed.
    public var isReconciled: Bool
    /// The drain's counts were seen at or below the thresholds, twice.
    public var isDrained: Bool
    /// And once more since the step or its latest attempt began.
    public var isDrainedSinceStep: Bool
    /// The mode was confirmed and live sessions are there again: a restart let them in.
    public var isRefilled: Bool
    /// How long it has been normal and ready without a break.
    public var serviceFor: Duration?
    /// Other nodes' failures took more of the budget than there is.
    public var isOverBudget: Bool
    /// Another node may be disrupted without losing the cluster's majority.
    public var hasQuorum: Bool
    /// What the node's command came to, once it has ended.
    public var outcome: CommandOutcome?

    public init(
        now: Moment, gate: Gate, runPhase: RunPhase = .active, onWindowEnd: OnWindowEnd, sequence: StepSequence,
        revision: String? = nil, isReadable: Bool, mode: ObservedMode?, version: String? = nil, ready: Bool? = nil,
        hasGate: Bool = false, isConnected: Bool = true, isReconciled: Bool, isDrained: Bool = false,
        isDrainedSinceStep: Bool = false, isRefilled: Bool = false, serviceFor: Duration? = nil,
        isOverBudget: Bool = false, hasQuorum: Bool = true, outcome: CommandOutcome? = nil
    ) {
        self.now = now
        self.gate = gate
        self.runPhase = runPhase
        self.onWindowEnd = onWindowEnd
        self.sequence = sequence
        self.revision = revision
        self.isReadable = isReadable
        self.mode = mode
        self.version = version
        self.ready = ready
        self.hasGate = hasGate
        self.isConnected = isConnected
        self.isReconciled = isReconciled
        self.isDrained = isDrained
        self.isDrainedSinceStep = isDrainedSinceStep
        self.isRefilled = isRefilled
        self.serviceFor = serviceFor
        self.isOverBudget = isOverBudget
        self.hasQuorum = hasQuorum
        self.outcome = outcome
    }

    var isPaused: Bool { if case .paused = runPhase { true } else { false } }

    /// `normal`, or stricter by somebody else's will: back in service as far as it is nagi's to say.
    var isInService: Bool {
        isReadable && mode == .known(.normal) && (!hasGate || ready == true)
    }
}

/// One move of a node's part in a run.
public struct NodeMove: Hashable, Sendable {
    public var nodeRun: NodeRun
    /// Start this step's command; its id is to be put into the node run.
    public var command: RunStep?
    /// Leave this claim behind on the node, as a hold of the run's.
    public var hold: RequestableMode?
    /// The run is to end.
    public var abort: String?

    init(_ nodeRun: NodeRun, command: RunStep? = nil, hold: RequestableMode? = nil, abort: String? = nil) {
        self.nodeRun = nodeRun
        self.command = command
        self.hold = hold
        self.abort = abort
    }
}

extension NodeRun {
    /// How long a block may take to be confirmed, and how long a disruptive step waits for proof that no call is live.
    static let blockTimeout = Duration.minutes(10)
    static let evidenceTimeout = Duration.hours(1)
    /// A soak that needs more than so many times its length has failed.
    static let soakFactor = 3
    /// A node is queued again for others' failures once, not for ever.
    static let requeueLimit = 1

    /// The table of the design's section 5: the next move of a node that has started, or nil while it waits.
    public func move(in situation: NodeSituation) -> NodeMove? {
        switch phase {
        case .queued, .finished: nil
        case .closing, .closed: giveBack(situation) ?? stepMove(situation)
        case .committed: stepMove(situation)
        case .restoring: restoreMove(situation)
        case .soaking: soakMove(situation)
        }
    }

    /// The first step, with its claim: what a grant makes of a queued node.
    public func started(wave: Int, sequence: StepSequence, at now: Moment) -> NodeRun {
        var next = self
        next.phase = .closing
        next.wave = wave
        next.since = now.wall
        next.milestones = Milestones()
        next.milestones.claimedAt = now.wall
        next.error = nil
        next.mayCut = false
        next.enter(0, of: sequence, at: now)
        return next
    }

    /// Why the node is given back before its sequence is through, if it is. Never once it is committed.
    private func giveBack(_ situation: NodeSituation) -> NodeMove? {
        if case .ending(let reason) = situation.runPhase, reason != .windowEnded {
            return restored(.finish(.ended), error: reason.description, situation)
        }
        // A node that waits for the window's end has got what it came for.
        let isWaitingForEnd = situation.sequence.steps[step] == .wait(.windowEnd)
        let isGivenBack = situation.onWindowEnd == .restore || claim == nil
        if case .closed(_, _, let reopens) = situation.gate, isGivenBack, !isWaitingForEnd {
            return restored(reopens ? .requeue : .finish(.ended), error: "the window ended", situation)
        }
        if phase == .closing, situation.isOverBudget, requeues < NodeRun.requeueLimit {
            return restored(.requeue, error: "other nodes failed: the budget is used up", situation)
        }
        return nil
    }

    private func stepMove(_ situation: NodeSituation) -> NodeMove? {
        let now = situation.now
        let isLate = deadline?.hasPassed(at: now) ?? false
        // While paused a node that is not committed stays as it is; its deadline does not count.
        if situation.isPaused, phase == .closing || phase == .closed { return nil }
        switch situation.sequence.steps[step] {
        case .drain(let drain):
            if isConfirmed(situation), situation.isDrained {
                return advanced(situation) { $0.milestones.drainedAt = now.wall }
            }
            guard isLate else { return nil }
            guard situation.isReadable, situation.mode?.requestable != nil else {
                return failed("could not be read when its drain deadline passed", stays: true, situation)
            }
            switch drain.onDeadline {
            case .proceed: return advanced(situation) { $0.mayCut = true }
            case .terminate: return failed(NodeRun.isNotCarriedOut("onDeadline: terminate"), situation)
            case .skip: return restored(.finish(.skipped), error: "not drained in time", situation)
            case .abort:
                var move = restored(.finish(.skipped), error: "not drained in time", situation)
                move.abort = "\(node.name) did not drain in time"
                return move
            }

        case .block:
            if isConfirmed(situation) {
                return advanced(situation) {
                    if $0.phase == .closing { $0.phase = .closed }
                    $0.milestones.blockedAt = now.wall
                }
            }
            return isLate ? failed("the block was not confirmed in time", situation) : nil

        case .run(let run):
            return commandMove(run, isLate: isLate, situation)

        case .verify(let verify):
            if let missing = verify.missing(on: self, in: situation) {
                return isLate ? failed("verify: \(missing)", situation) : nil
            }
            return advanced(situation)

        case .wait(.duration):
            return isLate ? advanced(situation) : nil

        case .wait(.windowEnd):
            return situation.gate.isOpen ? nil : advanced(situation)

        case .restore, .soak:
            // Entering these already changed the phase.
            return nil

        case .http, .approval, .terminate, .gate, .notify:
            return failed(NodeRun.isNotCarriedOut(situation.sequence.steps[step].word), situation)
        }
    }

    /// A daemon refuses policies with such steps; one that got here all the same must not be left out in silence.
    static func isNotCarriedOut(_ what: String) -> String { "`\(what)` is not carried out by this version of nagi" }

    private func commandMove(_ run: RunStep, isLate: Bool, _ situation: NodeSituation) -> NodeMove? {
        if command != nil {
            guard let outcome = situation.outcome else { return nil }
            if outcome.isSuccess { return advanced(situation) }
            if outcome == .neverBegan { return again(attempt: attempt - 1, situation) }
            // Nobody knows how far an interrupted command came: it is run again only where the policy says so.
            let mayRepeat = outcome != .interrupted || run.onInterrupted == .rerun
            let limit = run.retries + (outcome == .interrupted ? 1 : 0)
            if mayRepeat, attempt <= limit { return again(attempt: attempt, situation) }
            return failed("\(run.name) \(outcome)", situation)
        }
        if situation.isPaused || (phase == .closed && situation.isOverBudget) { return nil }
        guard run.isDisruptive else { return starting(run, situation) }
        if phase == .closed, situation.isRefilled, !mayCut, let move = drainedAgain(situation) { return move }
        guard isConfirmed(situation), mayCut || situation.isDrainedSinceStep else {
            return isLate ? failed("\(run.name): live sessions were there until the last moment", situation) : nil
        }
        // Quorum can't be forced: whoever waits for it, waits.
        guard situation.hasQuorum else { return nil }
        return starting(run, situation)
    }

    private func starting(_ run: RunStep, _ situation: NodeSituation) -> NodeMove {
        var next = self
        next.attempt += 1
        next.deadline = nil
        if run.isDisruptive, next.phase != .committed {
            next.phase = .committed
            next.since = situation.now.wall
        }
        return NodeMove(next, command: run)
    }

    /// The same step once more; what was proven before no longer counts.
    private func again(attempt: Int, _ situation: NodeSituation) -> NodeMove {
        var next = self
        next.command = nil
        next.attempt = attempt
        next.stepSince = situation.now
        next.deadline = Deadline(NodeRun.evidenceTimeout, from: situation.now)
        return NodeMove(next)
    }

    /// Back to the drain before this step: sessions are live again. The claim stays as strict as it is.
    private func drainedAgain(_ situation: NodeSituation) -> NodeMove? {
        let drain = situation.sequence.steps[..<step].lastIndex {
            if case .drain = $0 { true } else { false }
        }
        guard let drain else { return nil }
        var next = self
        next.phase = .closing
        next.enter(drain, of: situation.sequence, at: situation.now)
        return NodeMove(next)
    }

    private func restoreMove(_ situation: NodeSituation) -> NodeMove? {
        guard situation.isReadable, situation.isReconciled, let mode = situation.mode?.requestable else { return nil }
        var next = self
        next.since = situation.now.wall
        next.milestones.restoredAt = situation.now.wall
        if mode != .normal {
            // Somebody else wants it stricter: it is theirs now.
            next.error = next.error ?? "left in \(mode.rawValue), which somebody else set"
            next.finish(afterRestore)
            return NodeMove(next)
        }
        guard situation.isInService else { return nil }
        if let afterRestore {
            next.finish(afterRestore)
            return NodeMove(next)
        }
        next.enter(step + 1, of: situation.sequence, at: situation.now)
        return NodeMove(next)
    }

    private func soakMove(_ situation: NodeSituation) -> NodeMove? {
        if case .ending(let reason) = situation.runPhase, reason != .windowEnded, reason != .superseded {
            var next = self
            next.phase = .finished(.ended)
            next.since = situation.now.wall
            next.deadline = nil
            return NodeMove(next)
        }
        guard case .soak(let length) = situation.sequence.steps[step] else { return stepMove(situation) }
        if let serviceFor = situation.serviceFor, serviceFor >= length {
            return advanced(situation)
        }
        guard deadline?.hasPassed(at: situation.now) ?? false else { return nil }
        var next = self
        next.phase = .finished(.failed)
        next.since = situation.now.wall
        next.error = "not in service for \(length) without a break"
        next.deadline = nil
        return NodeMove(next)
    }

    private func isConfirmed(_ situation: NodeSituation) -> Bool {
        guard situation.isReadable, let observed = situation.mode?.requestable, let claim else { return false }
        return observed >= claim
    }

    private func advanced(_ situation: NodeSituation, _ change: (inout NodeRun) -> Void = { _ in }) -> NodeMove {
        var next = self
        change(&next)
        next.enter(step + 1, of: situation.sequence, at: situation.now)
        return NodeMove(next)
    }

    private func restored(_ after: AfterRestore, error: String, _ situation: NodeSituation) -> NodeMove {
        var next = self
        next.phase = .restoring
        next.since = situation.now.wall
        next.stepSince = situation.now
        next.claim = nil
        next.command = nil
        next.deadline = nil
        next.afterRestore = after
        next.error = error
        return NodeMove(next)
    }

    private func failed(_ error: String, stays: Bool? = nil, _ situation: NodeSituation) -> NodeMove {
        let isCommitted = phase == .committed
        let onFailure = situation.sequence.onFailure ?? (isCommitted ? .stay : .restore)
        // A node that cannot be read cannot be given back either: it stays until somebody has looked at it.
        guard stays ?? (onFailure == .stay || !situation.isReadable) else {
            return restored(.finish(.failed), error: error, situation)
        }
        var next = self
        next.phase = .finished(.failed)
        next.since = situation.now.wall
        next.error = error
        next.deadline = nil
        next.command = nil
        next.claim = nil
        return NodeMove(next, hold: claim)
    }

    private mutating func finish(_ after: AfterRestore?) {
        switch after {
        case .requeue:
            phase = .queued
            step = 0
            wave = nil
            requeues += 1
        case .finish(let result):
            phase = .finished(result)
        case nil:
            phase = .finished(.done)
        }
        afterRestore = nil
        deadline = nil
    }

    /// Goes to a step of the sequence, or is done after the last.
    private mutating func enter(_ index: Int, of sequence: StepSequence, at now: Moment) {
        attempt = 0
        command = nil
        deadline = nil
        stepSince = now
        guard index < sequence.steps.count else {
            phase = .finished(.done)
            since = now.wall
            return
        }
        step = index
        // Whatever follows `restore` happens to a node in service.
        if phase == .restoring { phase = .soaking }
        switch sequence.steps[index] {
        case .drain(let drain):
            claim = max(claim ?? .normal, drain.mode.claimed)
            deadline = Deadline(drain.deadline, from: now)
        case .block:
            claim = .blockNewConnection
            deadline = Deadline(NodeRun.blockTimeout, from: now)
        case .run(let run):
            if run.isDisruptive { deadline = Deadline(NodeRun.evidenceTimeout, from: now) }
        case .verify(let verify):
            deadline = Deadline(verify.timeout, from: now)
        case .wait(.duration(let duration)):
            deadline = Deadline(duration, from: now)
        case .wait(.windowEnd), .http, .approval, .terminate, .gate, .notify:
            break
        case .restore:
            phase = .restoring
            since = now.wall
            claim = nil
        case .soak(let length):
            phase = .soaking
            since = now.wall
            deadline = Deadline(length * NodeRun.soakFactor, from: now)
        }
    }
}

extension DrainStep.Mode {
    /// `auto` stops new sessions and lets running ones take in further people.
    var claimed: RequestableMode {
        switch self {
        case .auto, .blockNewSession: .blockNewSession
        case .blockNewConnection: .blockNewConnection
        }
    }
}

extension VerifyStep {
    /// What the node does not show yet; nil: everything is there.
    func missing(on nodeRun: NodeRun, in situation: NodeSituation) -> String? {
        guard situation.isReadable else { return "the node cannot be read" }
        guard let observed = situation.mode?.requestable else { return "the node has not joined" }
        if let claim = nodeRun.claim, observed < claim { return "the node is not blocked again yet" }
        if connected, !situation.isConnected { return "a majority of the cluster does not list it as connected" }
        if ready, situation.ready != true { return "the readiness gate does not answer 200" }
        if let wanted = wantedVersion(revision: situation.revision), situation.version != wanted {
            return "the version is \(situation.version ?? "unknown"), not \(wanted)"
        }
        return nil
    }

    func wantedVersion(revision: String?) -> String? {
        version == "{revision}" ? revision : version
    }
}
