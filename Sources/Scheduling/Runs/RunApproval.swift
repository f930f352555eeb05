import Primitives

/// Whether a person has to say that a run may start its first node. It is about the text that the run pinned: where that is
/// edited before the run has begun, another run begins, and asks anew.
package enum RunApproval: Hashable, Sendable, Codable {
    case notNeeded
    /// How much longer it is waited for before the run pauses; counts only while the run could act.
    case awaited(Countdown)
    case given(GivenApproval)

    package var isAwaited: Bool { clock != nil }

    package var clock: Countdown? { if case .awaited(let clock) = self { clock } else { nil } }
}
