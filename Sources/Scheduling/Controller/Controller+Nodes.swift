import ModeCore
import Primitives

/// What is read and written: observations in, mode changes out.
extension Controller {
    /// How soon a node is read again.
    enum Cadence {
        /// Committed, or a change is open: a lost block must be back at once.
        static let urgent = Duration.milliseconds(250)
        /// Out of service by nagi's doing.
        static let close = Duration.milliseconds(500)
        static let soaking = Duration.seconds(1)
    }

    /// For how long a write of unknown outcome may still arrive, beyond the deadline of its call.
    static let quarantineMargin = Duration.seconds(1)
    static let firstBackoff = Duration.milliseconds(250)
    static let longestBackoff = Duration.seconds(5)

    mutating func take(_ observation: Observation) {
        guard let place = index[observation.node] else { return }
        let before = facts(of: place)
        let incarnation = nodes[place].incarnation
        // Nobody saw what the node did while nobody read it: a soak of that time proves nothing.
        let isGap = !nodes[place].isReadable(
            at: now, staleAfter: clusters[nodes[place].cluster].policy.observe.staleAfter)
        let isNewList = observation.members != nil && observation.members != nodes[place].observation?.members
        nodes[place].isReading = false
        nodes[place].take(observation, at: now)
        if observation.members == nil {
            nodes[place].connectedPlaces = []
        } else if isNewList || nodes[place].connectedPlaces.isEmpty {
            noteMembers(of: place)
        }
        if isGap || nodes[place].incarnation != incarnation { nodes[place].inServiceSince = nil }
        noteService(place)
        settle(place)
        let entry = ledger.nodes[observation.node]
        if let written = entry?.written, observation.mode.requestable == written {
            let isBack = nodes[place].writtenIncarnation.map { $0 != nodes[place].incarnation } ?? false
            if isBack, let load = observation.load { nodes[place].leaked = load.sessionsCreated }
            nodes[place].writtenIncarnation = nodes[place].incarnation
        }
        noteEvidence(place)
        finishRead(place, before: before)
    }

    mutating func take(_ failure: ReadFailure, of node: NodeID) {
        guard let place = index[node] else { return }
        let before = facts(of: place)
        nodes[place].isReading = false
        nodes[place].take(failure, at: now)
        finishRead(place, before: before)
    }

    /// The text of a failure may differ each time; its kind is what is journaled on change.
    private func isSame(_ a: NodeFacts?, _ b: NodeFacts?) -> Bool {
        guard let a = a?.failure, let b = b?.failure else { return a == b }
        return a.isSameKind(as: b)
    }

    private mutating func finishRead(_ place: Int, before: NodeFacts?) {
        let number = nodes[place].cluster
        if !clusters[number].isKnown, clusters[number].nodes.allSatisfy({ nodes[$0].isKnown }) {
            clusters[number].isKnown = true
            for other in clusters[number].nodes where other != place { touch(other) }
            isSchedulingDue = true
        }
        let after = facts(of: place)
        if !isSame(after, before) {
            if let after { decide(.nodeObserved(nodes[place].id, after)) }
            isSchedulingDue = true
        }
        touch(place)
        let at = nodes[place].wantsRead ? now.uptime : now.uptime + cadence(of: place)
        nodes[place].wantsRead = false
        scheduleRead(place, at: at)
    }

    mutating func take(_ answer: ModeChangeAnswer, to id: Int) {
        guard let place = openChanges[id], ledger.nodes[nodes[place].id]?.open?.change.id == id else { return }
        decide(.modeAnswered(nodes[place].id, id: id, answer))
        if case .notSent = answer { close(id, of: place, isReached: false) }
        readNow(place)
    }

    mutating func take(_ outcome: CommandOutcome, of id: CommandID) {
        guard let entry = ledger.commands[id], entry.outcome == nil else { return }
        decide(.commandEnded(id, entry.start.node, outcome))
        guard let place = index[entry.start.node] else { return }
        touch(place)
        readNow(place)
    }

