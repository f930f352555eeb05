import ModeCore
import Primitives
import Scheduling

/// What the journal says of runs, kept by its words alone: what happened, not what it means.
struct RunMirror: Sendable {
    struct PartView: Sendable {
        var part: Part
        /// When its phase or step became what it is.
        var changedAt: Int64
        /// When it was taken out of service in this run for the first time.
        var startedAt: Int64?
        /// It has been in work since it was last queued.
        var hasBegun = false
        /// It has a slot of the cluster and of the run: from its first claim until it is finished or queued again.
        var hasSlot = false
        /// Commands that it has begun since it was last queued, by their steps; whether one has succeeded.
        var succeeded: Set<String> = []
        /// An operator had it begin once more.
        var retriedAt: Int64?
    }

    struct RunView: Sendable {
        let run: Run
        var phase = RunPhase.active
        var parts: [PartView]
        var isPromoted = false
        var isApproved: Bool
        /// What each gate of the policy said last, about which node, and when that measurement began.
        var gates: [Int: (state: GateState, isGood: Bool)] = [:]
        /// What the next node need not wait for: a person's word.
        var word: [Ignorable] = []
        /// Who has used the latest word up, and what it said.
        var used: (node: NodeID, word: [Ignorable])?
        var pauses: Set<Pause.Cause> = []
        /// A person's.
        var pause: Pause?
        /// A person's pause of the run before it, which an edit ended before it had begun: it has to begin with that.
        var owedPause: Pause?
        /// When slots became free.
        var freedAt: [Int64] = []
        /// As many failed nodes pause it: an operator may put up with more.
        var failureLimit: Int
        /// An operator took or gave back nodes, or had it go on: which of them are canaries, and whose turn it is, is theirs.
        var isHandled = false
        /// When a part of it last moved, or its phase changed.
        var changedAt: Int64
        var phaseChangedAt: Int64
        /// When a pause of it, or of everything, last ended: deadlines stood until then.
        var resumedAt: Int64 = 0

        var policy: Policy { run.pinned.value }
        var failures: Int { parts.count { $0.part.isFailed } }
        var isPaused: Bool { !pauses.isEmpty }
        var isRetry: Bool { run.isRetry }
        var isEnding: Bool { if case .ending = phase { true } else { false } }

        mutating func note(_ cause: Pause.Cause, isPaused: Bool, at: Int64) {
            if isPaused { pauses.insert(cause) } else { pauses.remove(cause) }
            if !isPaused, cause == .person { pause = nil }
            if !isPaused, cause == .failures { failureLimit = max(failureLimit, failures + 1) }
            if !isPaused, cause == .canary { isHandled = true }
            if !isPaused { resumedAt = at }
            changedAt = at
            phaseChangedAt = at
        }
    }

    private(set) var set: PolicySet?
    /// As it was loaded, without the nodes that were found.
    private var written: PolicySet?
    private var found: [String: [FoundNode]] = [:]
    /// Runs that are not over, in the order of their starts.
    private(set) var runs: [RunView] = []
    /// Intents that are open, or were given up and may still arrive until then.
    private(set) var open: [NodeID: (change: ModeChange, at: Int64)] = [:]
    private(set) var stays: [NodeID: FailedStay] = [:]
    private(set) var holds: [NodeID: Hold] = [:]
    /// When the latest hold on a node ended: deadlines stood until then.
    private var holdEndedAt: [NodeID: Int64] = [:]
    /// Persons' pauses of runs that an edit ended before they had begun, by policy.
    private var owedPauses: [String: Pause] = [:]
    private(set) var isEverythingPaused = false
    /// The lever whose records are being noted.
    var pulling: PulledLever?
    /// Since when nobody has claimed the node; nil: it is claimed.
    private(set) var unclaimedSince: [NodeID: Int64] = [:]
    /// When the nodes in force last became others, or may have.
    private(set) var nodesChangedAt: Int64 = 0
    /// When something was decided that is more than bookkeeping.
    private(set) var decidedAt: Int64 = 0

    func run(_ id: RunID) -> RunView? { runs.first { $0.run.id == id } }

    /// The part that has the node out of service.
    func claim(on node: NodeID) -> (run: RunView, part: PartView)? {
        for run in runs {
            for view in run.parts where view.part.node == node && view.part.phase.claim != nil { return (run, view) }
        }
        return nil
    }

    /// Since when the deadlines of what the part is in have not stood still: it began then, or a pause or a hold ended.
    func beganToCount(_ view: PartView, _ run: RunView) -> Int64 {
        max(view.changedAt, run.resumedAt, holdEndedAt[view.part.node] ?? 0)
    }

    func isClaimed(_ node: NodeID) -> Bool { claim(on: node) != nil || stays[node] != nil || heldMode(of: node) != nil }

    func heldMode(of node: NodeID) -> RequestableMode? {
        if case .mode(let mode)? = holds[node]?.wish { mode } else { nil }
    }

    func isReserved(_ node: NodeID) -> Bool { holds[node]?.wish == .reserved }

