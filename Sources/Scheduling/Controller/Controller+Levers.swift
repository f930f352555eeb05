import ModeCore
import Primitives

/// What an operator does by hand. A lever is checked whole before the first fact is decided: what is refused changes nothing.
extension Controller {
    mutating func take(_ pull: Pull, ticket: Int, _ turn: inout Turn) {
        do throws(LeverRefusal) {
            turn.act(.answer(ticket, .success(try pulled(pull, &turn))))
        } catch {
            turn.act(.answer(ticket, .failure(error)))
        }
    }

    private mutating func pulled(_ pull: Pull, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        if let earlier = ledger.pulls.last(where: { $0.pull.key != nil && $0.pull.key == pull.key }) {
            guard earlier.pull == pull else {
                throw LeverRefusal(
                    .keyUsed,
                    "this key was used for another order (\(earlier.answer.action.rawValue), number \(earlier.id))",
                    hint: "take a new key for each order")
            }
            return earlier.answer
        }
        let lever = try lever(of: pull.order, turn.now.wall)
        let by = Person(actor: pull.actor, reason: pull.order.reason, isForced: pull.order.isForced)
        var answer = try perform(lever, by, &turn)
        answer.id = ledger.lastPull + 1
        decide(.leverPulled(PulledLever(id: answer.id, pull: pull, lever: lever, answer: answer)), &turn)
        return answer
    }

    /// Whose word it is.
    private struct Person {
        var actor: String
        var reason: String
        var isForced: Bool

        var text: String { "by \(actor)" + (reason.isEmpty ? "" : ": \(reason)") }
    }

    private mutating func perform(
        _ lever: Lever, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        switch lever {
        case .hold(let node, let wish, let until): try hold(index(of: node), wish, until: until, by, &turn)
        case .release(let node): try release(index(of: node), by, &turn)
        case .pause(let run, let givesBack, let until):
            try pause(run, givesBack: givesBack, until: until, by, &turn)
        case .resume(nil): try resumeAll(&turn)
        case .resume(let run?): try resume(slot(of: run), &turn)
        case .abort(let run): try abort(slot(of: run), by, &turn)
        case .approve(let run): try approve(slot(of: run), &turn)
        case .skip(let run, let node): try skip(slot(of: run), node, by, &turn)
        case .start(let policy): try start(policy, &turn)
        }
    }
}

/// Orders and their names.
extension Controller {
    /// How long hands are off a node where nobody says.
    package static let standardHold = Duration.hours(4)

    private func lever(of order: LeverOrder, _ now: Timestamp) throws(LeverRefusal) -> Lever {
        func missing(_ what: String) -> LeverRefusal {
            LeverRefusal(.incomplete, "\(order.action.rawValue) needs \(what)")
        }
        func node() throws(LeverRefusal) -> NodeID {
            guard let name = order.node else { throw missing("a node") }
            return fleet[try self.node(named: name)].id
        }
        func run() throws(LeverRefusal) -> RunID {
            guard let name = order.run else { throw missing("a run") }
            return try self.run(named: name)
        }
        if order.action.isDemanding(order), order.reason.isEmpty { throw missing("a reason (--reason)") }
        let until = order.until ?? order.length.map { now + $0 }
        if let until, until <= now {
            throw LeverRefusal(.incomplete, "the end of \(order.action.rawValue) is past", hint: "give a later one")
        }
        switch order.action {
        case .hold:
            guard let mode = order.mode else {
                let until = order.isForEver ? nil : until ?? now + Controller.standardHold
                return .hold(try node(), .handsOff, until: until)
            }
            guard order.isForEver || until != nil else {
                throw missing("an end with a mode (--for 2h, --for ever)")
            }
            return .hold(try node(), mode == .normal ? .keepOpen : .mode(mode), until: until)
        case .release: return .release(try node())
        case .pause:
            let id: RunID? = if let name = order.run { try self.run(named: name) } else { nil }
            return .pause(id, givesBack: order.givesBack, until: until)
        case .resume:
            let id: RunID? = if let name = order.run { try self.run(named: name) } else { nil }
            return .resume(id)
        case .abort: return .abort(try run())
        case .approve: return .approve(try run())
        case .skip: return .skip(try run(), try node())
        case .start:
            guard let policy = order.policy else { throw missing("a policy") }
            return .start(policy: policy)
        }
    }

