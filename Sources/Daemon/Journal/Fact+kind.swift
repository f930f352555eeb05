import Scheduling

extension Fact {
    /// The word in the journal's `kind` column, for people who look with the sqlite3 shell. Never decoded.
    package var kind: String {
        switch self {
        case .daemonStarted: "daemon-started"
        case .policiesLoaded: "policies-loaded"
        case .nodeObserved: "node-observed"
        case .runStarted: "run-started"
        case .runPromoted: "run-promoted"
        case .progressChanged: "progress-changed"
        case .runChanged: "run-changed"
        case .runEnded: "run-ended"
        case .nodeRunChanged: "node-run-changed"
        case .holdPlaced: "hold-placed"
        case .holdEnded: "hold-ended"
        case .modeIntended: "mode-intended"
        case .modeAnswered: "mode-answered"
        case .modeSettled: "mode-settled"
        case .modeAdopted: "mode-adopted"
        case .ownershipDropped: "ownership-dropped"
        case .floorChanged: "floor-changed"
        case .commandIntended: "command-intended"
        case .commandEnded: "command-ended"
        }
    }
}
