import ModeCore
import Primitives

/// Nodes.
extension Controller {
    mutating func hold(
        _ node: NodeIndex, _ wish: Hold.Wish, until: Timestamp?, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let (id, former) = (fleet[node].id, ledger[node].hold)
        try checkListed(node)
        if case .mode(let mode) = wish, !by.isForced { try checkRoom(for: mode, node, turn.now) }
        if wish == .keepOpen { _ = try release(node, by, &turn) }
        var wish = wish
        // Hands off leaves the claim that stands.
        if wish == .handsOff, case .mode? = former?.wish, let former { wish = former.wish }
        let hold = Hold(wish: wish, actor: by.actor, reason: by.reason, since: turn.now.wall, until: until)
        decide(.holdPlaced(id, hold), &turn)
        touchAll(about: node)
        let instead = former.map { " (instead of: held \($0.text))" } ?? ""
        let text =
            switch wish {
            case .mode(let mode): "held\(instead): \(id.name), at \(mode.rawValue)"
            case .keepOpen: "held open\(instead): \(id.name). No run takes it"
            case .handsOff, .reserved: "held\(instead): \(id.name). \(staying(node, turn.now)); no run takes it further"
            }
        return LeverAnswer(
            id: 0, action: .hold, text: text + aside(node, wish, turn.now), until: until,
            undo: "nagi release \(id) --reason …")
    }

    /// What goes on all the same, or by that.
    private func aside(_ node: NodeIndex, _ wish: Hold.Wish, _ now: Moment) -> String {
        var aside: [String] = []
        if wish == .keepOpen, let floor = ledger[node].floor {
            aside.append("\(floor.rawValue) was set by somebody else, and nagi never loosens that")
        }
        if let command = runningCommand(on: node) {
            aside.append("\(command) is running there and goes on, and what verifies it")
        }
        for place in fleet[seat: node].parts where ledger.part(place)?.phase.kind == .soaking {
            guard let header = ledger.header(place.run) else { continue }
            aside.append("its soak ends, and \(header.id) goes on with the others (nagi pause \(header.id) stops it)")
        }
        return (aside + (wish == .keepOpen ? goingOn(without: node, now) : [])).map { "; \($0)" }.joined()
    }

    /// Runs that a failure of the node has paused, and that go on now that it counts no longer.
    func goingOn(without node: NodeIndex, _ now: Moment) -> [String] {
        fleet[seat: node].parts.compactMap { place in
            guard let header = ledger.header(place.run), ledger.pause == nil, !header.isEnding, !header.pauses.isEmpty,
                header.pauses.allSatisfy({ pause in
                    [.failures, .canary].contains(pause.cause)
                        && (ledger.withRun(place.run) { $0.reasonToPause(pause.cause, at: now) } ?? nil) == nil
                })
            else { return nil }
            return "\(header.id) is no longer paused, and goes on with the others (nagi pause \(header.id) stops it)"
        }
    }

    private func staying(_ node: NodeIndex, _ now: Moment) -> String {
        if let mode = wish(of: node, now).mode { return "It stays \(mode.rawValue)" }
        return "It stays as it is"
    }

    private func checkRoom(for mode: RequestableMode, _ node: NodeIndex, _ now: Moment) throws(LeverRefusal) {
        let cluster = fleet.cluster(of: node)
        guard fleet[cluster].isKnown else {
            throw LeverRefusal(
                .notNow, "not every node of \(fleet[cluster].policy.name) was read yet: nobody can say who is out",
                hint: "try again in a moment, or: … --force")
        }
        let use = fleet.budgetUse(of: cluster, at: now)
        let isOut = fleet.out(of: cluster, at: now, atMost: .max).contains(fleet[node].id.name)
        guard !isOut, !use.hasRoom(forTemporary: fleet[seat: node].isTemporary) else { return }
        let holders = fleet.out(of: cluster, at: now, atMost: Controller.holderLimit)
        throw LeverRefusal(
            .overBudget,
            "\(use.unavailable) of at most \(use.limit) out of service, and this would be one more: \(NameList.text(holders))",
            hint: "wait for them (nagi status --watch), or: … --force")
    }

