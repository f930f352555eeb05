import ModeCore
import Primitives

/// Runs.
extension Controller {
    mutating func pause(
        _ run: RunID?, givesBack: Bool, until: Timestamp?, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let pause = Pause(
            .person, reason: by.reason, actor: by.actor, since: turn.now.wall, until: until, givesBack: givesBack)
        let slots = try run.map { run throws(LeverRefusal) in [try slot(of: run)] } ?? ledger.activeRuns
        if let slot = slots.first, run != nil, ledger.header(slot)?.isEnding ?? true {
            throw Controller.ending
        }
        decide(.paused(run, pause), &turn)
        for slot in slots { touchParts(of: slot) }
        let what = run.map { "paused: \($0)" } ?? "everything is paused, also runs that begin later"
        return LeverAnswer(
            id: 0, action: .pause,
            text: "\(what). Re-asserting, verifying and restoring go on\(consequences(of: slots, givesBack, turn.now))",
            until: until, undo: "nagi resume" + (run.map { " \($0)" } ?? ""))
    }

    /// Which commands a pause does not stop, and what it gives back: by what the parts are about to do.
    private func consequences(of slots: [RunSlot], _ givesBack: Bool, _ now: Moment) -> String {
        var (running, givenBack): ([String], [String]) = ([], [])
        for slot in slots where !isLeftAlone(slot) {
            for index in runs[slot.raw].working {
                let place = PartPlace(run: slot, part: index)
                guard let node = node(of: place), let part = ledger.part(place), let header = ledger.header(slot) else {
                    continue
                }
                let isStopped = givesBack && part.phase.kind == .out && termination(on: node) != nil
                if !isStopped, let command = part.phase.command.flatMap({ ledger.commands[$0] }), command.outcome == nil
                {
                    running.append("\(command.start.step) on \(fleet[node].id.name)")
                }
                guard givesBack, case .out(let work) = part.phase,
                    let next = part.move(in: situation(of: part, place, header, node, now))?.part.phase,
                    [.queued, .returning, .finished].contains(next.kind)
                else { continue }
                let step = header.pinned.sequence.steps[work.step].label
                givenBack.append("\(fleet[node].id.name) (was at \(step)\(calls(on: node, now)))")
            }
        }
        var text = running.isEmpty ? "" : "; has begun and goes on: \(NameList.text(running))"
        if givesBack {
            text += givenBack.isEmpty ? "; nothing is to be given back" : "; given back: \(NameList.text(givenBack))"
        }
        return text
    }

    /// `, 17 sessions`; empty: none, or nobody knows.
    private func calls(on node: NodeIndex, _ now: Moment) -> String {
        guard let load = fleet[node].freshObservation(at: now)?.load else { return "" }
        if let sessions = load.countedSessions { return sessions == 0 ? "" : ", \(sessions.counted("session"))" }
        return load.ongoingConnections == 0 ? "" : ", \(load.ongoingConnections.counted("connection"))"
    }

    mutating func resumeAll(_ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        guard ledger.pause != nil else {
            let paused = ledger.activeRuns.compactMap { ledger.header($0) }.filter { !$0.pauses.isEmpty }.map(\.id.text)
            throw LeverRefusal(
                .nothingToDo, "nobody has paused everything",
                hint: paused.isEmpty ? nil : "paused by itself: \(NameList.text(paused)) (nagi resume RUN)")
        }
        endPauseOfAll(&turn)
        let still = ledger.activeRuns.compactMap { ledger.header($0) }.filter { !$0.pauses.isEmpty }.map(\.id.text)
        let text = "goes on" + (still.isEmpty ? "" : "; still paused by itself: \(NameList.text(still))")
        return LeverAnswer(id: 0, action: .resume, text: text, undo: "nagi pause")
    }

    /// Of everything, when its time is over.
    mutating func notePauseOfAll(_ turn: inout Turn) {
        guard clock.isTrusted, let until = ledger.pause?.until, turn.now.wall >= until else { return }
        endPauseOfAll(&turn)
    }

