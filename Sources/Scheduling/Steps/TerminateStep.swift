import Primitives

/// Ends the live sessions of the node.
package struct TerminateStep: Hashable, Sendable, Codable {
    /// What the clients are told.
    package var reason: String

    package init(reason: String) {
        self.reason = reason
    }

    /// How long ending them may take.
    package static let timeout = Duration.minutes(1)

    package var asCommand: Command { TerminateStep.command(reason: reason) }

    static func command(reason: String) -> Command {
        Command(
            name: "terminate", work: .termination(reason: reason), timeout: timeout, retries: 1, onInterrupted: .rerun)
    }
}
