import Calendars
import ModeCore
import Primitives
import Scheduling
import Testing

/// Plans, answers and differences of small sets of policies, as rows.
struct PlanTests {
    static func at(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    /// What the reads between the steps take is a matter of seconds.
    static func isAbout(_ instant: Timestamp?, _ text: String) throws -> Bool {
        let wanted = try at(text)
        return instant.map { max($0 - wanted, wanted - $0) <= .seconds(6) } ?? false
    }

    static func sundays(_ start: Int = 2, _ length: Duration = .hours(3), name: String = "sunday") throws -> Window {
        Window(
            name: name,
            recurrence: .weekly(days: [.sun], start: try #require(TimeOfDay(hour: start, minute: 0))),
            length: .elapsed(length), timeZone: "UTC")
    }

    static func freeze(_ start: String, _ length: Duration) throws -> Exclusion {
        Exclusion(
            window: Window(
                name: "freezes/year-end", recurrence: .at(try #require(LocalDateTime(start))),
                length: .elapsed(length), timeZone: "UTC"), reason: "year-end freeze")
    }

    static let upgrade = StepSequence(
        name: "upgrade",
        steps: [
            .drain(DrainStep(deadline: .hours(2))), .block,
            .run(RunStep(name: "upgrade", command: ["/bin/true"], timeout: .minutes(15), isDisruptive: true)),
            .verify(VerifyStep(connected: true, timeout: .minutes(10))), .restore, .soak(.minutes(1)),
        ])

    /// What `drainThenBlock` does, with more patience than a window of three hours has.
    static let longDrain = StepSequence(
        name: "long-drain",
        steps: [.drain(DrainStep(deadline: .hours(4))), .block, .wait(.windowEnd), .restore])

    static func set(
        _ windows: [Window], exclusions: [Exclusion] = [], nodes: Int = 2, cutoff: Duration = .zero,
        onWindowEnd: OnWindowEnd = .restore, startOnlyIf: StartOnlyIf = .always, sequence: StepSequence = upgrade,
        atOnce: Int = 1, isSuspended: Bool = false
    ) -> PolicySet {
        PolicySet(
            clusters: [cluster(nodes, atOnce)],
            policies: [
                Policy(
                    name: "weekly", cluster: "tokyo",
                    schedule: PolicySchedule(
                        windows: windows, exclusions: exclusions, cutoff: cutoff, onWindowEnd: onWindowEnd,
                        startOnlyIf: startOnlyIf),
                    strategy: Strategy(maxUnavailable: .count(atOnce)), sequence: sequence, isSuspended: isSuspended)
            ], zones: ["UTC": .utc])
    }

    static func cluster(_ nodes: Int, _ atOnce: Int) -> ClusterPolicy {
        ClusterPolicy(
            name: "tokyo", topology: .standalone,
            nodes: (1...nodes).map { ClusterNode(name: "node-0\($0)", api: "http://192.0.2.\($0):3000/") },
            budget: Budget(maxUnavailable: .count(atOnce)))
    }

    static func plan(_ set: PolicySet, days: Int = 7) throws -> Plan {
        Scheduling.plan(set, from: try at("2026-11-28T00:00:00Z"), to: try at("2026-11-28T00:00:00Z") + .days(days))
    }

    struct Row: CustomTestStringConvertible {
        var title: String
        var hours = 3
        var nodes = 2
        var atOnce = 1
        var cutoff = Duration.zero
        var onWindowEnd = OnWindowEnd.restore
        var startOnlyIf = StartOnlyIf.always
        var sequence = PlanTests.upgrade
        /// When the last node is through in the worst case.
        var end: String
        var notReached: [String] = []
        var givenBack: [String] = []
        var fits: Bool
        var testDescription: String { title }
    }

    /// One node takes 2h 26m at the most; the window opens at 02:00.
    @Test(arguments: [
        Row(title: "one node", nodes: 1, end: "04:26:00", fits: true),
        Row(title: "two at once", atOnce: 2, end: "04:26:00", fits: true),
        Row(title: "the second is given back", end: "05:00:00", givenBack: ["node-02"], fits: false),
        Row(title: "the second finishes late", onWindowEnd: .finish, end: "06:52:00", fits: false),
        Row(
            title: "no start within the cutoff", cutoff: .minutes(35), end: "04:26:00", notReached: ["node-02"],
            fits: false),
        Row(title: "a committed node goes on", hours: 2, nodes: 1, end: "04:26:00", fits: false),
        Row(
            title: "a node that would not be through in time is not started", startOnlyIf: .fits, end: "04:26:00",
            notReached: ["node-02"], fits: false),
        Row(
            title: "a wait for the window's end fits where its beginning does", startOnlyIf: .fits,
            sequence: .drainThenBlock, end: "05:00:00", notReached: ["node-02"], fits: false),
        Row(title: "room for both", hours: 5, end: "06:52:00", fits: true),
        Row(
            title: "out until the window ends", sequence: .drainThenBlock, end: "05:00:00", notReached: ["node-02"],
            fits: false),
        Row(title: "both out until the window ends", atOnce: 2, sequence: .drainThenBlock, end: "05:00:00", fits: true),
        Row(
            title: "a wait for the window's end that is reached too late", nodes: 1, onWindowEnd: .finish,
            sequence: longDrain, end: "06:00:00", fits: false),
    ])
    func `a run comes as far as its window lets it`(_ row: Row) throws {
        let set = Self.set(
            [try Self.sundays(2, .hours(row.hours))], nodes: row.nodes, cutoff: row.cutoff,
            onWindowEnd: row.onWindowEnd, startOnlyIf: row.startOnlyIf, sequence: row.sequence, atOnce: row.atOnce)
        let run = try #require(try Self.plan(set).runs.first)
        #expect(try Self.isAbout(run.worst.end, "2026-11-29T\(row.end)Z"))
        #expect(run.worst.notReached == row.notReached)
        #expect(run.worst.givenBack == row.givenBack)
        #expect(run.fits == row.fits)
        #expect(run.occurrence?.description == "weekly/sunday/2026-11-29T02:00")
    }

    @Test func `a plan says when a rehearsal came to no end`() throws {
        let set = Self.set([try Self.sundays()])
        let (from, to) = (try Self.at("2026-11-29T00:00:00Z"), try Self.at("2026-11-30T00:00:00Z"))
        #expect(!Scheduling.plan(set, from: from, to: to).isTruncated)
        #expect(Scheduling.plan(set, from: from, to: to, eventLimit: 20).isTruncated)
    }

    @Test func `a node that works into a freeze does not fit, nor does a run that looks like it`() throws {
        let wednesday = Window(
            name: "wednesday",
            recurrence: .weekly(days: [.wed], start: try #require(TimeOfDay(hour: 2, minute: 0))),
            length: .elapsed(.hours(2)), timeZone: "UTC")
        // Both are open from 02:00 to 04:00: the one until a freeze, the other until its end.
        let set = Self.set(
            [try Self.sundays(2, .hours(4)), wednesday], exclusions: [try Self.freeze("2026-11-29T04:00", .hours(2))],
            nodes: 1)
        let runs = try Self.plan(set).runs
        #expect(runs.count == 2)
        #expect(try Self.isAbout(runs.first?.worst.end, "2026-11-29T04:26:00Z"))
        #expect(try Self.isAbout(runs.last?.worst.end, "2026-12-02T04:26:00Z"))
        #expect(runs.map(\.fits) == [false, false])
        #expect(runs.map { $0.span?.length } == [.hours(4), .hours(2)])
    }

    @Test func `a node that works into a freeze does not fit, even where the window opens again`() throws {
        let set = Self.set(
            [try Self.sundays(2, .hours(8))], exclusions: [try Self.freeze("2026-11-29T04:00", .hours(1))])
        let run = try #require(try Self.plan(set).runs.first)
        #expect(try Self.isAbout(run.worst.end, "2026-11-29T07:26:00Z"))
        #expect(!run.fits)
    }

    @Test func `a freeze that reaches the end of a window gives nodes back`() throws {
        let set = Self.set(
            [try Self.sundays()], exclusions: [try Self.freeze("2026-11-29T03:30", .hours(3))], nodes: 1)
        let run = try #require(try Self.plan(set).runs.first)
        #expect(try Self.isAbout(run.worst.end, "2026-11-29T03:30:00Z"))
        #expect(run.worst.givenBack == ["node-01"])
        #expect(run.worst.notReached.isEmpty && !run.fits)
    }

    @Test func `a node that starts before a freeze and has no time after it was given back`() throws {
        let set = Self.set(
            [try Self.sundays()], exclusions: [try Self.freeze("2026-11-29T03:30", .hours(1))], nodes: 1,
            cutoff: .minutes(40))
        let run = try #require(try Self.plan(set).runs.first)
        #expect(run.worst.givenBack == ["node-01"])
        #expect(run.worst.notReached.isEmpty && !run.fits)
    }

    @Test func `a run that began before the plan is noted where the plan begins`() throws {
        let friday = Window(
            name: "friday",
            recurrence: .weekly(days: [.fri], start: try #require(TimeOfDay(hour: 20, minute: 0))),
            length: .elapsed(.hours(4)), timeZone: "UTC")
        let saturday = Window(
            name: "saturday",
            recurrence: .weekly(days: [.sat], start: try #require(TimeOfDay(hour: 0, minute: 0))),
            length: .elapsed(.hours(4)), timeZone: "UTC")
        let set = Self.set([friday, saturday])
        let plan = Scheduling.plan(
            set, from: try Self.at("2026-11-28T01:00:00Z"), to: try Self.at("2026-12-06T00:00:00Z"))
        #expect(
            plan.runs.map { $0.occurrence?.description } == [
                "weekly/friday/2026-11-27T20:00", "weekly/friday/2026-12-04T20:00",
            ])
        #expect(
            plan.runs.map { $0.firstListed?.description } == [
                "weekly/saturday/2026-11-28T00:00", "weekly/friday/2026-12-04T20:00",
            ])
        #expect(plan.occurrences.map(\.id).contains(try #require(plan.runs.first?.firstListed)))
    }

    @Test func `windows that touch for ever have a run in every year`() throws {
        let set = Self.set(
            [
                Window(
                    name: "always", recurrence: .cron(try CronSchedule("0 0 * * *")),
                    length: .elapsed(.hours(24)), timeZone: "UTC")
            ], nodes: 1)
        let plan = Scheduling.plan(
            set, from: try Self.at("2026-12-28T00:00:00Z"), to: try Self.at("2027-01-05T00:00:00Z"))
        #expect(
            plan.runs.map { $0.occurrence?.description } == [
                "weekly/always/2026-01-01T00:00", "weekly/always/2027-01-01T00:00",
            ])
        let years = Scheduling.plan(
            set, from: try Self.at("2025-06-01T00:00:00Z"), to: try Self.at("2028-01-15T00:00:00Z"))
        #expect(
            years.runs.map { $0.span?.start.rfc3339 } == [
                "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z",
            ])
    }

    @Test func `a run goes on after a freeze inside its window`() throws {
        let set = Self.set(
            [try Self.sundays(2, .hours(8))], exclusions: [try Self.freeze("2026-11-29T03:00", .hours(1))], nodes: 1)
        let run = try #require(try Self.plan(set).runs.first)
        // Given back at 03:00, taken again at 04:00.
        #expect(try Self.isAbout(run.worst.end, "2026-11-29T06:26:00Z"))
        #expect(run.fits)
    }

    @Test func `a rollout takes group after group, canary first, over as many windows as it needs`() throws {
        var set = Self.set([try Self.sundays()], nodes: 3)
        set.policies = [
            Policy(
                name: "upgrade", cluster: "tokyo",
                schedule: PolicySchedule(
                    windows: [try Self.sundays()], cutoff: .minutes(35), onWindowEnd: .finish),
                strategy: Strategy(canary: Canary(count: 1, soak: .hours(1))), sequence: Self.upgrade,
                kind: .rollout(revision: "2", approval: nil))
        ]
        let plan = try Self.plan(set, days: 30)
        let run = try #require(plan.runs.first)
        #expect(run.nodes == ["node-01", "node-02", "node-03"])
        #expect(run.worst.windows == 3)
        #expect(try Self.isAbout(run.worst.end, "2026-12-13T04:26:00Z"))
        // Half of 2h 25m and the soak: 1h 13m 30s. The canary soaks until 04:13:30, the next starts then.
        #expect(run.expected.windows == 2)
        #expect(try Self.isAbout(run.expected.end, "2026-12-06T03:13:30Z"))
        #expect(run.fits)
    }

    @Test func `a plan lists every policy in order`() throws {
        let window = try Self.sundays(name: "sun")
        let set = PolicySet(
            policies: [
                Policy(
                    name: "night", cluster: "c", schedule: PolicySchedule(windows: [window], onWindowEnd: .finish),
                    kind: .rollout(revision: "1", approval: nil)),
                Policy(
                    name: "weekly", cluster: "c",
                    schedule: PolicySchedule(
                        windows: [window],
                        exclusions: [try Self.freeze("2026-11-29T04:00", .days(1))],
                        onWindowEnd: .restore)),
                Policy(
                    name: "any", cluster: "c", schedule: .rollout, kind: .rollout(revision: "1", approval: nil)),
            ],
            zones: ["UTC": .utc])
        let made = Scheduling.plan(
            set, from: try Self.at("2026-11-29T03:00:00Z"), to: try Self.at("2026-12-06T02:00:01Z"))
        #expect(
            made.occurrences.map(\.id.description) == [
                "night/sun/2026-11-29T02:00", "weekly/sun/2026-11-29T02:00", "night/sun/2026-12-06T02:00",
                "weekly/sun/2026-12-06T02:00",
            ])
        #expect(made.policies.map(\.name) == ["weekly", "any", "night"])
        #expect(made.unbounded == ["any"])
        let entry = made.occurrences[1]
        #expect(entry.elapsedSeconds == 10800 && entry.wallSeconds == 10800 && !entry.dst)
        #expect(
            entry.takenAway.map { "\($0.span.start.rfc3339) \($0.by) \($0.reason ?? "")" } == [
                "2026-11-29T04:00:00Z freezes/year-end year-end freeze"
            ])
    }

