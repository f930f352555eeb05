import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What a run counts of its parts, and what follows from it for the next.
struct RunTests {
    static let groups = ["x", "y"].map { NodeGroup(name: $0, selector: Selector(matchLabels: ["zone": $0])) }

    /// Parts by name, `a1` in group x, `b1` in group y, others in none; `!` is taken over.
    static func run(
        _ names: [String], waiting: Duration = .zero, pause: Duration = .zero, canary: Canary? = nil
    ) -> Run {
        var groups = groups
        groups[1].waitAfterPrevious = waiting
        let strategy = Strategy(
            pauseBetweenNodes: pause, canary: canary, groups: names.contains { $0.hasPrefix("b") } ? groups : [])
        let policy = Policy(
            name: "p", cluster: "c", schedule: .rollout, strategy: strategy,
            kind: .rollout(revision: "2", approval: nil))
        return Run(
            id: RunID(policy: "p", revision: "2", ordinal: 1), pinned: policy,
            origin: .rollout(revision: "2", ordinal: 1), startedAt: Moment.start.wall,
            parts: names.map { name in
                let group: Int? =
                    strategy.groups.isEmpty ? nil : name.hasPrefix("a") ? 0 : name.hasPrefix("b") ? 1 : nil
                return Part(
                    node: NodeID(cluster: "c", name: name.replacing("!", with: "")), group: group,
                    isTakenOver: name.hasSuffix("!"), since: Moment.start.wall)
            }, clearance: .open(until: nil), progress: nil)
    }

