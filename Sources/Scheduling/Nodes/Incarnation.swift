import ModeCore

/// What tells one life of a node's process from the next: its version and counters that only grow. Durable, because a
/// restart of the daemon is not a restart of the node.
package struct IncarnationMarks: Hashable, Sendable, Codable {
    package var version: NodeText?
    package var sessionsCreated: Int?
    package var sessionsDestroyed: Int?
    package var connectionsCreated: Int?
    /// The node was last seen `initial`: any other mode after that is another life.
    package var isAway: Bool

    package init(version: NodeText? = nil, load: NodeLoad? = nil, isAway: Bool = false) {
        self.version = version
        sessionsCreated = load?.sessionsCreated
        sessionsDestroyed = load?.sessionsDestroyed
        connectionsCreated = load?.connectionsCreated
        self.isAway = isAway
    }

    /// Whether a node with those marks may be the process that had these. Marks that are missing on either side prove
    /// nothing.
    package func mayBeSame(as later: IncarnationMarks) -> Bool {
        func grew(_ a: Int?, _ b: Int?) -> Bool { a.flatMap { a in b.map { a <= $0 } } ?? true }
        if isAway, !later.isAway { return false }
        if let version, let other = later.version, version != other { return false }
        return grew(sessionsCreated, later.sessionsCreated) && grew(sessionsDestroyed, later.sessionsDestroyed)
            && grew(connectionsCreated, later.connectionsCreated)
    }

    /// The same, and the node is `initial` now.
    package var away: IncarnationMarks {
        var marks = self
        marks.isAway = true
        return marks
    }

    /// These, where the later ones say nothing.
    package func updated(by later: IncarnationMarks) -> IncarnationMarks {
        var marks = later
        marks.version = later.version ?? version
        marks.sessionsCreated = later.sessionsCreated ?? sessionsCreated
        marks.sessionsDestroyed = later.sessionsDestroyed ?? sessionsDestroyed
        marks.connectionsCreated = later.connectionsCreated ?? connectionsCreated
        return marks
    }
}
