import Calendars
import ModeCore
import Primitives

/// What is shown: made from the same values that decide.
extension Controller {
    package func status(at now: Moment) -> StatusReport {
        var report = StatusReport(at: now.wall)
        let views = runViews(now)
        let parts = partsByNode(views)
        report.clusters = fleet.clusters.indices.map { clusterStatus(ClusterIndex($0), views, parts, now) }
        report.runs =
            ledger.endedRuns.map { entry in
                status(
                    of: entry.run, phase: entry.outcome.word, text: entry.outcome.description,
                    endedAt: entry.endedAt, blockers: [], now)
            }
            + views.map { view in
                status(
                    of: view.run, phase: view.run.phase.word, text: text(of: view.run), endedAt: nil,
                    blockers: view.blockers, now)
            }
        report.policies = calendars.entries.indices.map { policyStatus($0, now) }
        report.policyDigest = ledger.policies?.digest ?? ""
        report.policiesSince = ledger.policiesSince
        for (place, entry) in ledger.nodes.enumerated() {
            if let written = entry.state.written, let since = written.owedSince {
                report.owed.append(
                    OwedStatus(
                        node: entry.id, mode: written.mode, since: since,
                        obstacle: releaseObstacle(NodeIndex(place), now)))
            }
            if let hold = entry.state.hold, !hold.isOver(at: now.wall) {
                report.holds.append(HoldStatus(node: entry.id, hold: hold))
            }
        }
        report.alarms = ledger.alarms.keys.sorted().compactMap { ledger.alarms[$0] }
        return report
    }

    /// A run, and what stands in the way of its nodes.
    private struct RunView {
        var slot: RunSlot
        var run: Run
        /// Of every node that is queued.
        var general: [Blocker]
        /// What is missing for whichever starts next.
        var room: [Blocker]
        /// Of the next one.
        var blockers: [Blocker]
    }

    private func runViews(_ now: Moment) -> [RunView] {
        ledger.activeRuns.compactMap { slot in
            guard let run = ledger.run(slot), let header = ledger.header(slot) else { return nil }
            var view = RunView(slot: slot, run: run, general: [], room: [], blockers: [])
            if let cluster = cluster(named: run.cluster) {
                view.general = blockers(of: slot, header, cluster, now) + orderBlockers(of: run, now)
                view.room =
                    run.candidates.first { _ in true }.map {
                        roomBlockers(for: run.parts[$0], slot, header, cluster, now)
                    } ?? []
            }
            if case .wait(let blockers) = decision(of: slot, now) { view.blockers = blockers }
            return view
        }
    }

    /// The part of each node that says most about it: in work, else queued, else finished in a run that is not over.
    private func partsByNode(_ views: [RunView]) -> [[(view: Int, part: Int)]] {
        var parts = Array(repeating: [(view: Int, part: Int)](), count: ledger.nodes.count)
        for (number, view) in views.enumerated() {
            for (place, part) in view.run.parts.enumerated() {
                if let node = ledger.index(of: part.node) { parts[node.raw].append((number, place)) }
            }
        }
        return parts
    }

    private func clusterStatus(
        _ cluster: ClusterIndex, _ views: [RunView], _ parts: [[(view: Int, part: Int)]], _ now: Moment
    ) -> ClusterStatus {
        let use = fleet.budgetUse(of: cluster, at: now)
        let watch = fleet[cluster]
        let out = fleet.unlistedOut(cluster, at: now)
        let unlisted = { (places: [Int], out: [String], isTemporary: Bool) in
            places.map { place in
                UnlistedStatus(
                    name: watch.roster.names[place], isTemporary: isTemporary,
                    isServing: !out.contains(watch.roster.names[place]))
            }
        }
        return ClusterStatus(
            name: watch.policy.name, unavailable: use.unavailable, maxUnavailable: use.maxUnavailable,
            minAvailable: use.minAvailable,
            nodes: watch.nodes.map { nodeStatus($0, views, parts[$0.raw], now) },
            unlisted: unlisted(watch.unlistedRegular, out.regular, false)
                + unlisted(watch.unlistedTemporary, out.temporary, true))
    }

