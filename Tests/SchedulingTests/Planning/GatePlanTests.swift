import Calendars
import Primitives
import Scheduling
import Testing

/// What a plan makes of measurements: nobody knows how they will come out, or when.
struct GatePlanTests {
    /// It may be waited for ten minutes.
    private static let calm = HealthGate(
        name: "calm", probe: .command(["/check"]), interval: .seconds(5), timeout: .minutes(10), failureLimit: 100)
    private static let errors = HealthGate(name: "errors-low", probe: .command(["/check"]), timeout: .minutes(20))

    /// The upgrade of `PlanTests`, and a gate when the node is verified.
    private static let gated: StepSequence = {
        var sequence = PlanTests.upgrade
        sequence.steps.insert(.gate(calm), at: 4)
        return sequence
    }()

    private static func run(
        _ sequence: StepSequence, _ length: Duration = .hours(3), before gates: [HealthGate] = []
    ) throws -> RunEstimate {
        var set = PlanTests.set([try PlanTests.sundays(2, length)], nodes: 1, sequence: sequence)
        set.policies[0].gates = gates
        return try #require(try PlanTests.plan(set).runs.first)
    }

    private static func isAbout(_ length: Duration?, _ wanted: Duration) -> Bool {
        length.map { max($0 - wanted, wanted - $0) <= .seconds(6) } ?? false
    }

    /// One node takes 2h 26m at the most without it, and 1h 13m 30s on an ordinary day; the window opens at 02:00.
    @Test func `at the worst a gate takes all the time that it has, on an ordinary day none`() throws {
        let run = try Self.run(Self.gated)
        #expect(try PlanTests.isAbout(run.worst.end, "2026-11-29T04:36:00Z"), "\(run.worst)")
        #expect(Self.isAbout(run.needed, .hours(2) + .minutes(36)), "\(String(describing: run.needed))")
        #expect(try PlanTests.isAbout(run.expected.end, "2026-11-29T03:13:30Z"), "\(run.expected)")
        #expect(run.fits && run.worst.pause == nil)
    }

    @Test func `a node that would be through in time without its gate does not fit`() throws {
        let length = Duration.hours(2) + .minutes(30)
        let (plain, gated) = (try Self.run(PlanTests.upgrade, length), try Self.run(Self.gated, length))
        #expect(plain.fits && !gated.fits, "\(gated.worst)")
    }

    /// Seen: a sum that lists the gate beside a total without it, in the warnings of `nagi check`.
    @Test func `what a node needs when it is played is the sum of its steps, the gate among them`() throws {
        let (total, sum) = Self.gated.worstCase
        #expect(total == .hours(2) + .minutes(36) && Self.gated.longestInWindow == total)
        #expect(sum == "drain 2h + block + upgrade 15m + verify 10m + calm 10m + soak 1m")
        #expect(Self.isAbout(PlanTests.upgrade.longestCourse, PlanTests.upgrade.worstCase.total))
        let played = Self.gated.longestCourse
        #expect(Self.isAbout(played, total), "\(String(describing: played))")
    }

    @Test func `what is measured before a node starts is taken to be good when it is first measured`() throws {
        let run = try Self.run(PlanTests.upgrade, before: [Self.errors])
        #expect(try PlanTests.isAbout(run.expected.end, "2026-11-29T03:13:30Z"), "\(run.expected)")
        #expect(run.worst.pause == nil && run.worst.notReached.isEmpty && run.worst.givenBack.isEmpty)
    }

    @Test func `what a run asks for beside time is said in the order in which it asks`() throws {
        var policy = PlanTests.set([try PlanTests.sundays()], sequence: Self.gated).policies[0]
        #expect(policy.asks() == ["gate calm of each node"])
        policy.gates = [Self.errors]
        #expect(policy.hasGate && policy.asks() == ["gate errors-low before each node", "gate calm of each node"])
        policy.kind = .rollout(revision: "2", approval: Approval(timeout: .hours(2)))
        policy.strategy.canary = Canary(promote: .manual)
        #expect(
            policy.asks() == [
                "an approval of its start (within 2h of open time)", "gate errors-low before each node",
                "gate calm of each node", "a word to promote its canary",
            ])
        #expect(PlanTests.set([try PlanTests.sundays()]).policies[0].asks().isEmpty)
    }
}