    private mutating func endPauseOfAll(_ turn: inout Turn) {
        decide(.resumed(nil, .person), &turn)
        for slot in ledger.activeRuns { touchParts(of: slot) }
    }

    mutating func resume(_ slot: RunSlot, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        guard let header = ledger.header(slot), !header.pauses.isEmpty else {
            let id = ledger.header(slot)?.id.text ?? "the run"
            throw LeverRefusal(
                .nothingToDo, "\(id) is not paused",
                hint: ledger.pause == nil
                    ? "what it waits for: nagi explain \(id)" : "everything is paused, which lifts: nagi resume")
        }
        for pause in header.pauses { decide(.resumed(header.id, pause.cause), &turn) }
        touchParts(of: slot)
        let asksAgain =
            header.pauses.contains { $0.cause == .approval }
            ? "; it waits for a word again: nagi approve \(header.id)" : ""
        let text =
            "goes on: \(header.id)\(asksAgain)" + (ledger.pause.map { "; everything is still \($0.words)" } ?? "")
        return LeverAnswer(id: 0, action: .resume, text: text, undo: "nagi pause \(header.id)")
    }

    mutating func abort(_ slot: RunSlot, _ by: Person, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        guard let header = ledger.header(slot), !header.isEnding else { throw Controller.ending }
        decide(.runChanged(header.id, .ending(.aborted("aborted \(by.text)"))), &turn)
        touchParts(of: slot)
        return LeverAnswer(
            id: 0, action: .abort,
            text: "ends: \(header.id). What is not committed is given back, what is goes on through restore",
            undo: header.pinned.isRollout && !header.isRetry ? "nagi start \(header.pinned.name)" : nil)
    }

    /// - Parameter node: nil: all that waits for a word in the run now.
    mutating func approve(
        _ slot: RunSlot, _ node: NodeID?, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let now = turn.now
        guard let header = ledger.header(slot), !header.isEnding else { throw Controller.ending }
        let given = GivenApproval(actor: by.actor, reason: by.reason, at: now.wall)
        var approved: [String] = []
        if node == nil, header.isApprovalAwaited {
            decide(.approvalChanged(header.id, .given(given)), &turn)
            approved.append("its start (\(header.pinned.sequence.text))")
        }
        let awaitsPromotion =
            ledger.withRun(slot) { orderBlockers(of: $0, now).contains { $0.reason == .promotion } } ?? false
        if node == nil, awaitsPromotion {
            decide(.runPromoted(header.id), &turn)
            approved.append("its canary, the others follow")
        }
        for index in ledger.withRun(slot, \.awaitingApproval) ?? [] {
            let place = PartPlace(run: slot, part: index)
            guard var part = ledger.part(place), node == nil || part.node == node else { continue }
            part.phase.change { $0.approval = given }
            decide(.partChanged(header.id, index, part, step: nil, nil), &turn)
            if let seat = self.node(of: place) { nodesToTouch.insert(seat.raw) }
            approved.append(part.node.name)
        }
        guard !approved.isEmpty else {
            let what = node.map { "\($0.name) does not wait" } ?? "nothing of the run waits"
            throw LeverRefusal(.nothingToDo, "\(what) for an approval now", hint: "nagi explain \(header.id)")
        }
        runsToTouch.insert(slot.raw)
        // What is left in the way, now that this word is not: what ends by itself in a moment is none of it.
        let next = decision(of: slot, now).blockers.first { blocker in
            if case .runPaused(let pause) = blocker.reason, pause.cause == .approval { return false }
            return [.config, .human, .clock].contains(blocker.class) && blocker.code != .waitingApproval
        }
        let still = next.map { ". It still waits: \($0.told)" } ?? ""
        return LeverAnswer(
            id: 0, action: .approve, text: "approved in \(header.id): \(NameList.text(approved))\(still)",
            // A pause puts off what the word lets begin: only the run's end takes it back.
            undo: "nagi abort \(header.id) --reason …")
    }

