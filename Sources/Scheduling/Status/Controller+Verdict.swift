import ModeCore
import Primitives

/// Why a node is as it is: one answer, from the values that decide.
extension Controller {
    /// What a run waits for before it takes a node.
    struct QueuedWait {
        var run: RunID
        var blockers: [Blocker]
        /// The first of them in words.
        var verdict: Verdict?
    }

    /// Everything that stands in the way of a node that is queued, of the run that may take it soonest; nil where none waits
    /// for it.
    func queuedWait(
        _ node: NodeIndex, _ state: [Blocker], _ view: (RunSlot) -> RunView?, _ now: Moment
    ) -> QueuedWait? {
        var best: (view: RunView, place: PartPlace)?
        for place in fleet[seat: node].parts {
            guard let view = view(place.run), view.run.parts[place.part].phase.isQueued,
                best.map({ view.prospect < $0.view.prospect }) ?? true
            else { continue }
            best = (view, place)
        }
        return best.flatMap { queuedWait($0.view, $0.place, state, now) }
    }

    /// Of every run that waits for the node, the one that may take it soonest first.
    func queuedWaits(
        _ node: NodeIndex, _ state: [Blocker], _ view: (RunSlot) -> RunView?, _ now: Moment
    ) -> [QueuedWait] {
        let waiting = fleet[seat: node].parts.compactMap { place -> (view: RunView, place: PartPlace)? in
            guard let view = view(place.run), view.run.parts[place.part].phase.isQueued else { return nil }
            return (view, place)
        }
        // Of those that are alike the first stays first.
        return waiting.enumerated().sorted {
            ($0.element.view.prospect, $0.offset) < ($1.element.view.prospect, $1.offset)
        }
        .compactMap { queuedWait($0.element.view, $0.element.place, state, now) }
    }

    private func queuedWait(
        _ view: RunView, _ place: PartPlace, _ state: [Blocker], _ now: Moment
    ) -> QueuedWait? {
        guard let header = ledger.header(place.run) else { return nil }
        let part = view.run.parts[place.part]
        let own = blockers(of: part, place, header, state: state, now)
        let group = view.group.flatMap { view.run.isInCurrentGroup(part) ? nil : $0 }
        guard group != nil || !own.isEmpty else {
            return QueuedWait(run: header.id, blockers: view.shared, verdict: view.sharedVerdict)
        }
        let blockers = view.general + (group.map { [$0] } ?? []) + own + view.room
        return QueuedWait(
            run: header.id, blockers: blockers, verdict: view.generalVerdict ?? blockers.first.map { Verdict($0) })
    }

