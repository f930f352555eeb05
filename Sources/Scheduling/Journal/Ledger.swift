import ModeCore
import Primitives

/// What the journal adds up to: everything that must survive a crash. It changes only by `apply`, so that the fold of a
/// journal after a restart is the very value that the process before had.
package struct Ledger: Hashable, Sendable, Codable {
    /// The latest set that was accepted, with the nodes that were found.
    package private(set) var policies: PolicySet?
    /// Dense: those of the set in its order, then those that left it and are not through.
    package private(set) var nodes: [NodeEntry] = []
    private(set) var places: [NodeID: Int] = [:]
    /// What each cluster's lists said last.
    package private(set) var memberships: [String: Membership] = [:]
    /// Nodes that no policy names, by cluster: found by the lists of its nodes, and in `policies` all the same. Nil: none yet.
    package private(set) var found: [String: [FoundNode]]?
    /// Since when each cluster has been within its budget, while a run waits for that.
    package private(set) var budgetKept: [String: Timestamp] = [:]
    /// Runs that are not over; a slot that is free is nil.
    private(set) var runs: [Run?] = []
    private(set) var slots: [RunID: RunSlot] = [:]
    /// In the order of their starts.
    package private(set) var activeRuns: [RunSlot] = []
    /// The latest runs that are over, oldest first; at most `endedRunLimit`.
    package private(set) var endedRuns: [EndedRun] = []
    /// What failed nodes that stay shut were at.
    package private(set) var stayed: [NodeID: StayedPart] = [:]
    /// Commands whose outcome still matters.
    package private(set) var commands: [CommandID: CommandEntry] = [:]
    /// How the latest command on a node ended, until its part is done or the next one starts. Nil: none yet.
    package private(set) var latestCommands: [NodeID: LatestCommand]?
    package private(set) var lastChange = 0
    package private(set) var lastCommand = 0
    /// What each policy has used up: no occurrence opens twice, no span runs twice.
    package private(set) var history: [String: PolicyHistory] = [:]
    /// The process sends nothing and runs no command.
    package private(set) var isObserving = false
    /// What policies had done before that began: nothing is used up by it.
    private var historyBefore: [String: PolicyHistory]?
    /// Of everything that nagi does.
    package private(set) var pause: Pause?
    package private(set) var alarms: [Alarm.Key: Alarm] = [:]
    /// The latest levers that were pulled, oldest first: at most `pullLimit`, and of more than one at most `pullBytes`.
    package private(set) var pulls: [PulledLever] = []
    package private(set) var lastPull = 0
    /// The boot of the host in which uptimes mean something; nil: not known.
    package private(set) var boot: String?
    /// When the latest process of the daemon began.
    package private(set) var startedAt: Timestamp?
    /// The moment of the latest record.
    package private(set) var last: Moment?
    /// When the set in force was taken.
    package private(set) var policiesSince: Timestamp?

    package static let endedRunLimit = 20
    package static let pullLimit = 200
    /// A key that is given again means the same order as long as its pull is kept.
    package static let pullBytes = 1 << 20

    package struct NodeEntry: Hashable, Sendable, Codable {
        package let id: NodeID
        package var state: NodeLedger
        /// How it was configured when it left the policies; nil: it is in them.
        package var retained: Shared<RetainedNode>?
    }

    /// A node that is not in the policies any more and that nagi is not through with: its last settings.
    package struct RetainedNode: Hashable, Sendable, Codable {
        package var node: ClusterNode
        /// Its cluster's settings, without nodes.
        package var cluster: ClusterPolicy
    }

    package struct CommandEntry: Hashable, Sendable, Codable {
        package var start: CommandStart
        package var outcome: CommandOutcome?
        /// Nil: of a record of before, nobody noted it.
        package var startedAt: Timestamp?
    }

    package struct EndedRun: Hashable, Sendable, Codable {
        package var run: Run
        package var outcome: RunOutcome
        package var endedAt: Timestamp
    }

    package init() {}

    /// Of what policies have done before, and nothing else.
    init(history: [String: PolicyHistory]) {
        self.history = history
    }

    package init(folding records: [Record]) {
        for record in records { apply(record) }
    }

    package mutating func apply(_ record: Record) {
        let at = record.at
        switch record.fact {
        case .daemonStarted(let boot, let isObserving):
            observe(isObserving)
            start(boot: boot, at: at)
        case .heartbeat(let marks):
            for entry in marks { with(entry.node) { $0.note(entry.marks) } }
        case .policiesLoaded(let set): load(set, at: at)
        case .membershipChanged(let cluster, let membership): memberships[cluster] = membership
        case .nodesFound(let cluster, let change):
            let before = written
            found = (found ?? [:]).merging([cluster: change.nodes]) { $1 }
            if let before { layOut(before, at: at.wall) }
        case .budgetKept(let cluster, let since): budgetKept[cluster] = since
        case .nodeObserved(let node, let facts, let marks, _):
            with(node) { $0.observe(facts, marks: marks, at: at.wall) }
        case .nodeRestarted(let node, let marks): with(node) { $0.restarted(marks) }
        case .nodeLoosened(let node, _, _): with(node) { $0.loosened(at: at.wall) }
        case .nodeShown(let node, let address): with(node) { $0.shownAddress = address }
        case .addressMoved(let node): with(node) { $0.formerAddress = nil }
        case .leaversForgotten(let cluster): keep { $0.retained == nil || $0.id.cluster != cluster }
        case .drainSampled(let node, let sample, let since): with(node) { $0.sample(sample, of: since) }
        case .runStarted(let run): begin(run)
        case .runChanged(let id, let phase): change(id) { $0.phase = phase }
        case .paused(let id?, let pause): change(id) { $0.place(pause) }
        case .paused(nil, let pause): self.pause = pause
        case .resumed(let id?, let cause): change(id) { $0.lift(cause, at: at) }
        case .resumed(nil, _): pause = nil
        case .runEnded(let id, let outcome): end(id, outcome, at: at.wall)
        case .clearanceChanged(let id, let clearance): change(id) { $0.clearance = clearance }
        case .forced(let id, let force): change(id) { $0.force = force }
        case .forceUsed(let id, _, _): change(id) { $0.force = nil }
        case .approvalChanged(let id, let approval): change(id) { $0.approval = approval }
        case .gateMeasured(let id, let gate, let state): change(id) { $0.note(state, ofGate: gate) }
        case .noticed, .would: break
        case .runPromoted(let id): change(id) { $0.promotedAt = at.wall }
        case .runWaits(let id, let code): change(id) { $0.waitsFor = code }
        case .progressChanged(let id, let clock): change(id) { $0.progress = clock }
        case .partChanged(let id, let index, let part, _, _): change(id, index, part, at: at)
        case .stayPlaced(let node, let stay, let part):
            with(node) { $0.failedStay = stay }
            stayed[node] = part
        case .stayEnded(let node, _):
            with(node) { $0.failedStay = nil }
            stayed[node] = nil
        case .holdPlaced(let node, let hold):
            with(node) { $0.hold = hold }
            forgetGates(of: node)
        case .holdEnded(let node, _): with(node) { $0.hold = nil }
        case .releaseOwed(let node): with(node) { $0.owe(since: at.wall) }
        case .releaseClaimed(let node): with(node) { $0.owe(since: nil) }
        case .modeIntended(let change):
            lastChange = max(lastChange, change.id)
            with(change.node) { $0.intend(change, at: at) }
        case .modeAnswered(let node, let id, let answer): with(node) { $0.answer(answer, of: id, at: at) }
        case .modeSettled(let node, let id, let isReached): with(node) { $0.settle(id, isReached: isReached, at: at) }
        case .modeSeenAgain(let node): with(node) { $0.seenAgain() }
        case .modeAdopted(let node, let mode): with(node) { $0.adopt(mode) }
        case .ownershipDropped(let node, _): with(node) { $0.drop() }
        case .floorChanged(let node, let floor): with(node) { $0.setFloor(floor, at: at.wall) }
        case .commandIntended(let start):
            lastCommand = max(lastCommand, start.id.number)
            commands[start.id] = CommandEntry(start: start, startedAt: at.wall)
            latestCommands?[start.node] = nil
        case .commandEnded(let id, let node, let outcome, let step, let output, _):
            commands[id]?.outcome = outcome
            guard let start = commands[id]?.start else { break }
            var latest = latestCommands ?? [:]
            latest[node] = LatestCommand(run: start.run, step: step ?? start.step, outcome: outcome, output: output)
            latestCommands = latest
        case .leverPulled(let pulled):
            lastPull = max(lastPull, pulled.id)
            keep(pulled)
        case .alarmRaised(let alarm): alarms[alarm.key] = alarm
        case .alarmEnded(let key): alarms[key] = nil
        }
        last = at
    }
}

