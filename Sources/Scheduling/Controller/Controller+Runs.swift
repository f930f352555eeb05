import Calendars
import ModeCore
import Primitives

/// Which run starts, what its calendars say, when it is over.
extension Controller {
    /// Asks every calendar that may answer differently now: starts runs whose window is open, and knows the clearance of
    /// each.
    mutating func checkCalendars(_ turn: inout Turn) {
        // A clock that is not trusted says nothing about windows: nothing is used up, nothing ends.
        guard clock.isTrusted else { return }
        let now = turn.now.wall
        for place in calendars.due(at: now) {
            let name = calendars.entries[place].policy.name
            if let slot = activeRuns[name] {
                if !isLeftAlone(slot) { refreshClearance(of: slot, place, &turn) }
            } else {
                startRun(place, &turn)
            }
            if calendars.isAboutToOpen(place, at: now),
                let cluster = fleet.cluster(named: calendars.entries[place].policy.cluster)
            {
                fleet[cluster].sweep.wish(at: turn.now.uptime)
                sweep(cluster, turn.now)
            }
            let origin = activeRuns[name].flatMap { ledger.header($0)?.origin }
            calendars.rest(place, until: calendars.nextChange(of: place, origin: origin, at: now), from: now)
        }
    }

    private mutating func refreshClearance(of slot: RunSlot, _ place: Int, _ turn: inout Turn) {
        guard let header = ledger.header(slot) else { return }
        if calendars.entries[place].pinned?.run != header.id {
            calendars.pin(
                place, pinnedCalendar(of: header, place), isUnbounded: header.pinned.schedule.isUnbounded)
        }
        let clearance = calendars.clearance(of: place, origin: header.origin, at: turn.now.wall)
        if clearance != header.clearance {
            decide(.clearanceChanged(header.id, clearance), &turn)
            if clearance.isOpen != header.clearance.isOpen { touchParts(of: slot) }
            runsToTouch.insert(slot.raw)
        }
        // A clock that went back ends nothing.
        if case .window(_, let span) = header.origin, turn.now.wall >= span.end, !header.isEnding {
            decide(.runChanged(header.id, .ending(.windowEnded)), &turn)
            touchParts(of: slot)
        }
    }

    private func pinnedCalendar(of header: Ledger.RunHeader, _ place: Int) -> (run: RunID, calendar: PolicyCalendar)? {
        guard let set = ledger.policies,
            header.pinned.schedule.windows != calendars.entries[place].policy.schedule.windows
        else { return nil }
        let calendar = set.calendar(of: calendars.entries[place].policy, windows: header.pinned.schedule.windows)
        return (header.id, calendar)
    }

    mutating func touchParts(of slot: RunSlot) {
        runsToTouch.insert(slot.raw)
        for index in runs[slot.raw].working {
            if let node = node(of: PartPlace(run: slot, part: index)) { nodesToTouch.insert(node.raw) }
        }
    }

    /// - Parameter isAgain: the revision that ran last is to run once more.
    /// - Returns: the run that began.
    @discardableResult
    mutating func startRun(_ place: Int, isAgain: Bool = false, _ turn: inout Turn) -> RunID? {
        let policy = calendars.entries[place].policy
        guard clock.isTrusted, mayStart, !policy.isSuspended, let cluster = fleet.cluster(named: policy.cluster),
            fleet[cluster].isListed, !fleet[cluster].awaitsNodes
        else { return nil }
        let history = ledger.history[policy.name] ?? PolicyHistory()
        let id: RunID
        let origin: Run.Origin
        if let revision = policy.revision {
            // The revision that ran last runs again only if something outside of it ended its run.
            let isRepeat = history.revision == revision
            guard !isRepeat || history.endReason?.leavesRevisionOpen ?? false || isAgain else { return nil }
            let ordinal = history.runs(of: revision) + 1
            origin = .rollout(revision: revision, ordinal: ordinal)
            id = RunID(policy: policy.name, revision: revision, ordinal: ordinal)
        } else {
            guard let opening = calendars.entries[place].calendar.opening(at: turn.now.wall),
                !history.hasRun(opening.occurrence, opening.span)
            else { return nil }
            origin = .window(opening.occurrence, opening.span)
            id = RunID(opening.occurrence)
        }
        var pinned = policy
        // Those of the policy in force count, whatever they were.
        pinned.schedule.exclusions = []
        let run = Run(
            id: id, pinned: pinned, origin: origin, startedAt: turn.now.wall,
            parts: parts(of: policy, in: cluster, history, turn.now),
            clearance: calendars.clearance(of: place, origin: origin, at: turn.now.wall),
            progress: policy.strategy.progressDeadline.map { Countdown(standing: $0) })
        decide(.runStarted(run), &turn)
        // Whoever paused the run, or let its next node pass, did not mean its text.
        if let pause = history.handedOn?.pause { decide(.paused(id, pause), &turn) }
        if let force = history.handedOn?.force { decide(.forced(id, force), &turn) }
        if let slot = ledger.slot(of: id) { seat(slot, turn.now) }
        return id
    }

