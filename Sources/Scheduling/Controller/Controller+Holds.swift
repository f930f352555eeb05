import ModeCore
import Primitives

/// A person's word about a node: how it is placed, how it ends, and what that brings about.
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
            undo: undo(of: wish, node))
    }

    /// What goes on all the same, or by that.
    private func aside(_ node: NodeIndex, _ wish: Hold.Wish, _ now: Moment) -> String {
        var aside: [String] = []
        if wish == .keepOpen, let floor = ledger[node].floor {
            aside.append("\(floor.rawValue) was set by somebody else, and nagi never loosens that")
        }
        if wish == .keepOpen, termination(on: node) != nil {
            aside.append("the ending of its calls is stopped first")
        } else if let command = runningCommand(on: node) {
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
            "\(use.unavailable) of at most \(use.limit) out of service, and this would be one more: "
                + Blocker.text(holders: holders, of: use.unavailable),
            hint: "wait for them (nagi status --watch), or: … --force")
    }

    /// Ends a person's word about the node, and nothing else: what waited for that goes on as if its time were over.
    mutating func resume(
        _ node: NodeIndex, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        let id = fleet[node].id
        guard let hold = ledger[node].hold else { throw notHeld(node) }
        decide(.holdEnded(id, reason: "resumed \(by.text)"), &turn)
        let givenBack = giveBackWhatMayNotGoOn(node, &turn)
        touchAll(about: node)
        let follows = (givenBack.map { [$0] } ?? goingOn(with: node)) + opening(node, after: hold, turn.now)
        return LeverAnswer(
            id: 0, action: .resume,
            text: (["no longer held: \(id.name) (\(hold.text))"] + follows).joined(separator: "; "),
            undo: hold.again(on: id))
    }

    /// What to pull where there is no hold to end.
    private func notHeld(_ node: NodeIndex) -> LeverRefusal {
        let id = fleet[node].id
        if let stay = ledger[node].failedStay {
            let skip = ledger.slot(of: stay.run) == nil ? "" : "nagi skip \(stay.run) \(id) --reason …, "
            return LeverRefusal(
                .nothingToDo,
                "nobody holds \(id.name): it failed in \(stay.run), which keeps it at \(stay.mode.rawValue)",
                hint: "\(retryLever(stay, node)), \(skip)or \(releaseLever(node))")
        }
        let paused = fleet[seat: node].parts.lazy.compactMap { place in
            self.ledger.part(place)?.phase.isFinished == false ? self.ledger.header(place.run) : nil
        }.first { $0.pauses.contains { $0.cause != .approval } }
        let resume =
            paused.map { "its run is paused, which lifts: nagi resume \($0.id)" }
            ?? ledger.pause.map { _ in "everything is paused, which lifts: nagi resume" }
        return LeverRefusal(
            .nothingToDo, "nobody holds \(id.name)", hint: resume ?? "what goes on there: nagi explain \(id)")
    }

    /// What runs do with the node, now that nobody holds it.
    private func goingOn(with node: NodeIndex) -> [String] {
        let id = fleet[node].id
        if let stay = ledger[node].failedStay {
            return ["\(stay.run) keeps it at \(stay.mode.rawValue), as it failed there (\(retryLever(stay, node)))"]
        }
        return fleet[seat: node].parts.compactMap { place in
            guard let part = ledger.part(place), let header = ledger.header(place.run), !header.isEnding else {
                return nil
            }
            let pause =
                ledger.pause.map { ", but everything is \($0.words)" }
                ?? header.pauses.first.map { ", but it is \($0.words)" } ?? ""
            switch part.phase {
            case .queued: return "\(header.id) takes it in its turn\(pause)"
            case .out(let work), .committed(let work, _), .soaking(let work):
                return "\(header.id) goes on with it at \(header.pinned.sequence.steps[work.step].label)\(pause)"
            case .returning: return "\(header.id) has it on its way back"
            case .finished(let result):
                return result.isLeftOut ? "\(header.id) goes on without it (nagi retry \(header.id) \(id))" : nil
            }
        }
    }

    /// Whether the node is opened where the hold wanted it shut, and what stands in the way.
    private func opening(_ node: NodeIndex, after hold: Hold, _ now: Moment) -> [String] {
        if let floor = ledger[node].floor {
            return ["\(floor.rawValue) was set by somebody else, and nagi never loosens that"]
        }
        guard case .mode = hold.wish, wish(of: node, now).mode == nil, ledger[node].written != nil else { return [] }
        return [
            standingObstacle(node, now).map { "it cannot be opened yet: \($0)" }
                ?? "it is opened as soon as that is safe"
        ]
    }

    /// What ends that hold and nothing that stood beside it.
    private func undo(of wish: Hold.Wish, _ node: NodeIndex) -> String {
        let id = fleet[node].id
        let isInRun = fleet[seat: node].parts.contains { ledger.part($0)?.phase.isFinished == false }
        if case .mode = wish, !isInRun, ledger[node].failedStay == nil { return "nagi release \(id) --reason …" }
        return "nagi resume \(id)"
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
    ///
    /// - Returns: that it is given back, in words.
    @discardableResult
    private mutating func giveBackWhatMayNotGoOn(_ node: NodeIndex, _ turn: inout Turn) -> String? {
        guard let place = fleet[seat: node].lease, let part = ledger.part(place), case .out = part.phase,
            let header = ledger.header(place.run), !isLeftAlone(place.run)
        else { return nil }
        let standing = blockers(of: place.run, header, fleet.cluster(of: node), turn.now, exempt: part.exempt)
        guard let first = standing.first(where: { $0.class == .clock || $0.class == .config }) else { return nil }
        let situation = situation(of: part, place, header, node, turn.now)
        let why = "its hold is over, and its run may take no node now: \(first.text)"
        perform(part.givenBack(.again(.whenClear), why: why, situation), of: place, header, node, &turn)
        return "\(header.id) gives it back, and may take no node now: \(first.text)"
    }

    private static let holdNotice = Duration.minutes(15)
    private static let reservationNotice = Duration.minutes(10)
}

extension Hold {
    /// What places it once more.
    func again(on node: NodeID) -> String {
        switch wish {
        case .handsOff: "nagi hold \(node) --reason …"
        case .mode(let mode): "nagi hold \(node) --mode \(mode.rawValue) --for … --reason …"
        case .keepOpen: "nagi hold \(node) --mode normal --for … --reason …"
        case .reserved: "nagi ok-to-stop \(node) --reserve … --reason …"
        }
    }
}
