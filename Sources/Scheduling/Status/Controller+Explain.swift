import Calendars
import ModeCore
import Primitives

/// What is asked one by one: made from the same values that decide, and that status shows.
extension Controller {
    package func answer(_ question: Question, at now: Moment) throws(LeverRefusal) -> QuestionAnswer {
        var cost = Cost()
        return try answer(question, at: now, &cost)
    }

    func answer(_ question: Question, at now: Moment, _ cost: inout Cost) throws(LeverRefusal) -> QuestionAnswer {
        switch question {
        case .okToStop(let names, let most, let actor):
            return .stop(try okToStop(names, most: most, by: actor, at: now, &cost))
        case .explain(let name):
            do throws(LeverRefusal) {
                return .node(explanation(of: try node(named: name), now, &cost))
            } catch {
                guard error.code == .unknownNode else { throw error }
                if let run = explanation(ofRun: name, now, &cost) { return .run(run) }
                if let place = calendars.places[name] { return .policy(explanation(ofPolicy: place, now, &cost)) }
                return .node(explanation(of: try node(like: name), now, &cost))
            }
        }
    }

    /// Long names are shortened on a terminal: what is shown of one is enough to ask about it.
    private func node(like name: String) throws(LeverRefusal) -> NodeIndex {
        let nodes = nodes(like: name)
        guard let node = nodes.first else {
            throw LeverRefusal(
                .unknownRun, "there is no node, no run and no policy \(name.prefix(80))",
                hint: "nagi status lists the nodes and the policies, nagi runs the runs")
        }
        guard nodes.count == 1 else {
            throw LeverRefusal(
                .ambiguous, "\(nodes.count) nodes have \(name.prefix(80)) in their names",
                hint: "say which: \(NameList.text(nodes.map { fleet[$0].id.description }))")
        }
        return node
    }

    private func explanation(of node: NodeIndex, _ now: Moment, _ cost: inout Cost) -> NodeExplanation {
        cost.nodes += 1
        var views: [Int: RunView] = [:]
        for place in fleet[seat: node].parts {
            cost.runs += 1
            views[place.run.raw] = runView(of: place.run, now)
        }
        let status = nodeStatus(node, leftOvers[fleet[node].id], now) { views[$0.raw] }
        let state = stateBlockers(of: node, isTakenOver: false, now)
        let waits = queuedWaits(node, state, { views[$0.raw] }, now).map { wait in
            // Which run has it in work is said anyway.
            let blockers = wait.blockers.filter { blocker in
                if case .nodeBusy(let run) = blocker.reason { run != status.run } else { true }
            }
            return NodeExplanation.Wait(run: wait.run, blockers: blockers)
        }
        return NodeExplanation(
            at: now.wall, node: fleet[node].id, status: status, run: status.run ?? waits.first?.run, waits: waits,
            hold: ledger[node].hold, foundAt: foundAddress(of: node), next: nextOpenings(of: node, now),
            levers: levers(of: node, status, waits, now))
    }

    private func foundAddress(of node: NodeIndex) -> String? {
        let id = fleet[node].id
        return ledger.found?[id.cluster]?.contains { $0.name == id.name } == true ? fleet[seat: node].address.api : nil
    }

    private func explanation(ofPolicy place: Int, _ now: Moment, _ cost: inout Cost) -> PolicyExplanation {
        let entry = calendars.entries[place]
        return PolicyExplanation(
            at: now.wall, policy: policyStatus(place, now), cluster: entry.policy.cluster,
            latest: ledger.endedRuns.last { $0.run.policy == entry.policy.name }?.run.id,
            levers: ledger.pause == nil ? [] : ["nagi resume"])
    }

    /// Nil: there is none of that name.
    private func explanation(ofRun name: String, _ now: Moment, _ cost: inout Cost) -> RunExplanation? {
        cost.runs += 1
        if let slot = activeRun(named: name), let header = ledger.header(slot), let run = ledger.run(slot) {
            let status = status(of: run, blockers: decision(of: slot, now).blockers, now)
            return RunExplanation(
                at: now.wall, id: header.id, run: status, pauses: pauses(of: header),
                asks: header.pinned.value.asks(isApproved: !header.isApprovalAwaited),
                levers: retries(in: status) + levers(of: header, status))
        }
        let ended =
            ledger.endedRuns.last { $0.run.id.text == name } ?? ledger.endedRuns.last { $0.run.policy == name }
        guard let ended else { return nil }
        let status = status(of: ended, now)
        return RunExplanation(
            at: now.wall, id: ended.run.id, run: status, pauses: [],
            levers: retries(in: status) + restarts(of: ended.run))
    }

