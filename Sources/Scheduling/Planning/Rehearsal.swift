import ModeCore
import Primitives

/// A controller with perfect nodes on a clock that jumps from event to event.
///
/// The nodes answer at once and do what they are told. Calls end, commands end and nodes come back when the pace says so;
/// nothing fails and no person acts. Nodes are read when there is something to see and not by the clock: that changes
/// when the controller learns of it by less than one read, and what it decides by nothing.
struct Rehearsal {
    private struct Node {
        var mode = NodeMode.normal
        var version: NodeText = "before"
        /// Does not answer: it is about to come back.
        var isAway = false
        var sessions = 0
        /// Totals of its present life: smaller than those of the life before.
        var created = Rehearsal.firstTotal
        /// The step that its part is in.
        var entered: (run: RunID, index: Int, since: Moment)?
        var step: Step?
    }

    /// A gate that is to be measured once more.
    private struct Awaited: Hashable {
        var node: NodeID
        var probe: HealthGate.Probe
        /// It names the run: two of them may ask the same.
        var facts: [String: String]
    }

    private enum Deed {
        case look(NodeID)
        case lastCallEnds(NodeID)
        case comesBack(NodeID)
        case arrives(ModeChange)
        case ends(CommandStart, CommandOutcome, restarts: Bool)
        case measures(Measurement)
        /// A person says that the run may go on.
        case approves(RunID)
    }

    private struct Entry: Comparable {
        var at: Uptime
        var number: Int
        var deed: Deed

        static func < (a: Entry, b: Entry) -> Bool { (a.at, a.number) < (b.at, b.number) }
        static func == (a: Entry, b: Entry) -> Bool { a.number == b.number }
    }

    private(set) var controller: Controller
    private(set) var now: Moment
    /// How many events the controller has handled.
    private(set) var events = 0
    private(set) var log = RunLog()

    private let pace: Pace
    /// What was measured once, and is good the next time.
    private var awaited: Set<Awaited> = []
    private var nodes: [NodeID: Node] = [:]
    private var lists: [String: [ClusterMember]] = [:]
    private var clusters: [String: ClusterPolicy] = [:]
    private var deeds = Heap<Entry>()
    private var count = 0
    private var pending: [Event] = []
    private var sequences: [RunID: (steps: [Step], wantedVersion: String?)] = [:]

    init(_ ledger: Ledger, at start: Timestamp, pace: Pace) {
        controller = Controller(ledger: ledger, cadence: Rehearsal.cadence)
        now = Moment(wall: start, uptime: Uptime(nanoseconds: Duration.days(1).nanoseconds))
        self.pace = pace
        hand(.started(boot: nil))
    }

    /// - Parameter set: as `PolicySet.rehearsed` makes it.
    mutating func load(_ set: PolicySet) {
        for cluster in set.clusters {
            clusters[cluster.name] = cluster
            for node in cluster.nodes {
                let id = NodeID(cluster: cluster.name, name: node.name)
                if nodes[id] == nil { nodes[id] = Node() }
            }
        }
        hand(.policiesLoaded(set))
    }

    /// Goes on to whatever happens next; false: nothing does before that instant.
    mutating func step(before end: Timestamp) -> Bool {
        let due = [deeds.first?.at, controller.nextWake].compactMap { $0 }.min()
        guard let due else { return false }
        // What is due at this very instant has been looked at.
        let wait = due == deeds.first?.at ? max(.zero, due - now.uptime) : max(.milliseconds(1), due - now.uptime)
        guard now.wall + wait < end else { return false }
        now = now + wait
        if let entry = deeds.popFirst(where: { $0.at <= now.uptime }) { perform(entry.deed) } else { hand(.ticked) }
        return true
    }

