import ModeCore
import Primitives

/// What is written: claims become mode changes, one step at a time.
extension Controller {
    /// For how long a write of unknown outcome may still arrive, beyond its `notAfter`.
    static let quarantineMargin = Duration.seconds(1)
    static let firstBackoff = Duration.milliseconds(250)
    /// How often at least a lost block is put back: of a committed node, and of one that can still be given back.
    static let longestUrgentBackoff = Duration.seconds(5)
    static let longestReassertBackoff = Duration.seconds(30)
    /// What is raised or taken back while a node refuses it: less and less often, and not for ever as often.
    static let longestBackoff = Duration.minutes(5)
    /// How often the others are asked about a node that is to be opened.
    static let votesAsked = Duration.seconds(2)
    /// Identity is refuted when the lists have not shown the node for so long, or `staleAfter` if that is longer.
    static let identityPatience = Duration.seconds(30)

    /// What is wanted of the node's mode: the strictest claim, unless a person keeps it open.
    func wish(of node: NodeIndex, _ now: Moment) -> ModeWish {
        var wish = ModeWish(mode: nil, mayRaise: clock.isTrusted)
        // What has reached another node is taken back there, whatever is wanted of this one.
        if fleet[node].isSetInDoubt, isShownElsewhere(node), !runsDisruptiveCommand(node), termination(on: node) == nil
        {
            return wish
        }
        // A hold ends by its record alone: a wall clock that jumps ends none.
        let held = ledger[node].hold?.wish
        if let held {
            switch held {
            // What a command may still disrupt stays shut until that has ended.
            case .keepOpen: if !runsDisruptiveCommand(node), termination(on: node) == nil { return wish }
            case .mode(let mode):
                wish.mode = mode
                wish.mayRaise = true
            case .handsOff, .reserved: break
            }
        }
        if let stay = ledger[node].failedStay {
            if wish.mode == nil { wish.strength = .yielding }
            wish.mode = max(wish.mode ?? .normal, stay.mode)
        }
        if !fleet[seat: node].isYieldDue, let place = fleet[seat: node].lease, let part = ledger.part(place),
            let claim = part.phase.claim
        {
            let isYielding =
                part.phase.kind == .out && held == nil && ledger.header(place.run)?.pinned.onDrift == .yield
            wish.strength = isYielding ? .yielding : .firm
            wish.mode = max(wish.mode ?? .normal, claim)
        }
        return wish
    }

    /// Takes one step towards the desired mode.
    mutating func reconcileMode(_ node: NodeIndex, _ turn: inout Turn) {
        let now = turn.now
        let id = fleet[node].id
        // Each round records a change that makes the next answer different.
        for _ in 0..<6 {
            let entry = ledger[node]
            let wish = wish(of: node, now)
            if !ledger.isObserving, noteOwed(node, wish, entry, &turn) { continue }
            switch reconcile(wish, view: view(of: node, wish, entry, now), ledger: entry, at: now.wall) {
            case .inDesiredMode, .unmanaged:
                return alarm(Alarm.Key(.writeRefused, node: id), nil, &turn)
            case .waiting(let wait):
                noteWait(wait, node, now)
                return
            case .drop(let loss):
                drop(loss, node, wish, &turn)
            case .setFloor(let floor):
                decide(.floorChanged(id, floor), &turn)
            case .adopt(let mode):
                decide(.modeAdopted(id, mode), &turn)
            case .send(let target, let cause):
                if ledger.isObserving { return }
                guard now.uptime >= fleet[node].notBefore else {
                    return wake(.node(node.raw), at: fleet[node].notBefore, now)
                }
                return send(target, cause, to: node, written: entry.written?.mode, &turn)
            }
            touchEverything(about: node)
        }
    }

    /// What nobody claims any more is owed by the node; what is claimed again is not.
    private mutating func noteOwed(
        _ node: NodeIndex, _ wish: ModeWish, _ entry: NodeLedger, _ turn: inout Turn
    ) -> Bool {
        guard let written = entry.written else {
            fleet[node].openingWishedAt = nil
            return false
        }
        if wish.mode == nil, written.owedSince == nil {
            decide(.releaseOwed(fleet[node].id), &turn)
            askOthers(about: node, turn.now)
            return true
        }
        if wish.mode != nil, written.owedSince != nil {
            decide(.releaseClaimed(fleet[node].id), &turn)
            fleet[node].openingWishedAt = nil
            return true
        }
        return false
    }

