import Calendars
import ModeCore
import Primitives

/// What is shown: made from the same values that decide.
extension Controller {
    package func status(at now: Moment) -> StatusReport {
        var report = StatusReport(at: now.wall)
        let views = runViews(now)
        report.clusters = fleet.clusters.indices.map { clusterStatus(ClusterIndex($0), views, now) }
        report.runs =
            ledger.endedRuns.map { entry in
                status(
                    of: entry.run, phase: entry.outcome.word, text: entry.outcome.description,
                    endedAt: entry.endedAt, blockers: [], now)
            }
            + ledger.activeRuns.compactMap { slot in
                views[slot.raw].map { view in
                    status(
                        of: view.run, phase: view.run.word, text: text(of: view.run), endedAt: nil,
                        blockers: view.blockers, now)
                }
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

    /// A run, and what stands in the way of its nodes: worked out and put into words once, not for each of them.
    final class RunView {
        let run: Run
        /// Of the next one.
        let blockers: [Blocker]
        /// Of every node that is queued.
        let general: [Blocker]
        /// What is missing for whichever starts next.
        let room: [Blocker]
        /// Of a node whose turn it is and that has nothing of its own against it.
        let shared: [Blocker]
        /// What the nodes of later groups wait for, if not for what all wait for.
        let group: Blocker?
        let generalVerdict: Verdict?
        let sharedVerdict: Verdict?

        init(_ run: Run, blockers: [Blocker], general: [Blocker], room: [Blocker]) {
            self.run = run
            self.blockers = blockers
            self.general = general
            self.room = room
            shared = general.isEmpty && room.isEmpty ? blockers : general + room
            generalVerdict = general.first.map { Verdict($0) }
            sharedVerdict = general.isEmpty ? shared.first.map { Verdict($0) } : generalVerdict
            let current = run.currentGroup
            group =
                run.pinned.strategy.groups.isEmpty || general.contains(where: \.isStage)
                ? nil
                : Blocker(
                    .groupFirst(
                        run.groupName(current) ?? "",
                        run.parts.filter { $0.group == current && !$0.phase.isFinished }.map(\.node.name)))
        }
    }

    /// By slot.
    func runViews(_ now: Moment) -> [RunView?] {
        runs.indices.map { raw in
            let slot = RunSlot(raw)
            guard let run = ledger.run(slot), let header = ledger.header(slot) else { return nil }
            var (general, room): ([Blocker], [Blocker]) = ([], [])
            if let cluster = runs[raw].cluster {
                general = blockers(of: slot, header, cluster, now) + orderBlockers(of: run, now)
                room =
                    run.queuedCandidate().map { index in
                        roomBlockers(for: run.parts[index], PartPlace(run: slot, part: index), header, cluster, now)
                    } ?? []
            }
            let decision = decision(of: slot, now)
            return RunView(run, blockers: decision.blockers, general: general, room: room)
        }
    }

    private func clusterStatus(_ cluster: ClusterIndex, _ views: [RunView?], _ now: Moment) -> ClusterStatus {
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
            nodes: watch.nodes.map { nodeStatus($0, views, now) },
            unlisted: unlisted(watch.unlistedRegular, out.regular, false)
                + unlisted(watch.unlistedTemporary, out.temporary, true))
    }

    func nodeStatus(_ node: NodeIndex, _ views: [RunView?], _ now: Moment) -> NodeStatus {
        // What was true when it was last read is not true now.
        let isFresh = fleet[node].isObservationFresh(at: now)
        let state = stateBlockers(of: node, isTakenOver: false, now)
        let (blockers, wait) = queuedBlockers(node, state, views, now)
        let verdict = verdict(of: node, state, views, wait, now)
        let work = work(on: node)
        return NodeStatus(
            name: fleet[node].id.name, observed: fleet[node].freshMode(at: now),
            desired: wish(of: node, now).mode,
            ready: isFresh ? fleet[node].observation?.ready : nil,
            version: fleet[node].observation?.version?.description,
            sessions: isFresh ? fleet[node].observation?.load?.sessions : nil,
            connections: isFresh ? fleet[node].observation?.load?.ongoingConnections : nil,
            observedAt: fleet[node].mode?.begun.wall, verdict: verdict,
            since: since(verdict, of: node), run: work?.header.id,
            step: work.flatMap { step(of: $0.part, $0.header) }, drain: drain(of: node, now), blockers: blockers,
            claims: claims(on: node, now),
            floor: ledger[node].floor, isOwed: ledger[node].written?.owedSince != nil,
            isRetained: fleet[seat: node].isRetained, stay: ledger[node].failedStay.map { Shared($0) },
            command: failedCommand(on: node).map { Shared($0) })
    }

    /// Since when the node has been in the state that its verdict tells.
    private func since(_ verdict: Verdict, of node: NodeIndex) -> Timestamp? {
        switch verdict.code {
        case .held, .keptOpen, .reserved: ledger[node].hold?.since
        case .unreachable: fleet[node].failingSince?.wall
        case .wrongAddress: ledger.alarms[Alarm.Key(.wrongAddress, node: fleet[node].id)]?.since
        case .owed: ledger[node].written?.owedSince
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
        let hasFailed =
            ledger[node].failedStay != nil || !latest.outcome.isSuccess
            || fleet[seat: node].parts.contains { ledger.part($0)?.isFailed == true }
            || ledger.endedRuns.contains { ended in
                ended.run.id == latest.run
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

    private func step(of part: Part, _ header: Ledger.RunHeader) -> String? {
        if case .returning = part.phase { return Step.restore.label }
        return part.phase.work.map { header.pinned.sequence.steps[$0.step].label }
    }

    private func drain(of node: NodeIndex, _ now: Moment) -> DrainStatus? {
        guard let (part, header) = work(on: node), let work = part.phase.work,
            case .drain(let drain) = header.pinned.sequence.steps[work.step], let curve = ledger[node].drain,
            let latest = curve.samples.last, curve.since == work.since.wall
        else { return nil }
        return DrainStatus(
            sessions: latest.sessions, connections: latest.connections, halfLife: curve.halfLife,
            projectedEnd: curve.projectedEnd(
                downTo: drain.maxSessions, connections: drain.maxConnections), flatSince: curve.flatSince,
            deadline: part.phase.timer.map { now.wall + $0.timeLeft(at: now) }, samples: curve.samples)
    }

    private func claims(on node: NodeIndex, _ now: Moment) -> [ClaimStatus] {
        var claims: [ClaimStatus] = []
        if let place = fleet[seat: node].lease, let part = ledger.part(place), let claim = part.phase.claim,
            let header = ledger.header(place.run)
        {
            claims.append(
                ClaimStatus(
                    owner: header.id.text, mode: claim, reason: "step \(stepText(part, header))",
                    since: part.since, until: part.phase.timer.map { now.wall + $0.timeLeft(at: now) }))
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

    private func stepText(_ part: Part, _ header: Ledger.RunHeader) -> String {
        guard let work = part.phase.work else { return "" }
        let steps = header.pinned.sequence.steps
        return "\(work.step + 1) of \(steps.count) (\(steps[work.step].word))"
    }

    /// Everything that stands in the way of a node that is queued, and the first of it in words; empty where it is not.
    private func queuedBlockers(
        _ node: NodeIndex, _ state: [Blocker], _ views: [RunView?], _ now: Moment
    ) -> (blockers: [Blocker], verdict: Verdict?) {
        for place in fleet[seat: node].parts {
            guard let view = views[place.run.raw], view.run.parts[place.part].phase.isQueued,
                let header = ledger.header(place.run)
            else { continue }
            let part = view.run.parts[place.part]
            let own = blockers(of: part, place, header, state: state, now)
            let group = view.group.flatMap { view.run.isInCurrentGroup(part) ? nil : $0 }
            guard group != nil || !own.isEmpty else { return (view.shared, view.sharedVerdict) }
            let blockers = view.general + (group.map { [$0] } ?? []) + own + view.room
            return (blockers, view.generalVerdict ?? blockers.first.map { Verdict($0) })
        }
        return ([], nil)
    }

    /// Why the node is as it is: exactly one answer, the most urgent.
    private func verdict(
        of node: NodeIndex, _ state: [Blocker], _ views: [RunView?], _ wait: Verdict?, _ now: Moment
    ) -> Verdict {
        let working = fleet[seat: node].lease ?? fleet[seat: node].working.first
        if let place = working, let part = ledger.part(place), let header = ledger.header(place.run) {
            return verdict(of: part, place, header, node, now)
        }
        if let hold = ledger[node].hold {
            let code: VerdictCode =
                switch hold.wish {
                case .keepOpen: .keptOpen
                case .reserved: .reserved
                case .handsOff, .mode: .held
                }
            return Verdict(code, "by \(hold.actor): \(hold.reason)", until: hold.until)
        }
        if let stay = ledger[node].failedStay {
            return Verdict(.failed, "kept at \(stay.mode.rawValue) by \(stay.run): \(stay.reason)")
        }
        if !ledger.alarms.isEmpty, let alarm = ledger.alarms[Alarm.Key(.wrongAddress, node: fleet[node].id)] {
            return Verdict(.wrongAddress, alarm.text)
        }
        if let trouble = trouble(with: node, state) { return trouble }
        if let written = ledger[node].written {
            return fleet.isConnected(node, at: now)
                ? Verdict(.owed, "\(written.mode.rawValue) of nagi's is given back")
                : Verdict(.isolated, "stays blocked until a majority of the cluster lists it as connected")
        }
        if let wait { return wait }
        let parts = fleet[seat: node].parts
        if parts.contains(where: { ledger.part($0)?.phase.isQueued == true }) {
            return Verdict(.waitingPrevious, "waits for its turn")
        }
        if let finished = parts.first, let part = ledger.part(finished), let run = views[finished.run.raw]?.run.id {
            let code: VerdictCode = part.isFailed ? .failed : .inDesiredMode
            return Verdict(code, "\(part.phase.word) in \(run)")
        }
        if let run = uncovering(node, views) {
            return Verdict(.notCovered, "came after \(run) began: the next run takes it")
        }
        if let name = suspension(of: node) { return Verdict(.suspended, "the policy \(name) is suspended") }
        return Verdict(.unmanaged, "no claim")
    }

    /// A policy that would take the node, were it not suspended.
    private func suspension(of node: NodeIndex) -> String? {
        guard !calendars.suspended.isEmpty, !fleet[seat: node].isRetained, let configured = fleet[seat: node].configured
        else { return nil }
        return calendars.suspended.first {
            $0.cluster == fleet[node].id.cluster && $0.selector.matches(configured)
        }?.name
    }

    /// A run that is not over whose policy selects the node, and that began without it.
    private func uncovering(_ node: NodeIndex, _ views: [RunView?]) -> RunID? {
        let slots = fleet[fleet.cluster(of: node)].runs
        guard !slots.isEmpty, !fleet[seat: node].isRetained, let configured = fleet[seat: node].configured else {
            return nil
        }
        return slots.lazy.compactMap { views[$0.raw]?.run }.first {
            !$0.isRetry && $0.pinned.selector.matches(configured)
        }?.id
    }

    /// What keeps nagi from doing anything with the node.
    private func trouble(with node: NodeIndex, _ state: [Blocker]) -> Verdict? {
        guard let first = state.first else { return nil }
        switch first.reason {
        case .isolated:
            guard ledger[node].written == nil else { return nil }
            let name = fleet[node].id.name
            let membership = fleet[fleet.cluster(of: node)].membership
            let known = membership.regular + membership.temporary
            if !known.isEmpty, !known.contains(name) {
                return Verdict(.notListed, "the cluster knows no \(name); it knows \(NameList.text(known))")
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
            if let pause = ledger.pause { return Verdict(Blocker(.allPaused(pause), until: pause.until)) }
            if let pause = header.pauses.first { return Verdict(Blocker(.runPaused(pause), until: pause.until)) }
            if !clock.isTrusted { return Verdict(.waitingClock, "the wall clock jumped: waits until it is steady") }
            if situation.isIsolated {
                return Verdict(.isolated, "a majority of the cluster does not list it as connected", until: until)
            }
            if let work = part.phase.work, !work.isGranted, header.pinned.sequence.steps[work.step].takesOut {
                return decision(of: place.run, now).blockers.first.map { Verdict($0) }
                    ?? Verdict(.waitingPrevious, "waits for its turn")
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
        return wait.verdict(until: until, drain: drain(of: node, now))
    }

    private func policyStatus(_ place: Int, _ now: Moment) -> PolicyStatus {
        let entry = calendars.entries[place]
        var status = PolicyStatus(name: entry.policy.name, state: "suspended")
        if entry.policy.isSuspended { return status }
        if let opening = entry.calendar.opening(at: now.wall) {
            status.state = "open"
            guard !entry.policy.schedule.isUnbounded else {
                status.until = entry.calendar.isExcluded(at: opening.end)?.span.start
                return status
            }
            status.until = opening.end
            status.next = entry.calendar.nextOpening(after: opening.end + .nanoseconds(-1))?.start
            return status
        }
        status.state = "closed"
        status.next = entry.calendar.nextOpening(after: now.wall)?.start
        if let taken = calendars.exclusion(of: place, at: now.wall) {
            status.state = "frozen"
            status.reason = taken.by + (taken.reason.map { " (\($0))" } ?? "")
            status.until = taken.until
        }
        return status
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
        case .active: return ([text] + run.pauses.map { "paused\($0.ending)" }).joined(separator: "; ")
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