    /// Ends whatever keeps the node from being open; it is opened as soon as that is safe.
    mutating func release(
        _ node: NodeIndex, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let id = fleet[node].id
        if runsDisruptiveCommand(node) {
            if by.isForced { return endCommandAndRelease(node, by, &turn) }
            throw LeverRefusal(
                .commandRunning,
                "\(commandName(node)) is running on \(id.name) and would cut the calls that you let in",
                hint: "wait for it (nagi status --watch), or end it: nagi release \(id) --force --reason …")
        }
        var did: [String] = []
        var undo: [String] = []
        if let hold = ledger[node].hold {
            decide(.holdEnded(id, reason: "released \(by.text)"), &turn)
            did.append("it is no longer held \(hold.text)")
        }
        let wasHeld = !did.isEmpty
        for place in fleet[seat: node].parts {
            guard let part = ledger.part(place), let header = ledger.header(place.run) else { continue }
            // The end of a hold undoes the hold: runs that waited for that take the node in its turn.
            if wasHeld, part.phase.isQueued { continue }
            if part.isFailed, part.phase.isFinished {
                finish(part, place, header, as: .released, &turn)
                did.append("its failure in \(header.id) counts no longer")
            } else if let outcome = order(.release, part, place, header, node, by, &turn) {
                did.append(outcome)
                // One that is on its way back cannot be taken back before it is through.
                if part.phase.isQueued, !header.isEnding { undo.append("nagi retry \(header.id) \(id)") }
            } else if part.phase.kind == .returning {
                did.append("\(header.id) has it on its way back already")
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
        } else if !did.isEmpty, ledger[node].written != nil, let obstacle = standingObstacle(node, turn.now) {
            did.append("it cannot be opened yet: \(obstacle)")
        }
        did += goingOn(without: node, turn.now)
        let text =
            did.isEmpty ? "nothing of nagi's is on \(id.name)" : "released: \(id.name); " + did.joined(separator: "; ")
        return LeverAnswer(
            id: 0, action: .release, text: text, undo: undo.isEmpty ? nil : undo.joined(separator: "; "))
    }

    /// The command ends first: until then the claim stands.
    private mutating func endCommandAndRelease(_ node: NodeIndex, _ by: Person, _ turn: inout Turn) -> LeverAnswer {
        let id = fleet[node].id
        let what = commandName(node)
        if ledger[node].hold != nil { decide(.holdEnded(id, reason: "released \(by.text)"), &turn) }
        if let place = fleet[seat: node].lease, var part = ledger.part(place), let command = part.phase.command,
            let header = ledger.header(place.run)
        {
            part.order = Part.Order(happening: .release, reason: by.text)
            decide(.partChanged(header.id, place.part, part, step: nil, nil), &turn)
            turn.act(.stop(command))
        }
        touchAll(about: node)
        return LeverAnswer(
            id: 0, action: .release, text: "\(what) is ended on \(id.name); then the node is opened", undo: nil)
    }

    /// Pauses everything, and opens what can be opened.
    mutating func releaseAll(_ by: Person, _ turn: inout Turn) -> LeverAnswer {
        let pause = Pause(.person, reason: by.reason, actor: by.actor, since: turn.now.wall)
        decide(.paused(nil, pause), &turn)
        for slot in ledger.activeRuns { touchParts(of: slot) }
        var (released, left): ([String], [NodeID]) = ([], [])
        for node in fleet.nodes.indices.map({ NodeIndex($0) }) where isOccupied(node) {
            let id = fleet[node].id
            do throws(LeverRefusal) {
                _ = try release(node, Person(actor: by.actor, reason: by.reason, isForced: false), &turn)
                released.append(id.name)
            } catch {
                left.append(id)
            }
        }
        var text = "everything is paused"
        if !released.isEmpty {
            text += "; released: \(NameList.text(released))"
        } else if left.isEmpty {
            text += "; there was nothing of nagi's to release"
        }
        if !left.isEmpty {
            text += ". Left as a command runs there: \(NameList.text(left.map(\.name)))"
        }
        return LeverAnswer(id: 0, action: .release, text: text, undo: "nagi resume", left: left)
    }

    /// Something of nagi's, or of a person's by way of nagi, is on the node.
    private func isOccupied(_ node: NodeIndex) -> Bool {
        ledger[node].hold != nil || ledger[node].failedStay != nil || ledger[node].written != nil
            || ledger[node].open != nil || !fleet[seat: node].working.isEmpty
    }

    func checkListed(_ node: NodeIndex) throws(LeverRefusal) {
        guard fleet[seat: node].isRetained else { return }
        throw LeverRefusal(
            .unknownNode, "\(fleet[node].id.name) is not in the policies any more: a hold would end at once",
            hint: "nagi opens what it still owes there by itself")
    }

    /// All of the nodes, or none.
    mutating func reserve(
        _ nodes: [NodeID], until: Timestamp, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        var places: [NodeIndex] = []
        for node in nodes { places.append(try index(of: node)) }
        for node in places { try checkListed(node) }
        let answer = okToStop(places, by: by.actor, turn.now, &turn.cost)
        if let first = answer.blockers.first {
            let others = answer.blockers.count > 1 ? " (and \(answer.blockers.count - 1) more: nagi ok-to-stop)" : ""
            throw LeverRefusal(
                first.refusalCode, "\(NameList.text(nodes.map(\.name))) cannot go now: \(first.text)\(others)",
                hint: first.advice(about: nodes.count == 1 ? nodes.first : nil))
        }
        for node in places {
            let hold = Hold(
                wish: .reserved, actor: by.actor, reason: by.reason, since: turn.now.wall, until: until)
            decide(.holdPlaced(fleet[node].id, hold), &turn)
            touchAll(about: node)
        }
        let names = NameList.text(nodes.map(\.name))
        return LeverAnswer(
            id: 0, action: .reserve,
            text: "reserved: \(names). "
                + (nodes.count == 1
                    ? "It counts as out of service and is left alone: it may be taken now"
                    : "They count as out of service and are left alone: they may be taken now"),
            until: until, undo: nodes.map { "nagi release \($0) --reason …" }.joined(separator: "; "))
    }

    func commandName(_ node: NodeIndex) -> String { runningCommand(on: node) ?? "a command" }

    /// The name of the step whose command runs on the node; nil: none does.
    func runningCommand(on node: NodeIndex) -> String? {
        guard let place = fleet[seat: node].lease, let command = ledger.part(place)?.phase.command else { return nil }
        return ledger.commands[command]?.start.step ?? "a command"
    }

    /// What the table says of that order; nil: nothing.
    mutating func order(
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
            situation.order = Part.Order(happening: happening, reason: by.text)
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
            giveBackWhatMayNotGoOn(node, &turn)
            return touchAll(about: node)
        }
        let ahead = hold.wish == .reserved ? Controller.reservationNotice : Controller.holdNotice
        let notice = until + (.zero - ahead)
        let isNear = turn.now.wall >= notice && until - hold.since > ahead
        alarm(key, isNear ? "\(id.name) is held \(hold.text), and that ends soon" : nil, &turn)
        wake(.node(node.raw), at: isNear || notice <= turn.now.wall ? until : notice, turn.now)
    }

    /// After a hold a part goes on where it stopped, or is given back where its run may take no node now.
    private mutating func giveBackWhatMayNotGoOn(_ node: NodeIndex, _ turn: inout Turn) {
        guard let place = fleet[seat: node].lease, let part = ledger.part(place), case .out = part.phase,
            let header = ledger.header(place.run), !isLeftAlone(place.run)
        else { return }
        let standing = blockers(of: place.run, header, fleet.cluster(of: node), turn.now, exempt: part.exempt)
        guard let first = standing.first(where: { $0.class == .clock || $0.class == .config }) else { return }
        let situation = situation(of: part, place, header, node, turn.now)
        let why = "its hold is over, and its run may take no node now: \(first.text)"
        perform(part.givenBack(.again(.whenClear), why: why, situation), of: place, header, node, &turn)
    }

    private static let holdNotice = Duration.minutes(15)
    private static let reservationNotice = Duration.minutes(10)
}
