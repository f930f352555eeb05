import Calendars
import ModeCore
import Primitives

@testable import Scheduling

/// A controller with perfect nodes on a clock that jumps from event to event: what it makes of a policy, as lines of text.
///
/// Reads and writes take no time, nobody calls, commands succeed at once. What goes wrong is scripted by the minute.
struct ScriptedRehearsal {
    /// What happens to the world.
    enum Deed {
        /// The node does not answer, until it is mended.
        case breaks(String)
        case mends(String)
        /// Somebody sets the node's mode by hand.
        case sets(String, ObservedMode)
        /// Its readiness probe says no.
        case isUnready(String)
        /// It is opened by nobody any more.
        case staysShut(String)
        /// What every node lists from then on, as in `RosterTests`.
        case lists(String)
        /// From now on commands run until they are ended, or end by themselves again.
        case commandsRun(Bool)
        /// What gates say of the node from now on; nil: nobody knows.
        case measures(String, GateResult?)
        /// From now on nothing is heard of measurements, or it is again.
        case gatesHang(Bool)
        /// Reads of the node take so many seconds from now on, and then fail.
        case hangs(String, seconds: Int64)
        /// So much time passes.
        case later(minutes: Int64)
        /// The daemon dies and is back at once, with the journal only.
        case restarts
        /// The same, and from then on it only observes, or acts again.
        case observes
        case acts
        /// The daemon is gone, and back so many minutes later.
        case away(minutes: Int64)
        /// Its machine is switched off, and back so many minutes later: uptimes begin anew.
        case reboots(minutes: Int64)
        case loads(PolicySet)
        /// The wall clock is set forward, or back.
        case wallJumps(minutes: Int)
        /// The journal has one more fact, and the daemon starts anew with it: what a lever would have put there.
        case notes(Fact)
        /// Somebody (`ann`, if nobody else) pulls a lever.
        case pulls(LeverOrder, by: String = "ann", key: String? = nil)
    }

    struct Node {
        var mode = ObservedMode.known(.normal)
        var version: String
        var isBroken = false
        var isReady = true
        var staysShut = false
        var sessions = 0 {
            didSet {
                created += max(0, sessions - oldValue)
                destroyed += max(0, oldValue - sessions)
            }
        }
        private(set) var created = 0
        private(set) var destroyed = 0
        /// What its list says, where it is not simply the cluster.
        var members: [ClusterMember]?
    }

    private(set) var controller: Controller
    private(set) var journal: [Record] = []
    private(set) var lines: [String] = []
    /// Everything that was asked for since `forgetEffects`.
    private(set) var effects: [Effect] = []
    /// What each event since then has cost.
    private(set) var costs: [Cost] = []
    var nodes: [String: Node] = [:]
    private var policies: PolicySet
    private var elapsed: Int64
    private var wallOffset = Duration.zero
    private var phases: [NodeID: PartPhase] = [:]
    private var pending: [Event] = []
    /// What became of the levers, in the order in which they were pulled.
    private(set) var answers: [Int: Result<LeverAnswer, LeverRefusal>] = [:]
    private var pulls = 0
    private var commandsRun = false
    private var isObserving: Bool
    /// What gates say about a node; of others, that all is well.
    private var gates: [String: GateResult] = [:]
    private var doGatesHang = false
    private var hanging: [String: Int64] = [:]
    /// What comes later, in that order.
    private var delayed: [(at: Int64, event: Event)] = []
    private var boots = 0
    /// What the uptime has lost by reboots.
    private var uptimeLost = Duration.zero
    /// A command restarts its node, which comes up normal.
    var commandsOpen = false

    /// - Parameters:
    ///   - versions: of nodes that do not run 1.
    ///   - start: after the beginning of the tests' time.
    init(
        _ policies: PolicySet, versions: [String: String] = [:], broken: [String] = [], start: Duration = .zero,
        isLoaded: Bool = true, isObserving: Bool = false
    ) {
        self.policies = policies
        self.isObserving = isObserving
        elapsed = start.inNanoseconds
        controller = Controller(ledger: Ledger())
        for node in policies.clusters.flatMap(\.nodes) {
            nodes[node.name] = Node(version: versions[node.name] ?? "1", isBroken: broken.contains(node.name))
        }
        hand(.started(boot: "boot", isObserving: isObserving))
        if isLoaded { hand(.policiesLoaded(policies)) }
    }

