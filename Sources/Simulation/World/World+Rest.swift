import Calendars
import ModeCore
import Primitives
import Scheduling

/// Whether everything comes to rest that may: asked again and again, not only at the end of time.
extension World {
    /// How long the longest pause is between two attempts to give a node back, and a little more.
    private static let openingPatience = Duration.minutes(7)
    private static let startPatience = Duration.minutes(15)
    /// Between two looks at everything.
    private static let statusInterval = Duration.minutes(5)

    mutating func check() {
        noteVerdicts()
        checkRest(isEnd: false)
        insert(.check, in: World.checkInterval)
    }

    /// What is shown, also while something is wrong.
    private mutating func noteVerdicts() {
        guard now % World.statusInterval.nanoseconds == 0, let status = controller?.status(at: moment) else { return }
        for node in status.clusters.flatMap(\.nodes) { marks.note("verdict-\(node.verdict.code.rawValue)") }
        let wall = clock.wall(at: now)
        for run in oracle.mirror.runs where !run.isPaused && run.parts.contains(where: \.part.phase.isQueued) {
            let isOpen = oracle.closure(of: run, at: wall, isFirst: true) == nil
            if isOpen, oracle.misfit(of: run, at: wall) != nil { marks.note("start-waits-to-fit") }
        }
    }

    mutating func checkRest(isEnd: Bool) {
        guard controller != nil else {
            if isEnd { oracle.violate(.liveness, at: now, "no daemon runs") }
            return
        }
        guard disturbances == 0, stalledUntil == nil, oracle.isClockTrusted(at: now) else { return }
        for place in scenario.nodes.indices { checkOpening(of: place) }
        for (node, open) in oracle.mirror.open.sorted(by: { $0.key < $1.key })
        where quiet(since: open.at) > .minutes(1) {
            // What became of it only the node can tell.
            guard let since = oracle.place(node).flatMap({ oracle.truths[$0].inReachSince }),
                quiet(since: since) > .minutes(1)
            else { continue }
            oracle.violate(.liveness, at: now, "\(node.name): a change is still open")
        }
        for run in oracle.mirror.runs {
            for part in run.parts { checkDeadline(of: part, in: run) }
        }
        guard isEnd || now % World.statusInterval.nanoseconds == 0 else { return }
        for run in oracle.mirror.runs { checkEnd(of: run) }
        checkVerdicts()
        checkStarving()
        checkWords()
        for run in oracle.mirror.runs { checkGateWait(of: run) }
        checkGrowth()
    }

    /// For how long nothing has been wrong, since that instant.
    func quiet(since instant: Int64) -> Duration { .nanoseconds(now - max(instant, calmSince)) }

    /// Whose address the policies give to the machine.
    func name(of place: Int) -> NodeID? {
        let inForce = oracle.mirror.set?.clusters.first?.nodes ?? []
        let node = (inForce + directory.nodes).first { $0.api == addresses[place].api }
        return node.map { NodeID(cluster: Scenario.clusterName, name: $0.name) }
    }

    /// What nagi set and nobody claims is opened.
    private mutating func checkOpening(of place: Int) {
        guard oracle.truths[place].ownership.isNagis, cluster.isJoined(place), let node = name(of: place), canVote,
            !oracle.mirror.isClaimed(node),
            quiet(since: oracle.mirror.unclaimedSince[node] ?? 0) > World.openingPatience
        else { return }
        oracle.violate(.liveness, at: now, "\(scenario.nodes[place].name) is left \(cluster[place].mode.rawValue)")
    }

    /// The policies list enough of the regular nodes to hear a majority of them.
    var canVote: Bool {
        guard scenario.isClustered else { return true }
        let listed = oracle.mirror.set?.clusters.first?.nodes ?? []
        let regular = oracle.truths.indices.filter { !oracle.truths[$0].isTemporary }
        let heard = regular.count { place in
            oracle.truths[place].apartSince == nil && listed.contains { $0.name == scenario.nodes[place].name }
        }
        return heard > regular.count / 2
    }

