import Primitives

/// A person's word that something may begin.
package struct GivenApproval: Hashable, Sendable, Codable {
    package var actor: String
    package var reason: String
    package var at: Timestamp

    package init(actor: String, reason: String, at: Timestamp) {
        self.actor = actor
        self.reason = reason
        self.at = at
    }
}
