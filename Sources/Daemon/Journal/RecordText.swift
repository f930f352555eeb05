import ModeCore
import Scheduling

/// Journal records as lines for people: the daemon's log.
public enum RecordText {
    /// Longer lines are cut.
    static let limit = 1000

    /// `02:31:04 node-02  ChangeMode block_new_session -> accepted`; nil for what only a program wants to know.
    public static func line(_ record: Record) -> String? {
        guard let (subject, text) = parts(record.fact) else { return nil }
        let clean = "\(record.at.wall.hostTimeOfDay) \(subject)  \(text)".unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "?" : Character(scalar)
        }
        return String(clean.prefix(limit))
    }

    private static func parts(_ fact: Fact) -> (subject: String, text: String)? {
        switch fact {
        case .daemonStarted:
            ("nagi", "started")
        case .policiesLoaded(let set):
            ("nagi", "policies \(set.digest) in force: \(summary(set))")
        case .nodeObserved(let node, let facts):
            (node.name, text(facts))
        case .runStarted(let run):
            (run.policy, "run \(run.id) started: \(run.nodes.count) nodes of \(run.cluster), \(run.sequence.name)")
        case .runChanged(let id, let phase):
            (id.text, text(phase))
        case .runEnded(let id, let outcome):
            (id.text, "ended: \(outcome)")
        case .nodeRunChanged(let id, let run):
            (run.node.name, text(run, of: id))
        case .holdPlaced(let node, let hold):
            (node.name, "held at \(hold.mode.rawValue) by \(hold.owner): \(hold.reason)")
        case .holdEnded(let node, let owner):
            (node.name, "hold of \(owner) ended")
        case .modeIntended(let change):
            (change.node.name, "ChangeMode \(change.target.rawValue) (#\(change.id), \(change.cause.rawValue))")
        case .modeAnswered(let node, let id, let answer):
            (node.name, "ChangeMode #\(id) -> \(answer)")
        case .modeSettled(let node, let id, let isReached):
            (node.name, isReached ? "ChangeMode #\(id) confirmed" : "ChangeMode #\(id) given up")
        case .modeAdopted(let node, let mode):
            (node.name, "\(mode.rawValue) is what nagi wants here: taken as its own")
        case .ownershipDropped(let node, let reason):
            (node.name, "mode no longer nagi's: \(text(reason))")
        case .floorChanged(let node, let mode?):
            (node.name, "floor \(mode.rawValue): somebody else set it, it is not loosened")
        case .floorChanged(let node, nil):
            (node.name, "floor gone")
        case .commandIntended(let start):
            (start.node.name, "command \(start.step) started (\(start.id), attempt \(start.attempt))")
        case .commandEnded(let id, let node, let outcome):
            (node.name, "\(id) \(outcome)")
        }
    }

    private static func summary(_ set: PolicySet) -> String {
        "\(set.clusters.count) clusters, \(set.maintenanceWindows.count) windows, \(set.rollouts.count) rollouts"
    }

    private static func text(_ facts: NodeFacts) -> String {
        if let failure = facts.failure { return "\(failure)" }
        var parts = [facts.mode.map { "\($0)" } ?? "mode unknown"]
        if let ready = facts.ready { parts.append(ready ? "ready" : "not ready") }
        if let isConnected = facts.isConnected { parts.append(isConnected ? "connected" : "not connected") }
        if let version = facts.version { parts.append("version \(version)") }
        return parts.joined(separator: ", ")
    }

    private static func text(_ phase: RunPhase) -> String {
        switch phase {
        case .active: "goes on"
        case .paused(let reason): "paused: \(reason)"
        case .ending(let reason): "is ending: \(reason)"
        }
    }

    private static func text(_ run: NodeRun, of id: RunID) -> String {
        var text = "\(run.phase.word)"
        if let claim = run.claim { text += ", claim \(claim.rawValue)" }
        if let deadline = run.deadline { text += ", until \(deadline.wall.hostTimeOfDay)" }
        if let error = run.error { text += ": \(error)" }
        return text + "  (run \(id))"
    }

    private static func text(_ reason: OwnershipLoss) -> String {
        switch reason {
        case .alreadyNormal: "the node is normal again without it"
        case .foreign: "somebody else set another"
        case .removed: "the node left the policies"
        }
    }
}
