import ModeCore
import Primitives
import Scheduling

/// What happens on the machines.
extension Oracle {
    /// How a machine is now, whatever made it so.
    mutating func noteService(of place: Int, isInService: Bool, isInReach: Bool, isInTouch: Bool, at: Int64) {
        truths[place].outSince = isInService ? nil : truths[place].outSince ?? at
        truths[place].servingSince = isInService ? truths[place].servingSince ?? at : nil
        truths[place].apartSince = isInTouch ? nil : truths[place].apartSince ?? at
        truths[place].inReachSince = isInReach ? truths[place].inReachSince ?? at : nil
        if isInTouch { truths[place].isStoppedByCommand = false }
        stages.note(place: place, isInService: isInService, at: at)
    }

    mutating func noteRestart(of place: Int, at: Int64) {
        truths[place].ownership.restarted()
        truths[place].foreignChanges.append(at)
    }

    /// Somebody sets a mode by hand, or the node does so by itself.
    mutating func noteSet(
        _ mode: RequestableMode, by setter: Ownership.Setter, on place: Int, from current: RequestableMode, at: Int64
    ) {
        guard mode != current else { return }
        truths[place].foreignChanges.append(at)
        // The very mode that nagi is about to set, or that may still arrive: whose it is nobody can tell.
        let isDoubtful =
            mode > current
            && (mayArrive[id(place)]?.contains { $0.mode == mode && at < $0.until } ?? false)
        truths[place].ownership.set(mode, by: isDoubtful ? .unclear : setter, from: current)
    }

    /// A node receives a ChangeMode and does it.
    mutating func noteReceived(_ write: Write, on place: Int, from mode: NodeMode, at: Int64) {
        let change = write.change
        let name = machines[place].name
        changesReceived += 1
        if !durableIntents.contains(change.id) {
            violate(.intentBeforeEffect, at: at, "change \(change.id) of \(change.node.name) was not durable")
        }
        guard let current = mode.requestable else { return }
        let isRaise = change.target > current
        if isRaise, !write.isRepeat, !write.isLate { checkRaise(write, place, current, at: at) }
        let sessions = write.sessions
        if isRaise, change.target == .blockNewConnection, current == .blockNewSession,
            truths[place].ownership.isNagis, sessions > 0, !isOrderExcused(change, sessions)
        {
            violate(.order, at: at, "\(name) is closed with \(sessions) live sessions")
        }
        if change.target == .normal, current > .normal, let since = truths[place].apartSince, isClustered,
            at - since > Oracle.isolationNoticed, !write.isRepeat, !write.isLate
        {
            violate(.isolation, at: at, "\(name) was opened, cut off for \(Duration.nanoseconds(at - since))")
        }
        if isRaise, current == .normal { noteRaise(of: place, at: at) }
        let wrong = truths[place].ownership.write(
            change.target, from: current, foreignChanges: write.foreignChanges,
            isRepeat: write.isRepeat || name != change.node.name)
        if let wrong { violate(.ownership, at: at, "\(name) (\(change.cause.rawValue)): \(wrong)") }
    }

    /// Nobody can know of a cut that is no older.
    static let isolationNoticed: Int64 = 4_000_000_000

    /// Without a cause from outside a node is not closed and opened again and again.
    private mutating func noteRaise(of place: Int, at: Int64) {
        let horizon = at - 600_000_000_000
        truths[place].raises.removeAll { $0 < horizon }
        truths[place].foreignChanges.removeAll { $0 < horizon }
        truths[place].raises.append(at)
        levers.removeAll { $0 < horizon }
        if truths[place].raises.count > 5 + truths[place].foreignChanges.count + levers.count {
            violate(.rate, at: at, "\(machines[place].name) is closed again and again")
        }
    }

