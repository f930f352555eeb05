import Primitives

/// Runs a command of the operator's about the node, without a shell.
package struct RunStep: Hashable, Sendable, Codable {
    package typealias OnInterrupted = Command.OnInterrupted

    package var name: String
    /// Program and arguments; the program is an absolute path, or starts with `./`, the policy's directory.
    package var command: [String]
    package var timeout: Duration
    /// Further attempts after the first.
    package var retries: Int
    package var isDisruptive: Bool
    /// What follows when neither an outcome nor a live process is found after a restart of the daemon.
    package var onInterrupted: OnInterrupted

    package init(
        name: String, command: [String], timeout: Duration = .minutes(15), retries: Int = 0,
        isDisruptive: Bool = false, onInterrupted: OnInterrupted = .fail
    ) {
        self.name = name
        self.command = command
        self.timeout = timeout
        self.retries = retries
        self.isDisruptive = isDisruptive
        self.onInterrupted = onInterrupted
    }

    package static let standard = RunStep(name: "", command: [])

    package var asCommand: Command {
        Command(
            name: name, work: .program(command), timeout: timeout, retries: retries, isDisruptive: isDisruptive,
            onInterrupted: onInterrupted)
    }
}