    struct Asked: CustomTestStringConvertible {
        var instant: String
        var acts: Bool
        var reason: String
        var next: String?
        var testDescription: String { instant }
    }

    /// Sundays 02:00 to 05:00, no start in the last half hour, frozen from 28 December to 4 January.
    @Test(arguments: [
        Asked(instant: "2026-12-06T02:00:00Z", acts: true, reason: "open", next: "2026-12-13T02:00:00Z"),
        Asked(instant: "2026-12-06T04:30:00Z", acts: true, reason: "cutoff", next: "2026-12-13T02:00:00Z"),
        Asked(instant: "2026-12-06T05:00:00Z", acts: false, reason: "outside 0", next: "2026-12-13T02:00:00Z"),
        Asked(instant: "2026-12-29T02:30:00Z", acts: false, reason: "outside 1", next: "2027-01-10T02:00:00Z"),
        Asked(
            instant: "2027-01-03T02:30:00Z", acts: false, reason: "excluded by freezes/year-end",
            next: "2027-01-10T02:00:00Z"),
    ])
    func `each instant has its answer`(_ asked: Asked) throws {
        let set = Self.set(
            [try Self.sundays()], exclusions: [try Self.freeze("2026-12-28T00:00", .days(7))], cutoff: .minutes(30))
        let answer = try #require(answers(set, at: try Self.at(asked.instant)).first)
        #expect(answer.acts == asked.acts)
        #expect(answer.next?.rfc3339 == asked.next)
        let reason =
            switch answer.reason {
            case .suspended: "suspended"
            case .always: "always"
            case .open(_, _, let isReached): isReached ? "cutoff" : "open"
            case .excluded(let taken): "excluded by \(taken.by)"
            case .outside(let missed): "outside \(missed.count)"
            }
        #expect(reason == asked.reason)
    }

