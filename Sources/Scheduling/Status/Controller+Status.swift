import ModeCore
import Primitives

/// What is shown: made from the same values that decide.
extension Controller {
    package func status(at now: Moment) -> StatusReport {
        var report = StatusReport(at: now.wall)
        report.isObserving = ledger.isObserving
        let views = runs.indices.map { runView(of: RunSlot($0), now) }
        let left = leftOvers
        report.clusters = fleet.clusters.indices.map { clusterStatus(ClusterIndex($0), views, left, now) }
        report.runs =
            ledger.endedRuns.map { status(of: $0, now) }
            + ledger.activeRuns.compactMap { slot in
                views[slot.raw].map { status(of: $0.run, blockers: $0.blockers, now) }
            }
        report.policies = calendars.entries.indices.map { policyStatus($0, now) }
        report.policyDigest = ledger.policies?.digest ?? ""
        report.policiesSince = ledger.policiesSince
        for node in fleet.nodes.indices.lazy.map({ NodeIndex($0) }) {
            if let written = ledger[node].written, let since = written.owedSince {
                report.owed.append(
                    OwedStatus(
                        node: fleet[node].id, mode: written.mode, since: since, obstacle: releaseObstacle(node, now)))
            }
            if let hold = ledger[node].hold {
                report.holds.append(HoldStatus(node: fleet[node].id, hold: hold))
            }
        }
        report.pauses =
            (ledger.pause.map { [PauseStatus(run: nil, pause: $0)] } ?? [])
            + ledger.activeRuns.compactMap { ledger.header($0) }.flatMap { header in
                header.pauses.map { PauseStatus(run: header.id, pause: $0) }
            }
        report.alarms = ledger.alarms.keys.sorted().compactMap { ledger.alarms[$0] }
        return report
    }

    /// What runs that are over did not do, by node.
    var leftOvers: [NodeID: LeftOver] {
        LeftOver.all(in: ledger.endedRuns) { run in
            guard activeRuns[run.policy] == nil, let policy = calendars.policy(run.policy) else { return false }
            return policy.revision == run.revision
        }
    }