    var now: Moment {
        var now = Moment.start + .nanoseconds(elapsed)
        now.wall = now.wall + wallOffset
        now.uptime = now.uptime + (.zero - uptimeLost)
        return now
    }

    /// Runs to the end of the script, and so many minutes in all. Deeds are in the order of their minutes.
    mutating func run(minutes: Int64, _ script: [(Int64, Deed)] = []) {
        for (at, deed) in script {
            advance(to: at * 60_000_000_000)
            perform(deed)
        }
        advance(to: minutes * 60_000_000_000)
    }

    mutating func advance(by length: Duration) { advance(to: elapsed + length.inNanoseconds) }

    /// One line for each node that starts or is finished, and for each change of a run, with the minute.
    var text: String { lines.joined(separator: "\n") }

    /// The fold of the journal is the ledger that the process has.
    var isFolded: Bool { Ledger(folding: journal) == controller.ledger }

    func verdict(of node: String) -> Verdict? {
        controller.status(at: now).clusters.flatMap(\.nodes).first { $0.name == node }?.verdict
    }

    /// What the node waits for, with the minutes that it has yet to wait.
    func wait(of node: String) -> String {
        guard let verdict = verdict(of: node) else { return "none" }
        let left = verdict.until.map { " (\((($0 - now.wall).inNanoseconds + 59_999_999_999) / 60_000_000_000)m)" }
        return "\(verdict.code.rawValue): \(verdict.text)\(left ?? "")"
    }

    mutating func forgetEffects() {
        effects = []
        costs = []
    }

    private mutating func advance(to end: Int64) {
        while true {
            let wake = controller.nextWake.map { max(.milliseconds(1), $0 - now.uptime) } ?? .seconds(30)
            let next = min(elapsed + min(wake, .seconds(30)).inNanoseconds, delayed.first?.at ?? .max)
            guard next <= end else { break }
            elapsed = next
            let due = delayed.prefix { $0.at <= next }
            delayed.removeFirst(due.count)
            due.forEach { hand($0.event) }
            hand(.ticked)
        }
        elapsed = end
        hand(.ticked)
    }

    mutating func perform(_ deed: Deed) {
        switch deed {
        case .breaks(let node): nodes[node]?.isBroken = true
        case .mends(let node): nodes[node]?.isBroken = false
        case .sets(let node, let mode): nodes[node]?.mode = mode
        case .isUnready(let node): nodes[node]?.isReady = false
        case .staysShut(let node): nodes[node]?.staysShut = true
        case .lists(let text): for node in nodes.keys { nodes[node]?.members = RosterTests.members(text) }
        case .commandsRun(let doRun): commandsRun = doRun
        case .measures(let node, let result): gates[node] = result ?? .unknown("lost")
        case .gatesHang(let doHang): doGatesHang = doHang
        case .hangs(let node, let seconds): hanging[node] = seconds * 1_000_000_000
        case .later(let minutes): advance(to: elapsed + minutes * 60_000_000_000)
        case .restarts: restart()
        case .observes, .acts:
            if case .observes = deed { isObserving = true } else { isObserving = false }
            restart()
        case .away(let minutes):
            elapsed += minutes * 60_000_000_000
            restart()
        case .reboots(let minutes):
            elapsed += minutes * 60_000_000_000
            boots += 1
            uptimeLost += now.uptime - Uptime(nanoseconds: 20_000_000_000)
            restart()
        case .loads(let set):
            policies = set
            hand(.policiesLoaded(set))
        case .wallJumps(let minutes):
            wallOffset += .minutes(minutes)
            hand(.ticked)
        case .notes(let fact):
            journal.append(Record(at: now, fact: fact))
            restart()
        case .pulls(let order, let actor, let key): pull(order, by: actor, key: key)
        }
    }

    private mutating func pull(_ order: LeverOrder, by actor: String, key: String?) {
        pulls += 1
        hand(.pulled(Pull(order, by: actor, key: key), ticket: pulls))
        let minute = "\(elapsed / 60_000_000_000)m"
        switch answers[pulls] {
        case .success(let answer)?: lines.append("\(minute) \(actor): \(answer.text)")
        case .failure(let refusal)?:
            lines.append("\(minute) \(actor): refused (\(refusal.code.rawValue)) \(refusal.message)")
        case nil: lines.append("\(minute) \(actor): no answer")
        }
    }