    /// A rollout that left nodes out, or failed, can take them in another run.
    private func restarts(of run: Run) -> [String] {
        guard run.isLeft, !run.isRetry, activeRuns[run.policy] == nil, let policy = calendars.policy(run.policy),
            policy.isRollout, policy.revision == run.revision, !policy.isSuspended
        else { return [] }
        return ["nagi start \(run.policy)"]
    }

    /// By its id, or its policy's name; one that goes on for another by that too, if no other is active.
    private func activeRun(named name: String) -> RunSlot? {
        activeRuns[name] ?? ledger.slot(of: RunID(text: name))
            ?? ledger.activeRuns.last { ledger.header($0)?.pinned.name == name }
    }

    private static let openingLimit = 5
    private static let retryLimit = 3

    private func nextOpenings(of node: NodeIndex, _ now: Moment) -> [NodeExplanation.NextOpening] {
        guard let configured = fleet[seat: node].configured, !fleet[seat: node].isRetained, !isLeftAlone(node) else {
            return []
        }
        let openings = calendars.entries.compactMap { entry -> NodeExplanation.NextOpening? in
            guard entry.policy.cluster == fleet[node].id.cluster, entry.policy.selector.matches(configured),
                !entry.policy.isSuspended
            else { return nil }
            let isThrough = isThrough(with: node, entry, now)
            // A revision is rolled out once.
            if isThrough, entry.policy.isRollout { return nil }
            var after = now.wall
            if let opening = entry.calendar.opening(at: now.wall) {
                guard isThrough else {
                    return NodeExplanation.NextOpening(
                        policy: entry.policy.name, opens: nil, until: entry.calendar.end(of: opening))
                }
                guard let end = entry.calendar.end(of: opening) else { return nil }
                after = end + .nanoseconds(-1)
            }
            guard let next = entry.calendar.nextOpening(after: after) else { return nil }
            return NodeExplanation.NextOpening(
                policy: entry.policy.name, opens: next.start, until: entry.calendar.end(of: next))
        }
        return openings.sorted { ($0.opens ?? .distantPast, $0.policy) < ($1.opens ?? .distantPast, $1.policy) }
            .prefix(Controller.openingLimit).map(\.self)
    }

    /// The policy's run has nothing more to do with it, and no other begins by itself before the next window or revision.
    private func isThrough(with node: NodeIndex, _ entry: CalendarsInForce.Entry, _ now: Moment) -> Bool {
        if let slot = activeRuns[entry.policy.name] {
            let part = fleet[seat: node].parts.first { $0.run == slot }
            return part.flatMap { ledger.part($0)?.phase.isFinished } ?? true
        }
        guard let ended = ended(entry.policy) else { return false }
        return entry.policy.isRollout || entry.calendar.opening(at: now.wall).map { $0.start <= ended.endedAt } ?? false
    }

    /// Of which runs the node was given back or left out, so that `retry` queues it again; where it failed, `skip` has that
    /// count no longer.
    private func leftOut(_ node: NodeIndex) -> [(run: RunID, hasFailed: Bool)] {
        fleet[seat: node].parts.compactMap { place in
            guard let part = ledger.part(place), case .finished(let result) = part.phase, result.isLeftOut,
                let header = ledger.header(place.run), !header.isEnding
            else { return nil }
            return (header.id, part.isFailed)
        }
    }

