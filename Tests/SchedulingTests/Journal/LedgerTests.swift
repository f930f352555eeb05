import Calendars
import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The ledger is the fold of the journal: what each record makes of it, and what outlives the process.
struct LedgerTests {
    static let node = NodeID(cluster: "c", name: "a")
    static let id = RunID(policy: "p", revision: "2", ordinal: 1)

    /// A cluster of these nodes, `NAME@HOST` where the address is another.
    static func set(_ nodes: String..., cluster: String = "c") -> PolicySet { set(nodes, cluster: cluster) }

    static func set(_ nodes: [String], cluster: String = "c") -> PolicySet {
        let nodes = nodes.map { text in
            let halves = text.split(separator: "@").map(String.init)
            return ClusterNode(name: halves[0], api: "http://\(halves.last ?? "")/")
        }
        return PolicySet(
            clusters: nodes.isEmpty ? [] : [ClusterPolicy(name: cluster, topology: .clustered, nodes: nodes)],
            digest: nodes.map(\.api).joined())
    }

    static func run(
        _ id: RunID = id, _ parts: [Part] = [Part(node: node, since: Moment.start.wall)],
        sequence: StepSequence = .drainThenBlock, progress: Duration? = nil, origin: Run.Origin? = nil
    ) -> Run {
        let policy = Policy(
            name: "p", cluster: "c", schedule: .rollout, strategy: Strategy(progressDeadline: progress),
            sequence: sequence, kind: .rollout(revision: "2", approval: nil))
        return Run(
            id: id, pinned: policy, origin: origin ?? .rollout(revision: "2", ordinal: 1),
            startedAt: Moment.start.wall, parts: parts, clearance: .open(until: nil),
            progress: progress.map { Countdown(standing: $0) })
    }

    /// A part in the sequence's step, with so much time left from the beginning on.
    static func working(_ step: Int, _ left: Duration, isSoaking: Bool = false) -> Part {
        var part = Part(node: node, since: Moment.start.wall)
        let work = PartPhase.Work(
            step: step, since: .start, claim: isSoaking ? nil : .blockNewSession, isGranted: true,
            timer: Countdown(left, from: .start))
        part.phase = isSoaking ? .soaking(work) : .out(work)
        return part
    }

    static func fold(_ facts: (Moment, Fact)...) -> Ledger {
        Ledger(folding: facts.map { Record(at: $0.0, fact: $0.1) })
    }

    /// Half an hour was left at the beginning. The last record is from `last`; the daemon is back at `wall`, by a host that
    /// has been up for `up` (an hour at the beginning). What is left then.
    static let deadlines = Row.table(
        """
        boots    last  wall  up     left
        one one  0     10m   1h10m  20m
        one one  5m    10m   1h10m  20m
        one one  0     10h   1h10m  20m
        one one  0     -3h   1h10m  20m
        one one  0     1h    2h     0
        one two  0     10m   20s    20m
        one two  5m    10m   20s    20m
        one two  5m    5m    20s    25m
        one two  0     40m   20s    0
        one two  0     -3h   20s    30m
        one two  5m    -3h   20s    25m
        - -      0     10m   1h10m  20m
        - -      5m    -3h   20s    25m
        one -    0     10m   1h10m  20m
        """)

    @Test func `pulls are kept while they are few and short, and the latest always`() {
        func pull(_ id: Int, _ bytes: Int) -> Record {
            var order = LeverOrder(.resume)
            order.reason = String(repeating: "r", count: bytes)
            let answer = LeverAnswer(id: id, action: .resume, text: "")
            return Record(
                at: .start,
                fact: .leverPulled(
                    PulledLever(id: id, pull: Pull(order, by: "ann"), lever: .resume(nil), answer: answer)))
        }
        let half = Ledger.pullBytes / 4
        for (sizes, kept) in [
            ([1, half, half], [2, 3]), ([half, 1, 1], [1, 2, 3]), ([1, half * 3], [2]),
            (Array(repeating: 1, count: Ledger.pullLimit + 3), Array(4...Ledger.pullLimit + 3)),
        ] {
            let records = sizes.enumerated().map { pull($0.offset + 1, $0.element) }
            #expect(Ledger(folding: records).pulls.map(\.id) == kept)
        }
    }