    /// `cluster/node`, or the node alone where no other cluster has one of that name.
    func node(named name: String) throws(LeverRefusal) -> NodeIndex {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2, let node = ledger.index(of: NodeID(cluster: parts[0], name: parts[1])) { return node }
        let found = fleet.nodes.indices.filter { fleet.nodes[$0].id.name == name }
        guard let place = found.first else {
            throw LeverRefusal(.unknownNode, "there is no node \(name.prefix(80))", hint: "nagi status lists them")
        }
        guard found.count == 1 else {
            let names = found.map { fleet.nodes[$0].id.description }
            throw LeverRefusal(
                .ambiguous, "\(found.count) clusters have a node \(name)",
                hint: "say which: \(NameList.text(names))")
        }
        return NodeIndex(place)
    }

    /// A run's id, or the name of a policy of which one is active.
    func run(named name: String) throws(LeverRefusal) -> RunID {
        let active = ledger.activeRuns.compactMap { ledger.header($0)?.id }
        if let run = active.first(where: { $0.text == name }) { return run }
        if let slot = activeRuns[name], let run = ledger.header(slot)?.id { return run }
        if let ended = ledger.endedRuns.last(where: { $0.run.id.text == name || $0.run.policy == name }) {
            throw LeverRefusal(
                .nothingToDo, "the run \(ended.run.id) is over: \(ended.outcome)",
                hint: "nagi status shows what is going on")
        }
        throw LeverRefusal(
            .unknownRun, "there is no run \(name.prefix(80))",
            hint: active.isEmpty ? "no run is active" : "active: \(NameList.text(active.map(\.text)))")
    }

    private func index(of node: NodeID) throws(LeverRefusal) -> NodeIndex {
        guard let index = ledger.index(of: node) else { throw LeverRefusal(.unknownNode, "there is no node \(node)") }
        return index
    }

    private func slot(of run: RunID) throws(LeverRefusal) -> RunSlot {
        guard let slot = ledger.slot(of: run) else { throw LeverRefusal(.unknownRun, "there is no run \(run)") }
        return slot
    }
}

/// Nodes.
extension Controller {
    private mutating func hold(
        _ node: NodeIndex, _ wish: Hold.Wish, until: Timestamp?, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let (id, former) = (fleet[node].id, ledger[node].hold)
        if case .mode(let mode) = wish, !by.isForced { try checkRoom(for: mode, node, turn.now) }
        if wish == .keepOpen { _ = try release(node, by, &turn) }
        let hold = Hold(wish: wish, actor: by.actor, reason: by.reason, since: turn.now.wall, until: until)
        decide(.holdPlaced(id, hold), &turn)
        touchAll(about: node)
        var text =
            switch wish {
            case .mode(let mode): "held: \(id.name), at \(mode.rawValue)"
            case .keepOpen: "held open: \(id.name). No run takes it"
            case .handsOff, .reserved: "held: \(id.name). \(staying(node, turn.now)); no run takes it further"
            }
        if let former, !former.isOver(at: turn.now.wall) { text += ". It was held \(former.text) before" }
        return LeverAnswer(id: 0, action: .hold, text: text, until: until, undo: "nagi release \(id)")
    }

    private func staying(_ node: NodeIndex, _ now: Moment) -> String {
        if let mode = wish(of: node, now).mode { return "It stays \(mode.rawValue)" }
        return "It stays as it is"
    }

    private func checkRoom(for mode: RequestableMode, _ node: NodeIndex, _ now: Moment) throws(LeverRefusal) {
        let cluster = fleet.cluster(of: node)
        let use = fleet.budgetUse(of: cluster, at: now)
        let isOut = fleet.out(of: cluster, at: now, atMost: .max).contains(fleet[node].id.name)
        guard !isOut, !use.hasRoom(forTemporary: fleet[seat: node].isTemporary) else { return }
        let holders = fleet.out(of: cluster, at: now, atMost: Controller.holderLimit)
        throw LeverRefusal(
            .overBudget, "\(use.unavailable) of \(use.limit) nodes are out of service: \(NameList.text(holders))",
            hint: "wait for them (nagi status --watch), or: … --force")
    }