    @Test func `a freeze of the cluster is one of every policy of it, in plan, answer and difference`() throws {
        var set = Self.set([try Self.sundays()])
        let old = set
        set.policies.append(
            Policy(
                name: "any", cluster: "tokyo", schedule: .rollout, kind: .rollout(revision: "2", approval: nil)))
        set.clusters[0].exclusions = [try Self.freeze("2026-11-29T00:00", .days(1))]
        let plan = try Self.plan(set)
        #expect(plan.occurrences.map(\.open) == [[]])
        #expect(plan.freezes.map(\.policies) == [["weekly", "any"]])
        #expect(plan.runs.map(\.policy) == ["any"])
        let frozen = answers(set, at: try Self.at("2026-11-29T03:00:00Z"))
        #expect(frozen.map(\.acts) == [false, false])
        #expect(frozen.map(\.next?.rfc3339) == ["2026-12-06T02:00:00Z", "2026-11-30T00:00:00Z"])
        let from = try Self.at("2026-11-28T00:00:00Z")
        let change = difference(old: old, new: set, from: from, to: from + .days(14)).changes.last
        #expect(change?.policy == "weekly" && change?.frozen.map(\.new.open) == [[]])
    }

    @Test func `a suspended policy acts never and has no run`() throws {
        let set = Self.set([try Self.sundays()], isSuspended: true)
        let answer = try #require(answers(set, at: try Self.at("2026-11-29T03:00:00Z")).first)
        #expect(!answer.acts && answer.next == nil && answer.reason == .suspended)
        #expect(try Self.plan(set).runs.isEmpty)
        #expect(try Self.plan(set).occurrences.count == 1)
    }

