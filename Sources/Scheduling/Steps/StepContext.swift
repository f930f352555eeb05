import ModeCore
import Primitives

/// Everything that decides what a step does next. Only fresh readings are in it.
package struct StepContext: Hashable, Sendable {
    package enum Command: Hashable, Sendable {
        case none
        case running
        case ended(CommandOutcome)
    }

    /// Whether the node at the address is the one that the policies name.
    package enum Identity: Hashable, Sendable {
        case shown
        /// No list has shown it in the claimed mode yet.
        case pending
        /// It had the time, and no list did.
        case refuted
        /// Standalone, or lists without modes: it cannot be shown.
        case notShowable
    }

    package var now: Moment
    /// The step's deadline has passed, and may be judged.
    package var isLate = false
    package var attempt = 0
    package var command = Command.none
    package var claim: RequestableMode?
    /// A drain's deadline passed with `onDeadline: proceed`: live sessions no longer hold the sequence up.
    package var mayDropSessions = false
    package var isCommitted = false
    package var redrains = 0
    package var revision: String?

    package var mode: ObservedMode?
    /// The node's sessions span nodes.
    package var relays = false
    /// Nil where they do not count: they span nodes, or the node says nothing.
    package var sessions: Int?
    package var connections: Int?
    /// The whole read behind what follows began no earlier than the step.
    package var isObservedSinceStep = false
    package var version: NodeText?
    package var ready: Bool?
    package var hasReadinessProbe = false
    /// A majority of the regular nodes lists it as connected, by lists begun no earlier than the step.
    package var isConnectedSinceStep = true
    /// Another life of the node than the one before the disruptive step.
    package var isAnotherIncarnation = false
    package var versionBefore: NodeText?
    /// The counts were at or below the thresholds, twice; and once more since the step or its latest attempt began.
    package var isDrained = false
    package var isDrainedSinceStep = false
    /// Live sessions are there again above the thresholds: a lost block let them in.
    package var isRefilled = false
    /// Normal and ready without a break, since the step began.
    package var serviceFor: Duration?
    package var identity = Identity.shown
    /// A person has said yes to the step.
    package var isApproved = false
    package var gate: GateState?
    /// An operator said that gates do not count for it.
    package var ignoresGates = false

    /// Clearance, no pause, no hold, a clock that is trusted.
    package var mayStartCommands = true
    package var hasQuorum = true
    /// What is to be put into the step's texts and is not known of this node.
    package var lack: String?
    package var isWindowOpen = true

    /// It is the node that the policies mean, as far as that can be seen.
    var isShown: Bool { identity == .shown || identity == .notShowable }

    /// The node shows at least the claimed mode.
    package var isConfirmed: Bool {
        guard let observed = mode?.requestable, let claim else { return false }
        return observed >= claim
    }

    /// Nothing is left there of what counts.
    var isEmpty: Bool { connections == 0 && (sessions ?? 0) == 0 }
}

/// What a step makes of its context.
package enum StepMove: Hashable, Sendable {
    case wait(StepWait)
    /// On to the next step.
    case done
    /// On, though sessions are live.
    case proceed
    case start(Command)
    /// Somebody is told, and on to the next step.
    case tell(NotifyStep)
    /// The same step once more, counted as that attempt; what was proven before no longer counts.
    case again(attempt: Int)
    /// Back to the drain before this step: sessions are live again.
    case drainAgain
    /// The drain's deadline passed.
    case leaveOut(String, abortsRun: Bool)
    case fail(String)
}

/// What a step waits for.
package enum StepWait: Hashable, Sendable {
    /// Sessions: nil where they do not count. Connections: nil where the node does not say.
    case drain(sessions: Int?, connections: Int?)
    /// The live sessions of a drain whose time is over are ended.
    case termination(sessions: Int?, connections: Int?)
    case block
    case command(name: String, attempt: Int)
    /// A command may not start now: pause, hold, window, clock.
    case clearance(name: String)
    case evidence(name: String)
    case identity(name: String)
    case quorum(name: String)
    case verify(missing: String)
    case approval
    /// A gate has not passed yet, and why.
    case gate(name: String, String)
    case time
    case windowEnd
    /// It is watched; what is not in service is watched anew.
    case service(isInService: Bool)
}
