import Primitives
import Scheduling

/// Watches in which order the nodes of a run start. It reads the policies by itself, and for whether a canary was good it
/// believes the nodes, not the controller.
struct StageOracle: Sendable {
    private struct Part: Sendable {
        var isFinished = false
        var isProven = false
        var finishedAt: Int64 = 0
    }

    /// When a node was last out of service for longer than anybody can have overlooked.
    private struct Service: Sendable {
        var outSince: Int64?
        var breakEnded: Int64?
    }

    /// By policy and node: which group it is in.
    private var groups: [String: [NodeID: Int]] = [:]
    private var strategies: [String: Strategy] = [:]
    private var runs: [RunID: (policy: String, nodes: [NodeID])] = [:]
    private var parts: [RunID: [NodeID: Part]] = [:]
    private var promoted: Set<RunID> = []
    private var services: [Service]
    private var places: [NodeID: Int] = [:]
    private let freshness: Int64
    /// When the daemon's process began.
    var watchedSince: Int64 = 0

    init(policies: PolicySet, nodes: Int, freshness: Int64) {
        services = Array(repeating: Service(), count: nodes)
        self.freshness = freshness
        for policy in policies.maintenanceWindows { strategies[policy.name] = policy.strategy }
        for policy in policies.rollouts { strategies[policy.name] = policy.strategy }
        for (name, strategy) in strategies {
            for (place, node) in policies.clusters[0].nodes.enumerated() {
                let id = NodeID(cluster: policies.clusters[0].name, name: node.name)
                places[id] = place
                let group = (strategy.groups ?? []).firstIndex { group in
                    group.selector.matchLabels.allSatisfy { node.labels[$0.key] == $0.value }
                        && (group.selector.matchExpressions ?? []).allSatisfy {
                            !$0.values.contains(node.labels["zone"] ?? "")
                        }
                }
                groups[name, default: [:]][id] = group ?? 0
            }
        }
    }

    mutating func note(node: Int, isInService: Bool, at: Int64) {
        if isInService {
            if let since = services[node].outSince, at - since > freshness { services[node].breakEnded = at }
            services[node].outSince = nil
        } else {
            services[node].outSince = services[node].outSince ?? at
        }
    }

    mutating func note(_ fact: Fact, at: Int64) -> [(Violation.Invariant, String)] {
        switch fact {
        case .runStarted(let run):
            runs[run.id] = (run.policy, run.nodes.map(\.node))
            return []
        case .runPromoted(let run):
            promoted.insert(run)
            return promotion(of: run, at: at)
        case .nodeRunChanged(let run, let nodeRun):
            return note(nodeRun, of: run, at: at)
        default:
            return []
        }
    }

    private mutating func note(_ nodeRun: NodeRun, of id: RunID, at: Int64) -> [(Violation.Invariant, String)] {
        var found: [(Violation.Invariant, String)] = []
        let former = parts[id]?[nodeRun.node]
        var part = former ?? Part()
        if nodeRun.phase == .closing, nodeRun.step == 0, nodeRun.milestones.drainedAt == nil {
            found = start(of: nodeRun.node, in: id, at: at)
        }
        if nodeRun.phase.isFinished, !part.isFinished {
            part.isFinished = true
            part.isProven = nodeRun.phase == .finished(.done) || nodeRun.phase == .finished(.alreadyThere)
            part.finishedAt = at
        }
        parts[id, default: [:]][nodeRun.node] = part
        return found
    }

    /// The canary nodes: the first of the run's nodes in the order that it started with.
    private func canaries(of run: (policy: String, nodes: [NodeID])) -> [NodeID] {
        guard let canary = strategies[run.policy]?.canary, let first = run.nodes.first else { return [] }
        let group = groups[run.policy]?[first]
        return Array(run.nodes.filter { groups[run.policy]?[$0] == group }.prefix(canary.count))
    }

    private func start(of node: NodeID, in id: RunID, at: Int64) -> [(Violation.Invariant, String)] {
        guard let run = runs[id], let strategy = strategies[run.policy] else { return [] }
        var found: [(Violation.Invariant, String)] = []
        let own = groups[run.policy]?[node] ?? 0
        let before = run.nodes.filter { (groups[run.policy]?[$0] ?? 0) < own }
        for other in before where parts[id]?[other]?.isFinished != true {
            found.append((.groups, "\(node.name) of group \(own) starts while \(other.name) is not finished"))
        }
        let last = before.compactMap { parts[id]?[$0]?.finishedAt }.max()
        let wait = strategy.groups?[own].waitAfterPrevious.nanoseconds ?? 0
        if let last, at - last < wait {
            found.append((.groups, "\(node.name) starts \(Duration.nanoseconds(at - last)) after the group before"))
        }
        let canaries = canaries(of: run)
        if !canaries.isEmpty, !canaries.contains(node), !promoted.contains(id) {
            found.append((.canary, "\(node.name) starts before the canary is proven"))
        }
        return found
    }

    private func promotion(of id: RunID, at: Int64) -> [(Violation.Invariant, String)] {
        guard let run = runs[id], let soak = strategies[run.policy]?.canary?.soak.nanoseconds else { return [] }
        var found: [(Violation.Invariant, String)] = []
        if at - watchedSince < soak { found.append((.canary, "\(id) is promoted by a daemon that saw no whole soak")) }
        for node in canaries(of: run) {
            let part = parts[id]?[node] ?? Part()
            if !part.isProven { found.append((.canary, "\(id) is promoted, and \(node.name) is not done")) }
            if at - part.finishedAt < soak {
                let text = "\(id) is promoted \(Duration.nanoseconds(at - part.finishedAt)) after \(node.name) was done"
                found.append((.canary, text))
            }
            guard let place = places[node] else { continue }
            if let since = services[place].outSince, at - since > freshness {
                found.append((.canary, "\(id) is promoted while \(node.name) is out of service"))
            }
            if let ended = services[place].breakEnded, at - ended < soak {
                found.append((.canary, "\(id) is promoted too soon after a break of \(node.name)"))
            }
        }
        return found
    }
}