    private mutating func checkDeadline(of view: RunMirror.PartView, in run: RunMirror.RunView) {
        let part = view.part
        guard part.phase.isInWork, let place = oracle.place(part.node), !conditions[place].isLost, canVote else {
            return
        }
        let isWaiting = part.phase.command.map { oracle.command($0)?.isRunning != true } ?? true
        let isHeld = oracle.mirror.holds[part.node] != nil
        if run.isPaused || oracle.mirror.isEverythingPaused || isHeld, isWaiting,
            part.phase.kind == .out || part.phase.kind == .committed
        {
            return
        }
        var bound: Duration?
        if let work = part.phase.work {
            let step = run.policy.sequence.steps[work.step]
            if !work.isGranted, part.phase.claim == nil, isWaiting { return }
            if case .gate(let gate) = step { checkMeasured(gate, view, run) }
            bound = step.bound(hasCommand: !isWaiting)
        } else if case .returning(let returning) = part.phase {
            bound = returning.command == nil ? World.openingPatience : .minutes(12)
        }
        guard let bound, quiet(since: oracle.mirror.beganToCount(view, run)) > bound + .minutes(2) else {
            return
        }
        let stage = "\(part.phase.word) \(stepWord(part, run))"
        oracle.violate(
            .deadline, at: now,
            "\(part.node.name) has been \(stage) of \(run.run.id) for longer than \(bound.spoken)")
    }

    private func stepWord(_ part: Part, _ run: RunMirror.RunView) -> String {
        part.phase.work.map { "in \(run.policy.sequence.steps[$0.step].word)" } ?? ""
    }

    /// A run ends some time after its window has, or after it was told to.
    private mutating func checkEnd(of run: RunMirror.RunView) {
        guard !run.isPaused, !oracle.mirror.isEverythingPaused,
            !run.parts.contains(where: { oracle.mirror.holds[$0.part.node] != nil })
        else { return }
        let course = Step.longestCourse(of: run.policy.sequence) + .minutes(10)
        if run.isEnding, quiet(since: run.phaseChangedAt) > course {
            oracle.violate(.liveness, at: now, "\(run.run.id) does not end")
        }
        guard case .window(_, let span) = run.run.origin, clock.isRight, quiet(since: 0) > course,
            clock.wall(at: now) > span.end + course
        else { return }
        oracle.violate(.liveness, at: now, "\(run.run.id) is not over so long after its window")
    }

    /// Nothing is called somebody else's that nagi set.
    private mutating func checkVerdicts() {
        guard let status = controller?.status(at: moment), quiet(since: 0) > .minutes(3) else { return }
        for node in status.clusters.flatMap(\.nodes) {
            guard let place = oracle.place(NodeID(cluster: Scenario.clusterName, name: node.name)),
                oracle.truths[place].ownership.isNagis, name(of: place)?.name == node.name,
                [.foreign, .faulted].contains(node.verdict.code)
            else { continue }
            oracle.violate(.liveness, at: now, "\(node.name) is called \(node.verdict.code.rawValue): nagi set it")
        }
    }

    /// A run that waits although one of its nodes could start.
    private mutating func checkStarving() {
        guard clock.isRight, canVote, !oracle.mirror.isEverythingPaused, let set = oracle.mirror.set else { return }
        for run in oracle.mirror.runs where !run.isPaused && !run.isEnding {
            guard quiet(since: run.changedAt) > World.startPatience, !run.parts.contains(where: \.part.phase.isInWork),
                let node = run.parts.first(where: { couldStart($0, in: run, set) })?.part.node
            else { continue }
            let status = controller?.status(at: moment).runs.first { $0.id == run.run.id.text }
            let blockers = status?.blockers.map { "\($0.code.rawValue): \($0.text)" } ?? []
            oracle.violate(
                .liveness, at: now, "\(node.name) could start in \(run.run.id) and does not: \(blockers)")
        }
    }