    /// Why the node is as it is: exactly one answer, the most urgent.
    func verdict(
        of node: NodeIndex, _ state: [Blocker], _ wait: Verdict?, _ left: LeftOver?, _ now: Moment
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
            let floor = hold.wish == .keepOpen ? ledger[node].floor : nil
            let shut = floor.map { "; \($0.rawValue) was set by somebody else, which nagi never loosens" } ?? ""
            return Verdict(code, "\(hold.text)\(shut)", until: hold.until)
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
        if let finished = parts.first, let part = ledger.part(finished), let header = ledger.header(finished.run) {
            if part.phase == .finished(.would) {
                return Verdict(.would, "would start in \(header.id): \(part.error ?? "")")
            }
            let code: VerdictCode = part.isFailed ? .failed : .inDesiredMode
            let why = part.isFailed ? part.error.map { ": \($0)" } ?? "" : ""
            return Verdict(code, "\(part.told) in \(header.id)\(why)")
        }
        if let run = uncovering(node) {
            return Verdict(.notCovered, "came after \(run) began: the next run takes it")
        }
        if let name = suspension(of: node) { return Verdict(.suspended, "the policy \(name) is suspended") }
        // Whoever has brought it to the revision by hand has done what was left.
        if let left, left.version.map({ $0 != fleet[node].observation?.version?.description }) ?? true {
            return Verdict(.unmanaged, left.text)
        }
        return .noClaim
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
    private func uncovering(_ node: NodeIndex) -> RunID? {
        let slots = fleet[fleet.cluster(of: node)].runs
        guard !slots.isEmpty, !fleet[seat: node].isRetained, let configured = fleet[seat: node].configured else {
            return nil
        }
        return slots.lazy.compactMap { ledger.header($0) }.first {
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

    /// A mode that is claimed is there by then, as a rule.
    private static let confirmationTime = Duration.seconds(10)

    private func verdict(
        of part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ node: NodeIndex, _ now: Moment
    ) -> Verdict {
        if isLeftAlone(place.run) {
            return Verdict(.waitingStep, "left as it is at step \(stepText(part, header)): this daemon only observes")
        }
        let until = part.phase.shownEnd(at: now)
        let entry = ledger[node]
        let isCommitted = part.phase.kind == .committed
        if let claim = part.phase.claim, let observed = fleet[node].freshMode(at: now)?.requestable, observed < claim {
            if let end = entry.contestedUntil(at: now.wall), !runsDisruptiveCommand(node) {
                return Verdict(
                    .contested,
                    "somebody loosens \(claim.rawValue) again and again: nagi does not set it again", until: end)
            }
            if let alarm = ledger.alarms[Alarm.Key(.writeRefused, node: fleet[node].id)] {
                return Verdict(.refused, alarm.text, until: until)
            }
            if let since = part.phase.work?.since.uptime, now.uptime - since > Controller.confirmationTime {
                return Verdict(
                    .waitingStep, "it is to be \(claim.rawValue), and ChangeMode has not been confirmed", until: until)
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
        // What somebody else did to a node of which the run wants nothing yet, or the node itself.
        if part.phase.claim == nil, case .out = part.phase,
            let other = stateBlockers(of: node, isTakenOver: false, now).first, other.isOthersDoing
        {
            return Verdict(other)
        }
        let situation = situation(of: part, place, header, node, now)
        if situation.isHeld, let hold = entry.hold {
            let command = runningCommand(on: node).map { "; \($0) is running there and goes on" } ?? ""
            return Verdict(.held, "\(hold.text)\(command)", until: hold.until)
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
            if returning.claim != nil {
                return Verdict(.runningCommand, "the ending of its calls to its stop, then it is given back")
            }
            if returning.command != nil {
                let name = runningCommand(on: node) ?? "its command"
                // What no longer has the node out runs on beside its calls.
                let isOpen = ledger[node].written == nil && ledger[node].floor == nil
                return Verdict(
                    .runningCommand, "\(name) to its end; the node is \(isOpen ? "open" : "given back") already")
            }
            return fleet.isConnected(node, at: now)
                ? Verdict(.restoring, "back to normal, then ready")
                : Verdict(.isolated, "stays blocked until a majority of the cluster lists it as connected")
        case .soaking(let work):
            let end = header.pinned.sequence.steps[work.step].soakLength.flatMap { length in
                fleet[node].inServiceSince.map { now.wall + (max($0, work.since.uptime) + length - now.uptime) }
            }
            let floor = entry.floor.map { ": \($0.rawValue) was set by somebody else" } ?? ""
            return end == nil
                ? StepWait.service(isInService: false).verdict(until: until).with(floor)
                : Verdict(.soaking, "in service, watched", until: end)
        default: break
        }
        guard let wait = part.wait(in: situation) else { return Verdict(.blocked, "goes on", until: until) }
        if case .clearance(let name) = wait, let pause = pauses(of: header).first {
            return Verdict(.paused, "\(name) may not start now: \(pause.words)", until: pause.until)
        }
        if case .windowEnd = wait { return wait.verdict(until: header.clearance.end) }
        return wait.verdict(until: until, drain: drain(of: node, now))
    }
}

extension Verdict {
    fileprivate func with(_ more: String) -> Verdict { Verdict(code, text + more, until: until) }
}

extension Blocker {
    fileprivate var isOthersDoing: Bool {
        switch reason {
        case .foreign, .faulted, .notNormal: true
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
