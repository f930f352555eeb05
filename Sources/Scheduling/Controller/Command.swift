/// One attempt of one `run` step on one node: also the name of its directory in the state directory.
public struct CommandID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// Grows by one with each command, over all nodes and restarts.
    public var number: Int

    public init(number: Int) {
        self.number = number
    }

    public var description: String { "command-\(number)" }

    public static func < (a: CommandID, b: CommandID) -> Bool { a.number < b.number }
}

/// The intent to start a command. Durable before it is started.
public struct CommandStart: Hashable, Sendable, Codable {
    public var id: CommandID
    public var node: NodeID
    public var run: RunID
    public var step: String
    public var attempt: Int
    /// Program and arguments, without a shell.
    public var command: [String]
    /// Facts for the command: `NAGI_NODE` and its like.
    public var environment: [String: String]
    public var timeout: Duration

    public init(
        id: CommandID, node: NodeID, run: RunID, step: String, attempt: Int, command: [String],
        environment: [String: String], timeout: Duration
    ) {
        self.id = id
        self.node = node
        self.run = run
        self.step = step
        self.attempt = attempt
        self.command = command
        self.environment = environment
        self.timeout = timeout
    }
}

/// How a command ended, or how it was found after a restart of the daemon.
public enum CommandOutcome: Hashable, Sendable, Codable, CustomStringConvertible {
    case exited(status: Int)
    case signalled(Int)
    case timedOut
    /// The program could not be started.
    case notStarted(String)
    /// After a restart: it was never started and never will be.
    case neverBegan
    /// After a restart: begun, no outcome, no live process.
    case interrupted

    public var isSuccess: Bool { self == .exited(status: 0) }

    public var description: String {
        switch self {
        case .exited(let status): "exited with \(status)"
        case .signalled(let signal): "ended by signal \(signal)"
        case .timedOut: "timed out and was killed"
        case .notStarted(let reason): "could not be started: \(reason)"
        case .neverBegan: "never began"
        case .interrupted: "was interrupted"
        }
    }
}
