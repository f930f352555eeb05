import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What every kind of fact is called, and which node, run and person it is about.
struct SubjectsTests {
    private static let node = LedgerTests.node
    private static let run = LedgerTests.id
    private static let alarm = Alarm.Key(.contested, node: node)
    private static let marks = IncarnationMarks(
        version: "1",
        load: NodeLoad(ongoingConnections: 0, sessionsCreated: 0, sessionsDestroyed: 0, connectionsCreated: 0))
    private static let change = ModeChange(
        id: 1, node: node, target: .blockNewSession, cause: .claim, written: nil, notAfter: .start)
    private static let command = CommandStart(
        id: CommandID(number: 1), node: node, address: NodeAddress(api: "http://a.example/", ready: nil), run: run,
        step: "up", attempt: 1, work: .program(["/bin/true"]), environment: [:],
        timeout: .seconds(1), notAfter: .start)
    private static let pause = Pause(.person, reason: "r", actor: "mika", since: Moment.start.wall)
    private static let stay = FailedStay(
        run: run, policy: "p", mode: .blockNewConnection, reason: "r", since: Moment.start.wall)
    private static let hold = Hold(wish: .handsOff, actor: "mika", reason: "r", since: Moment.start.wall)

    private static func lever(_ lever: Lever) -> Fact {
        .leverPulled(
            PulledLever(
                id: 1, pull: Pull(LeverOrder(lever.action), by: "mika"), lever: lever,
                answer: LeverAnswer(id: 1, action: lever.action, text: "done")))
    }

    struct Row {
        var fact: Fact
        var kind: String
        /// Letters for the node, the run, the cluster alone, the person.
        var about: String
    }

