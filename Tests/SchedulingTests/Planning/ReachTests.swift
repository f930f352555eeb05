import Calendars
import ModeCore
import Primitives
import Scheduling
import Testing

/// Whether a policy may act at more times and on more nodes than before.
struct ReachTests {
    private static func at(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    /// Sundays from that hour on.
    private static func window(_ hour: Int, _ hours: Int, name: String = "sunday") throws -> Window {
        Window(
            name: name, recurrence: .weekly(days: [.sun], start: try #require(TimeOfDay(hour: hour, minute: 0))),
            length: .elapsed(.hours(hours)), timeZone: "UTC")
    }

    private static func freeze(_ day: String, _ hours: Int, name: String = "xmas") throws -> Exclusion {
        let start = try #require(LocalDateTime(day))
        return Exclusion(
            window: Window(name: name, recurrence: .at(start), length: .elapsed(.hours(hours)), timeZone: "UTC"),
            reason: nil)
    }

    private static func set(
        _ windows: [Window], exclusions: [Exclusion] = [], shared: [Exclusion] = [], nodes: Int = 2,
        isSuspended: Bool = false, name: String = "weekly"
    ) -> PolicySet {
        let cluster = ClusterPolicy(
            name: "tokyo", topology: .clustered,
            nodes: (1...nodes).map { ClusterNode(name: "node-0\($0)", api: "http://192.0.2.\($0):3000/") },
            exclusions: shared)
        let policy = Policy(
            name: name, cluster: "tokyo",
            schedule: PolicySchedule(windows: windows, exclusions: exclusions, onWindowEnd: .restore),
            isSuspended: isSuspended)
        return PolicySet(clusters: [cluster], policies: [policy], zones: ["UTC": .utc])
    }

    private static func reach(_ old: PolicySet, _ new: PolicySet) throws -> ReachChange {
        let from = try at("2026-11-23T00:00:00Z")
        return try #require(
            difference(old: old, new: new, from: from, to: from + .days(7), reachesTo: from + .days(60)).reaches.first)
    }

    /// `gain 2026-11-29T05:00:00Z/2026-11-29T06:00:00Z outside open +8`.
    private static func shown(_ reach: ReachChange) -> [String] {
        func word(_ stance: ReachChange.Stance) -> String {
            switch stance {
            case .open: "open"
            case .frozen(let by): "frozen by \(by)"
            case .outsideWindows: "outside"
            case .suspended: "suspended"
            }
        }
        return [reach.word.rawValue]
            + reach.witnesses.map { witness in
                let sign = witness.isGain ? "gain" : "loss"
                switch witness.subject {
                case .time(let span, let was, let now, let more):
                    return "\(sign) \(span.start.rfc3339.dropLast(4))-\(span.end.rfc3339.dropFirst(11).prefix(5)) "
                        + "\(word(was)), \(word(now)) +\(more)"
                case .nodes(let names, _): return "\(sign) \(names.joined(separator: " "))"
                case .care(let what, let was, let now): return "\(sign) \(what): \(was) → \(now)"
                }
            }
    }

    @Test func `the word and what shows it`() throws {
        let plain = Self.set([try Self.window(2, 3)])
        let frozen = Self.set([try Self.window(2, 3)], exclusions: [try Self.freeze("2026-12-06T03:00", 1)])
        let cases: [(PolicySet, PolicySet, [String])] = [
            (plain, plain, ["same"]),
            (plain, Self.set([try Self.window(2, 3, name: "renamed")]), ["same"]),
            (plain, Self.set([try Self.window(2, 4)]), ["wider", "gain 2026-11-29T05:00-06:00 outside, open +7"]),
            (plain, Self.set([try Self.window(2, 2)]), ["narrower", "loss 2026-11-29T04:00-05:00 open, outside +7"]),
            (
                plain, Self.set([try Self.window(3, 3)]),
                [
                    "moved", "gain 2026-11-29T05:00-06:00 outside, open +7",
                    "loss 2026-11-29T02:00-03:00 open, outside +7",
                ]
            ),
            (frozen, plain, ["wider", "gain 2026-12-06T03:00-04:00 frozen by xmas, open +0"]),
            (plain, frozen, ["narrower", "loss 2026-12-06T03:00-04:00 open, frozen by xmas +0"]),
            // A freeze of the cluster is one of the policy.
            (
                plain, Self.set([try Self.window(2, 3)], shared: [try Self.freeze("2026-12-06T00:00", 24)]),
                ["narrower", "loss 2026-12-06T02:00-05:00 open, frozen by xmas +0"]
            ),
            // A freeze that takes nothing of the windows changes nothing.
            (plain, Self.set([try Self.window(2, 3)], exclusions: [try Self.freeze("2026-12-05T00:00", 24)]), ["same"]),
            (
                plain, Self.set([try Self.window(2, 3)], isSuspended: true),
                ["narrower", "loss 2026-11-29T02:00-05:00 open, suspended +7"]
            ),
            (
                Self.set([try Self.window(2, 3)], isSuspended: true), plain,
                ["wider", "gain 2026-11-29T02:00-05:00 suspended, open +7"]
            ),
            (plain, Self.set([try Self.window(2, 3)], nodes: 4), ["wider", "gain tokyo/node-03 tokyo/node-04"]),
            (plain, Self.set([try Self.window(2, 3)], nodes: 1), ["narrower", "loss tokyo/node-02"]),
            // Half of what is new was frozen as well: it is told as what it was first.
            (
                Self.set([try Self.window(2, 3)], exclusions: [try Self.freeze("2026-12-06T04:00", 3)]),
                Self.set([try Self.window(2, 4)]),
                ["wider", "gain 2026-11-29T05:00-06:00 outside, open +7"]
            ),
        ]
        for (number, (old, new, wanted)) in cases.enumerated() {
            #expect(Self.shown(try Self.reach(old, new)) == wanted, "case \(number)")
        }
    }

    private static func careful(_ change: (inout Policy) -> Void = { _ in }, budget: Budget = Budget()) throws
        -> PolicySet
    {
        var set = Self.set([try Self.window(2, 3)], nodes: 4)
        set.policies[0].schedule.cutoff = .minutes(30)
        set.policies[0].sequence = StepSequence(
            name: "s", steps: [.drain(DrainStep()), .block, .restore, .soak(.minutes(10))])
        set.clusters[0].budget = budget
        change(&set.policies[0])
        return set
    }

    @Test func `less care is wider, more is narrower, whatever the times`() throws {
        let cases: [(PolicySet, [String])] = [
            (try Self.careful { $0.strategy.maxUnavailable = .count(3) }, ["same"]),
            (try Self.careful { $0.schedule.cutoff = .zero }, ["wider", "gain cutoff: 30m → 0s"]),
            (try Self.careful { $0.schedule.cutoff = .minutes(45) }, ["narrower", "loss cutoff: 30m → 45m"]),
            (
                try Self.careful { $0.sequence.steps[0] = .drain(DrainStep(onDeadline: .terminate)) },
                [
                    "wider", "gain when a drain's deadline is over: calls are spared → calls are ended",
                    "gain time that calls have before that: for ever → 1h",
                ]
            ),
            (
                try Self.careful { $0.sequence.steps.insert(.terminate(TerminateStep(reason: "now")), at: 2) },
                ["wider", "gain steps that end sessions (terminate): 0 → 1"]
            ),
            (
                try Self.careful { $0.sequence.steps[3] = .soak(.minutes(1)) }, ["wider", "gain soak: 10m → 1m"]
            ),
            (
                try Self.careful({ $0.strategy.maxUnavailable = .count(3) }, budget: Budget(maxUnavailable: .count(2))),
                [
                    "wider", "gain nodes at once: 1 → 2",
                    "gain the cluster's budget, out of service at most: 1 → 2",
                ]
            ),
            (
                try Self.careful(budget: Budget(minAvailable: .count(3))),
                ["narrower", "loss the cluster's budget, in service at least: none → 3 of 4"]
            ),
            (
                try Self.careful {
                    $0.schedule.cutoff = .zero
                    $0.strategy.canary = Canary()
                }, ["moved", "gain cutoff: 30m → 0s", "loss a canary first: no → yes"]
            ),
        ]
        for (number, (new, wanted)) in cases.enumerated() {
            #expect(Self.shown(try Self.reach(try Self.careful(), new)) == wanted, "case \(number)")
        }
    }

    private static func gated(_ gates: (name: String, most: Double)...) throws -> PolicySet {
        try careful { policy in
            policy.gates = gates.map { name, most in
                let query = PrometheusQuery(url: "http://192.0.2.9:9090/", query: "errors", max: most)
                return HealthGate(name: name, probe: .prometheus(query))
            }
        }
    }

    @Test func `what a gate lets pass is care, also under another name`() throws {
        let most = "the most that is good for the gate"
        let cases: [(PolicySet, [String])] = [
            (try Self.gated(("errors", 5)), ["same"]),
            (try Self.gated(("errors", 500)), ["wider", "gain \(most) errors: 5 → 500"]),
            (try Self.gated(("errors", 1)), ["narrower", "loss \(most) errors: 5 → 1"]),
            (try Self.gated(("errors", 5), ("delay", 1)), ["narrower", "loss gates: 1 → 2"]),
            (try Self.gated(), ["wider", "gain gates: 1 → 0"]),
            (try Self.gated(("low", 500)), ["moved", "gain gates: errors → low", "loss gates: errors → low"]),
        ]
        for (new, wanted) in cases {
            #expect(Self.shown(try Self.reach(try Self.gated(("errors", 5)), new)) == wanted)
        }
    }

    private static func upgraded(
        isDisruptive: Bool = true, _ verify: VerifyStep = VerifyStep(connected: true, version: "{revision}")
    ) throws -> PolicySet {
        try careful { policy in
            let run = RunStep(name: "up", command: ["/up"], isDisruptive: isDisruptive)
            policy.sequence.steps.insert(contentsOf: [.run(run), .verify(verify)], at: 2)
        }
    }

    @Test func `a command that waits for no call any more, and what verify asks, are care`() throws {
        let cases: [(PolicySet, [String])] = [
            (try Self.upgraded(), ["same"]),
            (
                try Self.upgraded(isDisruptive: false),
                ["wider", "gain commands that do not wait for live calls to end: 0 → 1"]
            ),
            (
                try Self.upgraded(VerifyStep(connected: true)),
                [
                    "moved", "gain what verify asks: connected, {revision}, restarted → connected, restarted",
                    "loss what verify asks: connected, {revision}, restarted → connected, restarted",
                ]
            ),
        ]
        for (new, wanted) in cases {
            #expect(Self.shown(try Self.reach(try Self.upgraded(), new)) == wanted)
        }
    }

    @Test func `policies that come, go, and are called otherwise`() throws {
        let old = Self.set([try Self.window(2, 3)])
        let new = Self.set([try Self.window(2, 3)], name: "nightly")
        let from = try Self.at("2026-11-23T00:00:00Z")
        let apart = difference(old: old, new: new, from: from, to: from + .days(7))
        #expect(apart.reaches.map { "\($0.policy) \($0.word.rawValue)" } == ["nightly new", "weekly removed"])
        let renamed = difference(
            old: old, new: new, from: from, to: from + .days(7), renamed: ["nightly": "weekly"])
        #expect(
            renamed.reaches.map { "\($0.policy) \($0.word.rawValue) \($0.formerName ?? "")" } == ["nightly same weekly"]
        )
        #expect(renamed.changes.isEmpty && renamed.policiesAdded.isEmpty && renamed.policiesRemoved.isEmpty)
    }

    @Test func `a run that goes otherwise is told`() throws {
        let from = try Self.at("2026-11-23T00:00:00Z")
        let runs = difference(
            old: Self.set([try Self.window(2, 3)]), new: Self.set([try Self.window(2, 3)], nodes: 3), from: from,
            to: from + .days(7)
        ).runs
        #expect(runs.count == 1)
        #expect(runs.first?.old.nodes.count == 2 && runs.first?.new.nodes.count == 3)
        let same = Self.set([try Self.window(2, 3)])
        #expect(difference(old: same, new: same, from: from, to: from + .days(7)).runs.isEmpty)
    }
}
