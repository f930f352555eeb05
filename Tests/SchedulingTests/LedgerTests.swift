import Calendars
import ModeCore
import Primitives
import Scheduling
import Testing

/// The ledger is the fold of the journal: what each record makes of it.
struct LedgerTests {
    static let node = NodeID(cluster: "c", name: "n")
    static let start = Moment(wall: Timestamp(seconds: 1_800_000_000), uptime: Uptime(nanoseconds: 5))

    /// One ChangeMode from intent to settlement, by its answer and by what the node then showed.
    struct Row: CustomTestStringConvertible {
        var answer: ModeChangeAnswer?
        var isReached: Bool
        /// What nagi takes for its own afterwards.
        var written: RequestableMode?
        /// A write that may still arrive.
        var doubt: RequestableMode?
        var testDescription: String { "\(answer.map { "\($0)" } ?? "no answer"), reached: \(isReached)" }

        init(_ answer: ModeChangeAnswer?, _ isReached: Bool, _ written: RequestableMode?, _ doubt: RequestableMode?) {
            self.answer = answer
            self.isReached = isReached
            self.written = written
            self.doubt = doubt
        }
    }

    static let rows: [Row] = [
        Row(.accepted, true, .blockNewSession, nil),
        Row(.unknown("time-out"), true, .blockNewSession, .blockNewSession),
        Row(.alreadyThere, true, nil, nil),
        Row(.declined(.known(.blockNewConnection)), true, nil, nil),
        Row(.notSent("refused"), true, nil, nil),
        Row(.accepted, false, nil, .blockNewSession),
        Row(.rejected("429"), false, nil, .blockNewSession),
        Row(.unknown("reset"), false, nil, .blockNewSession),
        Row(.notSent("refused"), false, nil, nil),
        Row(.declined(.known(.blockNewConnection)), false, nil, nil),
    ]

    @Test(arguments: rows) func `who owns the mode after a change`(row: Row) {
        let change = ModeChange(id: 1, node: Self.node, target: .blockNewSession, cause: .claim, written: nil)
        var facts: [Fact] = [.modeIntended(change)]
        if let answer = row.answer { facts.append(.modeAnswered(Self.node, id: 1, answer)) }
        facts.append(.modeSettled(Self.node, id: 1, isReached: row.isReached))
        let entry = Ledger(folding: facts.map { Record(at: Self.start, fact: $0) }).nodes[Self.node]
        #expect(entry?.open == nil)
        #expect(entry?.written == row.written)
        #expect(entry?.doubts.map(\.mode) == (row.doubt.map { [$0] } ?? []))
    }

    @Test func `a change without an answer is in doubt after a restart`() {
        let change = ModeChange(id: 7, node: Self.node, target: .blockNewSession, cause: .claim, written: nil)
        let later = Moment(wall: Self.start.wall + .minutes(5), uptime: Uptime(nanoseconds: 1))
        let ledger = Ledger(folding: [
            Record(at: Self.start, fact: .daemonStarted), Record(at: Self.start, fact: .modeIntended(change)),
            Record(at: later, fact: .daemonStarted),
        ])
        let open = ledger.nodes[Self.node]?.open
        #expect(open?.answeredAt == later)
        #expect(ledger.nodes[Self.node]?.doubts.map(\.mode) == [.blockNewSession])
        #expect(ledger.lastChange == 7)
    }

    /// Uptime rules in a process; after a restart the earlier of wall clock and time left.
    @Test(arguments: [
        // wall time that passed meanwhile, time left afterwards
        (Duration.minutes(10), Duration.minutes(20)), (.minutes(40), .zero), (.minutes(-60), .minutes(30)),
    ])
    func `a deadline survives a restart`(passed: Duration, left: Duration) throws {
        var nodeRun = NodeRun(node: Self.node, since: Self.start)
        nodeRun.phase = .closing
        nodeRun.deadline = Deadline(.minutes(30), from: Self.start)
        let id = RunID(policy: "p", revision: "1", ordinal: 1)
        let run = Run(
            id: id, policy: "p", cluster: "c", origin: .rollout(revision: "1", ordinal: 1), startedAt: Self.start.wall,
            sequence: .drainThenBlock, strategy: Strategy(), cutoff: .zero, onWindowEnd: .finish, windows: [],
            nodes: [nodeRun])
        let later = Moment(wall: Self.start.wall + passed, uptime: Uptime(nanoseconds: 99))
        let ledger = Ledger(folding: [
            Record(at: Self.start, fact: .runStarted(run)), Record(at: later, fact: .daemonStarted),
        ])
        let deadline = try #require(ledger.run(id)?.nodes[0].deadline)
        #expect(deadline.timeLeft(at: later) == left)
    }

    @Test func `an occurrence runs once, also under another name`() {
        let span = Span(start: Self.start.wall, end: Self.start.wall + .hours(3))
        let id = OccurrenceID(policy: "p", window: "w", nominal: LocalDateTime(seconds: 0))
        let run = Run(
            id: RunID(id), policy: "p", cluster: "c", origin: .window(id, span), startedAt: Self.start.wall,
            sequence: .drainThenBlock, strategy: Strategy(), cutoff: .zero, onWindowEnd: .restore, windows: [],
            nodes: [])
        let history = Ledger(folding: [Record(at: Self.start, fact: .runStarted(run))]).history["p"]
        let other = OccurrenceID(policy: "p", window: "renamed", nominal: LocalDateTime(seconds: 60))
        #expect(history?.hasRun(id, Span(start: span.end, end: span.end + .hours(1))) == true)
        #expect(history?.hasRun(other, Span(start: span.start + .hours(1), end: span.end + .hours(9))) == true)
        #expect(history?.hasRun(other, Span(start: span.end, end: span.end + .hours(1))) == false)
    }

    @Test(arguments: [
        // total, out, maxUnavailable, minAvailable, has room
        (3, 0, Amount.count(1), Amount?.none, true), (3, 1, .count(1), nil, false), (3, 0, .count(2), .count(3), false),
        (10, 1, .percent(25), nil, true), (10, 2, .percent(25), nil, false), (3, 0, .percent(10), nil, true),
        (10, 1, .count(5), .percent(85), false), (10, 0, .count(5), .percent(85), true),
    ])
    func `budget has room for one more`(total: Int, out: Int, max: Amount, min: Amount?, hasRoom: Bool) {
        let budget = Budget(maxUnavailable: max, minAvailable: min)
        let use = BudgetUse(total: total, unavailable: out, budget: budget, isClustered: false)
        #expect(use.hasRoom == hasRoom)
    }

    @Test func `nonsense counters never look like an empty node`() {
        let load = NodeLoad(
            ongoingConnections: 0, sessionsCreated: .max, sessionsDestroyed: -1, connectionsCreated: 0)
        #expect(load.sessions > 0)
        let negative = NodeLoad(ongoingConnections: 0, sessionsCreated: 0, sessionsDestroyed: 5, connectionsCreated: 0)
        #expect(negative.sessions > 0)
    }
}
