/// What a fact is about: nodes, runs, and a person whose word it is.
package struct Subjects: Hashable, Sendable {
    package var nodes: [NodeID] = []
    package var runs: [RunID] = []
    /// The cluster, also where it is about one of its nodes.
    package var cluster: String?
    package var actor: String?

    init(
        node: NodeID? = nil, nodes: [NodeID] = [], run: RunID? = nil, cluster: String? = nil, actor: String? = nil
    ) {
        self.nodes = node.map { [$0] } ?? nodes
        runs = run.map { [$0] } ?? []
        self.cluster = cluster ?? node?.cluster
        self.actor = actor
    }

    /// The node, where it is about one.
    package var node: NodeID? { nodes.count == 1 ? nodes[0] : nil }
    package var run: RunID? { runs.count == 1 ? runs[0] : nil }
}

extension Fact {
    package var subjects: Subjects {
        switch self {
        case .daemonStarted, .heartbeat, .policiesLoaded: Subjects()
        case .membershipChanged(let cluster, _), .budgetKept(let cluster, _), .leaversForgotten(let cluster):
            Subjects(cluster: cluster)
        case .nodeObserved(let node, _, _, _), .nodeRestarted(let node, _), .nodeLoosened(let node, _, _),
            .nodeShown(let node, _), .addressMoved(let node), .drainSampled(let node, _, _):
            Subjects(node: node)
        case .nodesFound(let cluster, let found):
            Subjects(
                nodes: (found.came + found.moved + found.gone).map { NodeID(cluster: cluster, name: $0) },
                cluster: cluster)
        case .runStarted(let run): Subjects(nodes: run.parts.map(\.node), run: run.id, cluster: run.cluster)
        case .runChanged(let run, _), .runEnded(let run, _), .clearanceChanged(let run, _), .runPromoted(let run),
            .runWaits(let run, _), .progressChanged(let run, _), .approvalChanged(let run, .awaited),
            .approvalChanged(let run, .notNeeded):
            Subjects(run: run)
        case .paused(let run, let pause): Subjects(run: run, actor: pause.actor)
        case .resumed(let run, _): Subjects(run: run)
        case .partChanged(let run, _, let part, _, _): Subjects(node: part.node, run: run)
        case .forced(let run, let force): Subjects(run: run, actor: force.actor)
        case .approvalChanged(let run, .given(let given)): Subjects(run: run, actor: given.actor)
        case .gateMeasured(let run, _, let state): Subjects(node: state.node, run: run)
        case .would(let run, let node, _, _): Subjects(node: node, run: run)
        case .noticed(let run, let node, _): Subjects(node: node, run: run)
        case .forceUsed(let run, let node, _): Subjects(node: node, run: run)
        case .stayPlaced(let node, let stay, _): Subjects(node: node, run: stay.run)
        case .holdPlaced(let node, let hold): Subjects(node: node, actor: hold.actor)
        case .stayEnded(let node, _), .holdEnded(let node, _), .releaseOwed(let node), .releaseClaimed(let node):
            Subjects(node: node)
        case .modeIntended(let change): Subjects(node: change.node)
        case .modeAnswered(let node, _, _), .modeSettled(let node, _, _), .modeSeenAgain(let node),
            .modeAdopted(let node, _), .ownershipDropped(let node, _), .floorChanged(let node, _):
            Subjects(node: node)
        case .commandIntended(let start): Subjects(node: start.node, run: start.run)
        case .commandEnded(_, let node, _, _, _, let run): Subjects(node: node, run: run)
        case .leverPulled(let pulled): pulled.subjects
        case .alarmRaised(let alarm): alarm.key.subjects
        case .alarmEnded(let key): key.subjects
        }
    }

    /// The fact's kind in one word: `run-started`. Other programs filter by it.
    package var kind: String {
        switch self {
        case .daemonStarted: "daemon-started"
        case .heartbeat: "heartbeat"
        case .policiesLoaded: "policies-loaded"
        case .membershipChanged: "membership-changed"
        case .nodesFound: "nodes-found"
        case .budgetKept: "budget-kept"
        case .drainSampled: "drain-sampled"
        case .forced: "forced"
        case .forceUsed: "force-used"
        case .nodeObserved: "node-observed"
        case .nodeRestarted: "node-restarted"
        case .nodeLoosened: "node-loosened"
        case .nodeShown: "node-shown"
        case .addressMoved: "address-moved"
        case .leaversForgotten: "leavers-forgotten"
        case .runStarted: "run-started"
        case .runChanged: "run-changed"
        case .runEnded: "run-ended"
        case .paused: "paused"
        case .resumed: "resumed"
        case .clearanceChanged: "clearance-changed"
        case .approvalChanged: "approval-changed"
        case .gateMeasured: "gate-measured"
        case .noticed: "noticed"
        case .would: "would"
        case .runPromoted: "run-promoted"
        case .runWaits: "run-waits"
        case .progressChanged: "progress-changed"
        case .partChanged: "part-changed"
        case .stayPlaced: "stay-placed"
        case .stayEnded: "stay-ended"
        case .holdPlaced: "hold-placed"
        case .holdEnded: "hold-ended"
        case .releaseOwed: "release-owed"
        case .releaseClaimed: "release-claimed"
        case .modeIntended: "mode-intended"
        case .modeAnswered: "mode-answered"
        case .modeSettled: "mode-settled"
        case .modeSeenAgain: "mode-seen-again"
        case .modeAdopted: "mode-adopted"
        case .ownershipDropped: "ownership-dropped"
        case .floorChanged: "floor-changed"
        case .commandIntended: "command-intended"
        case .commandEnded: "command-ended"
        case .leverPulled: "lever-pulled"
        case .alarmRaised: "alarm-raised"
        case .alarmEnded: "alarm-ended"
        }
    }
}

extension PulledLever {
    fileprivate var subjects: Subjects {
        switch lever {
        case .hold(let node, _, _), .release(let node), .resumeNode(let node): Subjects(node: node, actor: pull.actor)
        case .pause(let run, _, _), .resume(let run): Subjects(run: run, actor: pull.actor)
        case .abort(let run): Subjects(run: run, actor: pull.actor)
        case .approve(let run, let node): Subjects(node: node, run: run, actor: pull.actor)
        case .reserve(let nodes, _):
            Subjects(
                nodes: nodes, cluster: Set(nodes.map(\.cluster)).count == 1 ? nodes.first?.cluster : nil,
                actor: pull.actor)
        case .skip(let run, let node), .retry(let run, let node): Subjects(node: node, run: run, actor: pull.actor)
        case .force(let run, _): Subjects(run: run, actor: pull.actor)
        case .releaseAll, .start: Subjects(actor: pull.actor)
        }
    }
}

extension Alarm.Key {
    fileprivate var subjects: Subjects { Subjects(node: node, run: run, cluster: cluster) }
}
