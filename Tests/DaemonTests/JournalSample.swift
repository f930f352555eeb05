import Calendars
import Daemon
import ModeCore
import Primitives

@testable import Scheduling

/// A journal that a controller wrote: a rollout in mid-run, with a node whose upgrade command runs, one that drains and was
/// just opened by hand, and a person's hold. After that come facts that this run had no occasion for, so that every kind of
/// fact is there.
struct JournalSample {
    private(set) var records: [Record] = []
    private(set) var ledger = Ledger()

    private struct Fake {
        var mode = NodeMode.normal
        var sessions = 0
        var created = 100
        /// ChangeMode is not answered.
        var isMute = false
    }

    private var controller = Controller(ledger: Ledger())
    private var now = Moment(wall: Timestamp(seconds: 1_795_950_000), uptime: Uptime(nanoseconds: 5_000_000_000_000))
    private var nodes: [NodeID: Fake] = [:]
    private var reads: [(NodeID, ReadScope)] = []
    private var sends: [ModeChange] = []
    private var commands: [CommandStart] = []

    /// Nil where the controller did not come as far as it should.
    init?() {
        let names = ["node-01", "node-02", "node-03", "node-04", "node-05"]
        for name in names { nodes[NodeID(cluster: "tokyo", name: name)] = Fake() }
        nodes[Self.node(2)]?.sessions = 7
        feed(.started(boot: "6c6e6b5a-boot"))
        feed(.policiesLoaded(Self.policies(names)))
        guard run(until: { !$0.commands.isEmpty && $0.isDraining(Self.node(2)) }) else { return nil }
        // Somebody opens the draining node, and the answer to the write that closes it again does not come.
        nodes[Self.node(2)]?.isMute = true
        nodes[Self.node(2)]?.mode = .normal
        guard run(until: { $0.controller.ledger.entry(Self.node(2))?.open != nil && $0.sends.isEmpty }) else {
            return nil
        }
        ledger = controller.ledger
        for fact in furtherFacts { add(fact) }
    }

    private static func node(_ number: Int) -> NodeID { NodeID(cluster: "tokyo", name: "node-0\(number)") }

