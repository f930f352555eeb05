import ModeCore
import Primitives
import Scheduling

/// Whether what waits for others is asked of them, and in time.
extension World {
    /// A node at a gate is measured again and again.
    mutating func checkMeasured(_ gate: HealthGate, _ view: RunMirror.PartView, _ run: RunMirror.RunView) {
        let node = view.part.node
        let since = max(oracle.mirror.beganToCount(view, run), oracle.measuredAt[node] ?? 0)
        guard quiet(since: since) > gate.interval + .minutes(2) else { return }
        oracle.violate(.liveness, at: now, "\(node.name) is at \(gate.name) of \(run.run.id), and nobody measures it")
    }

    /// Gates are measured each minute at the least, and what nothing is heard of takes almost another: a run that waits for nothing
    /// else has heard of one between two looks.
    mutating func checkGateWait(of run: RunMirror.RunView) {
        let waits = controller?.status(at: moment).runs.first { $0.id == run.run.id.text }?.blockers ?? []
        guard !run.isPaused, !waits.isEmpty, waits.allSatisfy({ $0.code == .waitingGate }) else {
            gateWaits[run.run.id] = nil
            return
        }
        guard let since = gateWaits[run.run.id], run.changedAt < since, calmSince <= since else {
            gateWaits[run.run.id] = now
            return
        }
        oracle.violate(.liveness, at: now, "\(run.run.id) waits for a gate that nobody measures")
    }

    /// Whoever waits for a word can be given it, and the run pauses where nobody does in time. For the word that promotes a canary
    /// it waits as long as it takes.
    mutating func checkWords() {
        guard halted == nil else { return }
        for run in oracle.mirror.runs where !run.isEnding {
            checkPromotion(of: run)
            if !run.isApproved, case .rollout(_, let wanted?) = run.policy.kind {
                check(wait: wanted.timeout, of: nil, in: run, since: run.phaseChangedAt)
            }
            for view in run.parts {
                guard let work = view.part.phase.work, work.approval == nil,
                    case .approval(let wanted) = run.policy.sequence.steps[work.step]
                else { continue }
                check(wait: wanted.timeout, of: view, in: run, since: view.changedAt)
            }
        }
    }

    /// A canary that is proven waits for a word: that is said, and the word can be given.
    private mutating func checkPromotion(of run: RunMirror.RunView) {
        guard run.policy.strategy.canary?.promote == .manual, isCanaryProven(run) else { return }
        marks.note("promotion-awaited")
        if let refusal = refusal(of: nil, in: run) {
            oracle.violate(
                .asked, at: now, "the canary of \(run.run.id) waits for a word, and nobody can give it: \(refusal)")
        }
        let waits = controller?.status(at: moment).runs.first { $0.id == run.run.id.text }?.blockers ?? []
        guard !waits.contains(where: { $0.reason == .promotion }) else { return }
        let told = waits.map { "\($0.code.rawValue): \($0.text)" }
        oracle.violate(.asked, at: now, "the canary of \(run.run.id) waits for a word, and what is told is \(told)")
    }

    /// Its nodes are done and have been in service for the soak and a while longer, and somebody saw all of it.
    private func isCanaryProven(_ run: RunMirror.RunView) -> Bool {
        guard let canary = run.policy.strategy.canary, !run.isPromoted, !run.isHandled, !run.isPaused,
            !oracle.mirror.isEverythingPaused, run.parts.contains(where: \.part.phase.isQueued), canVote
        else { return false }
        let canaries = run.parts.filter(\.hasBegun)
        guard canaries.count >= min(canary.count, run.parts.count) else { return false }
        // Whoever left the policies and came back is watched anew.
        var since = max(run.resumedAt, oracle.stages.watchedSince, oracle.mirror.nodesChangedAt)
        for view in canaries {
            guard view.part.isProven, let place = oracle.place(view.part.node), name(of: place) == view.part.node,
                let serving = oracle.truths[place].servingSince
            else { return false }
            since = max(since, view.changedAt, serving)
        }
        return quiet(since: since) > canary.soak + .minutes(3)
    }

    private mutating func check(
        wait timeout: Duration, of view: RunMirror.PartView?, in run: RunMirror.RunView, since: Int64
    ) {
        let what = view?.part.node.name ?? "the start"
        marks.note("word-awaited")
        if let refusal = refusal(of: view?.part.node, in: run) {
            oracle.violate(
                .asked, at: now, "\(what) waits for a word in \(run.run.id), and nobody can give it: \(refusal)")
        }
        guard !run.isPaused, !oracle.mirror.isEverythingPaused, clock.isRight, isInReach(view) else { return }
        let waited = quiet(since: max(since, view.map { oracle.mirror.beganToCount($0, run) } ?? run.resumedAt))
        guard waited > timeout + .minutes(2), hasBeenOpen(run, for: waited, exempt: view?.part.exempt ?? []) else {
            return
        }
        oracle.violate(
            .deadline, at: now,
            "\(what) has waited for a word in \(run.run.id) for longer than \(timeout.spoken), and it is not paused")
    }

    /// What a person who approves it now would be told; nil: it is done.
    private func refusal(of node: NodeID?, in run: RunMirror.RunView) -> String? {
        guard var copy = controller else { return nil }
        var order = LeverOrder(.approve)
        (order.run, order.node) = (run.run.id.text, node?.description)
        for case .answer(_, .failure(let refusal)) in copy.handle(
            .pulled(Pull(order, by: "oracle"), ticket: 0), at: moment)
        {
            return refusal.message
        }
        return nil
    }

    /// Nothing about the node itself makes its deadline stand.
    private func isInReach(_ view: RunMirror.PartView?) -> Bool {
        guard let view else { return true }
        guard oracle.mirror.holds[view.part.node] == nil, let place = oracle.place(view.part.node),
            !conditions[place].isLost, oracle.truths[place].apartSince == nil, oracle.truths[place].inReachSince != nil
        else { return false }
        return view.part.isTakenOver
            || (oracle.truths[place].outSince == nil && oracle.truths[place].ownership.layers.isEmpty)
    }

    private func hasBeenOpen(_ run: RunMirror.RunView, for length: Duration, exempt: [Ignorable]) -> Bool {
        let wall = clock.wall(at: now)
        return (0...Int(length.inSeconds / 60) + 1).allSatisfy {
            oracle.closure(of: run, at: wall - .minutes($0), isFirst: true, exempt: exempt) == nil
        }
    }
}