    @Test func `a difference names what is gained, lost, moved, resized, frozen, and the nodes`() throws {
        let from = try Self.at("2026-11-28T00:00:00Z")
        func changed(_ old: PolicySet, _ new: PolicySet) -> PlanDifference.Change? {
            difference(old: old, new: new, from: from, to: from + .days(14)).changes.first
        }
        let old = Self.set([try Self.sundays()])
        #expect(difference(old: old, new: old, from: from, to: from + .days(14)).isEmpty)
        // A window that is only called otherwise is the same time.
        #expect(changed(old, Self.set([try Self.sundays(name: "renamed")])) == nil)
        let moved = try #require(changed(old, Self.set([try Self.sundays(3)])))
        #expect(moved.moved.map(\.new.start.rfc3339) == ["2026-11-29T03:00:00Z", "2026-12-06T03:00:00Z"])
        #expect(moved.gained.isEmpty && moved.lost.isEmpty)
        #expect(changed(old, Self.set([try Self.sundays(2, .hours(4))]))?.resized.count == 2)
        let frozen = try #require(
            changed(old, Self.set([try Self.sundays()], exclusions: [try Self.freeze("2026-12-06T00:00", .days(1))])))
        #expect(frozen.frozen.map(\.new.id.description) == ["weekly/sunday/2026-12-06T02:00"])
        let grown = try #require(changed(old, Self.set([try Self.sundays()], nodes: 3)))
        #expect(grown.nodesEntering == ["node-03"] && grown.nodesLeaving.isEmpty)
        let gone = difference(old: old, new: PolicySet(), from: from, to: from + .days(14))
        #expect(gone.policiesRemoved == ["weekly"])
        #expect(gone.changes.first?.lost.count == 2)
    }

    @Test func `what moved is paired with its nearest`() throws {
        func nights(_ days: Set<Weekday>, _ hour: Int) throws -> PolicySet {
            let start = try #require(TimeOfDay(hour: hour, minute: 0))
            return Self.set([
                Window(
                    name: "night", recurrence: .weekly(days: days, start: start), length: .elapsed(.hours(3)),
                    timeZone: "UTC")
            ])
        }
        let from = try Self.at("2026-11-30T00:00:00Z")
        let change = try #require(
            difference(
                old: try nights([.mon, .tue, .wed], 2), new: try nights([.tue, .wed, .thu], 3), from: from,
                to: from + .days(5)
            ).changes.first)
        #expect(change.lost.map(\.start.rfc3339) == ["2026-11-30T02:00:00Z"])
        #expect(change.moved.map(\.old.start.rfc3339) == ["2026-12-01T02:00:00Z", "2026-12-02T02:00:00Z"])
        #expect(change.moved.map(\.new.start.rfc3339) == ["2026-12-01T03:00:00Z", "2026-12-02T03:00:00Z"])
        #expect(change.gained.map(\.start.rfc3339) == ["2026-12-03T03:00:00Z"])
        let late = try #require(
            difference(
                old: try nights([.mon, .tue, .wed], 2), new: try nights([.mon, .tue, .wed], 16), from: from,
                to: from + .days(5)
            ).changes.first)
        #expect(late.lost.isEmpty && late.gained.isEmpty)
        #expect(
            late.moved.map(\.new.start.rfc3339)
                == ["2026-11-30T16:00:00Z", "2026-12-01T16:00:00Z", "2026-12-02T16:00:00Z"])
    }
}
