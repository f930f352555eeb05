import Primitives

/// Takes no new connection at all.
enum BlockStep {
    /// How long a block may take to be confirmed.
    static let timeout = Duration.minutes(10)

    static func move(in context: StepContext) -> StepMove {
        if context.isConfirmed { return .done }
        return context.isLate ? .fail("the block was not confirmed in time") : .wait(.block)
    }
}
