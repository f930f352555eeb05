import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Where the time of a run went, as a fold of its records.
struct RunAccountTests {
    private static let id = LedgerTests.id
    private static let nodes = ["a", "b"].map { NodeID(cluster: "c", name: $0) }
    private static let sequence = StepSequence(
        name: "s",
        steps: [
            .drain(.standard), .block, .run(RunStep(name: "up", command: ["/bin/true"], isDisruptive: true)),
            .verify(VerifyStep(connected: true)), .restore, .soak(.minutes(10)),
        ])
    private static let closed = Clearance.closed(
        Clearance.Closure(cause: .outsideWindow, until: nil, reopens: true))

    private static func at(_ minutes: Int) -> Moment { .start + .minutes(minutes) }

    private static func record(_ minutes: Int, _ fact: Fact) -> Record { Record(at: at(minutes), fact: fact) }

    private static func work(_ step: Int, command: Int? = nil) -> PartPhase.Work {
        var work = PartPhase.Work(step: step, since: .start, claim: .blockNewSession, isGranted: true)
        work.command = command.map { CommandID(number: $0) }
        return work
    }

    private static func part(_ minutes: Int, _ place: Int, _ phase: PartPhase) -> Record {
        var part = Part(node: nodes[place], since: at(minutes).wall)
        part.phase = phase
        return record(minutes, .partChanged(id, place, part, step: nil, nil))
    }

    private static let commitment = PartPhase.Commitment(incarnation: 0, version: nil)

    private static func started(_ clearance: Clearance = closed) -> Record {
        var run = LedgerTests.run(
            id, nodes.map { Part(node: $0, since: at(0).wall) }, sequence: sequence)
        run.clearance = clearance
        return record(0, .runStarted(run))
    }

    private static let night: [Record] = [
        started(), record(10, .clearanceChanged(id, .open(until: nil))), part(10, 0, .out(work(0))),
        part(30, 0, .out(work(1))), part(31, 0, .committed(work(2), commitment)),
        record(32, .paused(id, Pause(.person, reason: "r", actor: "mika", since: at(32).wall))),
        record(35, .resumed(id, .person)), part(35, 0, .committed(work(2, command: 1), commitment)),
        part(40, 0, .committed(work(3), commitment)),
        part(41, 0, .returning(PartPhase.Returning(after: .goOn(step: 4), since: at(41)))),
        part(42, 0, .soaking(work(5))), part(52, 0, .finished(.done)), part(60, 1, .out(work(0))),
        part(65, 1, .queued(PartPhase.Queued(backOff: .minutes(10)))), part(75, 1, .out(work(0))),
        part(80, 1, .finished(.ended)), record(80, .runEnded(id, .partial(nil))),
    ]

    private static func minutes(_ shares: RunAccount.Shares) -> [String: Int] {
        var minutes: [String: Int] = [:]
        for (use, length) in shares where length > .zero {
            minutes[use.by.map { "\(use.kind.rawValue) \($0)" } ?? use.kind.rawValue] = Int(length.inSeconds) / 60
        }
        return minutes
    }