    /// A node that should be back in service and is not for so long is an alarm.
    mutating func noteAbsence(_ node: NodeIndex, _ turn: inout Turn) {
        let (name, patience) = (fleet[node].id.name, max(fleet[node].staleAfter, .seconds(30)))
        var text: String?
        if let since = ledger[node].written?.owedSince {
            if turn.now.wall - since > patience {
                text = "\(name) is to be opened and cannot be: \(releaseObstacle(node, turn.now))"
            }
        } else if let place = fleet[seat: node].lease, case .returning(let returning)? = ledger.part(place)?.phase,
            case .goOn = returning.after, ledger[node].written == nil
        {
            let due = returning.since.uptime + patience
            if turn.now.uptime > due {
                let why = fleet[node].failure.map { "\($0)" } ?? "it is not normal and ready"
                text = "\(name) was opened and is not back in service: \(why)"
            } else {
                wake(.node(node.raw), at: due + .nanoseconds(1), turn.now)
            }
        }
        alarm(Alarm.Key(.releaseWaits, node: fleet[node].id), text, &turn)
    }

    /// Why an owed release has not been carried out.
    func standingObstacle(_ node: NodeIndex, _ now: Moment) -> String? {
        if let failure = fleet[node].failure { return "\(failure)" }
        guard let mode = fleet[node].freshMode(at: now) else { return "it was not read lately" }
        if mode.requestable == nil { return "it is \(mode)" }
        return fleet.isConnected(node, at: now) ? nil : "a majority of the cluster does not list it as connected"
    }

    func releaseObstacle(_ node: NodeIndex, _ now: Moment) -> String {
        if let obstacle = standingObstacle(node, now) { return obstacle }
        if let answer = ledger[node].open?.answer { return "ChangeMode \(answer)" }
        return "ChangeMode has not been confirmed"
    }

    /// Whether the others see the node is asked anew, not remembered: only what they say from the first time on counts.
    private mutating func askOthers(about node: NodeIndex, _ now: Moment) {
        fleet[node].openingWishedAt = fleet[node].openingWishedAt ?? now.uptime
        guard fleet[node].othersAskedAt.map({ now.uptime - $0 >= Controller.votesAsked }) ?? true else { return }
        fleet[node].othersAskedAt = now.uptime
        let cluster = fleet.cluster(of: node)
        guard fleet.asksForVotes(cluster) else { return }
        for other in fleet[cluster].nodes { readNow(other, now) }
    }

    private mutating func noteWait(_ wait: Reconciliation.Wait, _ node: NodeIndex, _ now: Moment) {
        switch wait {
        case .isolated:
            askOthers(about: node, now)
            wake(.node(node.raw), at: now.uptime + Controller.votesAsked, now)
        case .contested:
            if let until = ledger[node].contestedUntil(at: now.wall) {
                wake(.node(node.raw), at: now.uptime + (until - now.wall), now)
            }
        case .unreadable, .initial, .unknownMode, .openChange, .clock, .incarnation: break
        }
    }

    private mutating func drop(_ loss: OwnershipLoss, _ node: NodeIndex, _ wish: ModeWish, _ turn: inout Turn) {
        let id = fleet[node].id
        decide(.ownershipDropped(id, reason: loss), &turn)
        guard wish.mode != nil else { return }
        if ledger[node].failedStay != nil {
            endStay(of: node, "opened by hand: theirs from now on", &turn)
        }
        if let place = fleet[seat: node].lease, ledger.part(place)?.phase.claim != nil {
            fleet[seat: node].isYieldDue = true
        }
    }

    func view(of node: NodeIndex, _ wish: ModeWish, _ entry: NodeLedger, _ now: Moment) -> ModeView {
        // Only opening asks for the majority's word.
        let since = fleet[node].openingWishedAt ?? Uptime(nanoseconds: .min)
        let isConnected = wish.mode != nil || entry.written == nil || fleet.isConnected(node, since: since, at: now)
        let isKnown = fleet[node].observation != nil && fleet[node].looserSince == nil
        var mode = fleet[node].freshMode(at: now)
        // What answers at an address that the node may have left is not known to be the node.
        if entry.formerAddress != nil, let seen = mode?.requestable, let written = entry.written?.mode, seen < written {
            mode = nil
        }
        return ModeView(
            mode: mode, isConnected: isConnected,
            isSameIncarnation: isKnown ? entry.written?.incarnation == entry.incarnation : nil,
            isContested: entry.contestedUntil(at: now.wall) != nil && !runsDisruptiveCommand(node))
    }

