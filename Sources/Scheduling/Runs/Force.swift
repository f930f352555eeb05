import Primitives

/// What an operator may have a run ignore for one node. Never quorum, never the budget.
package enum Ignorable: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    case window, exclusion, gate

    package static func < (a: Ignorable, b: Ignorable) -> Bool { a.rawValue < b.rawValue }
}

/// An operator's word that the next node that the run starts is exempt from something, through its whole sequence.
package struct Force: Hashable, Sendable, Codable {
    /// In order, each once.
    package private(set) var ignored: [Ignorable]
    package var actor: String
    package var reason: String
    package var since: Timestamp

    package init(_ ignored: Ignorable, beside former: Force?, actor: String, reason: String, since: Timestamp) {
        self.ignored = Set((former?.ignored ?? []) + [ignored]).sorted()
        self.actor = actor
        self.reason = reason
        self.since = since
    }

    /// `exclusion and gate: forced by mika: security fix`
    package var text: String {
        "\(ignored.map(\.rawValue).joined(separator: " and ")): forced by \(actor)"
            + (reason.isEmpty ? "" : ": \(reason)")
    }

    /// What a node need not wait for that was exempt from that much and starts with this word.
    package func exemptions(beside former: [Ignorable]) -> [Ignorable] { Set(former + ignored).sorted() }
}