    mutating func skip(
        _ slot: RunSlot, _ node: NodeID, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        guard let header = ledger.header(slot),
            let index = ledger.withRun(slot, { $0.parts.firstIndex { $0.node == node } }) ?? nil,
            let part = ledger.part(PartPlace(run: slot, part: index)), let seat = ledger.index(of: node)
        else { throw notIn(slot, node) }
        let place = PartPlace(run: slot, part: index)
        let isMeasured = ledger.withRun(slot) { $0.gates.contains { $0?.node == node } } ?? false
        if part.isFailed, part.phase.isFinished {
            finish(part, place, header, as: .skipped, &turn)
        } else {
            if part.phase.command != nil, part.phase.kind == .committed {
                throw LeverRefusal(
                    .commandRunning, "\(commandName(seat)) is running on \(node.name)",
                    hint: "wait for it: nagi status --watch")
            }
            guard order(.skip, part, place, header, seat, by, &turn) != nil else {
                throw LeverRefusal(
                    .nothingToDo, "\(node.name) is \(part.phase.word) in \(header.id): there is nothing to skip",
                    hint: "what goes on there: nagi explain \(node)")
            }
        }
        // It is to go on without the node that the gate was about; a gate that is bad for all pauses it before the next one.
        if isMeasured, header.pauses.contains(where: { $0.cause == .gate }) {
            decide(.resumed(header.id, .gate), &turn)
        }
        touchAll(about: seat)
        let stays =
            ledger[seat].failedStay.map { "; it stays \($0.mode.rawValue) until: nagi release \(node) --reason …" }
            ?? ""
        let goesOn = goingOn(without: seat, turn.now).map { "; \($0)" }.joined()
        return LeverAnswer(
            id: 0, action: .skip, text: "skipped: \(header.id) goes on without \(node.name)\(stays)\(goesOn)",
            undo: header.isEnding ? nil : "nagi retry \(header.id) \(node)")
    }

    /// A node that failed and stays goes on from its failed step, also after its run's end; what was given back or left out is
    /// queued once more.
    mutating func retry(
        _ run: RunID, _ node: NodeIndex, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let id = fleet[node].id
        if let stay = ledger[node].failedStay, stay.run == run, let stayed = ledger.stayed[id] {
            return try retry(stayed, stay, node, by, &turn)
        }
        try checkListed(node, "no run takes it")
        let slot = try slot(of: run)
        guard let header = ledger.header(slot),
            let place = fleet[seat: node].parts.first(where: { $0.run == slot }), var part = ledger.part(place)
        else { throw notIn(slot, id) }
        guard case .finished(let result) = part.phase, result.isLeftOut, !header.isEnding else {
            throw LeverRefusal(
                .nothingToDo,
                header.isEnding
                    ? "\(header.id) is ending: it takes no node any more"
                    : "\(id.name) is \(part.phase.word) in \(header.id): there is nothing to retry",
                hint: header.isEnding ? Controller.goesOnInAnother : "what goes on there: nagi explain \(id)")
        }
        part.phase = .queued(PartPhase.Queued())
        (part.since, part.error, part.isCanary, part.isTakenOver) = (turn.now.wall, nil, false, false)
        (part.exempt, part.givenBackForOthers) = ([], 0)
        decide(.partChanged(header.id, place.part, part, step: nil, nil), &turn)
        touchAll(about: node)
        // Somebody may have brought it there by hand: that is looked at before it is taken.
        runs[place.run.raw].mustCheckVersions = true
        let isThere = hasVersion(header.pinned.wantedVersion, node, turn.now)
        let there = isThere ? "; it has \(header.pinned.wantedVersion ?? "") already, and is left as it is" : ""
        return LeverAnswer(
            id: 0, action: .retry, text: "queued once more: \(id.name) in \(header.id)\(there)",
            // What is there already leaves nothing to skip.
            undo: isThere ? nil : "nagi skip \(header.id) \(id) --reason …")
    }