    mutating func hint(_ place: Int) {
        guard let begun = nodes[place].readBegun else { return readNow(place) }
        guard !nodes[place].isReading else {
            nodes[place].wantsRead = true
            return
        }
        let at = max(now.uptime, begun + Cadence.urgent)
        if at < nodes[place].nextRead { scheduleRead(place, at: at) }
    }

    mutating func readNow(_ place: Int) {
        if nodes[place].isReading {
            nodes[place].wantsRead = true
        } else {
            scheduleRead(place, at: now.uptime)
        }
    }

    mutating func scheduleRead(_ place: Int, at: Uptime) {
        nodes[place].nextRead = at
        due.insert(DueEntry(at: at, node: place))
    }

    /// Looks at the runs again then.
    mutating func wake(at: Uptime) {
        guard pendingWake.map({ $0 <= now.uptime || at < $0 }) ?? true else { return }
        pendingWake = at
        due.insert(DueEntry(at: at, node: -1))
    }

    mutating func issueReads() {
        while let entry = due.popFirst(where: { $0.at <= now.uptime }) {
            guard entry.node >= 0 else {
                isSchedulingDue = true
                continue
            }
            // A later entry replaced this one, or the read is under way.
            guard !nodes[entry.node].isReading, nodes[entry.node].nextRead == entry.at else { continue }
            nodes[entry.node].isReading = true
            nodes[entry.node].readBegun = now.uptime
            actions.append(.read(nodes[entry.node].id))
        }
    }

    private func cadence(of place: Int) -> Duration {
        let entry = ledger.nodes[nodes[place].id]
        if entry?.open != nil { return Cadence.urgent }
        let interval = clusters[nodes[place].cluster].policy.observe.interval
        let isClaimed = desired(place) != nil
        if isClaimed, nodes[place].isFailing || nodes[place].observation?.mode == .known(.initial) {
            return Cadence.urgent
        }
        switch nodeRun(at: place)?.phase {
        case .committed: return Cadence.urgent
        case .closing, .closed, .restoring: return Cadence.close
        case .soaking: return min(interval, Cadence.soaking)
        case .queued, .finished, nil: break
        }
        if isClaimed || entry?.written != nil { return Cadence.close }
        return jittered(
            interval, share: clusters[nodes[place].cluster].policy.observe.jitter, place: place)
    }

    /// Spreads the reads of different nodes without drawing anything: the offset follows from place and time.
    private func jittered(_ interval: Duration, share: Double, place: Int) -> Duration {
        guard share > 0 else { return interval }
        let factor = 1 + share * (2 * RandomStream.unit(place: place, at: now.uptime) - 1)
        return .nanoseconds(Int64(Double(interval.nanoseconds) * factor))
    }

    /// What the journal keeps of the node's latest read; nil before the first.
    private func facts(of place: Int) -> NodeFacts? {
        if let failure = nodes[place].failure { return NodeFacts(mode: nil, failure: failure) }
        guard let mode = nodes[place].observation?.mode else { return nil }
        // Before every node was asked once, nobody can say what the majority says.
        let cluster = nodes[place].cluster
        let isConnected = clusters[cluster].isClustered && clusters[cluster].isKnown ? self.isConnected(place) : nil
        return NodeFacts(
            mode: mode, version: nodes[place].observation?.version, ready: nodes[place].observation?.ready,
            isConnected: isConnected)
    }

    /// Who is connected, by the node's own account.
    mutating func noteMembers(of place: Int) {
        guard let members = nodes[place].observation?.members else { return }
        let number = nodes[place].cluster
        let places = clusters[number].places
        var seen = [Bool](repeating: false, count: clusters[number].nodes.count)
        var regular = 0
        for member in members {
            if !member.isTemporary { regular += 1 }
            if let place = places[member.name] {
                seen[place] = member.isConnected
                if let version = member.version { noteVersion(version, of: clusters[number].nodes.lowerBound + place) }
            }
        }
        nodes[place].connectedPlaces = seen
        nodes[place].regularMembers = regular
        // The longest list counts: a node that has just started may not know the others yet.
        clusters[number].total = clusters[number].nodes.reduce(clusters[number].nodes.count) {
            max($0, nodes[$1].regularMembers)
        }
    }

