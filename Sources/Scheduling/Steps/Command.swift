import Primitives

/// One attempt of one `run` step on one node: also the name of its directory in the state directory.
package struct CommandID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// Grows by one with each command, over all nodes and restarts.
    package var number: Int

    package var description: String { "command-\(number)" }

    package static func < (a: CommandID, b: CommandID) -> Bool { a.number < b.number }
}

/// What a step has done in the world: how, how long it may take, and how often it is tried. A command of the operator's, a
/// call of an address, or an order to the node: all have intents, attempts, a timeout and an outcome.
package struct Command: Hashable, Sendable, Codable {
    package enum Work: Hashable, Sendable, Codable {
        /// Program and arguments, without a shell; the program is an absolute path, or starts with `./`, the policy's directory.
        case program([String])
        case call(HTTPRequest, HTTPExpectation)
        /// Every live session of the node is ended, and its clients are told why.
        case termination(reason: String)
    }

    package enum OnInterrupted: String, Hashable, Sendable, Codable, CaseIterable {
        case fail
        case rerun
    }

    package var name: String
    package var work: Work
    /// For each attempt.
    package var timeout: Duration
    /// Further attempts after the first.
    package var retries: Int
    package var isDisruptive: Bool
    /// What follows when neither an outcome nor a live process is found after a restart of the daemon.
    package var onInterrupted: OnInterrupted

    package init(
        name: String, work: Work, timeout: Duration, retries: Int = 0, isDisruptive: Bool = false,
        onInterrupted: OnInterrupted = .fail
    ) {
        self.name = name
        self.work = work
        self.timeout = timeout
        self.retries = retries
        self.isDisruptive = isDisruptive
        self.onInterrupted = onInterrupted
    }
}

extension Command {
    /// Whatever is live on the node does not outlive it.
    package var cutsCalls: Bool { if case .termination = work { true } else { isDisruptive } }
}

/// The intent to start a command. Durable before it is started.
package struct CommandStart: Hashable, Sendable, Codable {
    package var id: CommandID
    package var node: NodeID
    /// Where the node itself is called, if it is to do something.
    package var address: NodeAddress
    package var run: RunID
    package var step: String
    package var attempt: Int
    /// With the node's facts put in.
    package var work: Command.Work
    /// Facts for a program: `NAGI_NODE` and its like.
    package var environment: [String: String]
    package var timeout: Duration
    /// Whoever starts it asks this right before, and starts nothing later.
    package var notAfter: Moment
    /// What was live on the node by its latest read, where this ends or disrupts it: cut on purpose. Nil: nothing.
    package var live: DrainEvidence.Counts?
}

extension CommandStart {
    /// Its step; of a call, the address that is called, not its pattern.
    package var called: String {
        if case .call(let request, _) = work { HTTPStep(request: request).name } else { step }
    }
}

/// How a command ended, or how it was found after a restart of the daemon.
package enum CommandOutcome: Hashable, Sendable, Codable, CustomStringConvertible {
    case exited(status: Int)
    case signalled(Int)
    case timedOut
    /// A call was answered; `fault`: why that is not what was expected.
    case answered(status: Int, fault: NodeText?)
    /// Nothing is known of what a call did.
    case noAnswer(NodeText)
    /// The connections of so many channels of the node were ended, and so many channels had some still when the time was over.
    /// The label is a word of journals; where sessions do not span nodes, a channel has one session on the node.
    /// `fault`: what the node answered to an order to end one, where that was an error.
    case terminated(sessions: Int, left: Int, fault: NodeText? = nil)
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
        case .exited, .signalled, .timedOut, .answered, .noAnswer, .terminated, .stopped, .interrupted: true
        }
    }

    package var isSuccess: Bool {
        switch self {
        case .exited(let status): status == 0
        case .answered(_, let fault): fault == nil
        case .terminated(_, let left, _): left == 0
        case .signalled, .timedOut, .noAnswer, .stopped, .notStarted, .neverBegan, .interrupted: false
        }
    }

    package var description: String {
        switch self {
        case .exited(let status): "exited with \(status)"
        case .signalled(let signal): "ended by signal \(signal)"
        case .timedOut: "timed out and was killed"
        case .answered(let status, let fault): "was answered \(status)" + (fault.map { ": \($0)" } ?? "")
        case .noAnswer(let reason): "had no answer: \(reason)"
        case .terminated(let ended, 0, _): "ended the connections of \(Self.channels(ended))"
        case .terminated(let ended, let left, let fault):
            "ended the connections of \(Self.channels(ended)), and \(Self.channels(left)) "
                + "\(left == 1 ? "is" : "are") live still" + (fault.map { ": \($0)" } ?? "")
        case .stopped: "was ended before it was done"
        case .notStarted(let reason): "could not be started: \(reason)"
        case .neverBegan: "never began"
        case .interrupted: "was interrupted"
        }
    }

    private static func channels(_ count: Int) -> String { "\(count) channel\(count == 1 ? "" : "s")" }
}