    func runsDisruptiveCommand(_ node: NodeIndex) -> Bool {
        guard let place = fleet[seat: node].lease, let part = ledger.part(place), part.phase.kind == .committed,
            let command = part.phase.command
        else { return false }
        return ledger.commands[command]?.outcome == nil
    }

    /// The ending of calls that goes on there; nil: none does.
    func termination(on node: NodeIndex) -> CommandID? {
        guard let place = fleet[seat: node].lease, let id = ledger.part(place)?.phase.command,
            let command = ledger.commands[id], command.outcome == nil, case .termination = command.start.work
        else { return nil }
        return id
    }

    private mutating func send(
        _ target: RequestableMode, _ cause: ModeChange.Cause, to node: NodeIndex, written: RequestableMode?,
        _ turn: inout Turn
    ) {
        let now = turn.now
        let change = ModeChange(
            id: ledger.lastChange + 1, node: fleet[node].id, target: target, cause: cause, written: written,
            notAfter: now + writeLimit(of: node, cause, now))
        decide(.modeIntended(change), &turn)
        openChanges[change.id] = node
        turn.act(.send(change, to: fleet[seat: node].address))
        scheduleModeRead(node, now)
        wake(.node(node.raw), at: change.notAfter.uptime + Controller.quarantineMargin, now)
        touchEverything(about: node)
    }

    /// How late a write may still be sent: never past the end of the time in which its run may act.
    private func writeLimit(of node: NodeIndex, _ cause: ModeChange.Cause, _ now: Moment) -> Duration {
        let timeout = fleet[fleet.cluster(of: node)].policy.api.timeout
        guard cause == .claim, let place = fleet[seat: node].lease, let header = ledger.header(place.run),
            let part = ledger.part(place), part.phase.kind != .committed, !part.exempt.contains(.window),
            let end = header.clearance.end
        else { return timeout * 2 }
        return max(.zero, min(timeout * 2, end - now.wall))
    }

    mutating func take(_ answer: ModeChangeAnswer, to id: Int, _ turn: inout Turn) {
        guard let node = openChanges[id], ledger[node].open?.change.id == id else { return }
        let refusal = answer.isRefusal ? "\(answer)" : nil
        decide(.modeAnswered(fleet[node].id, id: id, answer), &turn)
        if let refusal { noteRefusal(refusal, node, &turn) }
        if case .notSent = answer.outcome { close(id, of: node, isReached: false, &turn) }
        readNow(node, turn.now)
        scheduleModeRead(node, turn.now)
        nodesToTouch.insert(node.raw)
    }

    private mutating func noteRefusal(_ text: String, _ node: NodeIndex, _ turn: inout Turn) {
        guard fleet[node].attempts >= 5 else { return }
        alarm(Alarm.Key(.writeRefused, node: fleet[node].id), "\(fleet[node].id.name): ChangeMode \(text)", &turn)
    }

    /// Ends the open change when a mode that was read since its answer tells what came of it.
    mutating func settleChange(of node: NodeIndex, _ turn: inout Turn) {
        guard let open = ledger[node].open, let answeredAt = open.answeredAt, let seen = fleet[node].mode,
            seen.begun.uptime >= answeredAt.uptime, !fleet[node].isFailing
        else { return }
        if seen.mode.requestable == open.change.target {
            return close(open.change.id, of: node, isReached: true, &turn)
        }
        giveUpChange(of: node, &turn)
    }

    /// No mode shows that the open change was carried out: it was not, or may still arrive.
    mutating func giveUpChange(of node: NodeIndex, _ turn: inout Turn) {
        guard let open = ledger[node].open, let answer = open.answer, let answeredAt = open.answeredAt else { return }
        if case .unknown = answer.outcome {
            let over = max(open.change.notAfter.uptime, answeredAt.uptime) + Controller.quarantineMargin
            guard turn.now.uptime >= over else { return wake(.node(node.raw), at: over, turn.now) }
        }
        close(open.change.id, of: node, isReached: false, &turn)
    }

