import Primitives

/// Waits for a person's word about the node.
package struct ApprovalStep: Hashable, Sendable, Codable {
    package static let standard = ApprovalStep()

    /// Of open time; the run pauses after it.
    package var timeout: Duration

    package init(timeout: Duration = .hours(12)) {
        self.timeout = timeout
    }

    func move(in context: StepContext) -> StepMove { context.isApproved ? .done : .wait(.approval) }
}
