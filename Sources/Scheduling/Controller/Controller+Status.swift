import ModeCore
import Primitives

/// What is shown: made from the same state that decides.
extension Controller {
    public func status(at now: Moment) -> StatusReport {
        var reading = self
        reading.now = now
        var stages: [RunID: StageVerdicts] = [:]
        for run in ledger.runs where run.phase == .active { stages[run.id] = reading.stageVerdicts(of: run) }
        let clusters = reading.clusters.indices.map { reading.clusterStatus($0, stages: stages) }
        let ended = ledger.endedRuns.map { entry in
            reading.status(
                of: entry.run, phase: entry.outcome.word, text: entry.outcome.description, endedAt: entry.endedAt)
        }
        let active = ledger.runs.map { run in
            reading.status(of: run, phase: run.phase.word, text: reading.text(of: run), endedAt: nil)
        }
        return StatusReport(
            at: now.wall, clusters: clusters, runs: ended + active, policyDigest: ledger.policies?.digest ?? "")
    }

    private func clusterStatus(_ number: Int, stages: [RunID: StageVerdicts]) -> ClusterStatus {
        let use = budgetUse(of: number)
        return ClusterStatus(
            name: clusters[number].policy.name, unavailable: use.unavailable, maxUnavailable: use.maxUnavailable,
            minAvailable: use.minAvailable,
            nodes: clusters[number].nodes.map { nodeStatus($0, use: use, stages: stages) })
    }

    private func nodeStatus(_ place: Int, use: BudgetUse, stages: [RunID: StageVerdicts]) -> NodeStatus {
        let node = nodes[place]
        let seen = node.observation
        return NodeStatus(
            name: node.id.name, observed: node.isFailing ? nil : seen?.mode, desired: desired(place),
            ready: node.isFailing ? nil : seen?.ready, version: seen?.version, sessions: seen?.load?.sessions,
            connections: seen?.load?.ongoingConnections, observedAt: node.observedAt?.wall,
            verdict: verdict(of: place, use: use, stages: stages), claims: claims(on: place))
    }

    private func claims(on place: Int) -> [ClaimStatus] {
        var claims: [ClaimStatus] = []
        if let nodeRun = nodeRun(at: place), let mode = nodeRun.claim, let run = nodes[place].assignment {
            claims.append(
                ClaimStatus(
                    owner: run.text, mode: mode, reason: "step \(stepWord(nodeRun, in: run))", since: nodeRun.since,
                    until: nodeRun.deadline.map { now.wall + $0.timeLeft(at: now) }))
        }
        for hold in ledger.nodes[nodes[place].id]?.holds ?? [] {
            claims.append(
                ClaimStatus(
                    owner: hold.owner, mode: hold.mode, reason: hold.reason, since: hold.since, until: hold.until))
        }
        return claims
    }

    private func stepWord(_ nodeRun: NodeRun, in run: RunID) -> String {
        guard let steps = ledger.run(run)?.sequence.steps, nodeRun.step < steps.count else { return "" }
        return "\(nodeRun.step + 1) of \(steps.count) (\(steps[nodeRun.step].word))"
    }

    /// Why the node is as it is: exactly one answer, the most urgent.
    private func verdict(of place: Int, use: BudgetUse, stages: [RunID: StageVerdicts]) -> Verdict {
        let node = nodes[place]
        let entry = ledger.nodes[node.id] ?? NodeLedger()
        if let hold = entry.holds.first {
            return Verdict(.failed, "kept at \(hold.mode.rawValue) by \(hold.owner): \(hold.reason)", until: hold.until)
        }
        if let nodeRun = nodeRun(at: place), let run = node.assignment.flatMap({ ledger.run($0) }) {
            return verdict(of: place, in: nodeRun, of: run, entry)
        }
        if let trouble = trouble(with: place, entry) { return trouble }
        if entry.written != nil {
            return isConnected(place)
                ? Verdict(.restoring, "given back to normal")
                : Verdict(.isolated, "stays blocked until a majority of the cluster lists it as connected")
        }
        for run in ledger.runs {
            if let nodeRun = run.nodes.first(where: { $0.node == node.id && $0.phase == .queued }) {
                return waiting(nodeRun, in: run, use: use, stages: stages[run.id])
            }
        }
        return Verdict(.unmanaged, "no claim")
    }