    private mutating func restart() {
        controller = Controller(ledger: Ledger(folding: journal))
        delayed = []
        hand(.started(boot: "boot\(boots == 0 ? "" : "-\(boots)")", isObserving: isObserving))
        hand(.policiesLoaded(policies))
    }

    /// Hands the event in, and whatever it brings about.
    mutating func hand(_ event: Event) {
        pending.append(event)
        while !pending.isEmpty {
            let effects = controller.handle(pending.removeFirst(), at: now)
            costs.append(controller.lastCost)
            for effect in effects { perform(effect) }
        }
    }

    private mutating func perform(_ effect: Effect) {
        effects.append(effect)
        switch effect {
        case .append(let records):
            journal += records
            records.forEach { note($0) }
        case .read(let id, let scope, _) where hanging[id.name] != nil:
            delayed.append((elapsed + (hanging[id.name] ?? 0), .readFailed(id, scope, begun: now, .timedOut)))
            delayed.sort { $0.at < $1.at }
        case .read(let id, .whole, _): pending.append(answer(of: id))
        case .read(let id, let scope, _):
            guard let node = nodes[id.name], !node.isBroken else {
                pending.append(.readFailed(id, scope, begun: now, .timedOut))
                return
            }
            pending.append(
                scope == .mode ? .modeSeen(id, .mode, begun: now, node.mode) : .seenAtNewAddress(id, node.mode))
        case .send(let change, _):
            let isBroken =
                nodes[change.node.name].map { $0.isBroken || $0.staysShut && change.target == .normal } ?? true
            let read = nodes[change.node.name]?.mode
            if !isBroken { nodes[change.node.name]?.mode = .known(change.target.mode) }
            pending.append(
                .answered(
                    change.id,
                    isBroken
                        ? ModeChangeAnswer(.notSent("timeout")) : ModeChangeAnswer(.accepted, read: read)))
        case .start(let start), .recover(let start):
            guard !commandsRun else { return }
            if case .program = start.work, let revision = start.environment["NAGI_REVISION"] {
                nodes[start.node.name]?.version = revision
                if commandsOpen { nodes[start.node.name]?.mode = .known(.normal) }
            }
            pending.append(.commandEnded(start.id, outcome(of: start)))
        case .measure(let measurement):
            guard !doGatesHang else { return }
            pending.append(.measured(measurement.id, gates[measurement.node.name] ?? .pass("1")))
        case .stop(let id): pending.append(.commandEnded(id, .stopped))
        case .answer(let ticket, let answer): answers[ticket] = answer
        case .askSeed: break
        }
    }

    private mutating func outcome(of start: CommandStart) -> CommandOutcome {
        switch start.work {
        case .program: return .exited(status: 0)
        case .call: return .answered(status: 200, fault: nil)
        case .termination:
            defer { nodes[start.node.name]?.sessions = 0 }
            return .terminated(sessions: nodes[start.node.name]?.sessions ?? 0, left: 0)
        }
    }

    /// What a whole read of the node says.
    func answer(of id: NodeID) -> Event {
        guard let node = nodes[id.name], !node.isBroken else { return .readFailed(id, .whole, begun: now, .timedOut) }
        let load = NodeLoad(
            ongoingConnections: node.sessions, sessionsCreated: node.created, sessionsDestroyed: node.destroyed,
            connectionsCreated: 0)
        return .observed(
            Observation(
                node: id, begun: now, mode: node.mode, load: load, version: NodeText(exactly: node.version),
                ready: node.isReady, members: node.members ?? list(of: id.cluster)))
    }

    private func list(of name: String) -> [ClusterMember]? {
        guard let cluster = policies.cluster(named: name), cluster.topology == .clustered else { return nil }
        return cluster.nodes.compactMap { member in
            NodeText(exactly: member.name).map { text in
                let node = nodes[member.name]
                return ClusterMember(name: text, isConnected: node?.isBroken == false, mode: node?.mode)
            }
        }
    }