    private func parts(
        of policy: Policy, in cluster: ClusterIndex, _ history: PolicyHistory, _ now: Moment
    ) -> [Part] {
        func id(_ name: String) -> NodeID { NodeID(cluster: policy.cluster, name: name) }
        let members = RunOrder.members(
            of: fleet[cluster].policy.nodes.filter(policy.selector.matches), groups: policy.strategy.groups,
            tried: { history.tried[id($0)] },
            isTakenOver: { name in
                policy.isRollout
                    && ledger.index(of: id(name)).map { ledger[$0].failedStay?.policy == policy.name } ?? false
            })
        return RunOrder.sorted(members, by: policy.strategy.order).map { member in
            Part(
                node: id(member.node.name), group: member.group, isTakenOver: member.isTakenOver, since: now.wall)
        }
    }

    /// After a reload: runs whose policy went, was suspended or has a newer revision end, and so do parts of nodes that
    /// left.
    mutating func endRunsOfChangedPolicies(_ turn: inout Turn) {
        for slot in ledger.activeRuns {
            guard let header = ledger.header(slot), !isLeftAlone(slot) else { continue }
            touchParts(of: slot)
            guard let reason = reasonToEnd(header) ?? editBeforeStart(slot, header) else { continue }
            if !header.isEnding { decide(.runChanged(header.id, .ending(reason)), &turn) }
            // Nobody asks a calendar that is gone again: what waits for its windows would wait for ever.
            let closed = Clearance.closed(.init(cause: .outsideWindow, reopens: false))
            if reason == .policyRemoved, header.clearance != closed {
                decide(.clearanceChanged(header.id, closed), &turn)
            }
        }
        touchWorkingNodes()
    }

    private func reasonToEnd(_ header: Ledger.RunHeader) -> EndReason? {
        guard let policy = calendars.policy(header.pinned.name), policy.cluster == header.pinned.cluster,
            (policy.revision == nil) == (header.pinned.revision == nil)
        else { return .policyRemoved }
        if policy.isSuspended { return .suspended }
        return policy.revision == header.pinned.revision ? nil : .superseded
    }

    /// A run pins its policy's text for the nodes that it takes. Where it has taken none yet, whoever edits the text means that
    /// run: another one begins, and an approval of the old text is void.
    private func editBeforeStart(_ slot: RunSlot, _ header: Ledger.RunHeader) -> EndReason? {
        guard header.pinned.isRollout, !header.isRetry, !header.isEnding,
            let policy = calendars.policy(header.pinned.name), let cluster = fleet.cluster(named: policy.cluster),
            ledger.withRun(slot, \.isUntouched) ?? false
        else { return nil }
        var edits = header.pinned.value.edits(to: policy)
        let selected = fleet[cluster].policy.nodes.filter(policy.selector.matches).map(\.name)
        let pinned = ledger.withRun(slot) { $0.parts.map(\.node.name) } ?? []
        if Set(selected) != Set(pinned) { edits.append("nodes") }
        return edits.isEmpty ? nil : .edited(edits)
    }

    /// One look at a run: failures pause it, room starts nodes, and one that is through ends.
    mutating func touch(_ slot: RunSlot, _ turn: inout Turn) {
        turn.cost.runs += 1
        guard let header = ledger.header(slot), !isLeftAlone(slot) else { return }
        finishQueuedParts(of: slot, header, &turn)
        if header.phase == .active {
            updateApprovalClock(of: slot, header, turn: &turn)
            notePauses(of: slot, header, &turn)
            if ledger.header(slot).map({ pauses(of: $0).isEmpty }) ?? false {
                promoteIfProven(slot, &turn)
                startNodes(of: slot, &turn)
            }
        }
        updateProgressClock(of: slot, &turn)
        endIfThrough(slot, &turn)
    }