    private func levers(
        of node: NodeIndex, _ status: NodeStatus, _ waits: [NodeExplanation.Wait], _ now: Moment
    ) -> [String] {
        let id = fleet[node].id
        // Whoever only observes refuses what would change it.
        guard !isLeftAlone(node) else { return ledger[node].hold == nil ? ["nagi hold \(id) --reason …"] : [] }
        var levers: [String] = []
        if ledger[node].hold != nil { levers.append("nagi resume \(id)") }
        if let stay = ledger[node].failedStay {
            levers += [retryLever(stay, node), releaseLever(node)]
        }
        for (run, hasFailed) in leftOut(node) {
            if ledger[node].failedStay?.run != run { levers.append("nagi retry \(run) \(id)") }
            if hasFailed { levers.append("nagi skip \(run) \(id) --reason …") }
        }
        let isDisrupted = runsDisruptiveCommand(node)
        if !isDisrupted, ledger[node].hold != nil || ledger[node].written?.owedSince != nil {
            levers.append("nagi release \(id) --reason …")
        }
        if let run = status.run, awaitsApproval(node) { levers.append("nagi approve \(run) \(id)") }
        for blocker in status.blockers where status.run != nil && blocker.class == .human {
            levers += blocker.levers(node: blocker.node ?? id, run: status.run)
        }
        // What the run that takes it soonest waits for can be ignored; of the others, a person's word lifts theirs.
        for (place, wait) in waits.enumerated() where status.run == nil {
            levers += wait.blockers.filter { place == 0 || $0.class == .human }.flatMap {
                $0.levers(node: $0.node ?? id, run: wait.run)
            }
        }
        if ledger.pause != nil { levers.append("nagi resume") }
        if let run = status.run {
            levers.append("nagi release \(id)\(isDisrupted ? " --force" : "") --reason …")
            if !isDisrupted { levers.append("nagi skip \(run) \(id) --reason …") }
            let pauses = ledger.slot(of: run).flatMap { ledger.header($0) }?.pauses ?? []
            if pauses.isEmpty { levers.append("nagi pause \(run)") }
            // What waits for an approval goes on by that: to resume it has the word waited for once more.
            if pauses.contains(where: { $0.cause != .approval }) { levers.append("nagi resume \(run)") }
        }
        if ledger[node].hold == nil { levers.append("nagi hold \(id) --reason …") }
        // What would be refused without force is offered with it.
        var known = Set(levers.filter { $0.hasSuffix(" --force") }.map { String($0.dropLast(" --force".count)) })
        return levers.filter { known.insert($0).inserted }
    }

    /// Forced where somebody holds the node, who is asked first, and where a command may still run there.
    func retryLever(_ stay: FailedStay, _ node: NodeIndex) -> String {
        let isForced = ledger[node].hold != nil || openCommand(on: node) != nil
        return "nagi retry \(stay.run) \(fleet[node].id)\(isForced ? " --force" : "")"
    }

    /// The same for giving it back.
    func releaseLever(_ node: NodeIndex) -> String {
        "nagi release \(fleet[node].id)\(openCommand(on: node) == nil ? "" : " --force") --reason …"
    }

    /// A person's word lets it go on.
    private func awaitsApproval(_ node: NodeIndex) -> Bool {
        fleet[seat: node].working.contains { place in
            guard let sequence = ledger.header(place.run)?.pinned.sequence else { return false }
            return ledger.part(place)?.awaitedApproval(in: sequence) != nil
        }
    }

    /// Of what failed in it and is kept, also after its end: it may be what has paused it.
    private func retries(in run: RunStatus) -> [String] {
        run.parts.lazy.compactMap { ledger.index(of: NodeID(cluster: run.cluster, name: $0.name)) }
            .compactMap { node in
                ledger[node].failedStay.flatMap { $0.run.text == run.id ? retryLever($0, node) : nil }
            }
            .prefix(Controller.retryLimit).map { $0 }
    }

    private func levers(of header: Ledger.RunHeader, _ run: RunStatus) -> [String] {
        var levers = run.blockers.flatMap { $0.levers(node: $0.node, run: header.id) }
        if header.pauses.isEmpty { levers.append("nagi pause \(header.id)") }
        if !header.isEnding { levers.append("nagi abort \(header.id) --reason …") }
        var known: Set<String> = []
        return levers.filter { known.insert($0).inserted }
    }
}

extension Blocker {
    /// What an operator may type against it: one of them, where there is something.
    package func levers(node: NodeID?, run: RunID?) -> [String] {
        let own = node.map { "\($0)" }
        guard let run else {
            return switch reason {
            case .allPaused: ["nagi resume"]
            case .held, .keptOpen, .reserved: own.map { ["nagi resume \($0)"] } ?? []
            case .failedStay(let failed): own.map { ["nagi retry \(failed) \($0)"] } ?? []
            default: []
            }
        }
        return switch reason {
        // Whoever resumes it has the word waited for once more, or the gate measured.
        case .runPaused(let pause) where pause.cause == .approval: ["nagi approve \(run)"]
        case .runPaused(let pause) where pause.cause == .gate:
            ["nagi resume \(run)", "nagi force \(run) --ignore gate --reason …"]
        case .runPaused: ["nagi resume \(run)"]
        case .approval, .promotion, .stepApproval: ["nagi approve \(run)"]
        case .gate: ["nagi force \(run) --ignore gate --reason …"]
        case .excluded: ["nagi force \(run) --ignore exclusion --reason …"]
        case .outsideWindow, .cutoff: ["nagi force \(run) --ignore window --reason …"]
        default: levers(node: node, run: nil)
        }
    }
}