extension Ledger {
    private mutating func keep(_ pull: PulledLever) {
        pulls.append(pull)
        var left = Ledger.pullBytes
        let kept = pulls.reversed().prefix(Ledger.pullLimit).prefix { pull in
            left -= pull.size
            return left >= 0
        }
        pulls.removeFirst(pulls.count - max(1, kept.count))
    }

    /// Lent, not copied: it is large, and asked for one thing as a rule.
    @inline(__always)
    private mutating func with(_ node: NodeID, _ change: (inout NodeLedger) -> Void) {
        guard let place = places[node] else { return }
        change(&nodes[place].state)
    }

    private mutating func change(_ id: RunID, _ change: (inout Run) -> Void) {
        guard let slot = slots[id] else { return }
        // Taken out while it changes, so that it is changed in place and never copied.
        guard var run = runs[slot.raw].take() else { return }
        change(&run)
        runs[slot.raw] = run
    }

    /// When a process acts again, it finds nothing of what one that only observed has decided.
    private mutating func observe(_ isObserving: Bool) {
        defer { self.isObserving = isObserving }
        guard self.isObserving != isObserving else { return }
        guard !isObserving else {
            historyBefore = history
            return
        }
        history = historyBefore ?? history
        historyBefore = nil
        for slot in activeRuns {
            guard let run = runs[slot.raw], run.isObserved else { continue }
            runs[slot.raw] = nil
            slots[run.id] = nil
            alarms = alarms.filter { $0.key.run != run.id }
        }
        activeRuns.removeAll { runs[$0.raw] == nil }
    }

