import Calendars
import ModeCore
import Primitives

/// Decides. A synchronous function from events to effects on a value: the daemon and the simulation drive the same one.
///
/// Not a word of it reads a clock: the moment comes with each event. Whoever drives it performs the effects in the order
/// in which they are returned, and calls `handle` with `ticked` at `nextWake` at the latest.
package struct Controller: Sendable {
    /// Everything durable. Changes only by records, each of which is also in an `append`.
    package private(set) var ledger: Ledger

    var fleet = Fleet()
    var calendars = CalendarsInForce()
    var agenda = Agenda()
    var clock = ClockWatch()
    var network = NetworkWatch()
    /// Open ModeChanges by id.
    var openChanges: [Int: NodeIndex] = [:]
    /// Commands that run, by id.
    var runningCommands: [CommandID: PartPlace] = [:]
    /// Measurements that are under way.
    var measurements = Measurements()
    /// By slot.
    var runs: [RunWatch] = []
    /// The run of a policy that is not over.
    var activeRuns: [String: RunSlot] = [:]
    /// The directory's own policies are in force, not only the stored ones: new work may start.
    var mayStart = false
    private var hasStarted = false

    var nodesToTouch = WorkQueue()
    var runsToTouch = WorkQueue()
    var clustersToTouch = WorkQueue()
    private var heartbeatAt: Uptime?
    private var networkCheckedAt = Uptime(nanoseconds: .min)
    private var lastMoment: Moment?
    /// What the latest event cost.
    package private(set) var lastCost = Cost()
    private var alarmToldAt: [Alarm.Key: Uptime] = [:]
    let cadence: Cadence

    /// - Parameter ledger: the fold of the journal; empty on a first start.
    package init(ledger: Ledger) {
        self.init(ledger: ledger, cadence: .standard)
    }

    init(ledger: Ledger, cadence: Cadence) {
        self.ledger = ledger
        self.cadence = cadence
    }

    /// Takes one event in and says what is to be done.
    package mutating func handle(_ event: Event, at now: Moment) -> [Effect] {
        var turn = Turn(now: now)
        // The loop was busy or stopped, and nobody watched meanwhile: no node is gone before it was asked again.
        if let due = nextWake, now.uptime - due > Controller.lateness {
            fleet.watchedSince = now.uptime
            forgiveStall(&turn)
        }
        lastMoment = now
        if case .started(let boot, let isObserving) = event {
            start(boot: boot, isObserving: isObserving, &turn)
        } else {
            noteClock(&turn)
            notePauseOfAll(&turn)
            // What the calendars say is asked before the event is: the loop may have stalled since they were asked last.
            checkCalendars(&turn)
            wakeWhatIsDue(&turn)
            checkNetwork(&turn)
            take(event, &turn)
        }
        checkCalendars(&turn)
        settle(&turn)
        beat(&turn)
        wakeWhatIsDue(&turn)
        lastCost = turn.cost
        return turn.effects
    }

    private mutating func take(_ event: Event, _ turn: inout Turn) {
        switch event {
        case .started: break
        case .policiesLoaded(let set): load(set, &turn)
        case .modeSeen(let node, let scope, let begun, let mode):
            if let node = ledger.index(of: node) { take(mode, scope, begun: begun, of: node, &turn) }
        case .seenAtNewAddress(let node, let mode):
            if let node = ledger.index(of: node) { moveAddress(of: node, mode, &turn) }
        case .observed(let observation):
            if let node = ledger.index(of: observation.node) { take(observation, of: node, &turn) }
        case .readFailed(let node, let scope, let begun, let failure):
            if let node = ledger.index(of: node) { take(failure, scope, begun: begun, of: node, &turn) }
        case .seedAnswered(let cluster, let seed, let answer): take(answer, ofSeed: seed, of: cluster, &turn)
        case .answered(let id, let answer): take(answer, to: id, &turn)
        case .commandEnded(let id, let outcome, let output): take(outcome, output, of: id, &turn)
        case .measured(let id, let result): take(result, ofMeasurement: id, &turn)
        case .pulled(let pull, let ticket): take(pull, ticket: ticket, &turn)
        case .hinted(let node): if let node = ledger.index(of: node) { hint(node, turn.now) }
        case .ticked: break
        }
    }

    /// When something becomes due that no event announces; nil: nothing. Never rely on it for more than 30 s: the wall
    /// clock may jump meanwhile.
    package var nextWake: Uptime? {
        guard let now = lastMoment else { return nil }
        let never = Uptime(nanoseconds: .max)
        var next = min(agenda.next ?? never, clock.trustedFrom ?? never, heartbeatAt ?? never)
        // A clock that is not trusted says nothing about windows: they are asked when it is.
        if clock.isTrusted, calendars.nextCheck < .distantFuture {
            next = min(next, now.uptime + max(.zero, calendars.nextCheck - now.wall))
        }
        if clock.isTrusted, let until = ledger.pause?.until {
            next = min(next, now.uptime + max(.zero, until - now.wall))
        }
        return next == never ? nil : next
    }

    /// Makes a fact durable and true.
    mutating func decide(_ fact: Fact, _ turn: inout Turn) {
        let record = Record(at: turn.now, fact: fact)
        ledger.apply(record)
        turn.record(record)
    }

    private mutating func start(boot: String?, isObserving: Bool, _ turn: inout Turn) {
        clock.begin(turn.now, latest: ledger.last?.wall, wasTrusted: wasClockTrusted)
        decide(.daemonStarted(boot: boot, isObserving: isObserving), &turn)
        hasStarted = true
        noteClockAlarm(&turn)
        // A node that was served by the daemon itself, and that no policy names any more, ended with it.
        for entry in ledger.nodes where entry.retained?.node.embedded != nil && entry.state.written != nil {
            decide(.ownershipDropped(entry.id, reason: .alreadyNormal), &turn)
        }
        layOut(&turn)
        // What runs is left alone: whoever acts next hears of its end.
        guard !isObserving else { return }
        for entry in ledger.commands.values.sorted(by: { $0.start.id < $1.start.id }) where entry.outcome == nil {
            turn.act(.recover(entry.start))
            // Whoever had it ended was answered, and may not have been obeyed yet.
            if runningCommands[entry.start.id].flatMap({ ledger.part($0) })?.order != nil {
                turn.act(.stop(entry.start.id))
            }
        }
    }

    private mutating func load(_ set: PolicySet, _ turn: inout Turn) {
        mayStart = true
        let before = doubtfulAddresses
        if set != ledger.written { decide(.policiesLoaded(set), &turn) }
        layOut(&turn)
        endWrongAddresses(where: before, &turn)
        endRunsOfChangedPolicies(&turn)
    }

    /// Where each node that is said to be at a wrong address is called.
    var doubtfulAddresses: [NodeID: NodeAddress] {
        let doubtful = Set(ledger.alarms.keys.filter { $0.code == .wrongAddress }.compactMap(\.node))
        guard !doubtful.isEmpty else { return [:] }
        // By the fleet alone: it is laid out after the ledger.
        return Dictionary(
            uniqueKeysWithValues: zip(fleet.nodes.map(\.id), fleet.seats.map(\.address)).filter {
                doubtful.contains($0.0)
            })
    }

    /// Those that are called elsewhere by now.
    mutating func endWrongAddresses(where before: [NodeID: NodeAddress], _ turn: inout Turn) {
        for (node, former) in before {
            guard let index = ledger.index(of: node), fleet[seat: index].address != former else { continue }
            alarm(Alarm.Key(.wrongAddress, node: node), nil, &turn)
        }
    }

    /// Why a set of policies cannot take the place of the one in force, if it cannot.
    package func objections(to set: PolicySet) -> [String] {
        guard set.policies.isEmpty, let former = ledger.policies, !former.policies.isEmpty else { return [] }
        return ["there is no policy in it: a directory that lost its files looks the same (nagi reload --confirm)"]
    }

    /// Lays clusters, nodes and calendars out anew, keeping what is known about those that stay.
    mutating func layOut(_ turn: inout Turn) {
        fleet = Fleet(ledger, keeping: fleet.nodes.isEmpty ? nil : fleet, at: turn.now)
        alarmToldAt = alarmToldAt.filter { ledger.alarms[$0.key] != nil }
        agenda.removeAll()
        openChanges = [:]
        runningCommands = [:]
        activeRuns = [:]
        outPlaces = []
        nodesToTouch.removeAll()
        clustersToTouch.removeAll()
        runsToTouch.removeAll()
        network = network.moved(
            to: zip(ledger.nodes, fleet.seats).map { $1.configured?.embedded == nil ? $0.id : nil })
        for slot in ledger.activeRuns { seat(slot, turn.now) }
        for place in fleet.nodes.indices {
            let node = NodeIndex(place)
            if let change = ledger[node].open { openChanges[change.change.id] = node }
            if !fleet[node].whole.isUnderWay {
                read(node, at: max(turn.now.uptime, fleet[node].whole.next ?? .init(nanoseconds: .min)))
            }
            if fleet[node].modeOnly.isUnderWay == false { fleet[node].modeOnly.next = nil }
            nodesToTouch.insert(place)
        }
        for place in fleet.clusters.indices { clustersToTouch.insert(place) }
        if let set = ledger.policies { calendars = CalendarsInForce(set) }
        calendars.checkAll()
    }

    /// Takes the parts of a run that is not over into the fleet's seats.
    mutating func seat(_ slot: RunSlot, _ now: Moment) {
        guard let run = ledger.run(slot) else { return }
        if !run.isRetry { activeRuns[run.policy] = slot }
        while runs.count <= slot.raw { runs.append(RunWatch()) }
        var watch = RunWatch()
        // A new layout takes nothing back of what it wished for.
        (watch.wish, watch.canariesFinishedAt) = (runs[slot.raw].wish, runs[slot.raw].canariesFinishedAt)
        watch.nodes = run.parts.map { ledger.index(of: $0.node) }
        for (index, part) in run.parts.enumerated() {
            let node = watch.nodes[index]
            let place = PartPlace(run: slot, part: index)
            if let node { fleet[seat: node].parts.append(place) }
            if part.phase.isQueued, node.map({ fleet[seat: $0].isRetained }) ?? true { watch.hasLeavers = true }
            watch.note(part, former: nil, at: index, in: run.pinned.sequence)
            guard part.phase.isInWork else { continue }
            if let command = part.phase.command { runningCommands[command] = place }
            guard let node else { continue }
            fleet[seat: node].working.append(place)
            if part.phase.holdsSlot { fleet.lease(node, to: place) }
        }
        watch.cluster = fleet.cluster(named: run.cluster)
        runs[slot.raw] = watch
        if let cluster = watch.cluster { fleet[cluster].runs.append(slot) }
        runsToTouch.insert(slot.raw)
    }

    /// Nil: it is gone.
    func node(of part: PartPlace) -> NodeIndex? { runs[part.run.raw].nodes[part.part] }

    var wasClockTrusted: Bool { ledger.alarms[Alarm.Key(.clockNotTrusted)] == nil }

    private mutating func noteClock(_ turn: inout Turn) {
        let wasTrusted = clock.isTrusted
        clock.note(turn.now)
        guard clock.isTrusted != wasTrusted || !hasStarted else { return }
        // What the calendars said before a jump is void, and so is what they said during it.
        calendars.checkAll()
        for slot in ledger.activeRuns { runsToTouch.insert(slot.raw) }
        touchWorkingNodes()
        noteClockAlarm(&turn)
    }

    private mutating func noteClockAlarm(_ turn: inout Turn) {
        alarm(
            Alarm.Key(.clockNotTrusted),
            clock.isTrusted ? nil : "the wall clock jumped: nothing is taken out of service", &turn)
    }

    mutating func touchWorkingNodes() {
        for place in fleet.seats.indices where !fleet.seats[place].working.isEmpty { nodesToTouch.insert(place) }
    }

    /// Raises the alarm, or ends it where there is no text. A text that changes is told anew, but not all the time.
    mutating func alarm(_ key: Alarm.Key, _ text: String?, _ turn: inout Turn) {
        switch (ledger.alarms[key], text) {
        case (nil, let text?):
            decide(.alarmRaised(Alarm(key, text, since: turn.now.wall)), &turn)
            alarmToldAt[key] = turn.now.uptime
        case (let alarm?, let text?) where alarm.text != text:
            guard alarmToldAt[key].map({ turn.now.uptime - $0 >= Controller.alarmSpacing }) ?? true else { return }
            decide(.alarmRaised(Alarm(key, text, since: alarm.since)), &turn)
            alarmToldAt[key] = turn.now.uptime
        case (.some, nil):
            decide(.alarmEnded(key), &turn)
            alarmToldAt[key] = nil
        case (nil, nil), (.some, .some): break
        }
    }

    private static let alarmSpacing = Duration.minutes(1)

    /// What was to be looked at by now, reads that were wanted in this turn among it.
    private mutating func wakeWhatIsDue(_ turn: inout Turn) {
        while let (at, subject) = agenda.popDue(at: turn.now.uptime) {
            switch subject {
            case .wholeRead(let place): askWhole(NodeIndex(place), at: at, &turn)
            case .modeRead(let place): askMode(NodeIndex(place), at: at, &turn)
            case .facts(let place): noteFacts(of: NodeIndex(place), &turn)
            case .node(let place): nodesToTouch.insert(place)
            case .run(let place): runsToTouch.insert(place)
            case .cluster(let place): clustersToTouch.insert(place)
            }
        }
    }

    /// Looks at it again then, though nothing happens. What is over has been looked at.
    mutating func wake(_ subject: Agenda.Subject, at: Uptime, _ now: Moment) {
        guard at > now.uptime else { return }
        agenda.wake(subject, at: max(at, now.uptime + .milliseconds(1)))
    }

    /// Looks at it again then. The wall may be set meanwhile, so half of the way there it is looked at as well.
    mutating func wake(_ subject: Agenda.Subject, at instant: Timestamp, _ now: Moment) {
        let left = max(.zero, instant - now.wall)
        wake(subject, at: now.uptime + max(left * 0.5, min(left, .seconds(30))), now)
    }

    mutating func wake(_ slot: RunSlot, at instant: Timestamp, _ now: Moment) { wake(.run(slot.raw), at: instant, now) }

    /// Every move may make room for another node or end a run, which moves again; each round ends nearer to rest.
    private mutating func settle(_ turn: inout Turn) {
        for _ in 0..<Controller.roundLimit {
            if let place = nodesToTouch.popFirst() {
                touch(NodeIndex(place), &turn)
            } else if let place = clustersToTouch.popFirst() {
                touch(ClusterIndex(place), &turn)
            } else if let place = runsToTouch.popFirst() {
                touch(RunSlot(place), &turn)
            } else {
                return
            }
        }
    }

    /// Enough for every node of a large fleet to be looked at several times in one event.
    static let roundLimit = 1_000_000

    /// Each minute in which something is out of service.
    private mutating func beat(_ turn: inout Turn) {
        // Samples come all the time, and say nothing of the lives of nodes.
        if turn.records.contains(where: { !$0.isSample }) { heartbeatAt = nil }
        let isOut = !openChanges.isEmpty || !runningCommands.isEmpty || !outPlaces.isEmpty
        guard isOut else {
            heartbeatAt = nil
            return
        }
        guard let due = heartbeatAt else {
            heartbeatAt = turn.now.uptime + cadence.heartbeat
            return
        }
        guard turn.now.uptime >= due else { return }
        let marks = outPlaces.sorted().compactMap { place in
            fleet.nodes[place].marks.map { NodeMarks(node: fleet.nodes[place].id, marks: $0) }
        }
        decide(.heartbeat(marks), &turn)
        heartbeatAt = turn.now.uptime + cadence.heartbeat
    }

    /// How late the loop may be.
    static let lateness = Duration.seconds(2)

    private mutating func checkNetwork(_ turn: inout Turn) {
        let now = turn.now.uptime
        guard now - networkCheckedAt >= .seconds(1) else { return }
        networkCheckedAt = now
        let isSilent = network.silentSince != nil
        if isSilent != (ledger.alarms[Alarm.Key(.nothingAnswers)] != nil) {
            alarm(
                Alarm.Key(.nothingAnswers),
                isSilent ? "no remote node answers: the network of this host is suspected" : nil, &turn)
            touchWorkingNodes()
        }
        let difference = network.clockDifference.map { difference in
            // To the minute: what is told anew with each second says nothing more.
            let minutes = Int((abs(difference.inSeconds) / 60).rounded())
            return
                "the nodes' clocks are \(Duration.minutes(minutes).spoken) \(difference < .zero ? "behind" : "ahead of") the clock of this host"
        }
        alarm(Alarm.Key(.clockDiffers), difference, &turn)
    }

    /// Nodes that something of nagi's is on.
    var outPlaces: Set<Int> = []
}