    private mutating func retry(
        _ stayed: StayedPart, _ stay: FailedStay, _ node: NodeIndex, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let id = fleet[node].id
        if let other = fleet[seat: node].working.first.flatMap({ ledger.header($0.run)?.id }) {
            throw LeverRefusal(.nodeTaken, "\(other) has \(id.name) in work", hint: "wait for it: nagi status --watch")
        }
        let hold = ledger[node].hold
        if let hold, !by.isForced {
            throw LeverRefusal(
                .nodeTaken, "\(id.name) is held \(hold.text)",
                hint: "to end that hold and retry: nagi retry \(stay.run) \(id) --force")
        }
        if let command = stayed.openCommand, !by.isForced {
            throw Controller.unheard(command, id, "retry \(stay.run) \(id) --force")
        }
        guard let part = stayed.resumed(claim: stay.mode, at: turn.now), let step = part.phase.work?.step else {
            throw LeverRefusal(
                .nothingToDo, "it is not known where \(id.name) stopped", hint: "nagi release \(id) --reason …")
        }
        let place = try placeToRetry(stayed, stay, node, &turn)
        guard let header = ledger.header(place.run) else {
            throw LeverRefusal(.unknownRun, "there is no run \(stay.run)")
        }
        if hold != nil { decide(.holdEnded(id, reason: "retried \(by.text)"), &turn) }
        var move = PartMove(part)
        move.voidsEvidence = true
        perform(move, of: place, header, node, &turn)
        endStay(of: node, "retried \(by.text)", &turn)
        touchAll(about: node)
        return LeverAnswer(
            id: 0, action: .retry,
            text: "retried: \(id.name) goes on from \(stayed.pinned.sequence.steps[step].label)"
                + (header.id == stay.run ? "" : ", as \(header.id)")
                + (hold.map { "; it is no longer held \($0.text)" } ?? "")
                + (pauses(of: header).contains { $0.cause == .person }
                    ? "; its commands wait until the pause is over" : ""),
            undo: "nagi skip \(header.id) \(id) --reason …")
    }

    /// Its place in the run that it failed in, or in a run of its own where that is over.
    private mutating func placeToRetry(
        _ stayed: StayedPart, _ stay: FailedStay, _ node: NodeIndex, _ turn: inout Turn
    ) throws(LeverRefusal) -> PartPlace {
        if let slot = ledger.slot(of: stay.run), let place = fleet[seat: node].parts.first(where: { $0.run == slot }) {
            return place
        }
        try checkClock("\(stay.run) is over, and no other run can begin")
        let id = RunID(retryOf: stay.run, number: ledger.lastPull + 1)
        let run = Run(
            id: id, pinned: stayed.pinned.value, origin: .retry(of: stay.run), startedAt: turn.now.wall,
            parts: [Part(node: fleet[node].id, group: stayed.part.group, since: turn.now.wall)],
            // No window is its own: what waits for the end of one goes on at once.
            clearance: .closed(.init(cause: .outsideWindow, reopens: false)), progress: nil)
        decide(.runStarted(run), &turn)
        guard let slot = ledger.slot(of: id) else { throw LeverRefusal(.unknownRun, "there is no run \(stay.run)") }
        seat(slot, turn.now)
        return PartPlace(run: slot, part: 0)
    }

    private static let goesOnInAnother = "nagi status shows which run has its nodes, or when the next begins"
    private static var ending: LeverRefusal {
        LeverRefusal(.nothingToDo, "the run is ending already", hint: goesOnInAnother)
    }

    private func notIn(_ slot: RunSlot, _ node: NodeID) -> LeverRefusal {
        let run = ledger.header(slot)?.id.text ?? ""
        return LeverRefusal(.unknownNode, "\(node.name) is not in that run", hint: "who is: nagi explain \(run)")
    }

