import Primitives

/// One attempt of one `run` step on one node: also the name of its directory in the state directory.
package struct CommandID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// Grows by one with each command, over all nodes and restarts.
    package var number: Int

    package var description: String { "command-\(number)" }

    package static func < (a: CommandID, b: CommandID) -> Bool { a.number < b.number }
}

/// The intent to start a command. Durable before it is started.
package struct CommandStart: Hashable, Sendable, Codable {
    package var id: CommandID
    package var node: NodeID
    package var run: RunID
    package var step: String
    package var attempt: Int
    /// Program and arguments, without a shell.
    package var command: [String]
    /// Facts for the command: `NAGI_NODE` and its like.
    package var environment: [String: String]
    package var timeout: Duration
    /// Whoever starts it asks this right before, and starts nothing later.
    package var notAfter: Moment
}

/// How a command ended, or how it was found after a restart of the daemon.
package enum CommandOutcome: Hashable, Sendable, Codable, CustomStringConvertible {
    case exited(status: Int)
    case signalled(Int)
    case timedOut
    /// An operator had it ended.
    case stopped
    /// The program could not be started.
    case notStarted(NodeText)
    /// It was never started and never will be: too late, or the daemon ended before it could.
    case neverBegan
    /// After a restart: begun, no outcome, no live process.
    case interrupted

    /// The program never ran: whatever it would have disrupted is as it was.
    package var hasRun: Bool {
        switch self {
        case .notStarted, .neverBegan: false
        case .exited, .signalled, .timedOut, .stopped, .interrupted: true
        }
    }

    package var isSuccess: Bool { self == .exited(status: 0) }

    package var description: String {
        switch self {
        case .exited(let status): "exited with \(status)"
        case .signalled(let signal): "ended by signal \(signal)"
        case .timedOut: "timed out and was killed"
        case .stopped: "was ended by an operator"
        case .notStarted(let reason): "could not be started: \(reason)"
        case .neverBegan: "never began"
        case .interrupted: "was interrupted"
        }
    }
}