    /// What keeps nagi from doing anything with the node.
    private func trouble(with place: Int, _ entry: NodeLedger) -> Verdict? {
        let node = nodes[place]
        if let failure = node.failure { return Verdict(.unreachable, "\(failure)") }
        guard let seen = node.observation else { return Verdict(.stale, "not read yet") }
        guard isReadable(place) else { return Verdict(.stale, "not read for too long") }
        switch seen.mode {
        case .unknown(let word): return Verdict(.unknownMode, "the node says \(word)")
        case .known(.initial): return Verdict(.initial, "the node has not joined its cluster")
        case .known: break
        }
        if let floor = entry.floor {
            return floor == .blockNewConnection && clusters[node.cluster].isClustered
                ? Verdict(.faulted, "\(floor.rawValue) unrequested: the node's own fault, or somebody else's doing")
                : Verdict(.foreign, "\(floor.rawValue) was set by somebody else")
        }
        if entry.written == nil, !isConnected(place) {
            return Verdict(.isolated, "a majority of the cluster does not list it as connected")
        }
        return nil
    }

    private func verdict(of place: Int, in nodeRun: NodeRun, of run: Run, _ entry: NodeLedger) -> Verdict {
        let until = nodeRun.deadline.map { now.wall + $0.timeLeft(at: now) }
        let isCommitted = nodeRun.phase == .committed
        if entry.drifts.count >= contestedAfter, let claim = nodeRun.claim,
            let observed = nodes[place].observation?.mode.requestable, observed < claim
        {
            return Verdict(.contested, "somebody else loosens \(claim.rawValue) again and again: nagi has stopped")
        }
        if let trouble = trouble(with: place, entry) {
            let isExpected = isCommitted && [.unreachable, .initial, .stale].contains(trouble.code)
            let isFatal = [.unreachable, .stale, .unknownMode, .initial].contains(trouble.code)
            if isFatal, !isExpected {
                return Verdict(trouble.code, trouble.text + " (step \(stepWord(nodeRun, in: run.id)))", until: until)
            }
            if isExpected, nodeRun.command == nil {
                return Verdict(.rejoining, "\(trouble.text), as is to be expected of a disruptive step", until: until)
            }
        }
        if case .paused(let reason) = run.phase, nodeRun.phase != .restoring, nodeRun.phase != .soaking {
            return Verdict(.paused, "the run is paused: \(reason)")
        }
        switch nodeRun.phase {
        case .restoring:
            return isConnected(place)
                ? Verdict(.restoring, "back to normal, then ready")
                : Verdict(.isolated, "stays blocked until a majority of the cluster lists it as connected")
        case .soaking: return Verdict(.soaking, "in service, watched", until: until)
        case .queued, .finished, .closing, .closed, .committed: break
        }
        switch run.sequence.steps[nodeRun.step] {
        case .drain:
            let load = nodes[place].observation?.load
            let text = load.map { "\($0.sessions) sessions, \($0.ongoingConnections) connections left" }
            return Verdict(.draining, text ?? "the node does not say how many sessions are left", until: until)
        case .block: return Verdict(.blocked, "until the block is confirmed", until: until)
        case .run(let step):
            if nodeRun.command != nil { return Verdict(.runningCommand, "\(step.name), attempt \(nodeRun.attempt)") }
            if budgetUse(of: nodes[place].cluster, isPatient: true).isExceeded {
                return Verdict(.waitingBudget, "\(step.name) waits: more nodes are out than the budget allows")
            }
            return hasQuorum(without: place)
                ? Verdict(.blocked, "before \(step.name): looks once more for live sessions", until: until)
                : Verdict(.waitingBudget, "\(step.name) would cost the cluster its majority")
        case .verify(let step):
            let missing = step.missing(on: nodeRun, in: situation(of: place, nodeRun, in: run))
            return Verdict(.verifying, missing ?? "verified", until: until)
        case .wait(.windowEnd): return Verdict(.blocked, "until the window ends", until: windowEnd(of: run))
        case .wait(.duration): return Verdict(.blocked, "waits", until: until)
        case .restore, .soak: return Verdict(.restoring, "back to normal")
        case .http, .approval, .terminate, .gate, .notify:
            return Verdict(.failed, NodeRun.isNotCarriedOut(run.sequence.steps[nodeRun.step].word))
        }
    }

    private func windowEnd(of run: Run) -> Timestamp? {
        if case .open(let until)? = schedule.gates[run.id] { until } else { nil }
    }