    /// Ends whatever keeps the node from being open; it is opened as soon as that is safe.
    private mutating func release(
        _ node: NodeIndex, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let id = fleet[node].id
        if runsDisruptiveCommand(node) {
            throw LeverRefusal(
                .commandRunning,
                "\(commandName(node)) is running on \(id.name) and would cut the calls that you let in",
                hint: "wait for it: nagi status --watch")
        }
        var did: [String] = []
        if let hold = ledger[node].hold {
            decide(.holdEnded(id, reason: "released \(by.text)"), &turn)
            did.append("it is no longer held \(hold.text)")
        }
        for place in fleet[seat: node].parts {
            guard let part = ledger.part(place), let header = ledger.header(place.run) else { continue }
            if part.isFailed, part.phase.isFinished {
                finish(part, place, header, as: .released, &turn)
                did.append("its failure in \(header.id) counts no longer")
            } else if let outcome = order(.release, part, place, header, node, by, &turn) {
                did.append(outcome)
            }
        }
        if let stay = ledger[node].failedStay {
            endStay(of: node, "released \(by.text)", &turn)
            did.append("\(stay.run) no longer keeps it at \(stay.mode.rawValue)")
        }
        if ledger[node].written?.owedSince != nil, did.isEmpty {
            if by.isForced {
                decide(.ownershipDropped(id, reason: .writtenOff), &turn)
                did.append("its release is written off: nagi leaves it in the mode that it is in")
            } else {
                did.append("it is tried to open it now: \(releaseObstacle(node, turn.now))")
            }
        }
        (fleet[node].notBefore, fleet[node].attempts) = (turn.now.uptime, 0)
        readNow(node, turn.now)
        touchAll(about: node)
        if let floor = ledger[node].floor {
            did.append("\(floor.rawValue) was set by somebody else, and nagi never loosens that")
        }
        let text =
            did.isEmpty ? "nothing of nagi's is on \(id.name)" : "released: \(id.name); " + did.joined(separator: "; ")
        return LeverAnswer(id: 0, action: .release, text: text, undo: nil)
    }

    private func commandName(_ node: NodeIndex) -> String {
        guard let place = fleet[seat: node].lease, let command = ledger.part(place)?.phase.command else {
            return "a command"
        }
        return ledger.commands[command]?.start.step ?? "a command"
    }

    /// What the table says of that order; nil: nothing.
    private mutating func order(
        _ happening: Table.Happening, _ part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ node: NodeIndex,
        _ by: Person, _ turn: inout Turn
    ) -> String? {
        guard !part.phase.isFinished else { return nil }
        let former = part.phase
        if part.phase.isQueued {
            let traits = Table.Traits(
                onWindowEnd: header.pinned.schedule.onWindowEnd, onFailure: header.pinned.sequence.onFailure ?? .stay)
            guard case .finish(let result) = Table.response(of: .queued, to: happening, traits) else { return nil }
            finish(part, place, header, as: result, &turn)
        } else {
            var situation = situation(of: part, place, header, node, turn.now)
            situation.order = PartSituation.Order(happening: happening, reason: by.text)
            guard let move = part.move(in: situation) else { return nil }
            perform(move, of: place, header, node, &turn)
        }
        guard let next = ledger.part(place)?.phase, next != former else { return nil }
        return "\(header.id) goes on without it (\(next.word))"
    }

    mutating func touchAll(about node: NodeIndex) {
        touchEverything(about: node)
        for place in fleet[seat: node].parts { runsToTouch.insert(place.run.raw) }
        touchRuns(of: fleet.cluster(of: node))
    }

    /// A hold ends in time; shortly before, somebody is told.
    mutating func noteHold(of node: NodeIndex, _ turn: inout Turn) {
        let id = fleet[node].id
        let key = Alarm.Key(.holdEnds, node: id)
        guard let hold = ledger[node].hold, let until = hold.until else {
            // Looked up for every read of every node otherwise.
            if !ledger.alarms.isEmpty { alarm(key, nil, &turn) }
            return
        }
        guard turn.now.wall < until || !clock.isTrusted else {
            decide(.holdEnded(id, reason: "its time is over"), &turn)
            alarm(key, nil, &turn)
            return touchAll(about: node)
        }
        let notice = until + (.zero - Controller.holdNotice)
        let isNear = turn.now.wall >= notice && until - hold.since > Controller.holdNotice
        alarm(key, isNear ? "\(id.name) is held \(hold.text), and that ends soon" : nil, &turn)
        wake(.node(node.raw), at: isNear || notice <= turn.now.wall ? until : notice, turn.now)
    }

    private static let holdNotice = Duration.minutes(15)
}

/// Runs.
extension Controller {
    private mutating func pause(
        _ run: RunID?, givesBack: Bool, until: Timestamp?, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let pause = Pause(
            .person, reason: by.reason, actor: by.actor, since: turn.now.wall, until: until, givesBack: givesBack)
        let slots = try run.map { run throws(LeverRefusal) in [try slot(of: run)] } ?? ledger.activeRuns
        if let slot = slots.first, run != nil, ledger.header(slot)?.isEnding ?? true {
            throw LeverRefusal(.nothingToDo, "the run is ending already")
        }
        decide(.paused(run, pause), &turn)
        for slot in slots { touchParts(of: slot) }
        let what = run.map { "paused: \($0)" } ?? "everything is paused, also runs that begin later"
        let text =
            "\(what). Re-asserting, verifying and restoring go on"
            + (givesBack ? ", and what is not committed is given back" : "")
        return LeverAnswer(
            id: 0, action: .pause, text: text, until: until, undo: "nagi resume" + (run.map { " \($0)" } ?? ""))
    }

