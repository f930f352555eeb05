import Primitives

/// Decides. A synchronous function from events to effects on a value: the daemon and the simulation drive the same one.
///
/// Not a word of it reads a clock: the moment comes with each event. Whoever drives it performs the effects in the order
/// in which they are returned, and calls `handle` with `ticked` at `nextWake` at the latest.
public struct Controller: Sendable {
    /// Everything durable. Changes only by records, each of which is also in an `append`.
    public private(set) var ledger: Ledger

    var clusters: [ClusterState] = []
    var nodes: [NodeState] = []
    var index: [NodeID: Int] = [:]
    var schedule = Schedule()
    /// Open ModeChanges by id.
    var openChanges: [Int: Int] = [:]
    var due = Heap<DueEntry>()
    var clock = ClockWatch()
    /// When the runs are to be looked at again though nothing happens.
    var pendingWake: Uptime?
    /// The directory's own policies are in force, not only the stored ones: new work may start.
    var mayStart = false
    /// Something changed that may let a node start or a run end.
    var isSchedulingDue = false

    var now = Moment(wall: .distantPast, uptime: Uptime(nanoseconds: .min))
    var records: [Record] = []
    var actions: [Effect] = []

    /// - Parameter ledger: the fold of the journal; empty on a first start.
    public init(ledger: Ledger) {
        self.ledger = ledger
    }

    /// Takes one event in and says what is to be done.
    public mutating func handle(_ event: Event, at now: Moment) -> [Effect] {
        self.now = now
        let wasTrusted = clock.isTrusted
        clock.note(now)
        // What the calendars said before a jump is void, and so is what they said during it.
        if clock.isTrusted != wasTrusted { schedule.nextCheck = .distantPast }

        switch event {
        case .started: start()
        case .policiesLoaded(let set): load(set)
        case .observed(let observation): take(observation)
        case .readFailed(let node, _, let failure): take(failure, of: node)
        case .answered(let id, let answer): take(answer, to: id)
        case .commandEnded(let id, let outcome): take(outcome, of: id)
        case .hinted(let node): if let place = index[node] { hint(place) }
        case .ticked: isSchedulingDue = true
        }

        if now.wall >= schedule.nextCheck || now.wall < schedule.checkedAt { checkCalendars() }
        // Every move may make room for another node or end a run, which moves again.
        var rounds = 0
        while isSchedulingDue, rounds < Controller.roundLimit {
            isSchedulingDue = false
            rounds += 1
            scheduleRuns()
        }
        issueReads()
        defer {
            records.removeAll(keepingCapacity: true)
            actions.removeAll(keepingCapacity: true)
        }
        return records.isEmpty ? actions : [.append(records)] + actions
    }

    /// When something becomes due that no event announces; nil: nothing. Never rely on it for more than 30 s: the wall
    /// clock may jump meanwhile.
    public var nextWake: Uptime? {
        var wake = due.first?.at
        if schedule.nextCheck < .distantFuture {
            let check = now.uptime + max(.zero, schedule.nextCheck - now.wall)
            wake = min(wake ?? check, check)
        }
        if !clock.isTrusted {
            let sample = now.uptime + ClockWatch.sampleSpacing
            wake = min(wake ?? sample, sample)
        }
        return wake
    }

    /// Enough for every node of a run to start and to end in one event.
    static let roundLimit = 10_000

    /// Makes a fact durable and true.
    mutating func decide(_ fact: Fact) {
        let record = Record(at: now, fact: fact)
        ledger.apply(record)
        records.append(record)
    }

    private mutating func start() {
        decide(.daemonStarted)
        rebuild()
        for entry in ledger.commands.values.sorted(by: { $0.start.id < $1.start.id }) where entry.outcome == nil {
            actions.append(.recover(entry.start))
        }
        schedule.nextCheck = .distantPast
        isSchedulingDue = true
    }

    private mutating func load(_ set: PolicySet) {
        mayStart = true
        if set != ledger.policies { decide(.policiesLoaded(set)) }
        rebuild()
        noteEndedPolicies()
        schedule.nextCheck = .distantPast
        isSchedulingDue = true
    }

    /// Lays the nodes out anew, keeping what is known about those that stay.
    private mutating func rebuild() {
        let former = nodes
        let formerIndex = index
        clusters = []
        nodes = []
        index = [:]
        due.removeAll()
        pendingWake = nil
        for (number, cluster) in (ledger.policies?.clusters ?? []).enumerated() {
            let start = nodes.count
            for (place, node) in cluster.nodes.enumerated() {
                let id = NodeID(cluster: cluster.name, name: node.name)
                index[id] = nodes.count
                var state = NodeState(id: id, cluster: number, place: place, hasGate: node.ready != nil)
                if let old = formerIndex[id] { state.keep(former[old]) }
                nodes.append(state)
            }
            clusters.append(ClusterState(policy: cluster, nodes: start..<nodes.count))
        }
        openChanges = [:]
        for (place, node) in nodes.enumerated() {
            if let change = ledger.nodes[node.id]?.open { openChanges[change.change.id] = place }
            if !node.isReading { scheduleRead(place, at: max(now.uptime, node.nextRead)) }
            noteMembers(of: place)
        }
        for number in clusters.indices {
            clusters[number].isKnown = clusters[number].nodes.allSatisfy { nodes[$0].isKnown }
        }
        for run in ledger.runs {
            for nodeRun in run.nodes where nodeRun.phase.isInWork {
                if let place = index[nodeRun.node] { nodes[place].assignment = run.id }
            }
        }
    }

    /// Why a set of policies cannot take the place of the one in force, if it cannot: it would leave nodes behind that
    /// nagi closed, with nobody to open them again.
    public func objections(to set: PolicySet) -> [String] {
        var kept: Set<NodeID> = []
        for cluster in set.clusters {
            for node in cluster.nodes { kept.insert(NodeID(cluster: cluster.name, name: node.name)) }
        }
        return nodes.filter { !kept.contains($0.id) }.compactMap { node in
            let entry = ledger.nodes[node.id]
            if entry?.written != nil || entry?.open != nil || node.assignment != nil {
                return "\(node.id.name) of \(node.id.cluster) is not in it, and nagi has taken it out of service:"
                    + " give it back first, or leave it in until its run is over"
            }
            return nil
        }
    }
}

/// A cluster and where its nodes are.
struct ClusterState: Sendable {
    let policy: ClusterPolicy
    let nodes: Range<Int>
    let places: [String: Int]
    /// Every node was read, or could not be, at least once in this process.
    var isKnown = false
    /// N: the configured nodes, or more where the cluster itself lists more regular ones.
    var total: Int

    init(policy: ClusterPolicy, nodes: Range<Int>) {
        self.policy = policy
        self.nodes = nodes
        var places: [String: Int] = [:]
        for (place, node) in policy.nodes.enumerated() { places[node.name] = place }
        self.places = places
        total = policy.nodes.count
    }

    var isClustered: Bool { policy.topology == .clustered }
    var majority: Int { total / 2 + 1 }
}