    /// A node is closed for good with calls only where the policy bears them: thresholds, or a deadline that passed.
    private func isOrderExcused(_ change: ModeChange, _ sessions: Int) -> Bool {
        // A person who closes it for good bears it.
        if mirror.heldMode(of: change.node) == .blockNewConnection { return true }
        guard let (run, view) = mirror.claim(on: change.node) else { return mirror.stays[change.node] != nil }
        // Calls came while the block was lost: it is put back at once.
        if change.cause != .claim { return true }
        if view.part.phase.work?.mayDropSessions == true || view.part.phase.kind == .committed { return true }
        guard let drain = run.policy.sequence.drain(before: view.part.phase.work?.step ?? 0)?.step else { return true }
        // Further connections of sessions that are live may come until it is closed.
        return sessions <= drain.maxSessions
    }

    /// More is taken from the node: only in the open time of the part's policy, unless it is put back.
    private mutating func checkRaise(_ write: Write, _ place: Int, _ current: RequestableMode, at: Int64) {
        let change = write.change
        let name = machines[place].name
        if let held = mirror.heldMode(of: change.node), held >= change.target { return }
        guard let (run, view) = mirror.claim(on: change.node) else {
            // It was given back while the write was on its way.
            let recently = mirror.unclaimedSince[change.node].map { at - $0 <= 2 * timeout } ?? false
            if mirror.stays[change.node] == nil, !recently {
                violate(.window, at: at, "\(name) is set to \(change.target.rawValue) and nobody claims it")
            }
            return
        }
        if !wasClockTrusted(at: write.intendedAt), change.cause == .claim {
            violate(.clock, at: at, "\(name) is set to \(change.target.rawValue) by a wall clock that jumped")
        }
        guard change.cause == .claim, view.part.phase.kind == .out, !view.part.isTakenOver else { return }
        let isFirst = current == .normal
        if let why = closure(
            of: run, at: write.sentWall, isFirst: run.policy.schedule.onWindowEnd == .restore, exempt: view.part.exempt)
        {
            violate(.window, at: at, "\(name) is set to \(change.target.rawValue) by \(run.run.id) \(why)")
        }
        if isFirst { checkTrueBudget(place, change, at: at) }
    }

    /// Why the run may not act at that instant of the daemon's wall clock.
    func closure(of run: RunMirror.RunView, at wall: Timestamp, isFirst: Bool, exempt: [Ignorable] = []) -> String? {
        guard let set = mirror.set, let policy = set.policies.first(where: { $0.name == run.policy.name }) else {
            return "whose policy is gone"
        }
        if policy.isSuspended { return "whose policy is suspended" }
        if !exempt.contains(.exclusion),
            calendar.isExcluded(policy.schedule.exclusions, at: wall)
                || calendar.isExcluded(cluster?.exclusions ?? [], at: wall)
        {
            return "inside a freeze"
        }
        guard isFirst, !exempt.contains(.window) else { return nil }
        if !calendar.isOpen(run.policy.schedule.windows, at: wall) { return "outside the windows that it began with" }
        if !calendar.isOpen(policy.schedule.windows, at: wall) { return "outside its windows" }
        return nil
    }

    /// Why a node that starts at that instant may not be through with its steps before the run has to stop, where only those
    /// are to start that are; nil: it will be.
    func misfit(of run: RunMirror.RunView, at wall: Timestamp, exempt: [Ignorable] = []) -> String? {
        guard run.policy.schedule.startOnlyIf == .fits, !exempt.contains(.window) else { return nil }
        let course = Step.courseInWindow(of: run.policy.sequence)
        let minutes = (0...Int(course.inSeconds / 60)).map { wall + .minutes($0) } + [wall + course]
        // Two windows may be less than a minute apart.
        let windows = run.policy.schedule.windows + (mirror.set?.policy(named: run.policy.name)?.schedule.windows ?? [])
        let ends = Set(minutes.flatMap { calendar.ends(of: windows, at: $0) }).filter { $0 <= wall + course }
        return (minutes + ends).sorted().lazy.compactMap { instant in
            closure(of: run, at: instant, isFirst: true, exempt: exempt).map { "\($0) after \(instant - wall)" }
        }.first
    }

