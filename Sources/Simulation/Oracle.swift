import ModeCore
import Primitives
import Scheduling

/// Watches the true state of the nodes and what they receive, and knows nothing of how the controller decides.
struct Oracle: Sendable {
    enum Setter: Sendable {
        case nobody, nagi, foreign
    }

    struct Truth: Sendable {
        var setter = Setter.nobody
        /// Since when it has been out of service without nagi's doing.
        var outSince: Int64?
        /// Grows with every change of its mode that nagi did not make.
        var revision = 0
    }

    private(set) var truths: [Truth]
    private var stages: StageOracle
    private(set) var violations: [Violation] = []
    private(set) var changesReceived = 0
    private let limit: Int
    /// How old the controller's knowledge of a node may be.
    private let freshness: Int64
    private var runsStarted: Set<RunID> = []
    private var openIntents: [NodeID: Int] = [:]
    private var durableIntents: Set<Int> = []
    /// What each command of a run came to, by run, node and step; nil while it runs.
    private var begun: [String: [CommandOutcome?]] = [:]
    private var places: [CommandID: (key: String, attempt: Int)] = [:]

    init(nodes: Int, limit: Int, freshness: Duration, policies: PolicySet) {
        truths = Array(repeating: Truth(), count: nodes)
        stages = StageOracle(policies: policies, nodes: nodes, freshness: freshness.nanoseconds)
        self.limit = limit
        self.freshness = freshness.nanoseconds
    }

    mutating func violate(_ invariant: Violation.Invariant, at: Int64, _ text: String) {
        violations.append(Violation(invariant: invariant, after: .nanoseconds(at), text: text))
    }

    /// The journal took these.
    mutating func note(durable records: [Record], at: Int64) {
        for record in records {
            for (invariant, text) in stages.note(record.fact, at: at) { violate(invariant, at: at, text) }
            switch record.fact {
            case .modeIntended(let change):
                if let open = openIntents[change.node] {
                    violate(.oneOpenIntent, at: at, "\(change.node.name): \(change.id) while \(open) is open")
                }
                openIntents[change.node] = change.id
                durableIntents.insert(change.id)
            case .modeSettled(let node, let id, _):
                if openIntents[node] == id { openIntents[node] = nil }
            case .runStarted(let run):
                if !runsStarted.insert(run.id).inserted { violate(.oneRun, at: at, "\(run.id) started twice") }
            default:
                break
            }
        }
    }

    /// A command begins on a node: never beside itself, and again only after it failed.
    mutating func note(begun start: CommandStart, at: Int64) {
        let key = "\(start.run) \(start.node) \(start.step)"
        let former = begun[key] ?? []
        if former.contains(where: { $0 == nil }) { violate(.commandTwice, at: at, "\(key) began beside itself") }
        if former.contains(.exited(status: 0)) {
            violate(.commandTwice, at: at, "\(key) began again after it had succeeded")
        }
        places[start.id] = (key, former.count)
        begun[key, default: []].append(nil)
    }

    mutating func note(ended command: CommandID, _ outcome: CommandOutcome) {
        guard let (key, attempt) = places[command] else { return }
        begun[key]?[attempt] = outcome
    }

    /// A command stopped a node.
    mutating func noteDisrupted(_ name: String, joined: Int, majority: Int, at: Int64) {
        if joined < majority {
            violate(.quorum, at: at, "\(name) was stopped: \(joined) nodes are left, \(majority) needed")
        }
    }

    /// A node was opened that has been cut off for longer than anybody can have overlooked.
    mutating func noteOpened(_ name: String, isolatedFor: Int64?, at: Int64) {
        if let isolatedFor, isolatedFor > 1_000_000_000 {
            violate(.isolation, at: at, "\(name) was opened, cut off for \(Duration.nanoseconds(isolatedFor))")
        }
    }

    /// The node's mode or reachability changed without nagi.
    mutating func noteChange(of node: Int, by setter: Setter, isInService: Bool, at: Int64) {
        truths[node].revision += 1
        truths[node].setter = setter
        truths[node].outSince = isInService ? nil : truths[node].outSince ?? at
        stages.note(node: node, isInService: isInService, at: at)
    }

    /// A node receives a ChangeMode.
    ///
    /// - Parameters:
    ///   - revision: of the node when it answered the read before this write.
    ///   - sessions: live on the node now.
    mutating func noteReceived(
        _ change: ModeChange, node: Int, from mode: NodeMode, sessions: Int, revision: Int, at: Int64
    ) {
        changesReceived += 1
        if !durableIntents.contains(change.id) {
            violate(.intentBeforeEffect, at: at, "change \(change.id) of \(change.node.name) was not durable")
        }
        // What somebody else did between the read and the write nobody can know.
        let isRace = truths[node].revision != revision
        if let current = mode.requestable, change.target < current, truths[node].setter != .nagi, !isRace {
            violate(.ownership, at: at, "\(change.node.name) is \(current.rawValue), set by \(truths[node].setter)")
        }
        if change.target != .normal, mode == .normal, change.cause == .claim { checkBudget(node, change, at: at) }
        if change.target == .blockNewConnection, mode == .blockNewSession, truths[node].setter == .nagi, sessions > 0 {
            violate(.order, at: at, "\(change.node.name) is closed with \(sessions) live sessions")
        }
        truths[node].setter = change.target == .normal ? .nobody : .nagi
        truths[node].outSince = nil
        stages.note(node: node, isInService: change.target == .normal, at: at)
    }

    /// A process of the daemon begins: it has not watched anything yet.
    mutating func noteDaemon(at: Int64) { stages.watchedSince = at }

    /// Nodes out of service: those that nagi took out, and those that fell out long enough ago to be known.
    private mutating func checkBudget(_ node: Int, _ change: ModeChange, at: Int64) {
        var out = 1
        for (other, truth) in truths.enumerated() where other != node {
            let isKnownOut = truth.outSince.map { at - $0 > freshness } ?? false
            if truth.setter == .nagi || isKnownOut { out += 1 }
        }
        if out > limit { violate(.budget, at: at, "\(change.node.name) is the \(out). of \(limit) to go") }
    }
}
