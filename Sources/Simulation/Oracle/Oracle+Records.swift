import Calendars
import ModeCore
import Primitives
import Scheduling

/// What the journal takes.
extension Oracle {
    mutating func note(durable records: [Record], at: Int64) {
        mirror.pulling = records.lazy.compactMap(\.lever).first
        defer { mirror.pulling = nil }
        for record in records {
            check(record, at: at)
            mirror.note(record.fact, at: at)
            noteRecord(record.at)
        }
        if let text = rates.noteRecords(records.count { !$0.isSample }, at: at) { violate(.growth, at: at, text) }
    }

    private mutating func check(_ record: Record, at: Int64) {
        switch record.fact {
        case .modeIntended(let change): intended(change, at: at)
        case .modeSettled(let node, let id, let isReached): settled(node, id, isReached, at: at)
        case .runStarted(let run): started(run, record, at: at)
        case .nodesFound(_, let found):
            for node in found.nodes where !isAllowed(node.api) {
                violate(.reach, at: at, "\(node.name) is to be called at \(node.api), which the policy leaves out")
            }
        case .runPromoted(let id):
            guard let run = mirror.run(id) else { return }
            if run.policy.strategy.canary?.promote == .manual, mirror.pulling?.lever != .approve(id, nil) {
                violate(.asked, at: at, "\(id) is promoted, and nobody has said so")
            }
            for (invariant, text) in stages.promotes(run, at: at, place: { listedPlace($0) }) {
                violate(invariant, at: at, text)
            }
        case .resumed(let id?, .person): resumed(id, record, at: at)
        case .leverPulled: levers.append(at)
        case .ownershipDropped(let node, .writtenOff):
            if let place = place(node) { truths[place].ownership.blur() }
        case .partChanged(let id, let index, let part, _, _): changed(id, index, part, record, at: at)
        case .commandIntended(let start): intended(start, record, at: at)
        case .commandEnded(let id, _, let outcome, _, _, _):
            if let start = command(id)?.start, start.isCall { note(ended: id, outcome) }
        default: break
        }
    }

    /// Hands off, by a person.
    private func isHeld(_ node: NodeID, at wall: Timestamp) -> Bool {
        mirror.holds[node].map { !$0.isOver(at: wall) } ?? false
    }

    private func listedPlace(_ node: NodeID) -> Int? {
        cluster?.nodes.contains { $0.name == node.name } == true ? place(node) : nil
    }

    private mutating func intended(_ change: ModeChange, at: Int64) {
        if let open = mirror.open[change.node] {
            violate(.oneOpenIntent, at: at, "\(change.node.name): \(change.id) while \(open.change.id) is open")
        }
        if mirror.holds[change.node]?.wish == .keepOpen, change.target > .normal {
            violate(.held, at: at, "\(change.node.name) is kept open, and is to be \(change.target.rawValue)")
        }
        durableIntents.insert(change.id)
        // Until it is settled, and a minute after its `notAfter`.
        mayArrive[change.node, default: []].append((change.target, .max))
        if let text = rates.noteIntent(for: change.node, at: at) { violate(.rate, at: at, text) }
    }

    private mutating func settled(_ node: NodeID, _ id: Int, _ isReached: Bool, at: Int64) {
        guard let change = mirror.open[node]?.change, change.id == id else { return }
        mayArrive[node]?.removeAll { $0.until < at || ($0.mode == change.target && $0.until == .max) }
        if !isReached { mayArrive[node]?.append((change.target, at + 75_000_000_000)) }
    }

    private mutating func started(_ run: Run, _ record: Record, at: Int64) {
        if !runsStarted.insert(run.id).inserted { violate(.oneRun, at: at, "\(run.id) started twice") }
        if !isClockTrusted(at: at) { violate(.clock, at: at, "\(run.id) begins by a wall clock that jumped") }
        guard case .window(_, let span) = run.origin else { return }
        if let other = spans[run.policy]?.first(where: { $0.overlaps(span) }) {
            violate(.oneRun, at: at, "\(run.id) runs in a span that overlaps one that ran: \(other)")
        }
        spans[run.policy, default: []].append(span)
        if !calendar.isOpen(run.pinned.schedule.windows, at: record.at.wall) {
            violate(.window, at: at, "\(run.id) begins outside its windows")
        }
    }

    /// A person's pause lasts until its time is over, or a person says otherwise.
    private mutating func resumed(_ id: RunID, _ record: Record, at: Int64) {
        guard let pause = mirror.run(id)?.pause, !pause.isOver(at: record.at.wall) else { return }
        if mirror.pulling?.lever != .resume(id) {
            violate(.levers, at: at, "\(id) goes on, which a person has paused")
        }
    }