    private mutating func note(_ record: Record) {
        let minute = "\(elapsed / 60_000_000_000)m"
        switch record.fact {
        case .runStarted(let run): for part in run.parts { phases[part.node] = part.phase }
        case .partChanged(_, _, let part, _, _):
            let former = phases.updateValue(part.phase, forKey: part.node) ?? .queued(PartPhase.Queued())
            if former.isQueued, part.phase.isInWork {
                say(minute, part.node.name, "starts")
            } else if part.phase.isFinished, !former.isFinished {
                say(minute, part.node.name, part.phase.word)
            } else if part.phase.isQueued, !former.isQueued {
                say(minute, part.node.name, "queued again")
            }
        case .paused(_, let pause): lines.append("\(minute) paused: \(pause.text)")
        case .resumed(_, let cause): lines.append("\(minute) goes on (\(cause.rawValue))")
        case .runChanged(_, .ending(let reason)): lines.append("\(minute) ending: \(reason)")
        case .approvalChanged(_, .given(let given)): lines.append("\(minute) may start, says \(given.actor)")
        case .noticed(_, let node, let notice):
            lines.append("\(minute) \(node.name) tells \(notice.notification): \(notice.text)")
        case .runPromoted: lines.append("\(minute) promoted")
        case .runEnded(_, let outcome): lines.append("\(minute) \(outcome)")
        default: break
        }
    }

    /// Nodes to which the same happens in one minute are told by name: who of them was read first is chance.
    private mutating func say(_ minute: String, _ node: String, _ event: String) {
        let place = lines.lastIndex { former in
            let words = former.split(separator: " ", maxSplits: 2)
            return words.count < 3 || words[0] != minute || words[2] != event || words[1] < node
        }
        lines.insert("\(minute) \(node) \(event)", at: place.map { $0 + 1 } ?? 0)
    }
}

extension ScriptedRehearsal {
    static let fiveMinutes = StepSequence(
        name: "s", steps: [.drain(DrainStep(deadline: .minutes(20))), .block, .wait(.duration(.minutes(5))), .restore])

    static let five = ["a1", "a2", "a3", "b1", "b2"]

    /// A rollout over five nodes that stand alone, a1 to a3 in zone a, b1 and b2 in zone b; two may go at once. Each needs
    /// about five minutes.
    static func rollout(
        _ strategy: Strategy, sequence: StepSequence = fiveMinutes, names: [String] = five,
        zones: [String: String] = [:], exclusions: [Exclusion] = [], isSuspended: Bool = false,
        approval: Approval? = nil, gates: [HealthGate] = []
    ) -> PolicySet {
        let nodes = names.map { name in
            ClusterNode(
                name: name, api: "http://\(name)/", labels: ["zone": zones[name] ?? String(name.prefix(1))])
        }
        return PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "c", topology: .standalone, nodes: nodes, observe: ObserveSettings(interval: .seconds(5)),
                    budget: Budget(maxUnavailable: .count(2)))
            ],
            policies: [
                Policy(
                    name: "r", cluster: "c",
                    schedule: PolicySchedule(exclusions: exclusions, onWindowEnd: .finish), strategy: strategy,
                    sequence: sequence, gates: gates, isSuspended: isSuspended,
                    kind: .rollout(revision: "2", approval: approval))
            ],
            zones: [ZoneRules.utc.name: .utc], digest: "\(zones) \(isSuspended) \(strategy)")
    }

    /// Zone b goes before zone a.
    static func groups(waiting: Duration = .zero) -> [NodeGroup] {
        [
            NodeGroup(name: "zone-b", selector: Selector(matchLabels: ["zone": "b"])),
            NodeGroup(
                name: "zone-a",
                selector: Selector(matchExpressions: [LabelExpression(key: "zone", operator: .in, values: ["a"])]),
                waitAfterPrevious: waiting),
        ]
    }
}

extension StepSequence {
    /// Its nodes fail after their command, which makes no version 9 of them, and are kept shut.
    static let failing = StepSequence(
        name: "failing",
        steps: [
            .drain(DrainStep(deadline: .minutes(5))), .block,
            .run(RunStep(name: "up", command: ["/bin/true"], timeout: .minutes(5), isDisruptive: true)),
            .verify(VerifyStep(version: "9", restarts: false, timeout: .minutes(5))), .restore,
        ], onFailure: .stay)
}