    private func nodeStatus(
        _ node: NodeIndex, _ views: [RunView], _ parts: [(view: Int, part: Int)], _ now: Moment
    ) -> NodeStatus {
        let watch = fleet[node]
        let seen = watch.observation
        let blockers = queuedBlockers(node, views, parts, now)
        return NodeStatus(
            name: watch.id.name, observed: watch.isFailing ? nil : watch.mode?.mode, desired: wish(of: node, now).mode,
            ready: watch.isFailing ? nil : seen?.ready, version: seen?.version?.description,
            sessions: watch.isFailing ? nil : seen?.load?.sessions,
            connections: watch.isFailing ? nil : seen?.load?.ongoingConnections, observedAt: watch.mode?.begun.wall,
            verdict: verdict(of: node, views, parts, blockers, now), blockers: blockers, claims: claims(on: node, now),
            floor: ledger[node].floor, isOwed: ledger[node].written?.owedSince != nil,
            isRetained: fleet[seat: node].isRetained)
    }

    private func claims(on node: NodeIndex, _ now: Moment) -> [ClaimStatus] {
        var claims: [ClaimStatus] = []
        let entry = ledger[node]
        if let place = fleet[seat: node].lease, let part = ledger.part(place), let claim = part.phase.claim,
            let header = ledger.header(place.run)
        {
            claims.append(
                ClaimStatus(
                    owner: header.id.text, mode: claim, reason: "step \(stepText(part, header))",
                    since: part.since, until: part.phase.timer.map { now.wall + $0.timeLeft(at: now) }))
        }
        if let stay = entry.failedStay {
            claims.append(ClaimStatus(owner: stay.run.text, mode: stay.mode, reason: stay.reason, since: stay.since))
        }
        if let hold = entry.hold, case .mode(let mode) = hold.wish {
            claims.append(
                ClaimStatus(
                    owner: hold.actor, mode: mode, reason: hold.reason, since: hold.since, until: hold.until))
        }
        return claims
    }

    private func stepText(_ part: Part, _ header: Ledger.RunHeader) -> String {
        guard let work = part.phase.work else { return "" }
        let steps = header.pinned.sequence.steps
        return "\(work.step + 1) of \(steps.count) (\(steps[work.step].word))"
    }

    /// Everything that stands in the way of a node that is queued; empty where it is not.
    private func queuedBlockers(
        _ node: NodeIndex, _ views: [RunView], _ parts: [(view: Int, part: Int)], _ now: Moment
    ) -> [Blocker] {
        guard let (number, index) = parts.first(where: { views[$0.view].run.parts[$0.part].phase.isQueued }) else {
            return []
        }
        let view = views[number]
        let part = view.run.parts[index]
        var blockers = view.general
        if !view.run.isInCurrentGroup(part), !blockers.contains(where: \.isStage) {
            let group = view.run.currentGroup
            let names = view.run.parts.filter { $0.group == group && !$0.phase.isFinished }.map(\.node.name)
            blockers.append(Blocker(.groupFirst(view.run.groupName(group) ?? "", names)))
        }
        if let header = ledger.header(view.slot) {
            blockers += self.blockers(of: part, PartPlace(run: view.slot, part: index), header, now)
        }
        blockers += view.room
        return blockers.isEmpty ? view.blockers : blockers
    }