    private mutating func changed(_ id: RunID, _ index: Int, _ part: Part, _ record: Record, at: Int64) {
        guard let run = mirror.run(id) else { return }
        let former = run.parts[index].part
        let isRetried = mirror.pulling?.lever.retried == part.node
        // What failed and is released or skipped by an operator counts as that.
        let isSettled = mirror.pulling != nil && part.phase.isFinished
        if former.phase.isFinished, former.phase != part.phase, !isRetried, !isSettled {
            violate(.deadline, at: at, "\(part.node.name) is finished in \(id) and moves again")
        }
        if let step = part.phase.work.map({ run.policy.sequence.steps[$0.step] }), part.phase.timer == nil,
            step.needsDeadline, part.phase.work?.isGranted == true
        {
            violate(.deadline, at: at, "\(part.node.name) is in \(step.word) of \(id) without a deadline")
        }
        if !isRetried, isHeld(part.node, at: record.at.wall), part.phase.isInWork,
            former.phase.isQueued || (part.phase.claim ?? .normal) > (former.phase.claim ?? .normal)
        {
            violate(.held, at: at, "\(part.node.name) is held, and is taken further in \(id)")
        }
        if !isRetried, run.isPaused || mirror.isEverythingPaused,
            (part.phase.claim ?? .normal) > (former.phase.claim ?? .normal)
        {
            violate(.paused, at: at, "\(part.node.name) is claimed further in \(id), which is paused")
        }
        checkPassed(former, part, in: run, at: at)
        let gained = part.exempt.filter { !former.exempt.contains($0) }
        if !gained.isEmpty, run.used?.node != part.node || !gained.allSatisfy(run.used?.word.contains ?? { _ in false })
        {
            violate(
                .asked, at: at, "\(part.node.name) is exempt from \(gained[0].rawValue) in \(id) by no word of its own")
        }
        if former.phase.isQueued, part.phase.isInWork, !isRetried {
            if !run.isHandled {
                for (invariant, text) in stages.starts(part, in: run, at: at, labels: { labels($0) }) {
                    violate(invariant, at: at, text)
                }
            }
            checkAsked(part, in: run, record, at: at)
            starts(part, in: run, record, at: at)
        }
        if part.phase.claim != nil, !run.parts[index].hasSlot, !isRetried { takesSlot(part, in: run, record, at: at) }
    }

    /// A part that was queued goes to work, perhaps with a command that takes nothing out of service.
    private mutating func starts(_ part: Part, in run: RunMirror.RunView, _ record: Record, at: Int64) {
        let name = part.node.name
        if run.failures >= run.failureLimit {
            violate(.failures, at: at, "\(name) starts in \(run.run.id) after \(run.failures) failed")
        }
        if run.isEnding { violate(.failures, at: at, "\(name) starts in \(run.run.id), which is ending") }
        if let pause = run.owedPause, !pause.isOver(at: record.at.wall) {
            violate(.paused, at: at, "\(name) starts in \(run.run.id): an edit has lost a person's pause")
        }
        checkStart(part, in: run, record, at: at)
    }

    /// In its open time, and not too close to its end.
    private mutating func checkStart(_ part: Part, in run: RunMirror.RunView, _ record: Record, at: Int64) {
        let name = part.node.name
        if !isClockTrusted(at: at) { violate(.clock, at: at, "\(name) starts by a wall clock that jumped") }
        let wall = record.at.wall
        if let why = closure(of: run, at: wall, isFirst: true, exempt: part.exempt) {
            violate(.window, at: at, "\(name) starts in \(run.run.id) \(why)")
        }
        if let why = misfit(of: run, at: wall, exempt: part.exempt) {
            violate(.window, at: at, "\(name) starts in \(run.run.id), and may be at work \(why)")
        }
        let cutoff = run.policy.schedule.cutoff
        let last = wall + cutoff
        if cutoff > .zero, !part.exempt.contains(.window), !calendar.isOpen(run.policy.schedule.windows, at: last) {
            violate(.window, at: at, "\(name) starts in \(run.run.id) within the cutoff")
        }
    }

