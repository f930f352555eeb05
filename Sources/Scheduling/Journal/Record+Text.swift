import ModeCore
import Primitives

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
        case .runPromoted(let id): "run \(id) promoted: its canary nodes were good, the others follow"
        case .progressChanged: nil
        case .nodeRunChanged(let run, let nodeRun):
            nodeRun.text(at: at.wall).map { "\(nodeRun.node.name)  \($0)  \(run)" }
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
            floor.map { "\(node.name)  somebody else set \($0.rawValue)" }
                ?? "\(node.name)  nobody else blocks it any more"
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
    /// What the change came to; nil where the command's own record says it.
    func text(at wall: Timestamp) -> String? {
        let why = error.map { " (\($0))" } ?? ""
        let next = "step \(step + 1)" + (claim.map { ", claim \($0.rawValue)" } ?? "")
        switch phase {
        case .queued: return "queued again\(why)"
        case .closing:
            if let drained = milestones.drainedIn, milestones.drainedAt == wall {
                return "drained in \(drained); \(next)"
            }
            return next
        case .closed: return "closed; \(next)"
        case .committed: return command == nil ? next : nil
        case .restoring: return "is given back\(why)"
        case .soaking: return "back in service\(milestones.outOfServiceFor.map { " after \($0)" } ?? ""); \(next)"
        case .finished(let result): return "\(result.word)\(why)\(result == .done ? milestones.summary : "")"
        }
    }
}

extension Milestones {
    /// From the first claim to the proof that the node was drained.
    public var drainedIn: String? { seconds(to: drainedAt).map { Duration.seconds($0).spoken } }
    /// From the first claim until the node was back in service.
    public var outOfServiceFor: String? { seconds(to: restoredAt).map { Duration.seconds($0).spoken } }

    /// `: drained in 10s, out of service for 13s`.
    public var summary: String {
        var parts: [String] = []
        if let drainedIn { parts.append("drained in \(drainedIn)") }
        if let outOfServiceFor { parts.append("out of service for \(outOfServiceFor)") }
        if let leaked, leaked > 0 {
            parts.append("\(leaked) session\(leaked == 1 ? "" : "s") leaked in before the block was back")
        }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    }

    /// From the first claim until then, rounded to whole seconds.
    public func seconds(to end: Timestamp?) -> Int? {
        guard let claimedAt, let end else { return nil }
        return Int(((end - claimedAt).nanoseconds + 500_000_000) / 1_000_000_000)
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
