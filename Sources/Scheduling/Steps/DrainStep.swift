import ModeCore
import Primitives

/// Lets live sessions end while no new ones come.
package struct DrainStep: Hashable, Sendable, Codable {
    package enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
        /// `block_new_connection` where sessions span nodes, else `block_new_session`.
        case auto
        case blockNewSession = "block_new_session"
        case blockNewConnection = "block_new_connection"

        /// What a drain that begins now claims. `auto` stops new sessions and lets running ones take in further people; where
        /// sessions span nodes that would not end, and nobody loses by it: who comes later joins on another node.
        package func claimed(relaying: Bool) -> RequestableMode {
            switch self {
            case .auto: relaying ? .blockNewConnection : .blockNewSession
            case .blockNewSession: .blockNewSession
            case .blockNewConnection: .blockNewConnection
            }
        }
    }

    package enum OnDeadline: String, Hashable, Sendable, Codable, CaseIterable {
        /// Goes on with live sessions, which a disruptive step will cut.
        case proceed
        /// Ends the live sessions.
        case terminate
        /// Restores the node and leaves it out.
        case skip
        /// Restores the node and ends the run.
        case abort
    }

    package var mode: Mode
    /// Drained means at or below both; where sessions span nodes, at or below `maxConnections`.
    package var maxSessions: Int
    package var maxConnections: Int
    package var deadline: Duration
    package var onDeadline: OnDeadline

    package init(
        mode: Mode = .auto, maxSessions: Int = 0, maxConnections: Int = 0, deadline: Duration = .hours(1),
        onDeadline: OnDeadline = .skip
    ) {
        self.mode = mode
        self.maxSessions = maxSessions
        self.maxConnections = maxConnections
        self.deadline = deadline
        self.onDeadline = onDeadline
    }

    package static let standard = DrainStep()

    private static let unread = "could not be read when its drain deadline passed"
    /// How long sessions that were ended may take to be seen gone.
    package static let terminationGrace = Duration.minutes(2)

    func move(in context: StepContext) -> StepMove {
        switch context.command {
        case .running:
            guard context.isLate else {
                return .wait(.termination(sessions: context.sessions, connections: context.connections))
            }
            guard !context.isConfirmed else { return .proceed }
            guard context.mode?.requestable != nil else { return .fail(DrainStep.unread) }
            return .fail("it was not blocked any more when its calls were to be ended")
        // Where nobody was told to go, they are told again. Else, whatever it came to: what is live now, and for how much longer
        // that is waited for, decides.
        case .ended(let outcome):
            let isVoid = TerminateStep.command(reason: DrainStep.terminationReason).isVoid(outcome)
            return .again(attempt: isVoid ? context.attempt - 1 : context.attempt)
        case .none: break
        }
        if context.isConfirmed, context.isDrained { return .done }
        guard context.isLate else {
            return .wait(.drain(sessions: context.sessions, connections: context.connections))
        }
        guard context.mode?.requestable != nil else { return .fail(DrainStep.unread) }
        let unblocked = "its drain deadline passed before it was blocked"
        let why = context.isConfirmed ? "not drained in time" : unblocked
        switch onDeadline {
        // Live sessions are dropped only behind a block that is there.
        case .proceed: return context.isConfirmed ? .proceed : .fail(unblocked)
        case .terminate:
            guard context.isConfirmed else { return .fail(unblocked) }
            if context.attempt > 0 { return .proceed }
            let command = TerminateStep.command(reason: DrainStep.terminationReason)
            guard context.mayStartCommands else { return .wait(.clearance(name: command.name)) }
            return context.isShown ? .start(command) : .fail("the node was not shown by the end of its drain")
        case .skip: return .leaveOut(why, abortsRun: false)
        case .abort: return .leaveOut(why, abortsRun: true)
        }
    }

    /// What clients are told whose sessions are ended at the deadline.
    static let terminationReason = "maintenance: the time to end by itself is over"

    package var longest: Duration {
        deadline + (onDeadline == .terminate ? TerminateStep.timeout + DrainStep.terminationGrace : .zero)
    }
    var usual: Duration { deadline / 2 }
}
