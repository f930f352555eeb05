import ModeCore
import Primitives

/// Nodes.
extension Controller {
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
        if let command = openCommand(on: node), !by.isForced {
            throw Controller.unheard(command, id, "release \(id) --force --reason …")
        }
        var did: [String] = []
        var undo: [String] = []
        if let hold = ledger[node].hold {
            decide(.holdEnded(id, reason: "released \(by.text)"), &turn)
            did.append("it is no longer held \(hold.text)")
            undo.append(hold.again(on: id))
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
            undo.append("nagi hold \(id) --mode \(stay.mode.rawValue) --for … --reason …")
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

    /// Whoever goes on may do so beside a command, or let calls in that it cuts.
    static func unheard(_ command: String, _ node: NodeID, _ verb: String) -> LeverRefusal {
        LeverRefusal(
            .commandRunning, "nothing was heard of \(command) on \(node.name) since it began: it may still run",
            hint: "look on the host of the daemon; to go on all the same: nagi \(verb)")
    }

    /// The command ends first: until then the claim stands.
    private mutating func endCommandAndRelease(_ node: NodeIndex, _ by: Person, _ turn: inout Turn) -> LeverAnswer {
        let id = fleet[node].id
        let what = commandName(node)
        var isCall = false
        if ledger[node].hold != nil { decide(.holdEnded(id, reason: "released \(by.text)"), &turn) }
        if let place = fleet[seat: node].lease, var part = ledger.part(place), let command = part.phase.command,
            let header = ledger.header(place.run)
        {
            part.order = Part.Order(happening: .release, reason: by.text)
            decide(.partChanged(header.id, place.part, part, step: nil, nil), &turn)
            turn.act(.stop(command))
            if case .call? = ledger.commands[command]?.start.work { isCall = true }
        }
        touchAll(about: node)
        let text =
            isCall
            ? "\(what) was sent for \(id.name), and cannot be taken back: the node is opened when its time is over"
            : "\(what) is ended on \(id.name); then the node is opened"
        return LeverAnswer(id: 0, action: .release, text: text, undo: nil)
    }

    /// Pauses everything, and opens what can be opened.
    mutating func releaseAll(_ by: Person, _ turn: inout Turn) -> LeverAnswer {
        let pause = Pause(.person, reason: by.reason, actor: by.actor, since: turn.now.wall)
        decide(.paused(nil, pause), &turn)
        for slot in ledger.activeRuns { touchParts(of: slot) }
        var answer = LeverAnswer(id: 0, action: .release, text: "everything is paused", undo: "nagi resume")
        var (released, ended, shut, stuck): ([String], [String], [String], [String]) = ([], [], [], [])
        for node in fleet.nodes.indices.map({ NodeIndex($0) }) where isOccupied(node) {
            let (id, hold) = (fleet[node].id, ledger[node].hold)
            do throws(LeverRefusal) {
                _ = try release(node, Person(actor: by.actor, reason: by.reason, isForced: false), &turn)
            } catch {
                answer.left.append(id)
                continue
            }
            if let hold {
                ended.append("\(id.name) (\(hold.text))")
                if ended.count <= Controller.toldUndos { answer.undo?.append("; \(hold.again(on: id))") }
            }
            if let floor = ledger[node].floor {
                shut.append("\(id.name) (\(floor.rawValue))")
            } else {
                released.append(id.name)
                if ledger[node].written != nil, let obstacle = standingObstacle(node, turn.now) {
                    stuck.append("\(id.name) (\(obstacle))")
                }
            }
        }
        if !released.isEmpty { answer.text += "; released: \(NameList.text(released))" }
        if !ended.isEmpty { answer.text += "; no longer held: \(NameList.text(ended))" }
        if !stuck.isEmpty { answer.text += "; cannot be opened yet: \(NameList.text(stuck))" }
        if !shut.isEmpty {
            answer.text += "; still shut, as somebody else set it and nagi never loosens that: \(NameList.text(shut))"
        }
        if answer.text == "everything is paused", answer.left.isEmpty {
            answer.text += "; there was nothing of nagi's to release"
        }
        if !answer.left.isEmpty {
            answer.text += ". Left as a command runs there, or may still run: \(NameList.text(answer.left.map(\.name)))"
        }
        return answer
    }

    /// More holds that ended are only counted in what takes it back.
    private static let toldUndos = 3

    /// Something of nagi's, or of a person's by way of nagi, is on the node.
    private func isOccupied(_ node: NodeIndex) -> Bool {
        ledger[node].hold != nil || ledger[node].failedStay != nil || ledger[node].written != nil
            || ledger[node].open != nil || !fleet[seat: node].working.isEmpty
    }

    /// - Parameter why: what would become of the order.
    func checkListed(_ node: NodeIndex, _ why: String = "a hold would end at once") throws(LeverRefusal) {
        guard fleet[seat: node].isRetained else { return }
        throw LeverRefusal(
            .unknownNode, "\(fleet[node].id.name) is not in the policies any more: \(why)",
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
            until: until, undo: nodes.map { "nagi resume \($0)" }.joined(separator: "; "))
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
}