    /// Why the node is as it is: exactly one answer, the most urgent.
    private func verdict(
        of node: NodeIndex, _ views: [RunView], _ parts: [(view: Int, part: Int)], _ blockers: [Blocker], _ now: Moment
    ) -> Verdict {
        let entry = ledger[node]
        let working = fleet[seat: node].lease ?? fleet[seat: node].working.first
        if let place = working, let part = ledger.part(place), let header = ledger.header(place.run) {
            return verdict(of: part, place, header, node, now)
        }
        if let hold = entry.hold, !hold.isOver(at: now.wall) {
            let code: VerdictCode =
                switch hold.wish {
                case .keepOpen: .keptOpen
                case .reserved: .reserved
                case .handsOff, .mode: .held
                }
            return Verdict(code, "by \(hold.actor): \(hold.reason)", until: hold.until)
        }
        if let stay = entry.failedStay {
            return Verdict(.failed, "kept at \(stay.mode.rawValue) by \(stay.run): \(stay.reason)")
        }
        if let alarm = ledger.alarms[Alarm.Key(.wrongAddress, node: fleet[node].id)] {
            return Verdict(.wrongAddress, alarm.text)
        }
        if let trouble = trouble(with: node, now) { return trouble }
        if let written = entry.written {
            return fleet.isConnected(node, at: now)
                ? Verdict(.owed, "\(written.mode.rawValue) of nagi's is given back")
                : Verdict(.isolated, "stays blocked until a majority of the cluster lists it as connected")
        }
        if let first = blockers.first { return Verdict(first) }
        let queued = parts.contains { views[$0.view].run.parts[$0.part].phase.isQueued }
        if queued { return Verdict(.waitingPrevious, "waits for its turn") }
        if let finished = parts.first {
            let part = views[finished.view].run.parts[finished.part]
            let code: VerdictCode = part.isFailed ? .failed : .inDesiredMode
            return Verdict(code, "\(part.phase.word) in \(views[finished.view].run.id)")
        }
        if let run = uncovering(node, views) {
            return Verdict(.notCovered, "came after \(run) began: the next run takes it")
        }
        return Verdict(.unmanaged, "no claim")
    }

    /// A run that is not over whose policy selects the node, and that began without it.
    private func uncovering(_ node: NodeIndex, _ views: [RunView]) -> RunID? {
        guard views.contains(where: { $0.run.cluster == fleet[node].id.cluster }), !fleet[seat: node].isRetained,
            let configured = fleet[seat: node].configured
        else { return nil }
        return views.first { view in
            view.run.cluster == fleet[node].id.cluster && view.run.pinned.selector.matches(configured)
        }?.run.id
    }

    /// What keeps nagi from doing anything with the node.
    private func trouble(with node: NodeIndex, _ now: Moment) -> Verdict? {
        let cluster = fleet[fleet.cluster(of: node)]
        let blockers = stateBlockers(of: node, isTakenOver: false, now)
        guard let first = blockers.first else { return nil }
        switch first.reason {
        case .isolated:
            guard ledger[node].written == nil else { return nil }
            let name = fleet[node].id.name
            let known = cluster.membership.regular + cluster.membership.temporary
            if !known.isEmpty, !known.contains(name) {
                return Verdict(.notListed, "the cluster knows no \(name); it knows \(Wording.names(known))")
            }
            return Verdict(first)
        case .notReady: return nil
        default: return Verdict(first)
        }
    }

    private func verdict(
        of part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ node: NodeIndex, _ now: Moment
    ) -> Verdict {
        let until = part.phase.timer.map { now.wall + $0.timeLeft(at: now) }
        let entry = ledger[node]
        let isCommitted = part.phase.kind == .committed
        if let claim = part.phase.claim, let observed = fleet[node].freshMode(at: now)?.requestable, observed < claim {
            if let end = entry.contestedUntil(at: now.wall), !runsDisruptiveCommand(node) {
                return Verdict(
                    .contested, "somebody loosens \(claim.rawValue) again and again: nagi has stopped", until: end)
            }
            if let alarm = ledger.alarms[Alarm.Key(.writeRefused, node: fleet[node].id)] {
                return Verdict(.refused, alarm.text, until: until)
            }
        }
        if let trouble = stateBlockers(of: node, isTakenOver: true, now).first, trouble.isReadTrouble {
            if isCommitted, part.phase.command == nil {
                return Verdict(
                    .rejoining, "\(trouble.text), as is to be expected of a disruptive step", until: until)
            }
            if !isCommitted {
                return Verdict(trouble.code, trouble.text + " (step \(stepText(part, header)))", until: until)
            }
        }
        let situation = situation(of: part, place, header, node, now)
        if situation.isHeld, let hold = entry.hold {
            return Verdict(.held, "by \(hold.actor): \(hold.reason)", until: hold.until)
        }
        if case .out = part.phase {
            if case .paused(let reason) = header.phase { return Verdict(.paused, "the run is paused: \(reason)") }
            if !clock.isTrusted { return Verdict(.waitingClock, "the wall clock jumped: waits until it is steady") }
            if situation.isIsolated {
                return Verdict(.isolated, "a majority of the cluster does not list it as connected", until: until)
            }
            if let work = part.phase.work, !work.isGranted, header.pinned.sequence.steps[work.step].takesOut {
                if case .wait(let blockers) = decision(of: place.run, now), let first = blockers.first {
                    return Verdict(first)
                }
                return Verdict(.waitingPrevious, "waits for its turn")
            }
        }
        switch part.phase {
        case .returning(let returning):
            if returning.command != nil { return Verdict(.runningCommand, "is given back when its command has ended") }
            return fleet.isConnected(node, at: now)
                ? Verdict(.restoring, "back to normal, then ready")
                : Verdict(.isolated, "stays blocked until a majority of the cluster lists it as connected")
        case .soaking(let work):
            let end = header.pinned.sequence.steps[work.step].soakLength.flatMap { length in
                fleet[node].inServiceSince.map { now.wall + (max($0, work.since.uptime) + length - now.uptime) }
            }
            return Verdict(.soaking, "in service, watched", until: end ?? until)
        default: break
        }
        guard let wait = part.wait(in: situation) else { return Verdict(.blocked, "goes on", until: until) }
        if case .windowEnd = wait { return wait.verdict(until: header.clearance.end) }
        return wait.verdict(until: until)
    }