    @Test func `each minute of a night is told once, of the run and of each node`() throws {
        let account = try #require(RunAccount(of: Self.id, records: Self.night, until: Self.at(999)))
        #expect(account.outcome == .partial(nil) && account.endedAt == Self.at(80).wall)
        #expect(
            Self.minutes(account.total) == [
                "window": 10, "drain": 30, "block": 1, "command": 6, "paused mika": 3, "verify": 1, "restore": 1,
                "soak": 10, "other": 8, "budget": 10,
            ])
        #expect(
            Self.minutes(account.parts[0]) == [
                "window": 10, "drain": 20, "block": 1, "command": 6, "paused mika": 3, "verify": 1, "restore": 1,
                "soak": 10,
            ])
        #expect(
            Self.minutes(account.parts[1]) == [
                "window": 10, "previous": 39, "paused mika": 3, "other": 8, "drain": 10, "budget": 10,
            ])
    }

    @Test func `a run at work is told until now`() throws {
        let account = try #require(RunAccount(of: Self.id, records: Self.night[..<3], until: Self.at(25)))
        #expect(account.outcome == nil && Self.minutes(account.total) == ["window": 10, "drain": 15])
        #expect(Self.minutes(account.parts[1]) == ["window": 10, "previous": 15])
    }

    @Test func `a pause of everything counts, also one that stood before the run`() throws {
        let pause = Pause(.person, reason: "r", actor: "kai", since: Self.at(-5).wall)
        let records = [Self.started(.open(until: nil)), Self.record(7, .resumed(nil, .person))]
        let account = try #require(RunAccount(of: Self.id, pause: pause, records: records, until: Self.at(9)))
        #expect(Self.minutes(account.total) == ["paused kai": 7, "other": 2])
    }

    @Test func `a freeze is named, and what comes too close to a window's end is told as that`() throws {
        var run = LedgerTests.run(Self.id, Self.nodes.map { Part(node: $0, since: Self.at(0).wall) })
        var pinned = run.pinned.value
        pinned.schedule.cutoff = .minutes(30)
        run = Run(
            id: Self.id, pinned: pinned, origin: run.origin, startedAt: run.startedAt, parts: run.parts,
            clearance: .open(until: Self.at(60).wall), progress: nil)
        let freeze = Clearance.closed(
            Clearance.Closure(cause: .excluded(by: "freezes/x", reason: nil), until: nil, reopens: true))
        let records = [Self.record(0, .runStarted(run)), Self.record(50, .clearanceChanged(Self.id, freeze))]
        let account = try #require(RunAccount(of: Self.id, records: records, until: Self.at(55)))
        #expect(Self.minutes(account.total) == ["other": 30, "cutoff": 20, "frozen freezes/x": 5])
    }

    static let waits: [(VerdictCode?, String)] = [
        (.waitingBudget, "budget"), (.waitingQuorum, "quorum"), (.unreachable, "node"), (.held, "held"),
        (.nodeBusy, "busy"), (.waitingClock, "clock"), (.waitingPolicies, "other"), (nil, "other"),
    ]

    @Test func `what its next node waits for is told as it was decided`() throws {
        for (code, word) in Self.waits {
            let records = [Self.started(.open(until: nil)), Self.record(4, .runWaits(Self.id, code))]
            let account = try #require(RunAccount(of: Self.id, records: records, until: Self.at(9)))
            let wanted = word == "other" ? ["other": 9] : ["other": 4, word: 5]
            #expect(Self.minutes(account.total) == wanted, "\(word)")
        }
    }

    @Test func `beside a node in work the budget may be what stands in the way`() throws {
        let records = [
            Self.started(.open(until: nil)), Self.part(0, 0, .out(Self.work(0))),
            Self.record(0, .runWaits(Self.id, .waitingPrevious)), Self.record(4, .runWaits(Self.id, .waitingBudget)),
        ]
        let account = try #require(RunAccount(of: Self.id, records: records, until: Self.at(9)))
        #expect(Self.minutes(account.total) == ["drain": 9])
        #expect(Self.minutes(account.parts[1]) == ["previous": 4, "budget": 5])
    }

    /// Nobody goes before it: a person keeps it.
    @Test func `a held node waits for its person, whatever the others wait for`() throws {
        let hold = Hold(wish: .handsOff, actor: "mika", reason: "", since: Self.at(-3).wall)
        let records = [
            Self.started(.open(until: nil)), Self.record(2, .holdPlaced(Self.nodes[0], hold)),
            Self.part(2, 1, .out(Self.work(0))), Self.record(2, .runWaits(Self.id, .waitingPrevious)),
            Self.record(7, .holdEnded(Self.nodes[0], reason: "released")),
        ]
        let account = try #require(RunAccount(of: Self.id, records: records, until: Self.at(9)))
        #expect(Self.minutes(account.parts[0]) == ["other": 2, "held mika": 5, "previous": 2])
        let later = try #require(
            RunAccount(of: Self.id, holds: [Self.nodes[0]: hold], records: records.prefix(1), until: Self.at(4)))
        #expect(Self.minutes(later.parts[0]) == ["held mika": 4])
    }

    @Test func `without its beginning nothing is told`() {
        #expect(RunAccount(of: Self.id, records: Self.night[1...], until: Self.at(99)) == nil)
        #expect(RunAccount(of: RunID(text: "other"), records: Self.night, until: Self.at(99)) == nil)
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func `it adds up to the time that passed, whatever happened`(
        seed: UInt64
    ) throws {
        var random = RandomStream(seed: seed)
        var records = [Self.started(random.chance(0.5) ? Self.closed : .open(until: nil))]
        var wall = Moment.start.wall
        var latest = wall
        var finished = [latest, latest]
        let phases: [PartPhase] = [
            .queued(PartPhase.Queued()), .queued(PartPhase.Queued(backOff: .minutes(1))), .out(Self.work(0)),
            .out(Self.work(1)), .out(Self.work(2)), .committed(Self.work(2, command: 1), Self.commitment),
            .committed(Self.work(3), Self.commitment), .soaking(Self.work(5)), .finished(.done),
            .returning(PartPhase.Returning(after: .goOn(step: 4), since: .start)),
        ]
        var isFinished = [false, false]
        for _ in 0..<40 {
            // The wall clock goes back now and then.
            wall = wall + .milliseconds(random.below(600_000)) - (random.chance(0.1) ? .minutes(8) : .zero)
            let at = Moment(wall: wall, uptime: .init(nanoseconds: 0))
            let place = random.below(2)
            let facts: [Fact] = [
                .clearanceChanged(Self.id, random.chance(0.5) ? Self.closed : .open(until: wall + .minutes(5))),
                .paused(random.chance(0.5) ? Self.id : nil, Pause(.person, reason: "r", actor: "m", since: wall)),
                .resumed(random.chance(0.5) ? Self.id : nil, .person), .daemonStarted(boot: nil),
                .runChanged(RunID(text: "another"), .active),
            ]
            if random.chance(0.6) {
                var part = Part(node: Self.nodes[place], since: wall)
                part.phase = phases[random.below(phases.count)]
                if isFinished[place] { continue }
                isFinished[place] = part.phase.isFinished
                latest = max(latest, wall)
                finished[place] = latest
                records.append(Record(at: at, fact: .partChanged(Self.id, place, part, step: nil, nil)))
            } else {
                let fact = facts[random.below(facts.count)]
                // What is not the run's own tells nothing of it.
                if fact.kind != "run-changed" { latest = max(latest, wall) }
                records.append(Record(at: at, fact: fact))
            }
        }
        let end = max(latest, wall) + .seconds(30)
        let account = try #require(
            RunAccount(of: Self.id, records: records, until: Moment(wall: end, uptime: .init(nanoseconds: 0))))
        let sum = { (shares: RunAccount.Shares) in shares.values.reduce(Duration.zero, +) }
        #expect(sum(account.total) == end - Moment.start.wall)
        for place in [0, 1] {
            #expect(sum(account.parts[place]) == (isFinished[place] ? finished[place] : end) - Moment.start.wall)
        }
    }
}