    private func clusterStatus(
        _ cluster: ClusterIndex, _ views: [RunView?], _ left: [NodeID: LeftOver], _ now: Moment
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
            minAvailable: use.minAvailable, limit: use.limit,
            nodes: watch.nodes.map { node in nodeStatus(node, left[fleet[node].id], now) { views[$0.raw] } },
            unlisted: unlisted(watch.unlistedRegular, out.regular, false)
                + unlisted(watch.unlistedTemporary, out.temporary, true))
    }

    /// - Parameters:
    ///   - left: what a run that is over did not do with it.
    ///   - view: of a run that the node is in.
    func nodeStatus(
        _ node: NodeIndex, _ left: LeftOver?, _ now: Moment, view: (RunSlot) -> RunView?
    ) -> NodeStatus {
        // What was true when it was last read is not true now.
        let isFresh = fleet[node].isObservationFresh(at: now)
        let state = stateBlockers(of: node, isTakenOver: false, now)
        let work = work(on: node)
        let wait = work == nil ? queuedWait(node, state, view, now) : nil
        let verdict = verdict(of: node, state, wait?.verdict, left, now)
        return NodeStatus(
            name: fleet[node].id.name, observed: fleet[node].freshMode(at: now),
            desired: wish(of: node, now).mode,
            ready: isFresh ? fleet[node].observation?.ready : nil,
            version: fleet[node].observation?.version?.description,
            sessions: isFresh ? fleet[node].observation?.load?.countedSessions : nil,
            connections: isFresh ? fleet[node].observation?.load?.ongoingConnections : nil, relays: relays(node),
            observedAt: fleet[node].mode?.begun.wall, verdict: verdict,
            since: since(verdict, of: node, queuedIn: wait?.run), run: work?.header.id,
            step: work.flatMap { step(of: $0.part, $0.header) }, drain: drain(of: node, now),
            blockers: wait?.blockers ?? work.flatMap { grantBlockers(of: $0.part, $0.header, view) } ?? [],
            queuedIn: wait?.run, exempt: work?.part.exempt ?? [], claims: claims(on: node, now),
            floor: ledger[node].floor, isOwed: ledger[node].written?.owedSince != nil,
            isRetained: fleet[seat: node].isRetained, stay: ledger[node].failedStay.map { Shared($0) },
            openCommand: openCommand(on: node), command: failedCommand(on: node).map { Shared($0) })
    }

    /// Since when the node has been in the state that its verdict tells.
    private func since(_ verdict: Verdict, of node: NodeIndex, queuedIn run: RunID?) -> Timestamp? {
        switch verdict.code {
        case .paused:
            ledger.pause?.since
                ?? (work(on: node)?.header ?? run.flatMap { ledger.slot(of: $0) }.flatMap { ledger.header($0) })?
                .pauses.first?.since
        case .held, .keptOpen, .reserved: ledger[node].hold?.since
        case .unreachable: fleet[node].failingSince?.wall
        case .wrongAddress: ledger.alarms[Alarm.Key(.wrongAddress, node: fleet[node].id)]?.since
        case .contested: ledger.alarms[Alarm.Key(.contested, node: fleet[node].id)]?.since
        case .refused: ledger.alarms[Alarm.Key(.writeRefused, node: fleet[node].id)]?.since
        case .wrongTopology: ledger.alarms[Alarm.Key(.wrongTopology, cluster: fleet[node].id.cluster)]?.since
        case .owed: ledger[node].written?.owedSince
        case .foreign, .faulted: ledger[node].floorSince
        case .runningCommand: work(on: node)?.part.phase.command.flatMap { ledger.commands[$0]?.startedAt }
        default:
            // Only what is going on with the node itself: a wait is the run's, and the run says since when.
            (fleet[seat: node].lease ?? fleet[seat: node].working.first).flatMap { ledger.part($0) }
                .flatMap { $0.phase.work?.since.wall ?? $0.since } ?? ledger[node].failedStay?.since
                ?? ended(verdict, node)
        }
    }

    private func ended(_ verdict: Verdict, _ node: NodeIndex) -> Timestamp? {
        guard verdict.code == .inDesiredMode || verdict.code == .failed else { return nil }
        return fleet[seat: node].parts.first.flatMap { ledger.part($0)?.since }
    }

    private func failedCommand(on node: NodeIndex) -> LatestCommand? {
        guard let commands = ledger.latestCommands, let latest = commands[fleet[node].id] else { return nil }
        // Of a failure that was dealt with, or that another run came after, nobody wants to be told any more.
        let hasFailed =
            ledger[node].failedStay != nil
            || fleet[seat: node].parts.contains { place in
                guard ledger.header(place.run)?.id == latest.run, let part = ledger.part(place) else { return false }
                // What a gate says after a command that ended well has its reason in what it measured.
                let isGate = latest.outcome.isSuccess && part.error?.hasPrefix("gate ") ?? false
                return part.isFailed && !isGate || !part.phase.isFinished && !latest.outcome.isSuccess
            }
            || ledger.endedRuns.contains { ended in
                ended.run.id == latest.run && activeRuns[ended.run.policy] == nil
                    && ended.run.parts.contains { $0.node == fleet[node].id && $0.isFailed }
            }
        return hasFailed ? latest : nil
    }

    /// The part that has the node in work.
    private func work(on node: NodeIndex) -> (part: Part, header: Ledger.RunHeader)? {
        guard let place = fleet[seat: node].lease ?? fleet[seat: node].working.first, let part = ledger.part(place),
            let header = ledger.header(place.run)
        else { return nil }
        return (part, header)
    }

    /// What the part waits for that has the node in work and has not yet been granted its place.
    private func grantBlockers(
        of part: Part, _ header: Ledger.RunHeader, _ view: (RunSlot) -> RunView?
    ) -> [Blocker]? {
        guard case .out(let work) = part.phase, !work.isGranted, header.pinned.sequence.steps[work.step].takesOut
        else { return nil }
        return ledger.slot(of: header.id).flatMap { view($0)?.blockers }
    }

    private func step(of part: Part, _ header: Ledger.RunHeader) -> String? {
        if case .returning = part.phase { return Step.restore.label }
        return part.phase.work.map { header.pinned.sequence.steps[$0.step].label }
    }

    func drain(of node: NodeIndex, _ now: Moment) -> DrainStatus? {
        guard let (part, header) = work(on: node), let work = part.phase.work,
            case .drain(let drain) = header.pinned.sequence.steps[work.step], let curve = ledger[node].drain,
            let latest = curve.samples.last, curve.since == work.since.wall
        else { return nil }
        return DrainStatus(
            sessions: latest.sessions, connections: latest.connections, halfLife: curve.halfLife,
            projectedEnd: curve.projectedEnd(
                downTo: drain.maxSessions, connections: drain.maxConnections), flatSince: curve.flatSince,
            deadline: part.phase.shownEnd(at: now), samples: curve.samples)
    }

    private func claims(on node: NodeIndex, _ now: Moment) -> [ClaimStatus] {
        var claims: [ClaimStatus] = []
        if let place = fleet[seat: node].lease, let part = ledger.part(place), let claim = part.phase.claim,
            let header = ledger.header(place.run)
        {
            claims.append(
                ClaimStatus(
                    owner: header.id.text, mode: claim, reason: "step \(stepText(part, header))",
                    since: part.since, until: isLeftAlone(place.run) ? nil : part.phase.shownEnd(at: now),
                    left: part.phase.timer?.standing))
        }
        if let stay = ledger[node].failedStay {
            claims.append(ClaimStatus(owner: stay.run.text, mode: stay.mode, reason: stay.reason, since: stay.since))
        }
        if let hold = ledger[node].hold, case .mode(let mode) = hold.wish {
            claims.append(
                ClaimStatus(
                    owner: hold.actor, mode: mode, reason: hold.reason, since: hold.since, until: hold.until))
        }
        return claims
    }

    func stepText(_ part: Part, _ header: Ledger.RunHeader) -> String {
        if case .returning = part.phase { return Step.restore.word }
        guard let work = part.phase.work else { return "" }
        let steps = header.pinned.sequence.steps
        return "\(work.step + 1) of \(steps.count) (\(steps[work.step].word))"
    }
}