    mutating func note(_ fact: Fact, at: Int64) {
        switch fact {
        case .heartbeat, .nodeObserved, .drainSampled, .budgetKept, .membershipChanged, .nodesFound: break
        default: decidedAt = at
        }
        switch fact {
        case .nodesFound(let cluster, let nodes):
            found[cluster] = nodes.nodes
            set = written?.including(found)
            nodesChangedAt = at
        case .policiesLoaded(let written):
            self.written = written
            found = written.foundNodes(of: found)
            let set = written.including(found)
            self.set = set
            nodesChangedAt = at
            // A node's holds end when it leaves the policies.
            for node in holds.keys
            where !set.clusters.contains(where: { cluster in
                cluster.name == node.cluster && cluster.nodes.contains { $0.name == node.name }
            }) {
                holds[node] = nil
                stays[node] = nil
            }
        case .runStarted(let run):
            runs.append(
                RunView(
                    run: run, parts: run.parts.map { PartView(part: $0, changedAt: at) },
                    isApproved: !run.pinned.value.isApprovalWanted || run.isRetry,
                    failureLimit: run.pinned.strategy.maxFailures, changedAt: at, phaseChangedAt: at))
            if !run.isRetry { runs[runs.count - 1].owedPause = owedPauses.removeValue(forKey: run.policy) }
        case .runChanged(let id, let phase):
            change(id) { run in
                run.phase = phase
                run.changedAt = at
                run.phaseChangedAt = at
            }
        case .paused(let id?, let pause):
            change(id) { run in
                run.note(pause.cause, isPaused: true, at: at)
                if pause.cause == .person { (run.pause, run.owedPause) = (pause, nil) }
            }
        case .resumed(let id?, let cause): change(id) { $0.note(cause, isPaused: false, at: at) }
        case .paused(nil, _): isEverythingPaused = true
        case .resumed(nil, _):
            isEverythingPaused = false
            for index in runs.indices { runs[index].resumedAt = at }
        case .runPromoted(let id): change(id) { $0.isPromoted = true }
        case .approvalChanged(let id, let approval):
            if case .given = approval { change(id) { $0.isApproved = true } }
            change(id) { $0.changedAt = at }
        case .gateMeasured(let id, let gate, let state):
            change(id) { run in
                let isGood =
                    switch state.latest {
                    case .pass?: true
                    case .unknown?: run.policy.gates[gate].onUnknown == .pass
                    case .fail?, nil: false
                    }
                run.gates[gate] = (state, isGood)
                run.changedAt = at
            }
        case .forced(let id, let force): change(id) { $0.word = force.ignored }
        case .forceUsed(let id, let node, _):
            change(id) { run in
                run.used = (node, run.word)
                run.word = []
            }
        case .runEnded(let id, _):
            let nodes = run(id)?.parts.map(\.part.node) ?? []
            if let run = run(id), case .ending(.edited) = run.phase { owedPauses[run.run.policy] = run.pause }
            runs.removeAll { $0.run.id == id }
            for node in nodes { noteClaim(of: node, at: at) }
        case .partChanged(let id, let index, let part, _, _): change(id, index, part, at: at)
        case .stayPlaced(let node, let stay, _):
            stays[node] = stay
            noteClaim(of: node, at: at)
        case .stayEnded(let node, _):
            stays[node] = nil
            noteClaim(of: node, at: at)
        case .holdPlaced(let node, let hold):
            holds[node] = hold
            noteClaim(of: node, at: at)
        case .holdEnded(let node, _):
            holds[node] = nil
            holdEndedAt[node] = at
            noteClaim(of: node, at: at)
        case .leverPulled(let lever):
            switch lever.lever {
            case .skip(let run, _), .retry(let run, _), .resume(let run?), .force(let run, _):
                change(run) { $0.isHandled = true }
            case .release(let node): handle(node)
            case .releaseAll: for index in runs.indices { runs[index].isHandled = true }
            default: break
            }
        case .modeIntended(let change): open[change.node] = (change, at)
        case .modeSettled(let node, let id, _): if open[node]?.change.id == id { open[node] = nil }
        default: break
        }
    }

    private mutating func handle(_ node: NodeID) {
        for index in runs.indices where runs[index].parts.contains(where: { $0.part.node == node }) {
            runs[index].isHandled = true
        }
    }

    mutating func noteSucceeded(_ start: CommandStart) {
        change(start.run) { run in
            guard let index = run.parts.firstIndex(where: { $0.part.node == start.node }) else { return }
            run.parts[index].succeeded.insert(start.step)
        }
    }

    private mutating func change(_ id: RunID, _ change: (inout RunView) -> Void) {
        guard let index = runs.firstIndex(where: { $0.run.id == id }) else { return }
        change(&runs[index])
    }

    private mutating func change(_ id: RunID, _ index: Int, _ part: Part, at: Int64) {
        change(id) { run in
            let former = run.parts[index].part
            if former.phase.kind != part.phase.kind || former.phase.work?.step != part.phase.work?.step
                || former.phase.work?.attempt != part.phase.work?.attempt || former.phase.claim != part.phase.claim
            {
                run.parts[index].changedAt = at
                run.changedAt = at
            }
            if former.phase.isFinished, !part.phase.isFinished { run.parts[index].retriedAt = at }
            if part.phase.isQueued {
                run.parts[index].succeeded = []
                run.parts[index].hasBegun = false
            }
            if part.phase.isInWork { run.parts[index].hasBegun = true }
            if part.phase.claim != nil, !run.parts[index].hasSlot {
                run.parts[index].hasSlot = true
                run.parts[index].startedAt = run.parts[index].startedAt ?? at
            }
            if run.parts[index].hasSlot, part.phase.isQueued || part.phase.isFinished {
                run.parts[index].hasSlot = false
                run.freedAt.append(at)
            }
            run.parts[index].part = part
        }
        noteClaim(of: part.node, at: at)
    }

    private mutating func noteClaim(of node: NodeID, at: Int64) {
        unclaimedSince[node] = isClaimed(node) ? nil : unclaimedSince[node] ?? at
    }
}

extension Policy {
    /// A person must say that a run of it may start.
    var isApprovalWanted: Bool { if case .rollout(_, .some) = kind { true } else { false } }
}