    /// Queued parts of a run that is ending, and of nodes that left the policies.
    private mutating func finishQueuedParts(of slot: RunSlot, _ header: Ledger.RunHeader, _ turn: inout Turn) {
        let isEnding = header.isEnding
        guard runs[slot.raw].hasLeavers || isEnding else { return }
        runs[slot.raw].hasLeavers = false
        let queued =
            ledger.withRun(slot) { run in run.parts.indices.filter { run.parts[$0].phase.isQueued } } ?? []
        for index in queued {
            let place = PartPlace(run: slot, part: index)
            guard let part = ledger.part(place) else { continue }
            let node = node(of: place)
            guard isEnding || node == nil || node.map({ fleet[seat: $0].isRetained }) == true else { continue }
            finish(part, place, header, as: result(of: part, header), &turn)
        }
    }

    private func result(of part: Part, _ header: Ledger.RunHeader) -> PartResult {
        guard case .ending(let reason) = header.phase else { return .ended }
        let happening: Table.Happening =
            switch reason {
            case .windowEnded: .windowEnds
            case .superseded, .edited: .newRevision
            case .suspended, .policyRemoved, .nodeRemoved, .aborted: .abort
            }
        let traits = Table.Traits(
            onWindowEnd: header.pinned.schedule.onWindowEnd, onFailure: header.pinned.sequence.onFailure ?? .stay)
        guard case .finish(let result) = Table.response(of: .queued, to: happening, traits) else { return .ended }
        // It had its turn, and was given back.
        return result == .notReached && part.milestones.claimedAt != nil ? .ended : result
    }

    mutating func finish(
        _ part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, as result: PartResult, _ turn: inout Turn
    ) {
        var next = part
        next.phase = .finished(result)
        next.since = turn.now.wall
        decide(.partChanged(header.id, place.part, next, step: nil, nil), &turn)
        runsToTouch.insert(place.run.raw)
    }

    /// Of a process that acted, while this one only observes.
    func isLeftAlone(_ slot: RunSlot) -> Bool {
        ledger.isObserving && ledger.header(slot)?.isObserved == false
    }

    /// It is in work for such a run.
    func isLeftAlone(_ node: NodeIndex) -> Bool { fleet[seat: node].lease.map { isLeftAlone($0.run) } ?? false }

    private mutating func endIfThrough(_ slot: RunSlot, _ turn: inout Turn) {
        guard let header = ledger.header(slot) else { return }
        let (isOver, failed, proven, count) =
            ledger.withRun(slot) { ($0.isOver, $0.tally.failed, $0.tally.proven, $0.parts.count) } ?? (false, 0, 0, 0)
        // What would have been done is shown as long as it would have gone on.
        guard isOver, !header.isObserved || header.isEnding else { return }
        var reason: EndReason?
        if case .ending(let why) = header.phase { reason = why }
        let outcome: RunOutcome =
            header.isObserved ? .observed : failed > 0 ? .failed : proven == count ? .completed : .partial(reason)
        for node in runs[slot.raw].nodes.compactMap(\.self) {
            fleet[seat: node].awaiting.removeAll { $0.place.run == slot }
            fleet[seat: node].parts.removeAll { $0.run == slot }
        }
        decide(.runEnded(header.id, outcome), &turn)
        measurements.forget(header.id)
        if !header.isRetry { activeRuns[header.pinned.name] = nil }
        let watch = runs[slot.raw]
        runs[slot.raw] = RunWatch()
        if let cluster = watch.cluster {
            fleet[cluster].runs.removeAll { $0 == slot }
            touchRuns(of: cluster)
        }
        if !header.isRetry, let place = calendars.places[header.pinned.name] { calendars.pin(place, nil) }
        // The policy may have more to do: a newer revision waits for the old run to be out of the way.
        calendars.check(header.pinned.name)
        checkCalendars(&turn)
    }

    /// What keeps the run from going on, its own pauses and that of everything.
    func pauses(of header: Ledger.RunHeader) -> [Pause] { (ledger.pause.map { [$0] } ?? []) + header.pauses }

