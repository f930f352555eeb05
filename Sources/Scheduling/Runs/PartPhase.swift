import ModeCore
import Primitives

/// Where one node's part in a run stands, with what belongs to that phase and to no other.
package enum PartPhase: Hashable, Sendable, Codable {
    /// Waits, with no claim and no slot.
    case queued(Queued)
    /// In work, and everything can still be undone.
    case out(Work)
    /// A disruptive step has started on the node: from here only forward.
    case committed(Work, Commitment)
    /// The claim is dropped, and it is not through yet.
    case returning(Returning)
    /// In service again, watched.
    case soaking(Work)
    case finished(PartResult)

    package struct Queued: Hashable, Sendable, Codable {
        /// It was given back for budget or quorum: starts again after the cluster was within budget for so long.
        package var backOff: Duration?
    }

    package struct Work: Hashable, Sendable, Codable {
        /// Index into the run's sequence.
        package var step: Int
        /// When the step was entered, or its latest attempt.
        package var since: Moment
        /// The mode that the run wants the node at least at.
        package var claim: RequestableMode?
        /// Node, cluster slot and the run's slot are taken: from the first step that takes the node out of service.
        package var isGranted: Bool
        /// When the step gives up.
        package var timer: Countdown?
        /// Attempts of the current command, counted from 1.
        package var attempt = 0
        package var command: CommandID?
        package var mayDropSessions = false
        /// How often it went back to its drain.
        package var redrains = 0
        /// Of an approval step: whose word it has.
        package var approval: GivenApproval?
        /// Of a gate step.
        package var gate: GateState?
    }

    package struct Commitment: Hashable, Sendable, Codable {
        /// The node's life before the disruptive step, and its version then.
        package var incarnation: Int
        package var version: NodeText?
        /// Some disruptive command really ran, or may have.
        package var hasDisrupted: Bool = false
    }

    package struct Returning: Hashable, Sendable, Codable {
        package enum After: Hashable, Sendable, Codable {
            /// It went through `restore`: the steps after it follow.
            case goOn(step: Int)
            case end(GivingBack)
        }

        package var after: After
        package var since: Moment
        /// It holds the node and the slots: not where it never came to its first `drain` or `block`.
        package var isGranted: Bool = true
        /// A command of the part that still runs: nothing follows before it has ended.
        package var command: CommandID?
        /// The node stays so until that command, which ends calls, has ended: those that come to an open node would be ended too.
        package var claim: RequestableMode?
        /// When its end is no longer awaited.
        package var timer: Countdown?
    }

    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case queued, out, committed, returning, soaking, finished
    }

    package var kind: Kind {
        switch self {
        case .queued: .queued
        case .out: .out
        case .committed: .committed
        case .returning: .returning
        case .soaking: .soaking
        case .finished: .finished
        }
    }

    package var isFinished: Bool { kind == .finished }
    package var isQueued: Bool { kind == .queued }
    package var isInWork: Bool { !isQueued && !isFinished }

    package var work: Work? {
        switch self {
        case .out(let work), .committed(let work, _), .soaking(let work): work
        case .queued, .returning, .finished: nil
        }
    }

    package var claim: RequestableMode? {
        if case .returning(let returning) = self { returning.claim } else { work?.claim }
    }

    /// It holds the node, a slot of the cluster and a slot of the run.
    package var holdsSlot: Bool {
        switch self {
        case .out(let work): work.isGranted
        case .returning(let returning): returning.isGranted
        case .committed, .soaking: true
        case .queued, .finished: false
        }
    }

    /// It has yet to be granted its slots: queued, or before its first step that takes the node out of service.
    package var isUngranted: Bool {
        switch self {
        case .queued: true
        case .out(let work): !work.isGranted
        case .committed, .returning, .soaking, .finished: false
        }
    }

    /// When the step gives up, by the wall clock; while a command of it runs, when that is ended, and not until when nagi
    /// waits to hear of it. Nil: it does not, or its time stands.
    func shownEnd(at now: Moment) -> Timestamp? {
        timer?.shownEnd(at: now).map { command == nil ? $0 : max(now.wall, $0 - Command.killGrace) }
    }

    package var command: CommandID? {
        if case .returning(let returning) = self { returning.command } else { work?.command }
    }

    package var timer: Countdown? {
        get { if case .returning(let returning) = self { returning.timer } else { work?.timer } }
        set {
            change { $0.timer = newValue }
            changeReturning { $0.timer = newValue }
        }
    }

    /// Moves it over to another boot of the host: its step counts as entered now, so that nothing read before is proof of it.
    mutating func carry(over boot: BootChange) {
        change { work in
            work.since.uptime = boot.now.uptime
            work.timer = work.timer?.carried(over: boot)
            work.gate?.carry(over: boot)
        }
        changeReturning { returning in
            returning.since.uptime = boot.now.uptime
            returning.timer = returning.timer?.carried(over: boot)
        }
    }

    /// Changes the work of a part that has any, in whichever phase.
    mutating func change(_ change: (inout Work) -> Void) {
        guard var work else { return }
        change(&work)
        switch self {
        case .committed(_, let commitment): self = .committed(work, commitment)
        case .soaking: self = .soaking(work)
        case .queued, .out, .returning, .finished: self = .out(work)
        }
    }

    private mutating func changeReturning(_ change: (inout Returning) -> Void) {
        guard case .returning(var returning) = self else { return }
        change(&returning)
        self = .returning(returning)
    }

    package var word: String {
        if case .finished(let result) = self { result.rawValue } else { kind.rawValue }
    }
}

/// How a part ended.
package enum PartResult: String, Hashable, Sendable, Codable, CaseIterable {
    case done
    /// Left out: its drain's deadline passed, or an operator said so.
    case skipped
    case failed
    /// An operator opened the node for good.
    case released
    /// Somebody opened it by hand, and the policy yields.
    case yielded
    /// A person holds the node.
    case held
    /// Somebody else wants the node stricter: theirs now.
    case foreign
    /// The window ended before its turn.
    case notReached = "not-reached"
    /// The node came after the run began.
    case notCovered = "not-covered"
    /// Its version was the revision already.
    case alreadyThere = "already-there"
    /// Given back because the run ended.
    case ended
    /// It would have started, and the daemon only observes.
    case would

    /// An operator may have it queued again.
    package var isLeftOut: Bool {
        switch self {
        case .skipped, .failed, .released, .yielded, .ended: true
        // It is through with what it came for, or its run is.
        case .done, .held, .foreign, .notReached, .notCovered, .alreadyThere, .would: false
        }
    }
}

extension PartResult {
    /// A node may have come through its steps first.
    package var mayFollowSteps: Bool {
        switch self {
        case .held, .released, .skipped, .foreign, .yielded, .ended: true
        case .done, .failed, .notReached, .notCovered, .alreadyThere, .would: false
        }
    }

    /// Of a node that has: `through its steps and then held`.
    package var afterSteps: String { "through its steps and then \(rawValue)" }
}

/// What becomes of a part whose claim is dropped early.
package enum GivingBack: Hashable, Sendable, Codable {
    case finish(PartResult)
    /// Queued again.
    case again(Again)

    package enum Again: Hashable, Sendable, Codable {
        /// As soon as the run may act again.
        case whenClear
        /// For others' failures, or for quorum: after the cluster was within budget for a while.
        case forOthers
    }
}