    private mutating func begin(_ started: Run) {
        var run = started
        run.isObserved = isObserving
        let free = runs.firstIndex { $0 == nil } ?? runs.count
        if free == runs.count { runs.append(run) } else { runs[free] = run }
        slots[run.id] = RunSlot(free)
        activeRuns.append(RunSlot(free))
        history[run.policy, default: PolicyHistory()].note(run)
    }

    private mutating func change(_ id: RunID, _ index: Int, _ part: Part, at now: Moment) {
        guard let slot = slots[id], let former = runs[slot.raw]?.parts[index] else { return }
        if let command = former.phase.command, command != part.phase.command { commands[command] = nil }
        if former.phase.isQueued, part.phase.isInWork {
            let policy = runs[slot.raw]?.pinned.name ?? ""
            history[policy, default: PolicyHistory()].noteTry(of: part.node, at: now.wall)
        }
        if part.phase == .finished(.done) { latestCommands?[part.node] = nil }
        change(id) { run in
            if let length = run.pinned.strategy.progressDeadline, part.hasProgressed(since: former) {
                run.progress?.reset(to: length, at: now)
            }
            run.set(part, at: index, now)
        }
    }

    /// A run goes on without it: what was measured about it stands in nobody's way.
    private mutating func forgetGates(of node: NodeID) {
        for slot in activeRuns {
            guard let id = runs[slot.raw]?.id else { continue }
            change(id) { $0.forgetGates(of: node) }
        }
    }

    private mutating func end(_ id: RunID, _ outcome: RunOutcome, at wall: Timestamp) {
        guard let slot = slots.removeValue(forKey: id), let run = runs[slot.raw] else { return }
        runs[slot.raw] = nil
        activeRuns.removeAll { $0 == slot }
        for part in run.parts {
            if let command = part.phase.command { commands[command] = nil }
        }
        if case .ending(let reason) = run.phase, outcome != .completed, !run.isRetry {
            history[run.policy, default: PolicyHistory()].noteEnd(of: run, reason)
        }
        endedRuns.append(EndedRun(run: run, outcome: outcome, endedAt: wall))
        if endedRuns.count > Ledger.endedRunLimit { endedRuns.removeFirst() }
        alarms = alarms.filter { $0.key.run != id }
    }