    private mutating func takesSlot(_ part: Part, in run: RunMirror.RunView, _ record: Record, at: Int64) {
        let name = part.node.name
        checkStart(part, in: run, record, at: at)
        if part.isTakenOver { return }
        checkGates(part, in: run, record, at: at)
        let strategy = run.policy.strategy
        let most = strategy.maxUnavailable.asMaxUnavailable(of: run.parts.count)
        let have = run.parts.count { $0.hasSlot }
        if have >= most {
            violate(.slots, at: at, "\(name) is the \(have + 1). of \(most) in work in \(run.run.id)")
        }
        let pause = strategy.pauseBetweenNodes.nanoseconds
        if pause > 0 {
            // A slot that became free stays unused for so long.
            let resting = run.freedAt.count { at - $0 < pause - RateOracle.second }
            if have + resting >= most {
                violate(.slots, at: at, "\(name) takes a slot of \(run.run.id) that became free less than a pause ago")
            }
        }
        checkToldBudget(part, record, at: at)
    }

    /// By what this process was told, no longer ago than `staleAfter`, and by what it has out of service.
    private mutating func checkToldBudget(_ part: Part, _ record: Record, at: Int64) {
        guard let cluster else { return }
        let uptime = record.at.uptime.nanoseconds
        func isTemporary(_ node: NodeID) -> Bool { place(node).map { truths[$0].isTemporary } ?? false }
        var outage = Outage()
        outage.add(part.node.name, isTemporary: isTemporary(part.node))
        for node in cluster.nodes where node.name != part.node.name {
            let id = NodeID(cluster: cluster.name, name: node.name)
            // Cut off, a temporary one is no member any more.
            if isTemporary(id), let place = place(id), truths[place].apartSince != nil { continue }
            let isServing =
                told[id]?.isServing(at: uptime, within: staleAfter, hasProbe: node.ready != nil) ?? false
            guard !isServing || mirror.isClaimed(id) || mirror.isReserved(id) else { continue }
            outage.add(node.name, isTemporary: isTemporary(id))
        }
        let regular = truths.enumerated().count { place, truth in
            !truth.isTemporary && (isClustered || cluster.nodes.contains { $0.name == machines[place].name })
        }
        let (most, least) = (cluster.budget.maxUnavailable, cluster.budget.minAvailable)
        checkBudget(outage, of: regular, most: most, least: least, " (as told)", at: at)
    }

    /// A person has said yes, and what is measured before a start is good and not old.
    private mutating func checkAsked(_ part: Part, in run: RunMirror.RunView, _ record: Record, at: Int64) {
        if !run.isApproved {
            violate(.asked, at: at, "\(part.node.name) starts in \(run.run.id), which nobody approved")
        }
        checkGates(part, in: run, record, at: at)
    }

    /// What is measured before the node goes is good and not old: as it starts, and as it is taken out of service.
    private mutating func checkGates(_ part: Part, in run: RunMirror.RunView, _ record: Record, at: Int64) {
        guard !part.exempt.contains(.gate) else { return }
        for (place, gate) in run.policy.gates.enumerated() {
            let age = run.gates[place].map { record.at.uptime - $0.state.at.uptime } ?? .hours(1)
            guard let measured = run.gates[place], measured.isGood, measured.state.node == part.node,
                age <= max(gate.interval, .seconds(10))
            else {
                violate(
                    .asked, at: at, "\(part.node.name) starts in \(run.run.id) though \(gate.name) is not known good")
                continue
            }
        }
    }

    /// Past an approval or a gate of its sequence a part goes on an answer only.
    private mutating func checkPassed(_ former: Part, _ part: Part, in run: RunMirror.RunView, at: Int64) {
        guard let from = former.phase.work, let to = part.phase.work, to.step > from.step else { return }
        switch run.policy.sequence.steps[from.step] {
        case .approval where from.approval == nil:
            violate(.asked, at: at, "\(part.node.name) goes past an approval in \(run.run.id) that nobody gave")
        case .gate(let gate) where !part.exempt.contains(.gate):
            switch (from.gate?.latest, gate.onUnknown) {
            case (.pass?, _), (.unknown?, .pass): break
            default:
                violate(.asked, at: at, "\(part.node.name) goes past \(gate.name) in \(run.run.id), which is not good")
            }
        default: break
        }
    }