    /// What happens to the parts one after another, at the second of its place: `a1 out`, `a1 done`, …
    static func happen(_ events: [String], to run: inout Run) throws {
        for (second, event) in events.enumerated() {
            let words = event.split(separator: " ").map(String.init)
            let place = try #require(run.parts.firstIndex { $0.node.name == words[0] })
            let now = Moment.start + .seconds(second)
            var part = run.parts[place]
            part.since = now.wall
            let work = PartPhase.Work(step: 0, since: now, claim: .blockNewSession, isGranted: true)
            switch words[1] {
            case "canary":
                part.isCanary = true
                part.phase = .out(work)
            case "waits": part.phase = .out(PartPhase.Work(step: 0, since: now, isGranted: false))
            case "out": part.phase = .out(work)
            case "committed": part.phase = .committed(work, PartPhase.Commitment(incarnation: 0, version: nil))
            case "soaking": part.phase = .soaking(work)
            case "failing":
                part.phase = .returning(PartPhase.Returning(after: .end(.finish(.failed)), since: now))
            case "again":
                part.phase = .queued(PartPhase.Queued())
                part.slotFreedAt = now.wall
            default:
                part.phase = .finished(try #require(PartResult(rawValue: words[1])))
                if run.parts[place].phase.isInWork { part.slotFreedAt = now.wall }
            }
            run.set(part, at: place, now)
        }
    }

    static let candidates = Row.table(
        """
        parts        happens                                      candidates  group
        c1 c2 c3     -                                            c1 c2 c3    none
        c1 c2 c3     c1 out                                       c2 c3       none
        c1 c2 c3     c1 out, c1 done                              c2 c3       none
        c1 c2 c3     c1 out, c2 out, c1 again                     c1 c3       none
        c1 c2 c3     c1 out, c2 out, c3 out                       -           none
        a1 a2 b1     -                                            a1 a2       x
        a1 a2 b1     a1 out, a2 out                               -           x
        a1 a2 b1     a1 out, a2 out, a1 done, a2 failed           b1          y
        a1 a2 b1     a1 done, a2 skipped                          b1          y
        a1 a2 b1 c1  a1 done, a2 done, b1 done                    c1          none
        a1 a2 b1!    -                                            a1 a2 b1    x
        a1 a2 b1!    b1 out                                       a1 a2       x
        a1 b1        a1 out, a1 done, b1 out, b1 done             -           none
        """)

    @Test(arguments: candidates) func `who may be next`(row: Row) throws {
        var run = Self.run(try row.words("parts"))
        try Self.happen(try Self.events(row), to: &run)
        #expect(Self.candidates(of: run).map { run.parts[$0].node.name } == (try row.words("candidates")))
        #expect(run.groupName(run.currentGroup) ?? "none" == (try row.text("group")))
    }

    /// Group y waits for ten minutes after the last node of group x was finished. Events are a second apart.
    static let waits = Row.table(
        """
        parts      happens                           opens
        a1 a2 b1   -                                 -
        a1 a2 b1   a1 out, a1 done                   -
        a1 a2 b1   a1 out, a2 out, a1 done, a2 done  10m3s
        a1 a2 b1   a2 done, a1 failed                10m1s
        a1 b1 b2   a1 done, b1 out                   -
        a1 b1 b2   a1 done, b1 out, b1 done          -
        a1 b1 b2   a1 done, b1 out, b1 again         -
        b1 b2      -                                 -
        """)

    @Test(arguments: waits) func `a group waits after the one before`(row: Row) throws {
        var run = Self.run(try row.words("parts"), waiting: .minutes(10))
        try Self.happen(try Self.events(row), to: &run)
        let opens = try row.moment("opens")
        let now = Moment.start + .seconds(5)
        let wait = run.groupWait(at: now)
        #expect((wait?.left).map { now.uptime + $0 } == opens?.uptime)
        #expect(wait.map { run.groupName($0.previous) } == (opens == nil ? nil : "x"))
    }

    /// It goes first, whatever its group: that is no beginning of the group.
    @Test func `a node that is taken over does not open its group for the others`() throws {
        var run = Self.run(["b1!", "a1", "b2"], waiting: .minutes(10))
        try Self.happen(["b1 out", "b1 done", "a1 out", "a1 done"], to: &run)
        #expect(run.groupWait(at: Moment.start + .seconds(3))?.left == .minutes(10))
    }

    /// Slots that became free rest for two minutes.
    static let rests = Row.table(
        """
        happens                                   at    resting  until
        -                                         0     0        -
        c1 out, c1 done                           2s    1        2m1s
        c1 out, c1 done                           2m    1        2m1s
        c1 out, c1 done                           2m1s  0        -
        c1 out, c2 out, c1 done, c2 failed        5s    2        2m2s
        c1 out, c2 out, c1 done, c2 failed        2m2s  1        2m3s
        c1 out, c1 again                          2s    1        2m1s
        c1 skipped                                2s    0        -
        """)

    @Test(arguments: rests) func `a slot that became free rests`(row: Row) throws {
        var run = Self.run(["c1", "c2", "c3"], pause: .minutes(2))
        try Self.happen(try Self.events(row), to: &run)
        let now = try #require(try row.moment("at"))
        let resting = run.restingSlots(at: now)
        #expect(resting.count == (try row.number("resting")))
        #expect((resting.left).map { now.uptime + $0 } == (try row.moment("until"))?.uptime)
    }

    static let canaries = Row.table(
        """
        parts     count  happens                          canaries  missing
        c1 c2 c3  2      -                                -         2
        c1 c2 c3  2      c2 canary                        c2        1
        c1 c2 c3  2      c2 canary, c1 canary, c2 done    c2 c1     0
        c1        2      -                                -         1
        c1        2      c1 canary                        c1        0
        c1 c2 c3  2      c2 canary, c2 again              c2        1
        """)

    @Test(arguments: canaries) func `the canaries are those that started first`(row: Row) throws {
        let canary = Canary(count: try #require(try row.number("count")))
        var run = Self.run(try row.words("parts"), canary: canary)
        try Self.happen(try Self.events(row), to: &run)
        #expect(run.canaries.map(\.node.name) == (try row.words("canaries")))
        #expect(run.canariesMissing == (try row.number("missing")))
        #expect(!run.isPromoted)
    }

    /// Why a canary proves nothing.
    static let setbacks = Row.table(
        """
        phase          error           setback
        queued         -               -
        out            -               -
        done           -               -
        already-there  -               -
        failed         it broke        c1 failed (it broke)
        failing        it broke        c1 failed (it broke)
        skipped        not drained     c1 was skipped and proves nothing (not drained)
        foreign        -               c1 is foreign and proves nothing
        held           a person        c1 is held and proves nothing (a person)
        """)

    @Test(arguments: setbacks) func `a canary that is not good is a setback`(row: Row) throws {
        var run = Self.run(["c1"], canary: Canary())
        let phase = try row.text("phase")
        if phase != "queued" { try Self.happen(["c1 \(phase)"], to: &run) }
        var part = run.parts[0]
        part.error = try row.optional("error")
        #expect(part.setback == (try row.optional("setback")))
    }

    private static func events(_ row: Row) throws -> [String] {
        try row.optional("happens")?.split(separator: ",").map { $0.trimming() } ?? []
    }

    /// What is kept with every change is what a count of all parts says, whatever happened to them.
    @Test(arguments: 1...8) func `the tally equals a count`(seed: UInt64) throws {
        var random = RandomStream(seed: seed)
        let names = (0..<20).map { "\($0 % 3 == 0 ? "a" : $0 % 3 == 1 ? "b" : "c")\($0)" }.sorted()
        var run = Self.run(names, pause: .minutes(1), canary: Canary(count: 3))
        let words = [
            "canary", "waits", "out", "committed", "soaking", "failing", "again", "done", "failed", "skipped",
            "already-there", "foreign",
        ]
        for _ in 0..<600 {
            let name = names[random.below(names.count)]
            try Self.happen(["\(name) \(words[random.below(words.count)])"], to: &run)
            guard Self.isCounted(run) else {
                Issue.record("seed \(seed): \(run.tally) of \(run.parts.map { "\($0.node.name) \($0.phase.word)" })")
                return
            }
        }
    }

    private static func candidates(of run: Run) -> [Int] {
        Array(
            sequence(state: 0) { place in
                let next = run.queuedCandidate(from: place)
                place = (next ?? place) + 1
                return next
            })
    }

    private static func isCounted(_ run: Run) -> Bool {
        let parts = run.parts
        let left = parts.filter { !$0.phase.isFinished }
        let group = left.map { $0.group ?? 2 }.min() ?? 2
        let candidates = parts.indices.filter {
            parts[$0].phase.isQueued && (parts[$0].isTakenOver || (parts[$0].group ?? 2) == group)
        }
        let ungranted = parts.indices.filter {
            if case .out(let work) = parts[$0].phase { !work.isGranted } else { false }
        }
        return PartPhase.Kind.allCases.allSatisfy { kind in
            run.count(of: kind) == parts.count { $0.phase.kind == kind }
        } && run.tally.holdingSlots == parts.count { $0.phase.holdsSlot }
            && run.tally.failed == parts.count(where: \.isFailed)
            && run.tally.proven == parts.count(where: \.isProven)
            && run.inWork == parts.count(where: \.phase.isInWork) && run.isOver == left.isEmpty
            && Set(run.canaries.map(\.node)) == Set(parts.filter(\.isCanary).map(\.node))
            && run.currentGroup == group && Self.candidates(of: run) == candidates && run.tally.ungranted == ungranted
    }
}