    private mutating func resumeAll(_ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
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

    private mutating func resume(_ slot: RunSlot, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        guard let header = ledger.header(slot), !header.pauses.isEmpty else {
            throw LeverRefusal(
                .nothingToDo, "the run is not paused by itself",
                hint: ledger.pause == nil ? nil : "everything is: nagi resume")
        }
        for pause in header.pauses { decide(.resumed(header.id, pause.cause), &turn) }
        touchParts(of: slot)
        let text = "goes on: \(header.id)" + (ledger.pause.map { "; everything is still paused \($0.text)" } ?? "")
        return LeverAnswer(id: 0, action: .resume, text: text, undo: "nagi pause \(header.id)")
    }

    private mutating func abort(_ slot: RunSlot, _ by: Person, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        guard let header = ledger.header(slot), !header.isEnding else {
            throw LeverRefusal(.nothingToDo, "the run is ending already")
        }
        decide(.runChanged(header.id, .ending(.aborted("aborted \(by.text)"))), &turn)
        touchParts(of: slot)
        return LeverAnswer(
            id: 0, action: .abort,
            text: "ends: \(header.id). What is not committed is given back, what is goes on through restore",
            undo: header.pinned.isRollout ? "nagi start \(header.pinned.name)" : nil)
    }

    private mutating func approve(_ slot: RunSlot, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        let now = turn.now
        guard let header = ledger.header(slot),
            ledger.withRun(slot, { orderBlockers(of: $0, now).contains { $0.reason == .promotion } }) ?? false
        else { throw LeverRefusal(.nothingToDo, "nothing of the run waits for an approval now") }
        decide(.runPromoted(header.id), &turn)
        runsToTouch.insert(slot.raw)
        return LeverAnswer(
            id: 0, action: .approve, text: "approved: the canary of \(header.id), the others follow",
            undo: "nagi pause \(header.id)")
    }

    private mutating func skip(
        _ slot: RunSlot, _ node: NodeID, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        guard let header = ledger.header(slot),
            let index = ledger.withRun(slot, { $0.parts.firstIndex { $0.node == node } }) ?? nil,
            let part = ledger.part(PartPlace(run: slot, part: index)), let seat = ledger.index(of: node)
        else { throw LeverRefusal(.unknownNode, "\(node.name) is not in that run") }
        let place = PartPlace(run: slot, part: index)
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
                    .nothingToDo, "\(node.name) is \(part.phase.word) in \(header.id): there is nothing to skip")
            }
        }
        touchAll(about: seat)
        let stays = ledger[seat].failedStay.map { "; it stays \($0.mode.rawValue) until: nagi release \(node)" } ?? ""
        return LeverAnswer(
            id: 0, action: .skip, text: "skipped: \(header.id) goes on without \(node.name)\(stays)", undo: nil)
    }

    private mutating func start(_ policy: String, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        guard let place = calendars.places[policy] else {
            throw LeverRefusal(
                .unknownPolicy, "there is no policy \(policy.prefix(80))", hint: "nagi status lists them")
        }
        guard calendars.entries[place].policy.isRollout else {
            throw LeverRefusal(
                .nothingToDo, "\(policy) is a maintenance window: its runs begin with its occurrences")
        }
        if let slot = activeRuns[policy], let run = ledger.header(slot)?.id {
            throw LeverRefusal(.nothingToDo, "\(run) is active", hint: "end it first: nagi abort \(run) --reason …")
        }
        guard let id = startRun(place, isAgain: true, &turn) else {
            throw LeverRefusal(
                .nothingToDo, "no run of \(policy) can begin: it is suspended, or its cluster was not read yet")
        }
        return LeverAnswer(id: 0, action: .start, text: "started: \(id)", undo: "nagi abort \(id) --reason …")
    }
}

extension LeverOrder.Action {
    /// What can do harm is told why.
    fileprivate func isDemanding(_ order: LeverOrder) -> Bool {
        switch self {
        case .release, .abort, .skip: true
        case .hold: order.mode != nil
        case .pause: order.givesBack
        case .resume, .approve, .start: false
        }
    }
}

extension Hold {
    /// `by mika: disk swap`
    package var text: String { "by \(actor)" + (reason.isEmpty ? "" : ": \(reason)") }
}