    /// A command is about to begin.
    private mutating func intended(_ start: CommandStart, _ record: Record, at: Int64) {
        guard let run = mirror.run(start.run), let view = run.parts.first(where: { $0.part.node == start.node }) else {
            return
        }
        if run.isPaused || mirror.isEverythingPaused {
            violate(.paused, at: at, "\(start.step) begins on \(start.node.name) in \(start.run), which is paused")
        }
        if isHeld(start.node, at: record.at.wall) {
            violate(.held, at: at, "\(start.step) begins on \(start.node.name), which is held")
        }
        // What a drain ends at its deadline is no step of its own.
        let step = run.policy.sequence.steps.lazy.compactMap(\.command).first { $0.name == start.step }
        var command = CommandView(start: start, step: step, intendedAt: at)
        let work = view.part.phase.work
        let drain = run.policy.sequence.drain(before: work?.step ?? 0)?.step
        command.mayCut = work?.mayDropSessions ?? false
        command.sessions = drain?.maxSessions ?? 0
        command.connections = drain?.maxConnections ?? 0
        commands.append(command)
        guard step?.isDisruptive == true else { return }
        if !isClockTrusted(at: at) {
            violate(.clock, at: at, "\(start.step) begins on \(start.node.name) by a wall clock that jumped")
        }
        if command.mayCut || drain == nil { return }
        let since = work?.since.uptime.nanoseconds ?? 0
        let isProven =
            told[start.node]?.isDrained(
                sessions: command.sessions, connections: command.connections, since: since,
                at: record.at.uptime.nanoseconds, within: staleAfter) ?? false
        if !isProven, told[start.node] != nil {
            violate(.order, at: at, "\(start.step) begins on \(start.node.name) without proof that it is drained")
        }
    }

    /// A command begins on a machine: never beside itself, and again only after it failed.
    mutating func note(begun start: CommandStart, at: Int64) {
        let key = { (other: CommandStart) in
            other.run == start.run && other.node == start.node && other.step == start.step
        }
        for other in commands where other.isRunning && other.start.id != start.id && other.start.node == start.node {
            let sameStep = other.start.step == start.step
            if sameStep || (other.step?.isDisruptive ?? false) {
                violate(
                    .commandTwice, at: at, "\(start.step) begins on \(start.node.name) beside \(other.start.step)")
            }
        }
        let isDisruptive = command(start.id)?.step?.isDisruptive ?? false
        let retriedAt = mirror.run(start.run)?.parts.first { $0.part.node == start.node }?.retriedAt ?? .min
        let hasSucceeded =
            isDisruptive
            ? commands.contains {
                key($0.start) && $0.intendedAt > retriedAt && $0.outcome?.isSuccess == true
                    && $0.start.id != start.id
            }
            : mirror.run(start.run)?.parts.first { $0.part.node == start.node }?.succeeded.contains(start.step) ?? false
        // Calls may come back, and are ended again.
        let isTermination = if case .termination = start.work { true } else { false }
        if hasSucceeded, !isTermination {
            violate(.commandTwice, at: at, "\(start.step) begins on \(start.node.name) again after it had succeeded")
        }
        change(start.id) { $0.isRunning = true }
    }

    /// Who comes to a node that was given back is not sent away.
    mutating func note(calls: Int, endedOn node: NodeID, at: Int64) {
        guard calls > 0, !mirror.isClaimed(node) else { return }
        violate(.order, at: at, "calls are ended on \(node.name), which was given back")
    }

    func command(_ id: CommandID) -> CommandView? { commands.last { $0.start.id == id } }

    private mutating func change(_ id: CommandID, _ change: (inout CommandView) -> Void) {
        guard let place = commands.lastIndex(where: { $0.start.id == id }) else { return }
        change(&commands[place])
    }

    /// Nothing of it goes on. What a call came to counts once nagi has written it down: it may have heard nothing.
    mutating func note(over id: CommandID, _ outcome: CommandOutcome) {
        guard command(id)?.start.isCall == true else { return note(ended: id, outcome) }
        change(id) { $0.isRunning = false }
    }

    private mutating func note(ended command: CommandID, _ outcome: CommandOutcome) {
        change(command) { command in
            command.isRunning = false
            command.outcome = outcome
        }
        if outcome.isSuccess, let start = self.command(command)?.start { mirror.noteSucceeded(start) }
    }
}

extension Step {
    /// It waits for nothing that has a name of its own.
    fileprivate var needsDeadline: Bool {
        switch self {
        case .drain, .block, .verify, .soak, .wait(.duration), .gate: true
        default: false
        }
    }
}

extension CommandStart {
    /// Its answer goes to the process that made it, and to no other.
    var isCall: Bool { if case .call = work { true } else { false } }
}

extension Lever {
    /// The node that it has begin once more.
    fileprivate var retried: NodeID? { if case .retry(_, let node) = self { node } else { nil } }
}

extension Record {
    fileprivate var lever: PulledLever? { if case .leverPulled(let lever) = fact { lever } else { nil } }
}
