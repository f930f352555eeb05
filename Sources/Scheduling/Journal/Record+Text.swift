import ModeCore

extension Record {
    /// The fact as a line for people: what happened to what, without the instant. Nil for facts that are only bookkeeping.
    public var text: String? {
        switch fact {
        case .daemonStarted: "daemon started"
        case .policiesLoaded(let set): "policies loaded \(set.digest)"
        case .nodeObserved(let node, let facts): "\(node.name)  \(facts.text)"
        case .runStarted(let run): "run \(run.id) started: \(run.nodes.map(\.node.name).joined(separator: ", "))"
        case .runChanged(let id, let phase): "run \(id) \(phase.text)"
        case .runEnded(let id, let outcome): "run \(id) \(outcome)"
        case .nodeRunChanged(let run, let nodeRun): "\(nodeRun.node.name)  \(nodeRun.text)  \(run)"
        case .holdPlaced(let node, let hold):
            "\(node.name)  kept at \(hold.mode.rawValue) by \(hold.owner): \(hold.reason)"
        case .holdEnded(let node, let owner): "\(node.name)  no longer held by \(owner)"
        case .modeIntended(let change):
            "\(change.node.name)  ChangeMode \(change.target.rawValue) (\(change.cause.rawValue))"
        case .modeAnswered(let node, _, let answer): "\(node.name)  ChangeMode \(answer)"
        case .modeSettled(let node, _, let isReached):
            isReached ? "\(node.name)  mode confirmed" : "\(node.name)  ChangeMode did not take effect"
        case .modeAdopted(let node, let mode): "\(node.name)  a late ChangeMode arrived: \(mode.rawValue)"
        case .ownershipDropped(let node, let reason): "\(node.name)  \(reason.text)"
        case .floorChanged(let node, let floor):
            floor.map { "\(node.name)  somebody else set \($0.rawValue)" } ?? "\(node.name)  nobody else blocks it any more"
        case .commandIntended(let start):
            "\(start.node.name)  command \(start.step) started, attempt \(start.attempt)"
        case .commandEnded(_, let node, let outcome): "\(node.name)  command \(outcome)"
        }
    }
}

extension NodeFacts {
    var text: String {
        guard let mode else { return failure.map(\.description) ?? "not read yet" }
        var words = ["is \(mode)"]
        if let version { words.append("version \(version)") }
        if let ready { words.append(ready ? "ready" : "not ready") }
        if isConnected == false { words.append("not connected") }
        return words.joined(separator: ", ")
    }
}

extension NodeRun {
    var text: String {
        var words = [phase.word]
        if phase.isInWork { words.append("step \(step + 1)") }
        if let claim { words.append("claim \(claim.rawValue)") }
        if let error { words.append("(\(error))") }
        return words.joined(separator: " ")
    }
}

extension RunPhase {
    var text: String {
        switch self {
        case .active: "goes on"
        case .paused(let reason): "paused: \(reason)"
        case .ending(let reason): "is ending: \(reason)"
        }
    }
}

extension OwnershipLoss {
    var text: String {
        switch self {
        case .alreadyNormal: "is normal already: nothing to take back"
        case .foreign: "shows a mode that somebody else set: left alone"
        case .removed: "left the policies"
        }
    }
}
