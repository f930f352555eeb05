import Primitives

/// Proof that a node is drained: two reads at least two seconds apart, both begun after the mode was confirmed, both at or
/// below the thresholds, on the same incarnation of the node. It expires like every reading.
package struct DrainEvidence: Hashable, Sendable, Codable {
    package static let spacing = Duration.seconds(2)

    /// The counts that one read showed.
    package struct Counts: Hashable, Sendable, Codable {
        package var begun: Moment
        /// Nil: not counted, they span nodes.
        package var sessions: Int?
        package var connections: Int

        package var isNothing: Bool { connections == 0 && sessions ?? 0 == 0 }

        /// `2 sessions, 3 connections`.
        package var text: String {
            let counted = sessions.map { "\($0) session\($0 == 1 ? "" : "s"), " } ?? ""
            return counted + "\(connections) connection\(connections == 1 ? "" : "s")"
        }
    }

    /// When the claimed mode was first seen on the node.
    package private(set) var confirmedAt: Uptime?
    package private(set) var first: Counts?
    package private(set) var latest: Counts?

    package init() {}

    /// Complete, and its latest read began no earlier than that.
    package func isComplete(since uptime: Uptime) -> Bool {
        guard let first, let latest else { return false }
        return latest.begun.uptime - first.begun.uptime >= DrainEvidence.spacing && latest.begun.uptime >= uptime
    }

    package mutating func void() { self = DrainEvidence() }

    /// - Parameters:
    ///   - isConfirmed: the read shows a mode at least as strict as the claim.
    ///   - counts: nil where the node did not say.
    ///   - isEmpty: the counts are at or below the thresholds.
    package mutating func note(_ counts: Counts?, begun: Uptime, at now: Uptime, isConfirmed: Bool, isEmpty: Bool) {
        guard isConfirmed else { return void() }
        guard let confirmedAt else {
            self.confirmedAt = now
            return
        }
        guard begun >= confirmedAt else { return }
        guard let counts, isEmpty else {
            first = nil
            latest = nil
            return
        }
        first = first ?? counts
        latest = counts
    }
}