    /// Failures and lack of progress pause it; what they paused goes on where they are gone. A person's pause ends in time.
    private mutating func notePauses(of slot: RunSlot, _ header: Ledger.RunHeader, _ turn: inout Turn) {
        for cause in Pause.Cause.allCases {
            let standing = header.pauses.first { $0.cause == cause }
            switch cause {
            case .person:
                guard clock.isTrusted, let until = standing?.until else { continue }
                guard turn.now.wall >= until else {
                    wake(slot, at: until, turn.now)
                    continue
                }
                decide(.resumed(header.id, cause), &turn)
            // A node that makes way does not make well what was measured before it: only a person's word goes on.
            case .gate where standing != nil:
                guard ledger.withRun(slot, { $0.isForced(.gate) }) ?? false else { continue }
                decide(.resumed(header.id, cause), &turn)
            case .failures, .canary, .gate, .approval:
                let now = turn.now
                let reason = ledger.withRun(slot) { $0.reasonToPause(cause, at: now) } ?? nil
                guard (reason == nil) != (standing == nil) else { continue }
                if let reason {
                    decide(.paused(header.id, Pause(cause, reason: reason, since: turn.now.wall)), &turn)
                } else {
                    decide(.resumed(header.id, cause), &turn)
                }
            case .progress:
                guard standing == nil, let length = header.pinned.strategy.progressDeadline,
                    let clock = ledger.withRun(slot, { $0.progress }) ?? nil, clock.isRunning,
                    clock.hasPassed(at: turn.now)
                else { continue }
                let reason = "no step finished for \(length.spoken) (progressDeadline)"
                decide(.paused(header.id, Pause(cause, reason: reason, since: turn.now.wall)), &turn)
            }
            touchParts(of: slot)
        }
    }

    /// The loop stood still, and nobody could make progress meanwhile.
    mutating func forgiveStall(_ turn: inout Turn) {
        for slot in ledger.activeRuns {
            guard let header = ledger.header(slot), let length = header.pinned.strategy.progressDeadline,
                var clock = ledger.withRun(slot, { $0.progress }) ?? nil, clock.isRunning,
                clock.timeLeft(at: turn.now) < length / 4
            else { continue }
            clock.reset(to: length / 4, at: turn.now)
            decide(.progressChanged(header.id, clock), &turn)
        }
    }

    /// Starts and stops the clock of the word that the run's start waits for: it counts where nothing else keeps the run.
    private mutating func updateApprovalClock(of slot: RunSlot, _ header: Ledger.RunHeader, turn: inout Turn) {
        guard header.isApprovalAwaited, var clock = ledger.withRun(slot, { $0.approval.clock }) ?? nil else { return }
        let isDue = pauses(of: header).isEmpty && self.clock.isTrusted && mayStart && header.clearance.isOpen
        if isDue != clock.isRunning {
            if isDue { clock.run(from: turn.now) } else { clock.stand(at: turn.now) }
            decide(.approvalChanged(header.id, .awaited(clock)), &turn)
        }
        if let end = clock.end { wake(.run(slot.raw), at: end, turn.now) }
    }

    /// Starts and stops the clock of the run's `progressDeadline`.
    private mutating func updateProgressClock(of slot: RunSlot, _ turn: inout Turn) {
        guard let header = ledger.header(slot), var clock = ledger.withRun(slot, { $0.progress }) ?? nil else { return }
        let isDue = isProgressDue(slot, header, turn.now)
        if isDue != clock.isRunning {
            if isDue { clock.run(from: turn.now) } else { clock.stand(at: turn.now) }
            decide(.progressChanged(header.id, clock), &turn)
        }
        if let end = clock.end { wake(.run(slot.raw), at: end, turn.now) }
        let isStuck = header.pauses.contains { $0.cause == .progress }
        alarm(Alarm.Key(.stuck, run: header.id), isStuck ? "\(header.id) makes no progress" : nil, &turn)
    }

    /// Whether the run could act, and what it waits for is not what its policy orders.
    private func isProgressDue(_ slot: RunSlot, _ header: Ledger.RunHeader, _ now: Moment) -> Bool {
        guard header.phase == .active, pauses(of: header).isEmpty, clock.isTrusted, mayStart, header.clearance.isOpen
        else { return false }
        let watch = runs[slot.raw]
        guard watch.working.isEmpty else { return watch.orderedWaits < watch.working.count }
        guard case .wait(let blockers) = decision(of: slot, now), !blockers.isEmpty else { return true }
        return !blockers.contains { blocker in
            switch blocker.reason {
            case .cutoff, .nodeBusy: true
            case .budget: isAnotherAtWork(beside: slot)
            default: blocker.isOrdered
            }
        }
    }

    /// Other runs of nagi have nodes of the cluster out of service, and with them the place that this one waits for.
    private func isAnotherAtWork(beside slot: RunSlot) -> Bool {
        guard let cluster = runs[slot.raw].cluster else { return false }
        return fleet[cluster].runs.contains { other in
            other != slot && (ledger.withRun(other) { $0.tally.holdingSlots > 0 } ?? false)
        }
    }
}
