import Primitives

/// Proof that a node is drained: two reads at least two seconds apart, both begun after the mode was confirmed, both at or
/// below the thresholds, on the same incarnation of the node.
struct DrainEvidence: Hashable, Sendable {
    static let spacing = Duration.seconds(2)

    /// When the claimed mode was first seen on the node.
    private(set) var confirmedAt: Uptime?
    private var first: Uptime?
    private var latest: Uptime?

    var isComplete: Bool {
        guard let first, let latest else { return false }
        return latest - first >= DrainEvidence.spacing
    }

    /// Complete, and seen again by a read that began no earlier than that.
    func isComplete(since uptime: Uptime) -> Bool {
        guard let latest else { return false }
        return isComplete && latest >= uptime
    }

    mutating func void() { self = DrainEvidence() }

    /// - Parameters:
    ///   - begun: when the read began.
    ///   - isConfirmed: it shows a mode at least as strict as the claim.
    ///   - isEmpty: its counts are at or below the thresholds; false where it did not say.
    mutating func note(begun: Uptime, at now: Uptime, isConfirmed: Bool, isEmpty: Bool) {
        guard isConfirmed else { return void() }
        guard let confirmedAt else {
            self.confirmedAt = now
            return
        }
        guard begun >= confirmedAt else { return }
        guard isEmpty else {
            first = nil
            latest = nil
            return
        }
        first = first ?? begun
        latest = begun
    }
}