    private func longestBackoff(of node: NodeIndex, _ cause: ModeChange.Cause) -> Duration {
        switch cause {
        case .claim, .release: return Controller.longestBackoff
        case .drift, .restarted:
            let kind = fleet[seat: node].lease.flatMap { ledger.part($0) }?.phase.kind
            return kind == .committed ? Controller.longestUrgentBackoff : Controller.longestReassertBackoff
        }
    }

    private mutating func close(_ id: Int, of node: NodeIndex, isReached: Bool, _ turn: inout Turn) {
        let cause = ledger[node].open?.change.cause ?? .claim
        decide(.modeSettled(fleet[node].id, id: id, isReached: isReached), &turn)
        openChanges[id] = nil
        touchEverything(about: node)
        guard !isReached else {
            fleet[node].attempts = 0
            fleet[node].notBefore = turn.now.uptime
            fleet[node].isConfirmed = true
            alarm(Alarm.Key(.writeRefused, node: fleet[node].id), nil, &turn)
            return
        }
        fleet[node].openingWishedAt = nil
        let longest = longestBackoff(of: node, cause)
        let doublings = min(fleet[node].attempts, 12)
        fleet[node].attempts += 1
        let backoff = Cadence.jittered(
            min(longest, Controller.firstBackoff * (1 << doublings)), share: 0.2, place: node.raw, at: turn.now.uptime)
        fleet[node].notBefore = turn.now.uptime + backoff
        wake(.node(node.raw), at: fleet[node].notBefore, turn.now)
    }

    mutating func touchEverything(about node: NodeIndex) {
        nodesToTouch.insert(node.raw)
        clustersToTouch.insert(fleet.cluster(of: node).raw)
        if let place = fleet[seat: node].lease { runsToTouch.insert(place.run.raw) }
    }

    /// Whether the lists show the name in the mode that nagi set at the address.
    func identity(of node: NodeIndex, _ now: Moment) -> StepContext.Identity {
        let cluster = fleet[fleet.cluster(of: node)]
        guard cluster.isClustered else { return .notShowable }
        if ledger[node].shownAddress == fleet[seat: node].address.api { return .shown }
        guard let since = fleet[node].contradictedSince else { return .pending }
        return now.uptime - since > identityPatience(of: node) ? .refuted : .pending
    }

    func identityPatience(of node: NodeIndex) -> Duration { max(Controller.identityPatience, fleet[node].staleAfter) }

    mutating func noteIdentity(_ node: NodeIndex, _ turn: inout Turn) {
        // Any node's list may show any other that is claimed and not shown yet.
        let cluster = fleet.cluster(of: node)
        guard fleet[cluster].isClustered else { return }
        for other in fleet[cluster].leased {
            turn.cost.nodes += 1
            guard let place = fleet[seat: other].lease, let claim = ledger.part(place)?.phase.claim,
                ledger[other].shownAddress != fleet[seat: other].address.api,
                let since = fleet[other].evidence.confirmedAt
            else {
                fleet[other].contradictedSince = nil
                continue
            }
            let sight = fleet[cluster].roster.sight(
                of: fleet[seat: other].column, since: since, at: turn.now, staleAfter: fleet[cluster].staleAfter)
            switch sight {
            case .mode(let mode) where mode.requestable.map({ $0 >= claim }) ?? false: break
            case .connected: break
            case .mode:
                guard fleet[other].contradictedSince == nil else { continue }
                fleet[other].contradictedSince = turn.now.uptime
                wake(.node(other.raw), at: turn.now.uptime + identityPatience(of: other) + .nanoseconds(1), turn.now)
                continue
            case .absent, .unseen:
                fleet[other].contradictedSince = nil
                continue
            }
            fleet[other].contradictedSince = nil
            decide(.nodeShown(fleet[other].id, address: fleet[seat: other].address.api), &turn)
            alarm(Alarm.Key(.wrongAddress, node: fleet[other].id), nil, &turn)
            touchEverything(about: other)
            touchRuns(of: cluster)
        }
    }
}

extension ModeChangeAnswer {
    /// The node could be asked and did not do it.
    fileprivate var isRefusal: Bool { if case .rejected = outcome { true } else { false } }

    /// The mode that is there may be the one that was sent.
    var mayHaveArrived: Bool {
        switch outcome {
        case .accepted, .unknown: true
        case .alreadyThere, .declined, .rejected, .notSent: false
        }
    }
}