    private func policyStatus(_ place: Int, _ now: Moment) -> PolicyStatus {
        let entry = calendars.entries[place]
        if entry.policy.isSuspended { return PolicyStatus(name: entry.policy.name, state: "suspended") }
        if let opening = entry.calendar.opening(at: now.wall) {
            let end: Timestamp? = entry.policy.schedule.windows.isEmpty ? nil : opening.end
            return PolicyStatus(name: entry.policy.name, state: "open", until: end)
        }
        let next = entry.calendar.nextOpening(after: now.wall)?.start
        if let taken = entry.calendar.isExcluded(at: now.wall) {
            return PolicyStatus(name: entry.policy.name, state: "frozen", reason: taken.by, until: next)
        }
        return PolicyStatus(name: entry.policy.name, state: "closed", until: next)
    }

    private func status(
        of run: Run, phase: String, text: String, endedAt: Timestamp?, blockers: [Blocker], _ now: Moment
    ) -> RunStatus {
        RunStatus(
            id: run.id.text, policy: run.policy, cluster: run.cluster, revision: run.revision, phase: phase,
            text: text, startedAt: run.startedAt, endedAt: endedAt, blockers: blockers,
            parts: run.parts.map { part in
                PartStatus(
                    name: part.node.name, phase: part.phase.word,
                    step: part.phase.work.map { run.pinned.sequence.steps[$0.step].word }
                        ?? (part.phase.kind == .returning ? "restore" : nil),
                    since: part.since, until: part.phase.timer.map { now.wall + $0.timeLeft(at: now) },
                    error: part.error, milestones: part.milestones, group: run.groupName(part.group),
                    isCanary: part.isCanary)
            })
    }

    private func text(of run: Run) -> String {
        let done = run.tally.proven
        let left = run.count(of: .finished) - done - run.tally.failed
        var words = ["\(done) done", "\(run.inWork) in work", "\(run.count(of: .queued)) to go"]
        if run.tally.failed > 0 { words.append("\(run.tally.failed) failed") }
        if left > 0 { words.append("\(left) left out") }
        let text = words.joined(separator: ", ")
        switch run.phase {
        case .active: return text
        case .paused(let reason): return "\(text); paused: \(reason)"
        case .ending(let reason): return "\(text); ending: \(reason)"
        }
    }
}

extension Blocker {
    fileprivate var isStage: Bool {
        switch reason {
        case .canaryFirst, .canarySoak, .canaryBroken, .promotion, .groupWait: true
        default: false
        }
    }

    /// Nobody knows what the node is like.
    fileprivate var isReadTrouble: Bool {
        switch reason {
        case .unreachable, .stale, .notRead, .unknownMode, .initial: true
        default: false
        }
    }
}

extension Step {
    fileprivate var soakLength: Duration? { if case .soak(let length) = self { length } else { nil } }
}