    /// The cluster's word on a node's version, for nodes that do not say it themselves.
    private mutating func noteVersion(_ version: String, of place: Int) {
        if nodes[place].observation?.version == nil { nodes[place].observation?.version = version }
    }

    private mutating func noteService(_ place: Int) {
        let isServing =
            nodes[place].observation?.mode == .known(.normal)
            && (!nodes[place].hasGate || nodes[place].observation?.ready == true)
        if !isServing {
            nodes[place].inServiceSince = nil
        } else if nodes[place].inServiceSince == nil {
            nodes[place].inServiceSince = now.uptime
        }
    }

    private mutating func noteEvidence(_ place: Int) {
        guard let id = nodes[place].assignment, let run = ledger.run(id), let nodeRun = nodeRun(at: place),
            let claim = nodeRun.claim, let seen = nodes[place].observation
        else { return }
        let isConfirmed = seen.mode.requestable.map { $0 >= claim } ?? false
        nodes[place].evidence.note(
            begun: seen.begun.uptime, at: now.uptime, isConfirmed: isConfirmed,
            isEmpty: isEmpty(seen.load, for: nodeRun, of: run) ?? false)
    }

    /// Whether the counts are at or below what the drain before the current step asks for; nil: the node did not say.
    func isEmpty(_ load: NodeLoad?, for nodeRun: NodeRun, of run: Run) -> Bool? {
        guard let load else { return nil }
        var maxSessions = 0
        var maxConnections = 0
        for step in run.sequence.steps[...nodeRun.step] {
            if case .drain(let drain) = step {
                maxSessions = drain.maxSessions
                maxConnections = drain.maxConnections
            }
        }
        return load.sessions <= maxSessions && load.ongoingConnections <= maxConnections
    }

    /// Ends the open change when an observation that began after its answer tells what came of it.
    private mutating func settle(_ place: Int) {
        guard let open = ledger.nodes[nodes[place].id]?.open, let answer = open.answer,
            let answeredAt = open.answeredAt, let seen = nodes[place].observation,
            seen.begun.uptime >= answeredAt.uptime
        else { return }
        if seen.mode.requestable == open.change.target {
            close(open.change.id, of: place, isReached: true)
            return
        }
        if case .unknown = answer {
            let quarantine = clusters[nodes[place].cluster].policy.api.timeout + Controller.quarantineMargin
            guard now.uptime - answeredAt.uptime >= quarantine else { return }
        }
        close(open.change.id, of: place, isReached: false)
    }

    private mutating func close(_ id: Int, of place: Int, isReached: Bool) {
        decide(.modeSettled(nodes[place].id, id: id, isReached: isReached))
        openChanges[id] = nil
        isSchedulingDue = true
        if isReached {
            nodes[place].attempts = 0
            nodes[place].notBefore = now.uptime
            return
        }
        let doublings = min(nodes[place].attempts, 5)
        nodes[place].attempts += 1
        let backoff = min(Controller.longestBackoff, Controller.firstBackoff * (1 << doublings))
        nodes[place].notBefore = now.uptime + backoff
    }

    /// Takes one step towards the desired mode.
    mutating func reconcileMode(_ place: Int) {
        let id = nodes[place].id
        // Each round records a change that makes the next answer different.
        for _ in 0..<4 {
            let entry = ledger.nodes[id] ?? NodeLedger()
            switch reconcile(desired: desired(place), view: view(of: place, entry), ledger: entry) {
            case .inDesiredMode, .unmanaged, .waiting:
                return
            case .drop(let loss):
                decide(.ownershipDropped(id, reason: loss))
            case .setFloor(let floor):
                decide(.floorChanged(id, floor))
            case .adopt(let mode):
                decide(.modeAdopted(id, mode))
            case .send(let target, let cause):
                guard now.uptime >= nodes[place].notBefore else { return }
                send(target, cause, to: place, written: entry.written)
                return
            }
            isSchedulingDue = true
        }
    }

