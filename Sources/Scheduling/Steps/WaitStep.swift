import Primitives

package enum WaitStep: Hashable, Sendable, Codable {
    case duration(Duration)
    /// Until the window that the run acts in is over.
    case windowEnd

    func move(in context: StepContext) -> StepMove {
        switch self {
        case .duration: context.isLate ? .done : .wait(.time)
        case .windowEnd: context.isWindowOpen ? .wait(.windowEnd) : .done
        }
    }
}