    private mutating func hand(_ event: Event) {
        pending.append(event)
        var next = 0
        while next < pending.count {
            events += 1
            next += 1
            for effect in controller.handle(pending[next - 1], at: now) { perform(effect) }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func insert(_ deed: Deed, in delay: Duration) {
        count += 1
        deeds.insert(Entry(at: now.uptime + delay, number: count, deed: deed))
    }

    private mutating func perform(_ deed: Deed) {
        switch deed {
        case .look(let id):
            hand(.hinted(id))
            // Drained is what two reads say: as long as that is to be shown the node is looked at as often as any other.
            if case .drain? = nodes[id]?.step, nodes[id]?.sessions == 0 {
                insert(.look(id), in: Cadence.standard.close)
            }
        case .lastCallEnds(let id):
            nodes[id]?.sessions = 0
            perform(.look(id))
        case .comesBack(let id):
            nodes[id]?.isAway = false
            lookAround(id)
        case .arrives(let change): set(change)
        case .ends(let start, let outcome, let restarts):
            if restarts { restart(start) }
            if case .terminated = outcome { nodes[start.node]?.sessions = 0 }
            hand(.commandEnded(start.id, outcome))
        case .measures(let measurement):
            let awaited = Awaited(
                node: measurement.node, probe: measurement.probe, facts: measurement.environment)
            let isGood = !pace.waitsForGates || self.awaited.remove(awaited) != nil
            if !isGood { self.awaited.insert(awaited) }
            hand(.measured(measurement.id, isGood ? .pass("good") : .unknown("not yet")))
        case .approves(let run):
            var order = LeverOrder(.approve)
            order.run = run.text
            hand(.pulled(Pull(order, by: "plan"), ticket: 0))
        }
    }

    private mutating func set(_ change: ModeChange) {
        guard let node = nodes[change.node], !node.isAway else {
            return hand(.answered(change.id, ModeChangeAnswer(.notSent("no answer in time"))))
        }
        nodes[change.node]?.mode = change.target.mode
        lists[change.node.cluster] = nil
        // Who the node is, others say when it is first blocked.
        if node.mode == .normal { lookAround(change.node) }
        hand(.answered(change.id, ModeChangeAnswer(.accepted, read: .known(node.mode))))
    }

    private mutating func restart(_ start: CommandStart) {
        nodes[start.node]?.mode = .normal
        nodes[start.node]?.sessions = 0
        nodes[start.node]?.created -= Rehearsal.lifeSpan
        nodes[start.node]?.version =
            sequences[start.run]?.wantedVersion.flatMap { NodeText(exactly: $0) } ?? "after"
        lists[start.node.cluster] = nil
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .append(let records): for record in records { note(record) }
        case .read(let id, let scope, _): pending.append(answer(of: id, scope))
        case .send(let change, _): insert(.arrives(change), in: Rehearsal.latency)
        case .start(let start), .recover(let start): run(start)
        case .measure(let measurement): insert(.measures(measurement), in: .zero)
        case .answer, .stop, .askSeed: break
        }
    }

    private mutating func answer(of id: NodeID, _ scope: ReadScope) -> Event {
        guard let node = nodes[id], !node.isAway else { return .readFailed(id, scope, begun: now, .timedOut) }
        switch scope {
        case .mode: return .modeSeen(id, .mode, begun: now, .known(node.mode))
        case .newAddress: return .seenAtNewAddress(id, .known(node.mode))
        case .whole: list(id.cluster)
        }
        return .observed(
            Observation(
                node: id, begun: now, mode: .known(node.mode),
                load: NodeLoad(
                    ongoingConnections: node.sessions, sessionsCreated: node.created,
                    sessionsDestroyed: node.created - node.sessions, connectionsCreated: node.created),
                version: node.version, ready: node.mode == .normal, members: lists[id.cluster]))
    }

    /// Every node of a cluster sees the same.
    private mutating func list(_ name: String) {
        guard lists[name] == nil, let cluster = clusters[name], cluster.topology == .clustered else { return }
        lists[name] = cluster.nodes.compactMap { node in
            let mode = nodes[NodeID(cluster: name, name: node.name)]?.mode
            return NodeText(exactly: node.name).map {
                ClusterMember(name: $0, isConnected: true, mode: mode.map { .known($0) })
            }
        }
    }

    /// Something about the node changes what the others say of it.
    private mutating func lookAround(_ id: NodeID) {
        insert(.look(id), in: .zero)
        guard let cluster = clusters[id.cluster], cluster.topology == .clustered else { return }
        for node in cluster.nodes where node.name != id.name {
            insert(.look(NodeID(cluster: id.cluster, name: node.name)), in: .zero)
        }
    }

    private mutating func note(_ record: Record) {
        log.note(record)
        switch record.fact {
        case .runStarted(let run):
            sequences[run.id] = (run.pinned.sequence.steps, run.pinned.wantedVersion)
            if run.approval.isAwaited { insert(.approves(run.id), in: .zero) }
        case .partChanged(let run, _, let part, _, _):
            insert(.look(part.node), in: .zero)
            guard let work = part.phase.work, let steps = sequences[run]?.steps else {
                nodes[part.node]?.step = nil
                return
            }
            if let entered = nodes[part.node]?.entered, entered == (run, work.step, work.since) { return }
            // It waits for its grant, and will enter the step then.
            guard work.isGranted || !steps[work.step].takesOut else { return }
            nodes[part.node]?.entered = (run, work.step, work.since)
            nodes[part.node]?.step = steps[work.step]
            enter(steps[work.step], part.node)
            if case .approval = steps[work.step] { insert(.approves(run), in: .zero) }
        default: break
        }
    }

    private mutating func enter(_ step: Step, _ id: NodeID) {
        switch step {
        case .drain(let drain):
            let length = min(pace.length(step), drain.deadline - Rehearsal.drainMargin)
            guard length > .zero else { return }
            // Where the calls that are left are ended at the deadline, the longest drain is one that comes to that.
            let isTerminated = drain.onDeadline == .terminate && pace.length(step) > drain.deadline
            let calls = max(drain.maxSessions, drain.maxConnections) + 1
            nodes[id]?.sessions = calls
            nodes[id]?.created += calls
            if !isTerminated { insert(.lastCallEnds(id), in: length) }
        case .verify(let verify):
            let length = min(pace.length(step), verify.timeout - Rehearsal.verifyMargin)
            guard length > .zero else { return lookAround(id) }
            nodes[id]?.isAway = true
            insert(.comesBack(id), in: length)
        default: break
        }
    }

    /// Attempts that take too long are ended at the timeout, and the last one succeeds.
    private mutating func run(_ start: CommandStart) {
        guard let step = nodes[start.node]?.step else { return }
        if case .termination = start.work {
            let length = step.command == nil ? start.timeout : min(pace.length(step), start.timeout)
            let sessions = nodes[start.node]?.sessions ?? 0
            return insert(.ends(start, .terminated(sessions: sessions, left: 0), restarts: false), in: length)
        }
        let left = pace.length(step) - start.timeout * (start.attempt - 1)
        if left > start.timeout {
            insert(.ends(start, .timedOut, restarts: false), in: start.timeout)
        } else {
            insert(.ends(start, .exited(status: 0), restarts: step.isDisruptive), in: max(.zero, left))
        }
    }

    /// Two reads, two seconds apart, say that a node is drained; they have to be done by the deadline.
    private static let drainMargin = DrainEvidence.spacing + Cadence.standard.close
    /// So has the block that a restart took away.
    private static let verifyMargin = latency * 10
    /// A write takes some time: a read of the same instant is one from before it.
    private static let latency = Duration.milliseconds(1)
    private static let firstTotal = 1 << 60
    private static let lifeSpan = 1 << 40
    /// Reads by the clock are as rare as if there were none, and what was read once stays true.
    private static let rarely = Duration.days(1)
    private static let cadence = Cadence(
        urgent: rarely, close: rarely, soaking: rarely, patient: rarely, heartbeat: rarely)

    fileprivate static let observe = ObserveSettings(interval: rarely, jitter: 0, staleAfter: .days(100_000))
}

/// How long the steps take.
package struct Pace: Sendable {
    package let length: @Sendable (Step) -> Duration

    package init(_ length: @escaping @Sendable (Step) -> Duration) {
        self.length = length
    }

    /// A gate takes the time that it has.
    var waitsForGates: Bool { length(.gate(.standard)) > .zero }

    /// Every step takes as long as it may.
    package static let longest = Pace { $0.longest }
    /// Drains, commands and checks take half of that. An assumption to plan with: nothing is known about the traffic.
    package static let usual = Pace { $0.usual }
}

extension PolicySet {
    /// Some of its policies, all of one cluster, as a rehearsal takes them.
    func rehearsed(_ cluster: ClusterPolicy, _ policies: [Policy]) -> PolicySet {
        var cluster = cluster
        cluster.observe = Rehearsal.observe
        // How many nodes there will be nobody knows: those that are named do not wait for a majority.
        if cluster.isOpen { cluster.topology = .standalone }
        cluster.discovery = nil
        return PolicySet(
            clusters: [cluster], policies: policies.map(\.rehearsed), zones: zones,
            digest: policies.map(\.name).joined(separator: " "))
    }
}

extension Policy {
    /// The canary is promoted at once, and gates are measured at the first instant and right before their time is over.
    fileprivate var rehearsed: Policy {
        var policy = self
        policy.strategy.canary?.promote = .auto
        // Those before a node are good together, when the last of them is.
        let length = gates.map(\.timeout).max() ?? .zero
        policy.gates = gates.map { $0.rehearsed(for: length) }
        policy.sequence.steps = sequence.steps.map { step in
            if case .gate(let gate) = step { .gate(gate.rehearsed(for: gate.timeout)) } else { step }
        }
        return policy
    }
}

extension HealthGate {
    fileprivate func rehearsed(for length: Duration) -> HealthGate {
        var gate = self
        gate.timeout = length
        gate.interval = max(.seconds(1), length - .milliseconds(1))
        gate.onUnknown = .wait
        return gate
    }
}