    mutating func force(
        _ slot: RunSlot, _ ignored: Ignorable, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        guard let header = ledger.header(slot), !header.isEnding else {
            throw LeverRefusal(
                .nothingToDo, "the run is ending already: it takes no node any more", hint: Controller.goesOnInAnother)
        }
        guard ignored != .gate || header.pinned.hasGate else {
            throw LeverRefusal(
                .nothingToDo, "\(header.id) has no gate", hint: "what it waits for: nagi explain \(header.id)")
        }
        guard ignored != .window || !header.pinned.schedule.isUnbounded || header.isRetry else {
            throw LeverRefusal(
                .nothingToDo, "\(header.id) has no windows: it may act at any time",
                hint: "what it waits for: nagi explain \(header.id)")
        }
        guard ignored != .exclusion || hasExclusions(header) else {
            throw LeverRefusal(
                .nothingToDo, "no freeze holds for \(header.id): neither its policy nor its cluster has one",
                hint: "what it waits for: nagi explain \(header.id)")
        }
        guard ledger.withRun(slot, { $0.count(of: .queued) > 0 || !$0.tally.ungranted.isEmpty }) ?? false else {
            throw LeverRefusal(
                .nothingToDo, "no node of \(header.id) waits to start", hint: "what it does: nagi explain \(header.id)")
        }
        let force = Force(ignored, beside: header.force, actor: by.actor, reason: by.reason, since: turn.now.wall)
        decide(.forced(header.id, force), &turn)
        touchParts(of: slot)
        let words = force.ignored.map(\.rawValue).joined(separator: " and ")
        let endsPause = ignored == .gate && header.pauses.contains { $0.cause == .gate }
        return LeverAnswer(
            id: 0, action: .force,
            text:
                "the next node that \(header.id) starts ignores \(words), through its whole sequence. Budget and quorum "
                + "still count" + (endsPause ? "; the pause by its gate ends" : ""),
            undo: "nagi abort \(header.id) --reason …")
    }

    private func hasExclusions(_ header: Ledger.RunHeader) -> Bool {
        guard let set = ledger.policies, let policy = calendars.policy(header.pinned.name) else { return true }
        return !set.exclusions(of: policy).isEmpty
    }

    /// No run begins by a clock that jumped.
    private func checkClock(_ refused: String) throws(LeverRefusal) {
        guard !clock.isTrusted else { return }
        throw LeverRefusal(
            .notNow, "\(refused): the wall clock jumped, and is not trusted yet", hint: "try again in half a minute")
    }

    mutating func start(_ policy: String, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        guard let place = calendars.places[policy] else {
            throw LeverRefusal(
                .unknownPolicy, "there is no policy \(policy.prefix(80))", hint: "nagi status lists them")
        }
        guard calendars.entries[place].policy.isRollout else {
            throw LeverRefusal(
                .nothingToDo, "\(policy) is a maintenance window: its runs begin with its occurrences",
                hint: "when the next begins: nagi explain \(policy)")
        }
        if let slot = activeRuns[policy], let run = ledger.header(slot)?.id {
            throw LeverRefusal(.nothingToDo, "\(run) is active", hint: "end it first: nagi abort \(run) --reason …")
        }
        guard !calendars.entries[place].policy.isSuspended else {
            throw LeverRefusal(
                .notNow, "no run of \(policy) can begin: it is suspended", hint: Controller.unsuspending)
        }
        guard mayStart else {
            throw LeverRefusal(
                .notNow, "no run of \(policy) can begin: the policies on disk could not be read",
                hint: "nagi status says why; then nagi reload")
        }
        try checkClock("no run of \(policy) can begin")
        let cluster = calendars.entries[place].policy.cluster
        guard !(fleet.cluster(named: cluster).map { fleet[$0].awaitsNodes } ?? false) else {
            throw LeverRefusal(
                .notNow, "no run of \(policy) can begin: which nodes are in \(cluster) is not known yet",
                hint: "nagi status shows what is missing, nagi preflight asks its seeds")
        }
        guard let id = startRun(place, isAgain: true, &turn) else {
            throw LeverRefusal(
                .notNow, "no run of \(policy) can begin: its cluster \(cluster) is not in the policies",
                hint: "nagi explain \(policy)")
        }
        let paused =
            ledger.pause.map { "; everything is \($0.words): it takes no node before that ends (nagi resume)" } ?? ""
        return LeverAnswer(id: 0, action: .start, text: "started: \(id)\(paused)", undo: "nagi abort \(id) --reason …")
    }
}