    private mutating func send(
        _ target: RequestableMode, _ cause: ModeChange.Cause, to place: Int, written: RequestableMode?
    ) {
        let id = nodes[place].id
        let change = ModeChange(
            id: ledger.lastChange + 1, node: id, target: target, cause: cause, written: written)
        decide(.modeIntended(change))
        openChanges[change.id] = place
        actions.append(.send(change))
    }

    func view(of place: Int, _ entry: NodeLedger) -> NodeView {
        let doubts = entry.doubts.filter { now.wall - $0.since <= Doubt.memory }.map(\.mode)
        // Only taking a mode back asks for the majority's word.
        let nodeRun = nodeRun(at: place)
        let since = nodeRun?.phase == .restoring ? nodeRun?.stepSince.uptime : nil
        let isConnected =
            entry.written == nil || self.isConnected(place, since: since ?? Uptime(nanoseconds: .min))
        return NodeView(
            isReadable: isReadable(place), mode: nodes[place].observation?.mode, isConnected: isConnected,
            isRestarted: nodes[place].writtenIncarnation != nodes[place].incarnation, doubts: doubts)
    }

    /// The strictest claim on the node; nil without claims.
    func desired(_ place: Int) -> RequestableMode? {
        var desired = nodeRun(at: place)?.claim
        for hold in ledger.nodes[nodes[place].id]?.holds ?? [] {
            desired = max(desired ?? hold.mode, hold.mode)
        }
        return desired
    }

    func isReadable(_ place: Int) -> Bool {
        nodes[place].isReadable(at: now, staleAfter: clusters[nodes[place].cluster].policy.observe.staleAfter)
    }

    /// Whether a majority of the cluster's regular nodes, itself included, lists the node as connected.
    ///
    /// - Parameter since: only reads that began no earlier count.
    func isConnected(_ place: Int, since: Uptime = Uptime(nanoseconds: .min)) -> Bool {
        let number = nodes[place].cluster
        guard clusters[number].isClustered else { return true }
        let column = nodes[place].place
        let staleAfter = clusters[number].policy.observe.staleAfter
        var votes = 0
        for other in clusters[number].nodes
        where column < nodes[other].connectedPlaces.count && nodes[other].connectedPlaces[column]
            && nodes[other].isReadable(at: now, staleAfter: staleAfter)
            && nodes[other].observedSince(since)
        {
            votes += 1
        }
        return votes >= clusters[number].majority
    }

    /// Whether the node counts as out of service, whatever the cause.
    /// - Parameter isPatient: a read or a readiness gate that gave no answer only lately is forgiven.
    func isUnavailable(_ place: Int, isPatient: Bool = false) -> Bool {
        if ledger.nodes[nodes[place].id]?.open != nil || desired(place) != nil { return true }
        // Started, and about to be claimed: its place is taken.
        if nodeRun(at: place)?.phase == .closing { return true }
        if isPatient, let since = nodes[place].failingSince {
            let staleAfter = clusters[nodes[place].cluster].policy.observe.staleAfter
            if now.uptime - since.uptime < staleAfter { return false }
        }
        guard isReadable(place), nodes[place].observation?.mode == .known(.normal) else { return true }
        guard nodes[place].hasGate else { return false }
        if isPatient, let since = nodes[place].gateSilentSince {
            return now.uptime - since >= clusters[nodes[place].cluster].policy.observe.staleAfter
        }
        return nodes[place].observation?.ready != true
    }

    func budgetUse(of number: Int, isPatient: Bool = false) -> BudgetUse {
        let cluster = clusters[number]
        let unavailable = cluster.nodes.reduce(0) { $0 + (isUnavailable($1, isPatient: isPatient) ? 1 : 0) }
        // Regular nodes that only the cluster knows cannot be read: they are not freshly known to be normal.
        let unknown = cluster.total - cluster.nodes.count
        return BudgetUse(
            total: cluster.total, unavailable: unavailable + unknown, budget: cluster.policy.budget,
            isClustered: cluster.isClustered)
    }
}
