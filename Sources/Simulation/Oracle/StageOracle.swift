import Primitives
import Scheduling

/// Watches in which order the nodes of a run start. It reads the policies by itself, and for whether a canary was good
/// it believes the nodes, not the controller.
struct StageOracle: Sendable {
    /// When a node was last out of service for longer than anybody can have overlooked.
    private struct Service: Sendable {
        var outSince: Int64?
        var breakEnded: Int64?
    }

    private var services: [Service]
    private let freshness: Int64
    /// When the daemon's process began.
    var watchedSince: Int64 = 0

    init(nodes: Int, freshness: Int64) {
        services = Array(repeating: Service(), count: nodes)
        self.freshness = freshness
    }

    mutating func note(place: Int, isInService: Bool, at: Int64) {
        if isInService {
            if let since = services[place].outSince, at - since > freshness { services[place].breakEnded = at }
            services[place].outSince = nil
        } else {
            services[place].outSince = services[place].outSince ?? at
        }
    }

    /// In which group of the strategy the node is: the scenarios know two.
    private func group(of node: NodeID, _ strategy: Strategy, _ labels: (NodeID) -> [String: String]) -> Int {
        strategy.groups.isEmpty || labels(node)["zone"] == "a" ? 0 : 1
    }

    /// A part that was queued is taken on. The run is as it was before.
    func starts(
        _ part: Part, in run: RunMirror.RunView, at: Int64, labels: (NodeID) -> [String: String]
    ) -> [(Violation.Invariant, String)] {
        guard !part.isTakenOver else { return [] }
        var found: [(Violation.Invariant, String)] = []
        let strategy = run.policy.strategy
        let own = group(of: part.node, strategy, labels)
        let before = run.parts.filter { !$0.part.isTakenOver && group(of: $0.part.node, strategy, labels) < own }
        for other in before where !other.part.phase.isFinished {
            found.append(
                (.groups, "\(part.node.name) of group \(own) starts while \(other.part.node.name) is not finished"))
        }
        let wait = strategy.groups.indices.contains(own) ? strategy.groups[own].waitAfterPrevious.nanoseconds : 0
        let hasBegun = run.parts.contains { other in
            group(of: other.part.node, strategy, labels) == own && (other.startedAt != nil || other.part.phase.isInWork)
        }
        if !hasBegun, let last = before.map(\.changedAt).max(), at - last < wait - 1_000_000_000 {
            found.append(
                (.groups, "\(part.node.name) starts \(Duration.nanoseconds(at - last)) after the group before"))
        }
        // Whoever was given back has made room for another canary.
        if let canary = strategy.canary, !run.isPromoted, run.parts.count(where: \.hasBegun) >= canary.count {
            found.append((.canary, "\(part.node.name) starts before the canary is proven"))
        }
        return found
    }

    /// The nodes after the canary may follow.
    func promotes(
        _ run: RunMirror.RunView, at: Int64, place: (NodeID) -> Int?
    ) -> [(Violation.Invariant, String)] {
        guard let soak = run.policy.strategy.canary?.soak.nanoseconds else { return [] }
        var found: [(Violation.Invariant, String)] = []
        let id = run.run.id
        if at - watchedSince < soak { found.append((.canary, "\(id) is promoted by a daemon that saw no whole soak")) }
        for view in run.parts where view.hasBegun {
            let name = view.part.node.name
            if !view.part.isProven { found.append((.canary, "\(id) is promoted, and \(name) is not done")) }
            if at - view.changedAt < soak - 2_000_000_000 {
                let text = "\(id) is promoted \(Duration.nanoseconds(at - view.changedAt)) after \(name) was done"
                found.append((.canary, text))
            }
            guard let place = place(view.part.node) else { continue }
            if let since = services[place].outSince, at - since > freshness {
                found.append((.canary, "\(id) is promoted while \(name) is out of service"))
            }
            // What is seen of it counts from the beginning of the read that saw it.
            if let ended = services[place].breakEnded, at - ended < soak - 1_000_000_000 {
                found.append((.canary, "\(id) is promoted too soon after a break of \(name)"))
            }
        }
        return found
    }
}