    /// Why a node of the run that has not started does not start.
    private func waiting(_ nodeRun: NodeRun, in run: Run, use: BudgetUse, stages: StageVerdicts?) -> Verdict {
        if case .paused(let reason) = run.phase { return Verdict(.paused, "the run is paused: \(reason)") }
        switch schedule.gates[run.id] {
        case .closed(.excluded(let by, let reason), let until, _):
            return Verdict(.excluded, "freeze \(by)" + (reason.map { " (\($0))" } ?? ""), until: until)
        case .closed(.outsideWindow, let until, _):
            return Verdict(.waitingWindow, "outside the windows of \(run.policy)", until: until)
        case .open(let until?) where now.wall >= until - run.cutoff:
            return Verdict(.waitingWindow, "too close to the window's end to start a node", until: until)
        case nil:
            return Verdict(.waitingWindow, "outside the windows of \(run.policy)")
        case .open:
            break
        }
        guard clock.isTrusted else { return Verdict(.waitingWindow, "the wall clock jumped: waits until it is steady") }
        guard mayStart else { return Verdict(.paused, "no policies are loaded: nothing new starts") }
        if let wait = stages?.verdict(for: nodeRun) { return wait }
        if let busy = run.nodes.first(where: \.phase.isInWork) {
            return Verdict(.waitingPrevious, "waits for \(busy.node.name)")
        }
        if !use.hasRoom {
            return Verdict(.waitingBudget, "\(use.unavailable) of \(use.maxUnavailable) out of service")
        }
        return Verdict(.waitingPrevious, "waits for its turn")
    }

    /// What the strategy lets the queued nodes of a run wait for: canary nodes, the group before, the pause between waves.
    private func stageVerdicts(of run: Run) -> StageVerdicts? {
        guard let stage = run.stage else { return nil }
        let unfinished = run.nodes.filter { $0.stage == stage && !$0.phase.isFinished }
        let what = stage.isCanary ? "the canary" : "group \(name(of: stage.group, in: run))"
        var verdicts = StageVerdicts(
            stage: stage, current: nil, later: Verdict(.waitingPrevious, "waits for \(what): \(names(unfinished))"))
        switch orderedWait(of: run) {
        case .canarySoak(let until)?:
            verdicts.current = Verdict(.waitingPrevious, "the canary soaks: \(names(run.canaries))", until: until)
            verdicts.later = verdicts.current ?? verdicts.later
        case .canaryBroken(let node)?:
            let text = "the canary \(node.name) is done and not in service: its soak waits"
            verdicts.current = Verdict(.waitingPrevious, text)
            verdicts.later = verdicts.current ?? verdicts.later
        case .promotion?:
            verdicts.current = Verdict(.waitingApproval, "the canary is good: waits for promote")
            verdicts.later = verdicts.current ?? verdicts.later
        case .group(let previous, let until)?:
            let text = "waits after group \(name(of: previous, in: run))"
            verdicts.current = Verdict(.waitingPrevious, text, until: until)
        case .wave(let until)?:
            verdicts.current = Verdict(.waitingPrevious, "waits between waves", until: until)
        case nil: break
        }
        return verdicts
    }

    private func name(of group: Int?, in run: Run) -> String { run.group(group)?.name ?? "before" }

    /// A few names, and how many more there are.
    private func names(_ nodes: [NodeRun]) -> String {
        let shown = nodes.prefix(3).map(\.node.name).joined(separator: ", ")
        return nodes.count > 3 ? "\(shown) and \(nodes.count - 3) more" : shown
    }

    private func status(of run: Run, phase: String, text: String, endedAt: Timestamp?) -> RunStatus {
        RunStatus(
            id: run.id.text, policy: run.policy, cluster: run.cluster, revision: run.revision, phase: phase,
            text: text, startedAt: run.startedAt, endedAt: endedAt,
            nodes: run.nodes.map { nodeRun in
                let isInWork = nodeRun.phase.isInWork
                return NodeRunStatus(
                    name: nodeRun.node.name, phase: nodeRun.phase.word,
                    step: isInWork ? run.sequence.steps[nodeRun.step].word : nil, since: nodeRun.since,
                    until: nodeRun.deadline.map { now.wall + $0.timeLeft(at: now) }, error: nodeRun.error,
                    milestones: nodeRun.milestones, group: run.group(nodeRun.group)?.name,
                    isCanary: nodeRun.isCanary ?? false)
            })
    }

    private func text(of run: Run) -> String {
        let done = run.nodes.count(where: { $0.phase.isFinished })
        let work = run.nodes.count(where: { $0.phase.isInWork })
        var text = "\(done) done, \(work) in work, \(run.nodes.count - done - work) to go"
        switch run.phase {
        case .active: break
        case .paused(let reason): text += "; paused: \(reason)"
        case .ending(let reason): text += "; ending: \(reason)"
        }
        return text
    }
}

extension RunPhase {
    var word: String {
        switch self {
        case .active: "active"
        case .paused: "paused"
        case .ending: "ending"
        }
    }
}

extension RunOutcome {
    var word: String {
        switch self {
        case .completed: "completed"
        case .partial: "partial"
        case .failed: "failed"
        }
    }
}