    /// Machines that are out, by nagi's doing or for so long that it must be known.
    private mutating func checkTrueBudget(_ place: Int, _ change: ModeChange, at: Int64) {
        // At the wrong address nobody can know better.
        guard let cluster, machines[place].name == change.node.name else { return }
        var outage = Outage()
        outage.add(machines[place].name, isTemporary: truths[place].isTemporary)
        var regular = 0
        for (other, truth) in truths.enumerated() {
            let isListed = cluster.nodes.contains { $0.name == machines[other].name }
            guard isListed || isClustered else { continue }
            if !truth.isTemporary { regular += 1 }
            guard other != place else { continue }
            // Temporary ones count while they are members: cut off, they are none.
            if truth.isTemporary, truth.apartSince != nil { continue }
            let isKnownOut = truth.outSince.map { at - $0 > noticed } ?? false
            let isNagis = truth.ownership.isNagis && truth.outSince != nil
            guard isNagis || isListed && isKnownOut else { continue }
            outage.add(machines[other].name, isTemporary: truth.isTemporary)
        }
        let least = truths[place].isTemporary ? nil : cluster.budget.minAvailable
        checkBudget(outage, of: regular, most: cluster.budget.maxUnavailable, least: least, at: at)
    }

    /// How long anything may last before everybody must know of it.
    private var noticed: Int64 { staleAfter + 2 * timeout + 2 * RateOracle.second }

    /// Nodes that are out of service, the first of them the one that goes now.
    struct Outage: Sendable {
        private(set) var names: [String] = []
        private(set) var regular = 0

        mutating func add(_ name: String, isTemporary: Bool) {
            names.append(name)
            if !isTemporary { regular += 1 }
        }
    }

    mutating func checkBudget(
        _ outage: Outage, of regular: Int, most: Amount, least: Amount?, _ source: String = "", at: Int64
    ) {
        let most = most.asMaxUnavailable(of: regular)
        let (count, left) = (outage.names.count, regular - outage.regular)
        let others = outage.names.dropFirst().joined(separator: ", ") + source
        if count > most {
            violate(.budget, at: at, "\(outage.names[0]) is the \(count). of \(most) to go, beside \(others)")
        }
        if let least = least?.asMinAvailable(of: regular), left < least {
            violate(.budget, at: at, "\(outage.names[0]) leaves \(left) available of \(least), beside \(others)")
        }
    }

    /// A command stops a machine.
    mutating func noteStopped(_ place: Int, by command: CommandID, cut: Int, sessions: Int, at: Int64) {
        let name = machines[place].name
        if cut > 0 { checkCut(place, command, cut: cut, sessions: sessions, at: at) }
        truths[place].isStoppedByCommand = true
        guard isClustered, !truths[place].isTemporary else { return }
        let regular = truths.count { !$0.isTemporary }
        let missing = truths.enumerated().count { other, truth in
            guard !truth.isTemporary else { return false }
            return other == place || truth.isStoppedByCommand
                || (truth.apartSince.map { at - $0 > noticed } ?? false)
        }
        if missing > (regular - 1) / 2 {
            violate(.quorum, at: at, "\(name) is stopped: \(missing) of \(regular) regular nodes are away")
        }
    }

    private mutating func checkCut(_ place: Int, _ command: CommandID, cut: Int, sessions: Int, at: Int64) {
        guard let view = self.command(command) else { return }
        if view.mayCut || (sessions <= view.sessions && cut <= view.connections) { return }
        // Somebody opened it, or it was restarted, after the command had begun or right before.
        let horizon = view.intendedAt - 3_000_000_000
        if truths[place].foreignChanges.contains(where: { $0 >= horizon }) { return }
        violate(.order, at: at, "\(machines[place].name): the command cut \(cut) connections")
    }

    /// One ChangeMode on its way.
    struct Write: Sendable {
        var change: ModeChange
        var intendedAt: Int64
        /// When it was put on the wire, by the daemon's wall clock.
        var sentWall: Timestamp
        /// Of the machine, when it answered the read before.
        var foreignChanges: Int
        var sessions = 0
        /// Done a second time.
        var isRepeat = false
        /// Done long after it was sent.
        var isLate = false
    }
}