    private func couldStart(_ view: RunMirror.PartView, in run: RunMirror.RunView, _ set: PolicySet) -> Bool {
        let part = view.part
        guard case .queued(let queued) = part.phase, queued.backOff == nil || quiet(since: 0) > .minutes(45),
            let place = oracle.place(part.node), name(of: place) == part.node,
            let node = set.clusters[0].nodes.first(where: { $0.name == part.node.name })
        else { return false }
        let truth = oracle.truths[place]
        // It is in service and anybody can see that, and nobody has it.
        guard oracle.mirror.holds[part.node] == nil, truth.outSince == nil, truth.ownership.layers.isEmpty,
            oracle.mirror.stays[part.node] == nil,
            !oracle.mirror.runs.contains(where: { other in
                other.parts.contains { $0.part.node == part.node && $0.part.phase.isInWork }
            })
        else { return false }
        // What a gate says is not nagi's doing.
        guard run.isApproved, run.gates.values.allSatisfy(\.isGood) else { return false }
        let strategy = run.policy.strategy
        if strategy.canary != nil, !run.isPromoted, run.parts.count(where: \.hasBegun) >= strategy.canary?.count ?? 0 {
            return false
        }
        let group = strategy.groups.isEmpty || node.labels["zone"] == "a" ? 0 : 1
        let isBlockedByGroup = run.parts.contains { other in
            group == 1 && !other.part.phase.isFinished && oracle.labels(other.part.node)["zone"] == "a"
                && !strategy.groups.isEmpty
        }
        if isBlockedByGroup { return false }
        if group == 1, strategy.groups.count > 1, quiet(since: run.changedAt) < strategy.groups[1].waitAfterPrevious {
            return false
        }
        let wall = clock.wall(at: now)
        let last = wall + run.policy.schedule.cutoff + .minutes(1)
        guard (0...3).allSatisfy({ oracle.closure(of: run, at: wall - .minutes($0), isFirst: true) == nil }),
            oracle.calendar.isOpen(run.policy.schedule.windows, at: last),
            // A minute later another window may be open, into which it fits.
            [wall, wall + .minutes(1)].allSatisfy({ oracle.misfit(of: run, at: $0) == nil })
        else { return false }
        return hasRoom(for: place, run, set.clusters[0])
    }

    /// By the machines as they are.
    private func hasRoom(for place: Int, _ run: RunMirror.RunView, _ policy: ClusterPolicy) -> Bool {
        let isClustered = scenario.isClustered
        let known = oracle.truths.indices.filter { other in
            isClustered || policy.nodes.contains { $0.name == scenario.nodes[other].name }
        }
        let regular = known.filter { !oracle.truths[$0].isTemporary }
        let out = known.filter { other in
            let truth = oracle.truths[other]
            return other == place || truth.outSince != nil || oracle.mirror.isClaimed(oracle.id(other))
                || oracle.mirror.isReserved(oracle.id(other))
                || name(of: other) != oracle.id(other)
                    && policy.nodes.contains { $0.name == scenario.nodes[other].name }
        }
        let outRegular = out.count { !oracle.truths[$0].isTemporary }
        guard out.count <= policy.budget.maxUnavailable.asMaxUnavailable(of: regular.count) else { return false }
        if let least = policy.budget.minAvailable?.asMinAvailable(of: regular.count), regular.count - outRegular < least
        {
            return false
        }
        guard isClustered, run.policy.sequence.hasDisruptiveStep else { return true }
        let apart = regular.count { oracle.truths[$0].apartSince != nil || $0 == place }
        return apart <= (regular.count - 1) / 2
    }

    /// Where nothing is decided, little is written down.
    private mutating func checkGrowth() {
        let interval = World.statusInterval
        defer { recordsBefore = journal.count }
        guard quiet(since: oracle.mirror.decidedAt) > interval * 2, recordsBefore > 0 else { return }
        let grown = journal.dropFirst(recordsBefore).count { !$0.isSample }
        // A heartbeat each minute.
        if grown > 8 {
            oracle.violate(.growth, at: now, "\(grown) records in \(interval.spoken) in which nothing happened")
        }
    }
}