    @Test(arguments: deadlines) func `a deadline goes on while the daemon is away`(row: Row) throws {
        let boots = try row.text("boots").split(separator: " ").map { $0 == "-" ? nil : String($0) }
        let up = try #require(try row.duration("up"))
        let now = Moment(
            wall: try #require(try row.moment("wall")).wall, uptime: Uptime(nanoseconds: up.inNanoseconds))
        let ledger = Self.fold(
            (.start, .daemonStarted(boot: boots[0])), (.start, .runStarted(Self.run())),
            (.start, .partChanged(Self.id, 0, Self.working(0, .minutes(30)), step: nil, nil)),
            (try #require(try row.moment("last")), .heartbeat([])), (now, .daemonStarted(boot: boots[1])))
        let part = try #require(ledger.run(Self.id)?.parts.first)
        #expect(part.phase.timer?.timeLeft(at: now) == (try row.duration("left")))
        let since = try #require(part.phase.work?.since)
        #expect(since.uptime <= now.uptime, "an uptime of another boot means nothing")
        #expect(since.wall == Moment.start.wall)
    }

    @Test func `one that stands is not touched, and a soak begins anew`() throws {
        var held = Self.working(0, .minutes(30))
        held.phase.timer?.stand(at: .start + .minutes(5))
        let now = Moment(wall: (Moment.start + .hours(5)).wall, uptime: Uptime(nanoseconds: 20_000_000_000))
        let sequence = StepSequence(name: "s", steps: [.drain(.standard), .restore, .soak(.minutes(10))])
        let ledger = Self.fold(
            (.start, .daemonStarted(boot: "one")),
            (
                .start,
                .runStarted(
                    Self.run(Self.id, [held, Self.working(2, .minutes(4), isSoaking: true)], sequence: sequence))
            ),
            (now, .daemonStarted(boot: "two")))
        let left = try #require(ledger.run(Self.id)).parts.map { $0.phase.timer?.timeLeft(at: now) }
        #expect(left == [.minutes(25), .minutes(30)])
    }

    /// Forty minutes without progress are allowed; so much was left of them when the daemon went away, for so long.
    static let progress = Row.table(
        """
        left  away  then
        40m   5m    35m
        30m   25m   10m
        30m   2h    10m
        10m   0     10m
        9m    0     10m
        """)

    @Test(arguments: progress) func `whoever comes back late has a quarter to show progress`(row: Row) throws {
        var clock = Countdown(standing: try #require(try row.duration("left")))
        clock.run(from: .start)
        let now = Moment.start + (try #require(try row.duration("away")))
        let ledger = Self.fold(
            (.start, .daemonStarted(boot: "one")), (.start, .runStarted(Self.run(progress: .minutes(40)))),
            (.start, .progressChanged(Self.id, clock)), (now, .daemonStarted(boot: "one")))
        #expect(ledger.run(Self.id)?.progress?.timeLeft(at: now) == (try row.duration("then")))
    }

    @Test func `each step that is over gives the whole time again, and so does who lets the run go on`() throws {
        var ledger = Self.fold((.start, .runStarted(Self.run(progress: .minutes(30)))))
        var clock = try #require(ledger.run(Self.id)?.progress)
        #expect(!clock.isRunning)
        clock.run(from: .start)
        func left(_ minutes: Int, _ fact: Fact) -> Duration? {
            let now = Moment.start + .minutes(minutes)
            ledger.apply(Record(at: now, fact: fact))
            return ledger.run(Self.id)?.progress?.timeLeft(at: now)
        }
        _ = left(0, .progressChanged(Self.id, clock))
        #expect(
            left(5, .partChanged(Self.id, 0, Self.working(0, .hours(1)), step: nil, nil)) == .minutes(25), "a start")
        #expect(left(20, .partChanged(Self.id, 0, Self.working(1, .hours(1)), step: nil, nil)) == .minutes(30))
        #expect(left(30, .partChanged(Self.id, 0, Self.working(0, .hours(1)), step: nil, nil)) == .minutes(20), "back")
        #expect(left(40, .paused(Self.id, Pause(.failures, reason: "one", since: Moment.start.wall))) == .minutes(10))
        #expect(left(45, .resumed(Self.id, .failures)) == .minutes(30))
    }

    /// What was known of node a, in the order in which it was noted, before it left the policies; whether nagi goes on to
    /// look after it, by its last address.
    static let leavers = Row.table(
        """
        before                       kept
        nothing                      no
        written                      yes
        written owed                 yes
        written dropped              no
        open                         yes
        lost                         yes
        lost late                    no
        working                      yes
        held                         no
        kept written                 yes
        kept                         no
        written held                 yes
        """)

    @Test(arguments: leavers) func `a node that leaves is looked after until nagi is through with it`(row: Row) throws {
        var ledger = Self.fold((.start, .policiesLoaded(Self.set("a@old", "b"))))
        var now = Moment.start
        for word in try row.words("before") {
            for fact in Self.facts(word) { ledger.apply(Record(at: now, fact: fact)) }
            if word == "late" { now = now + .hours(1) }
        }
        ledger.apply(Record(at: now, fact: .policiesLoaded(Self.set("b", "c"))))
        let isKept = try row.flag("kept") ?? false
        #expect(ledger.nodes.map(\.id.name) == ["b", "c"] + (isKept ? ["a"] : []))
        #expect(ledger.index(of: Self.node) == (isKept ? NodeIndex(2) : nil))
        guard isKept else { return }
        #expect(ledger.nodes.last?.retained?.node.api == "http://old/")
        #expect(ledger.nodes.last?.retained?.cluster.name == "c")
        #expect(ledger.entry(Self.node)?.hold == nil && ledger.entry(Self.node)?.failedStay == nil, "they end")
        // The whole cluster goes, and comes back with the node elsewhere: it is looked for where it was written to.
        ledger.apply(Record(at: now, fact: .policiesLoaded(Self.set())))
        ledger.apply(Record(at: now, fact: .policiesLoaded(Self.set("a@new", "b"))))
        #expect(ledger.nodes.filter { $0.retained == nil }.map(\.id.name) == ["a", "b"])
        let state = ledger.entry(Self.node)
        let isBound = state?.written != nil || state?.open != nil
        #expect(state?.formerAddress?.api == (isBound ? "http://old/" : nil))
    }

    private static func facts(_ word: String) -> [Fact] {
        let change = ModeChange.to(.blockNewSession, .claim, at: .start)
        var intent = change
        intent.node = node
        let hold = Hold(wish: .handsOff, actor: "ann", reason: "looks", since: Moment.start.wall)
        let stay = FailedStay(
            run: id, policy: "p", mode: .blockNewSession, reason: "it broke", since: Moment.start.wall)
        return switch word {
        case "written": [.modeAdopted(node, .blockNewSession)]
        case "owed": [.releaseOwed(node)]
        case "dropped": [.ownershipDropped(node, reason: .alreadyNormal)]
        case "open": [.modeIntended(intent)]
        case "lost": [.modeIntended(intent), .modeSettled(node, id: 1, isReached: false)]
        case "working": [.runStarted(run()), .partChanged(id, 0, working(0, .minutes(1)), step: nil, nil)]
        case "held": [.holdPlaced(node, hold)]
        case "kept": [.stayPlaced(node, stay, .of(node))]
        default: []
        }
    }

    @Test func `what is known of a cluster goes with its last node`() {
        let alarms = [
            Alarm.Key(.contested, node: Self.node), Alarm.Key(.listContradicts, cluster: "c"),
            Alarm.Key(.clockNotTrusted), Alarm.Key(.contested, node: NodeID(cluster: "c", name: "b")),
        ]
        var ledger = Self.fold(
            (.start, .policiesLoaded(Self.set("a", "b"))),
            (.start, .membershipChanged(cluster: "c", Membership(regular: ["a", "b"]))))
        for key in alarms {
            ledger.apply(Record(at: .start, fact: .alarmRaised(Alarm(key, "look", since: Moment.start.wall))))
        }
        ledger.apply(Record(at: .start, fact: .policiesLoaded(Self.set("b"))))
        #expect(ledger.memberships.count == 1)
        #expect(Set(ledger.alarms.keys) == Set(alarms.dropFirst()))
        ledger.apply(Record(at: .start, fact: .policiesLoaded(Self.set("x", cluster: "d"))))
        #expect(ledger.memberships.isEmpty)
        #expect(Array(ledger.alarms.keys) == [Alarm.Key(.clockNotTrusted)])
    }

    /// Runs that begin (`+`) and end (`-`): those that are not over in the order of their starts, and their slots.
    @Test func `the slot of a run that is over is used again`() {
        let ids = (0..<5).map { RunID(policy: "p\($0)", revision: "2", ordinal: 1) }
        var ledger = Ledger()
        func apply(_ fact: Fact) -> [Int] {
            ledger.apply(Record(at: .start, fact: fact))
            return ledger.activeRuns.map(\.raw)
        }
        let slots = [
            apply(.runStarted(Self.run(ids[0]))), apply(.runStarted(Self.run(ids[1]))),
            apply(.runStarted(Self.run(ids[2]))), apply(.runEnded(ids[1], .completed)),
            apply(.runStarted(Self.run(ids[3]))), apply(.runEnded(ids[0], .failed)),
            apply(.runStarted(Self.run(ids[4]))), apply(.runEnded(ids[0], .failed)),
        ]
        #expect(slots == [[0], [0, 1], [0, 1, 2], [0, 2], [0, 2, 1], [2, 1], [2, 1, 0], [2, 1, 0]])
        #expect(ledger.activeRuns.compactMap { ledger.run($0)?.id } == [ids[2], ids[3], ids[4]])
        #expect(ledger.run(ids[0]) == nil && ledger.slot(of: ids[4]) == RunSlot(0))
        #expect(ledger.endedRuns.map(\.run.id) == [ids[1], ids[0]])
        #expect(ledger.run(RunSlot(9)) == nil && ledger.header(RunSlot(9)) == nil)
    }

    @Test func `only the latest runs that are over are kept`() {
        var ledger = Ledger()
        for number in 1...(Ledger.endedRunLimit + 5) {
            let id = RunID(policy: "p", revision: "2", ordinal: number)
            ledger.apply(Record(at: .start, fact: .runStarted(Self.run(id))))
            ledger.apply(Record(at: .start, fact: .runEnded(id, .completed)))
        }
        #expect(ledger.endedRuns.count == Ledger.endedRunLimit)
        #expect(ledger.endedRuns.first?.run.id.text == "p@2#6")
    }

    @Test func `a command is forgotten when its part has gone on, or its run is over`() {
        var part = Self.working(0, .minutes(1))
        part.phase = .out(
            {
                var work = PartPhase.Work(step: 0, since: .start, isGranted: true)
                work.command = CommandID(number: 7)
                return work
            }())
        let start = CommandStart(
            id: CommandID(number: 7), node: Self.node, address: NodeAddress(api: "http://a.example/", ready: nil),
            run: Self.id, step: "s", attempt: 1, work: .program(["/c"]), environment: [:], timeout: .minutes(1),
            notAfter: .start)
        let begun = [
            Fact.policiesLoaded(Self.set("a")), .runStarted(Self.run()), .partChanged(Self.id, 0, part, step: nil, nil),
            .commandIntended(start), .commandEnded(start.id, Self.node, .exited(status: 0)),
        ].map { Record(at: .start, fact: $0) }
        var ledger = Ledger(folding: begun)
        #expect(ledger.commands[start.id]?.outcome == .exited(status: 0))
        #expect(ledger.lastCommand == 7)
        var other = ledger
        ledger.apply(
            Record(at: .start, fact: .partChanged(Self.id, 0, Self.working(1, .minutes(1)), step: nil, nil)))
        #expect(ledger.commands.isEmpty)
        other.apply(Record(at: .start, fact: .runEnded(Self.id, .failed)))
        #expect(other.commands.isEmpty)
        #expect(other.lastCommand == 7)
    }

    /// The policy ran in the occurrence of 02:00 to 05:00, named `w`.
    static let occurrences = Row.table(
        """
        window  starts  lasts  ran
        w       02:00   3h     yes
        w       02:00   1h     yes
        other   03:00   3h     yes
        other   01:00   61m    yes
        other   05:00   1h     no
        other   01:00   1h     no
        other   14:00   3h     no
        """)

    @Test(arguments: occurrences) func `an occurrence runs once, also under another name`(row: Row) throws {
        let span = Span(start: RigWorld.midnight + .hours(2), end: RigWorld.midnight + .hours(5))
        func id(_ window: String, _ start: Timestamp) -> OccurrenceID {
            OccurrenceID(policy: "p", window: window, nominal: ZoneRules.utc.local(start))
        }
        let ledger = Self.fold(
            (.start, .runStarted(Self.run(origin: .window(id("w", span.start), span)))),
            (.start, .runEnded(Self.id, .completed)))
        let start = RigWorld.midnight + RigTime.parsed(try row.text("starts"))
        let other = Span(start: start, end: start + (try #require(try row.duration("lasts"))))
        let hasRun = ledger.history["p"]?.hasRun(id(try row.text("window"), start), other)
        #expect(hasRun == (try row.flag("ran")))
    }

    @Test func `revisions are counted, and the latest is the last that ran`() {
        var ledger = Ledger()
        for (revision, ordinal) in [("1", 1), ("2", 1), ("1", 2), ("3", 1)] {
            let id = RunID(policy: "p", revision: revision, ordinal: ordinal)
            let run = Self.run(id, origin: .rollout(revision: revision, ordinal: ordinal))
            ledger.apply(Record(at: .start, fact: .runStarted(run)))
            ledger.apply(Record(at: .start, fact: .runChanged(id, .ending(.superseded))))
            ledger.apply(Record(at: .start, fact: .runEnded(id, .partial(.superseded))))
            #expect(ledger.history["p"]?.endReason == .superseded)
        }
        let history = ledger.history["p"]
        #expect(history?.revision == "3")
        #expect(["1", "2", "3", "4"].map { history?.runs(of: $0) ?? 0 } == [2, 1, 1, 0])
    }

    @Test func `what a policy has done is remembered up to a limit`() {
        var ledger = Ledger()
        for day in 0...(PolicyHistory.limit) {
            let start = RigWorld.midnight + .days(day)
            let occurrence = OccurrenceID(policy: "p", window: "w", nominal: ZoneRules.utc.local(start))
            let run = Self.run(
                RunID(occurrence), origin: .window(occurrence, Span(start: start, end: start + .hours(1))))
            ledger.apply(Record(at: .start, fact: .runStarted(run)))
            ledger.apply(Record(at: .start, fact: .runEnded(run.id, .completed)))
        }
        #expect(ledger.history["p"]?.occurrences.count == PolicyHistory.limit)
    }

    @Test func `a node's last try is known until it leaves`() {
        var ledger = Self.fold(
            (.start, .policiesLoaded(Self.set("a", "b"))), (.start, .runStarted(Self.run())),
            (.start + .minutes(3), .partChanged(Self.id, 0, Self.working(0, .minutes(1)), step: nil, nil)),
            (.start + .minutes(9), .partChanged(Self.id, 0, Self.working(1, .minutes(1)), step: nil, nil)))
        #expect(ledger.history["p"]?.tried == [Self.node: (Moment.start + .minutes(3)).wall])
        ledger.apply(Record(at: .start, fact: .runEnded(Self.id, .completed)))
        ledger.apply(Record(at: .start, fact: .policiesLoaded(Self.set("b"))))
        #expect(ledger.history["p"]?.tried == [:])
    }

    /// Facts about nodes and runs that the ledger does not know, as a journal that was cut may have them.
    @Test func `what is not known is passed over`() {
        let part = Self.working(0, .minutes(1))
        let facts: [Fact] = [
            .nodeObserved(Self.node, .init(mode: nil), nil, skipped: 0), .nodeRestarted(Self.node, IncarnationMarks()),
            .releaseOwed(Self.node), .modeSettled(Self.node, id: 4, isReached: true),
            .resumed(Self.id, .failures), .runEnded(Self.id, .completed),
            .partChanged(Self.id, 3, part, step: nil, nil),
            .commandEnded(CommandID(number: 3), Self.node, .timedOut), .clearanceChanged(Self.id, .open(until: nil)),
            .alarmEnded(Alarm.Key(.stuck)), .heartbeat([NodeMarks(node: Self.node, marks: IncarnationMarks())]),
        ]
        let ledger = Ledger(folding: facts.map { Record(at: .start, fact: $0) })
        #expect(ledger.nodes.isEmpty && ledger.activeRuns.isEmpty && ledger.endedRuns.isEmpty)
    }

    /// In the middle of a run, every so often: what is written and read again is the same value, record by record and as a
    /// whole, and goes on the same way.
    @Test func `a ledger and its records survive being written and read`() throws {
        let strategy = Strategy(
            maxUnavailable: .count(2), pauseBetweenNodes: .minutes(1), canary: Canary(count: 1, soak: .minutes(2)),
            groups: ScriptedRehearsal.groups(waiting: .minutes(1)), progressDeadline: .hours(1))
        let sequence = StepSequence(
            name: "s",
            steps: [
                .drain(.standard), .block, .run(RunStep(name: "prefetch", command: ["/p"])),
                .run(RunStep(name: "upgrade", command: ["/u"], isDisruptive: true)),
                .verify(VerifyStep(version: "{revision}")), .wait(.duration(.minutes(2))), .restore, .soak(.minutes(1)),
            ])
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(strategy, sequence: sequence))
        let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
        for second in stride(from: 0, to: 1500, by: 50) {
            rehearsal.advance(by: .seconds(second == 0 ? 3 : 50))
            let ledger = rehearsal.controller.ledger
            let read = try decoder.decode(Ledger.self, from: try encoder.encode(ledger))
            #expect(read == ledger, "after \(second) s")
            #expect(rehearsal.isFolded)
            var (a, b) = (ledger, read)
            let change = Record(at: rehearsal.now, fact: .daemonStarted(boot: "other"))
            a.apply(change)
            b.apply(change)
            #expect(a == b)
        }
        #expect(rehearsal.lines.last?.hasSuffix("completed") == true, "\(rehearsal.text)")
        let records = try rehearsal.journal.map { try decoder.decode(Record.self, from: try encoder.encode($0)) }
        #expect(records == rehearsal.journal)
        #expect(Ledger(folding: records) == rehearsal.controller.ledger)
    }

    @Test func `nodes that were found come and go, and the set stays as it was written`() {
        var set = Self.set("a")
        set.clusters[0].discovery = Discovery(seeds: [], labels: ["tier": "found"])
        func found(_ names: [String], after former: [String]) -> Fact {
            func nodes(_ names: [String]) -> [FoundNode] { names.map { FoundNode(name: $0, api: "http://\($0)/") } }
            return .nodesFound(cluster: "c", FoundNodes(nodes(names), after: nodes(former)))
        }
        let facts = [.policiesLoaded(set), found(["b", "z"], after: []), found(["z"], after: ["b", "z"])]
        var ledger = Ledger()
        var names: [[String]] = []
        for fact in facts {
            ledger.apply(Record(at: .start, fact: fact))
            names.append(ledger.nodes.map(\.id.name))
            #expect(ledger.written == set)
        }
        #expect(names == [["a"], ["a", "b", "z"], ["a", "z"]])
        #expect(ledger.policies?.clusters[0].nodes.last?.labels == ["tier": "found"])
        // One that the policies name by then is theirs.
        set.clusters[0].nodes.append(ClusterNode(name: "z", api: "http://elsewhere/"))
        ledger.apply(Record(at: .start, fact: .policiesLoaded(set)))
        #expect(ledger.nodes.map(\.id.name) == ["a", "z"])
        #expect(ledger.found == ["c": []] && ledger.written == set)
    }

    /// A cluster of which no node is known yet has alarms all the same.
    @Test func `what is laid out anew ends no alarm of a cluster without nodes`() {
        let seeds = Discovery(seeds: ["http://s/"])
        let set = PolicySet(
            clusters: [
                ClusterPolicy(name: "empty", topology: .clustered, nodes: [], discovery: seeds),
                ClusterPolicy(
                    name: "c", topology: .clustered, nodes: [ClusterNode(name: "a", api: "http://a/")],
                    discovery: seeds),
            ], digest: "1")
        let alarm = Alarm(Alarm.Key(.noSeedAnswers, cluster: "empty"), "nobody", since: Moment.start.wall)
        let ledger = Self.fold(
            (.start, .policiesLoaded(set)), (.start, .alarmRaised(alarm)),
            (.start, .nodesFound(cluster: "c", FoundNodes([FoundNode(name: "d", api: "http://d/")], after: []))))
        #expect(ledger.alarms[alarm.key] == alarm)
    }
}