    static let rows: [Row] = [
        Row(fact: .daemonStarted(boot: nil), kind: "daemon-started", about: ""),
        Row(fact: .heartbeat([NodeMarks(node: node, marks: marks)]), kind: "heartbeat", about: ""),
        Row(fact: .policiesLoaded(LedgerTests.set("a")), kind: "policies-loaded", about: ""),
        Row(fact: .membershipChanged(cluster: "c", Membership()), kind: "membership-changed", about: "c"),
        Row(
            fact: .nodesFound(cluster: "c", FoundNodes([FoundNode(name: node.name, api: "http://a/")], after: [])),
            kind: "nodes-found", about: "n"),
        Row(
            fact: .nodeObserved(node, NodeLedger.NodeFacts(mode: .known(.normal)), nil, skipped: 0),
            kind: "node-observed", about: "n"),
        Row(fact: .nodeRestarted(node, marks), kind: "node-restarted", about: "n"),
        Row(fact: .nodeLoosened(node, to: .known(.normal)), kind: "node-loosened", about: "n"),
        Row(fact: .nodeShown(node, address: "x"), kind: "node-shown", about: "n"),
        Row(fact: .addressMoved(node), kind: "address-moved", about: "n"),
        Row(fact: .leaversForgotten(cluster: "c"), kind: "leavers-forgotten", about: "c"),
        Row(fact: .runStarted(LedgerTests.run()), kind: "run-started", about: "nr"),
        Row(fact: .runChanged(run, .active), kind: "run-changed", about: "r"),
        Row(fact: .runEnded(run, .completed), kind: "run-ended", about: "r"),
        Row(fact: .paused(run, pause), kind: "paused", about: "ra"),
        Row(fact: .paused(nil, pause), kind: "paused", about: "a"),
        Row(fact: .resumed(run, .person), kind: "resumed", about: "r"),
        Row(fact: .clearanceChanged(run, .open(until: nil)), kind: "clearance-changed", about: "r"),
        Row(fact: .runPromoted(run), kind: "run-promoted", about: "r"),
        Row(
            fact: .approvalChanged(run, .given(GivenApproval(actor: "mika", reason: "r", at: Moment.start.wall))),
            kind: "approval-changed", about: "ra"),
        Row(
            fact: .gateMeasured(run, 0, GateState("errors-low", of: node, at: .start)), kind: "gate-measured",
            about: "nr"),
        Row(fact: .noticed(run, node, NotifyStep(notification: "n", text: "t")), kind: "noticed", about: "nr"),
        Row(fact: .would(run, node, steps: "drain", longest: nil), kind: "would", about: "nr"),
        Row(fact: .runWaits(run, .waitingBudget), kind: "run-waits", about: "r"),
        Row(
            fact: .progressChanged(run, Countdown(.seconds(1), from: .start)), kind: "progress-changed", about: "r"),
        Row(
            fact: .partChanged(run, 0, Part(node: node, since: Moment.start.wall), step: nil, nil),
            kind: "part-changed", about: "nr"),
        Row(fact: .stayPlaced(node, stay, .of(node)), kind: "stay-placed", about: "nr"),
        Row(
            fact: .forced(run, Force(.window, beside: nil, actor: "mika", reason: "r", since: Moment.start.wall)),
            kind: "forced", about: "ra"),
        Row(fact: .forceUsed(run, node), kind: "force-used", about: "nr"),
        Row(fact: .budgetKept(cluster: "c", since: nil), kind: "budget-kept", about: "c"),
        Row(
            fact: .drainSampled(
                node, DrainCurve.Sample(at: Moment.start.wall, sessions: 1, connections: 1), of: Moment.start.wall),
            kind: "drain-sampled", about: "n"),
        Row(fact: .stayEnded(node, reason: "r"), kind: "stay-ended", about: "n"),
        Row(fact: .holdPlaced(node, hold), kind: "hold-placed", about: "na"),
        Row(fact: .holdEnded(node, reason: "r"), kind: "hold-ended", about: "n"),
        Row(fact: .releaseOwed(node), kind: "release-owed", about: "n"),
        Row(fact: .releaseClaimed(node), kind: "release-claimed", about: "n"),
        Row(fact: .modeIntended(change), kind: "mode-intended", about: "n"),
        Row(
            fact: .modeAnswered(node, id: 1, ModeChangeAnswer(.accepted, read: nil)), kind: "mode-answered", about: "n"),
        Row(fact: .modeSettled(node, id: 1, isReached: true), kind: "mode-settled", about: "n"),
        Row(fact: .modeSeenAgain(node), kind: "mode-seen-again", about: "n"),
        Row(fact: .modeAdopted(node, .blockNewSession), kind: "mode-adopted", about: "n"),
        Row(fact: .ownershipDropped(node, reason: .foreign), kind: "ownership-dropped", about: "n"),
        Row(fact: .floorChanged(node, nil), kind: "floor-changed", about: "n"),
        Row(fact: .commandIntended(command), kind: "command-intended", about: "nr"),
        Row(fact: .commandEnded(command.id, node, .timedOut), kind: "command-ended", about: "n"),
        Row(fact: lever(.hold(node, .handsOff, until: nil)), kind: "lever-pulled", about: "na"),
        Row(fact: lever(.release(node)), kind: "lever-pulled", about: "na"),
        Row(fact: lever(.pause(run, givesBack: false, until: nil)), kind: "lever-pulled", about: "ra"),
        Row(fact: lever(.pause(nil, givesBack: false, until: nil)), kind: "lever-pulled", about: "a"),
        Row(fact: lever(.resume(run)), kind: "lever-pulled", about: "ra"),
        Row(fact: lever(.resumeNode(node)), kind: "lever-pulled", about: "na"),
        Row(fact: lever(.abort(run)), kind: "lever-pulled", about: "ra"),
        Row(fact: lever(.approve(run, nil)), kind: "lever-pulled", about: "ra"),
        Row(fact: lever(.skip(run, node)), kind: "lever-pulled", about: "nra"),
        Row(fact: lever(.retry(run, node)), kind: "lever-pulled", about: "nra"),
        Row(fact: lever(.force(run, .window)), kind: "lever-pulled", about: "ra"),
        Row(fact: lever(.reserve([node], until: Moment.start.wall)), kind: "lever-pulled", about: "na"),
        Row(fact: lever(.releaseAll), kind: "lever-pulled", about: "a"),
        Row(fact: lever(.start(policy: "p")), kind: "lever-pulled", about: "a"),
        Row(fact: .alarmRaised(Alarm(alarm, "t", since: Moment.start.wall)), kind: "alarm-raised", about: "n"),
        Row(fact: .alarmEnded(Alarm.Key(.stuck, cluster: "c", run: run)), kind: "alarm-ended", about: "cr"),
    ]

    @Test func `every kind of fact says what it is about`() {
        for row in Self.rows {
            let subjects = row.fact.subjects
            #expect(row.fact.kind == row.kind)
            #expect(subjects.node == (row.about.contains("n") ? Self.node : nil), "\(row.kind)")
            #expect(subjects.run == (row.about.contains("r") ? Self.run : nil), "\(row.kind)")
            #expect(subjects.actor == (row.about.contains("a") ? "mika" : nil), "\(row.kind)")
            #expect((subjects.cluster != nil) == row.about.contains { "cn".contains($0) }, "\(row.kind)")
        }
    }

    @Test func `a kind is the case's own name, and no kind is left out here`() {
        let cases = Self.rows.compactMap { Mirror(reflecting: $0.fact).children.first?.label }
        for (name, row) in zip(cases, Self.rows) {
            let words = name.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : "\($1)" }
            #expect(row.kind == words)
        }
        #expect(cases.count == Self.rows.count && Set(cases).count == 47)
    }

    @Test func `a run that starts is about all its nodes`() {
        let nodes = ["a", "b"].map { NodeID(cluster: "c", name: $0) }
        let run = LedgerTests.run(Self.run, nodes.map { Part(node: $0, since: Moment.start.wall) })
        #expect(Fact.runStarted(run).subjects.nodes == nodes && Fact.runStarted(run).subjects.node == nil)
    }
}