    /// Whoever asked in the process before does not answer any more, and on another boot its uptimes mean nothing.
    private mutating func start(boot: String?, at now: Moment) {
        let isSameBoot = boot != nil && boot == self.boot
        self.boot = boot
        startedAt = now.wall
        // Nobody watched.
        budgetKept = [:]
        for place in nodes.indices { nodes[place].state.lostCaller(at: now) }
        guard let last else { return }
        let passage = BootChange(from: last, to: now)
        for slot in activeRuns {
            guard let id = runs[slot.raw]?.id else { continue }
            change(id) { run in
                if !isSameBoot { run.carry(over: passage) }
                run.resumeAfterRestart(at: now)
            }
        }
    }

    private mutating func load(_ set: PolicySet, at now: Moment) {
        policiesSince = now.wall
        found = found.map(set.foundNodes)
        layOut(set, at: now.wall)
    }

    private mutating func layOut(_ written: PolicySet, at now: Timestamp) {
        let set = written.including(found ?? [:])
        // The nodes that the set before named are the first, in its order.
        let before = policies?.clusters ?? []
        let configured = before.indices.flatMap { cluster in before[cluster].nodes.indices.map { (cluster, $0) } }
        policies = set
        var entries: [NodeEntry] = []
        entries.reserveCapacity(set.clusters.reduce(0) { $0 + $1.nodes.count })
        var kept: Set<Int> = []
        for cluster in set.clusters {
            for node in cluster.nodes {
                let id = NodeID(cluster: cluster.name, name: node.name)
                guard let place = places[id] else {
                    entries.append(NodeEntry(id: id, state: NodeLedger(), retained: nil))
                    continue
                }
                kept.insert(place)
                var state = nodes[place].state
                var old = nodes[place].retained?.node
                if old == nil, configured.indices.contains(place) {
                    old = before[configured[place].0].nodes[configured[place].1]
                }
                state.noteAddress(from: old?.address, to: node.address)
                entries.append(NodeEntry(id: id, state: state, retained: nil))
            }
        }
        let working = nodesInWork
        // While something is left in a cluster, whoever leaves it goes on being asked who is connected.
        let attached = Set(
            nodes.filter { $0.state.isAttached(at: now) || working.contains($0.id) }.map(\.id.cluster))
        for (place, entry) in nodes.enumerated() where !kept.contains(place) {
            // A node's holds end when it leaves the policies.
            var left = entry
            left.state.hold = nil
            left.state.failedStay = nil
            stayed[entry.id] = nil
            guard attached.contains(entry.id.cluster) else { continue }
            if left.retained == nil, configured.indices.contains(place) {
                var settings = before[configured[place].0]
                settings.nodes = []
                left.retained = Shared(
                    RetainedNode(node: before[configured[place].0].nodes[configured[place].1], cluster: settings))
            }
            if left.retained != nil { entries.append(left) }
        }
        nodes = entries
        keep { _ in true }
    }

    /// Those nodes, and what is known of them and their clusters.
    private mutating func keep(_ isKept: (NodeEntry) -> Bool) {
        nodes.removeAll { !isKept($0) }
        places = Dictionary(minimumCapacity: nodes.count)
        var clusters: Set<String> = []
        for place in nodes.indices {
            places[nodes[place].id] = place
            // Those of one cluster stand together, as a rule.
            if place == 0 || nodes[place - 1].id.cluster != nodes[place].id.cluster {
                clusters.insert(nodes[place].id.cluster)
            }
        }
        memberships = memberships.filter { clusters.contains($0.key) }
        budgetKept = budgetKept.filter { clusters.contains($0.key) }
        // A cluster of which no node is known yet has alarms all the same.
        clusters.formUnion((policies?.clusters ?? []).map(\.name))
        latestCommands = latestCommands?.filter { places[$0.key] != nil }
        alarms = alarms.filter { alarm in
            guard let node = alarm.key.node else { return alarm.key.cluster.map(clusters.contains) ?? true }
            return places[node] != nil
        }
        stayed = stayed.filter { places[$0.key] != nil }
        for name in history.keys.sorted() { history[name]?.forget { places[$0] != nil } }
    }

    private var nodesInWork: Set<NodeID> {
        var working: Set<NodeID> = []
        for slot in activeRuns {
            for part in runs[slot.raw]?.parts ?? [] where part.phase.isInWork { working.insert(part.node) }
        }
        return working
    }
}
