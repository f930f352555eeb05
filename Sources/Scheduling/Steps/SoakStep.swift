import Primitives

/// The node is normal and ready all that time; a break restarts it.
enum SoakStep {
    /// A soak that needs more than so many times its length has failed.
    static let patience = 3

    static func move(for length: Duration, in context: StepContext) -> StepMove {
        if let serviceFor = context.serviceFor, serviceFor >= length { return .done }
        return context.isLate
            ? .fail("not in service for \(length.spoken) without a break")
            : .wait(.service(isInService: context.serviceFor != nil))
    }
}