    private static func policies(_ names: [String]) -> PolicySet {
        let nodes = names.enumerated().map { number, name in
            ClusterNode(
                name: name, api: "http://192.0.2.\(number + 1):3000/", ready: "http://192.0.2.\(number + 1):5000/.ok",
                labels: ["zone": number < 3 ? "a" : "b"])
        }
        let start = TimeOfDay(hour: 1, minute: 0) ?? .midnight
        let window = Window(
            name: "nights", recurrence: .weekly(days: Set(Weekday.allCases), start: start),
            length: .elapsed(.hours(23)),
            timeZone: "UTC")
        let freeze = Exclusion(
            window: Window(
                name: "freezes/sundays", recurrence: .weekly(days: [.sun], start: .midnight),
                length: .elapsed(.hours(1)),
                timeZone: "UTC"), reason: "nobody is there")
        return PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "tokyo", topology: .clustered, nodes: nodes,
                    api: APISettings(timeout: .seconds(3), headers: ["Authorization": .environment("TOKEN")]),
                    observe: ObserveSettings(interval: .seconds(5)), budget: Budget(maxUnavailable: .count(2)))
            ],
            policies: [
                Policy(
                    name: "up", cluster: "tokyo",
                    schedule: PolicySchedule(
                        windows: [window], exclusions: [freeze], cutoff: .minutes(30), onWindowEnd: .finish),
                    strategy: Strategy(
                        maxUnavailable: .percent(40), order: [.label("zone"), .name],
                        groups: [
                            NodeGroup(name: "all", selector: .all, waitAfterPrevious: .minutes(5))
                        ], progressDeadline: .hours(2)),
                    sequence: StepSequence(
                        name: "upgrade",
                        steps: [
                            .drain(DrainStep(deadline: .hours(2))), .block,
                            .run(RunStep(name: "upgrade", command: ["/bin/upgrade"], retries: 1, isDisruptive: true)),
                            .verify(VerifyStep(connected: true, version: "{revision}")), .restore, .soak(.minutes(10)),
                        ], onFailure: .stay),
                    kind: .rollout(revision: "2025.2.0", approval: nil))
            ], zones: ["UTC": .utc], digest: "7b9a110a")
    }

    private func isDraining(_ node: NodeID) -> Bool {
        controller.ledger.entry(node)?.written?.mode == .blockNewSession && controller.ledger.entry(node)?.open == nil
    }

    private mutating func feed(_ event: Event) {
        for effect in controller.handle(event, at: now) {
            switch effect {
            case .append(let batch): records += batch
            case .read(let node, let scope, at: _): reads.append((node, scope))
            case .send(let change, to: _): sends.append(change)
            case .start(let start): commands.append(start)
            case .measure, .recover, .stop, .answer, .askSeed: break
            }
        }
    }

    /// - Returns: false where it is not so within an hour.
    private mutating func run(until isThere: (JournalSample) -> Bool) -> Bool {
        let end = now.uptime + .hours(1)
        while now.uptime < end {
            let begun = now
            now = now + .milliseconds(5)
            let (asked, wanted) = (reads, sends)
            reads = []
            sends = []
            for change in wanted { answer(change) }
            for (node, scope) in asked { serve(node, scope, begun: begun) }
            if isThere(self) { return true }
            if reads.isEmpty, sends.isEmpty {
                let wake = controller.nextWake ?? now.uptime + .seconds(1)
                now = now + max(.milliseconds(1), wake - now.uptime)
                feed(.ticked)
            }
        }
        return false
    }

    private mutating func answer(_ change: ModeChange) {
        guard let node = nodes[change.node], !node.isMute else { return }
        nodes[change.node]?.mode = change.target.mode
        feed(.answered(change.id, ModeChangeAnswer(.accepted, read: .known(node.mode))))
    }

    private mutating func serve(_ id: NodeID, _ scope: ReadScope, begun: Moment) {
        guard let node = nodes[id] else { return }
        guard scope == .whole else { return feed(.modeSeen(id, .mode, begun: begun, .known(node.mode))) }
        let members = nodes.keys.sorted().compactMap { name in
            NodeText(exactly: name.name).map { text in
                ClusterMember(
                    name: text, isConnected: true, mode: .known(nodes[name]?.mode ?? .normal), epoch: 3,
                    version: "2025.1.0")
            }
        }
        feed(
            .observed(
                Observation(
                    node: id, begun: begun, mode: .known(node.mode),
                    load: NodeLoad(
                        ongoingConnections: node.sessions * 2, sessionsCreated: node.created,
                        sessionsDestroyed: node.created - node.sessions, connectionsCreated: 400),
                    version: "2025.1.0", ready: node.mode != .blockNewConnection, members: members)))
    }

    private mutating func add(_ fact: Fact) {
        now = now + .seconds(1)
        let record = Record(at: now, fact: fact)
        records.append(record)
        ledger.apply(record)
    }

    /// At least one of each kind that the run itself does not bring about.
    private var furtherFacts: [Fact] {
        let (failed, held) = (Self.node(4), Self.node(5))
        let run =
            ledger.activeRuns.first.flatMap { ledger.header($0)?.id } ?? RunID(policy: "up", revision: "2", ordinal: 1)
        let marks = IncarnationMarks(
            version: "2025.1.0",
            load: NodeLoad(ongoingConnections: 1, sessionsCreated: 5, sessionsDestroyed: 4, connectionsCreated: 9))
        let alarm = Alarm(Alarm.Key(.stuck, cluster: "tokyo", run: run), "no step was finished for 2h", since: now.wall)
        let over = Alarm.Key(.clockNotTrusted)
        let other = RunID(policy: "other", revision: "1", ordinal: 1)
        var order = LeverOrder(.hold)
        (order.node, order.reason) = (held.name, "disk swap")
        let lever = PulledLever(
            id: 1, pull: Pull(order, by: "mika", key: "k"), lever: .hold(held, .handsOff, until: now.wall + .hours(4)),
            answer: LeverAnswer(id: 1, action: .hold, text: "held: \(held.name)", until: now.wall + .hours(4)))
        let stay = FailedStay(
            run: run, policy: "up", mode: .blockNewConnection, reason: "verify: the version is unknown", since: now.wall
        )
        let stayed = StayedPart(
            pinned: Shared(ledger.policies?.policies.first ?? Policy(name: "up", cluster: "tokyo", schedule: .rollout)),
            part: Part(node: failed, since: now.wall))
        return [
            .heartbeat([NodeMarks(node: Self.node(1), marks: marks)]),
            .holdPlaced(
                held,
                Hold(
                    wish: .mode(.blockNewSession), actor: "mika", reason: "disk swap", since: now.wall,
                    until: now.wall + .hours(4))),
            .holdPlaced(failed, Hold(wish: .handsOff, actor: "mika", reason: "wait", since: now.wall)),
            .approvalChanged(other, .given(GivenApproval(actor: "mika", reason: "go", at: now.wall))),
            .gateMeasured(other, 0, GateState("errors-low", of: failed, at: now)),
            .noticed(other, failed, NotifyStep(notification: "team", text: "drained")),
            .would(other, failed, steps: "drain → restore", longest: .hours(2)),
            .holdEnded(failed, reason: "released"), .stayPlaced(failed, stay, stayed),
            .stayPlaced(held, stay, stayed), .stayEnded(held, reason: "released"),
            .nodeObserved(
                failed, NodeLedger.NodeFacts(mode: nil, failure: .unreachable("connection refused")), nil, skipped: 3),
            .nodeObserved(failed, NodeLedger.NodeFacts(mode: .known(.normal), relays: true), nil, skipped: 0),
            .nodeObserved(failed, NodeLedger.NodeFacts(mode: .unknown("later"), ready: false), marks.away, skipped: 0),
            .nodeRestarted(failed, marks), .nodeLoosened(failed, to: .known(.normal)), .addressMoved(failed),
            .modeAdopted(failed, .blockNewConnection), .releaseOwed(failed), .releaseClaimed(failed),
            .modeSeenAgain(failed),
            .floorChanged(held, .blockNewSession), .ownershipDropped(failed, reason: .foreign),
            .modeAdopted(failed, .blockNewSession),
            .releaseOwed(failed), .alarmRaised(alarm),
            .alarmRaised(Alarm(over, "the wall clock jumped", since: now.wall)),
            .alarmEnded(over), .runPromoted(run), .runWaits(run, .waitingBudget),
            .progressChanged(run, Countdown(.hours(2), from: now)),
            .commandEnded(CommandID(number: 900), failed, .signalled(9)),
            .clearanceChanged(
                run,
                .closed(
                    Clearance.Closure(
                        cause: .excluded(by: "freezes/year-end", reason: "freeze"), until: now.wall, reopens: true))),
            .runChanged(other, .ending(.superseded)), .runEnded(other, .partial(.superseded)),
            .paused(run, Pause(.failures, reason: "node-04 failed", since: now.wall)),
            .paused(
                run,
                Pause(
                    .person, reason: "calls drop", actor: "mika", since: now.wall, until: now.wall + .hours(1),
                    givesBack: true)),
            .resumed(run, .person), .paused(nil, Pause(.person, reason: "", actor: "mika", since: now.wall)),
            .resumed(nil, .person), .leverPulled(lever),
            .forced(run, Force(.exclusion, beside: nil, actor: "mika", reason: "security fix", since: now.wall)),
            .nodesFound(
                cluster: "osaka",
                FoundNodes([FoundNode(name: "node-07", api: "http://192.0.2.77:3000/")], after: [])),
            .forceUsed(run, failed), .budgetKept(cluster: "tokyo", since: now.wall),
            .drainSampled(failed, DrainCurve.Sample(at: now.wall, sessions: 7, connections: 9), of: now.wall),
            .drainSampled(failed, DrainCurve.Sample(at: now.wall, sessions: nil, connections: 9), of: now.wall),
        ]
    }
}
