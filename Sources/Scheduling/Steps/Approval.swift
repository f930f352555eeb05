import Primitives

/// A person's word: that the run of a rollout may start, or, as a step, that it may go on with the node.
package struct Approval: Hashable, Sendable, Codable {
    package static let standard = Approval()

    /// Of open time; the run pauses after it.
    package var timeout: Duration

    package init(timeout: Duration = .hours(12)) {
        self.timeout = timeout
    }

    func move(in context: StepContext) -> StepMove { context.isApproved ? .done : .wait(.approval) }
}
