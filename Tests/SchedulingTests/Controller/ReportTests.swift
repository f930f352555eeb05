import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What the status says of policies and nodes, and since when.
struct ReportTests {
    private static func clock(_ hours: Int, _ minutes: Int = 0) -> Timestamp {
        RigWorld.midnight + .minutes(hours * 60 + minutes)
    }

    private static func policy(_ time: String, _ policy: RigPolicy) throws -> PolicyStatus {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, policy), at: "01:00")
        rig.advance(to: time)
        return try #require(rig.status?.policies.first)
    }

    private static func frozen() -> RigPolicy {
        RigPolicy.nightly().with { $0.freezes = [.init(start: "03:00", lasts: .hours(1))] }
    }

    @Test func `a policy says how long it may act, and when it may next`() throws {
        let rows: [(String, RigPolicy, String, Timestamp?, Timestamp?)] = [
            ("01:30", .nightly(), "closed", nil, Self.clock(2)),
            ("02:30", .nightly(), "open", Self.clock(5), Self.clock(26)),
            ("02:30", Self.frozen(), "open", Self.clock(3), Self.clock(4)),
            ("03:30", Self.frozen(), "frozen", Self.clock(4), Self.clock(4)),
            ("04:30", Self.frozen(), "open", Self.clock(5), Self.clock(26)),
            ("01:30", .rollout(), "open", nil, nil),
            ("01:30", RigPolicy.nightly().with { $0.isSuspended = true }, "suspended", nil, nil),
        ]
        for (time, policy, state, until, next) in rows {
            let status = try Self.policy(time, policy)
            #expect(status.state == state && status.until == until && status.next == next, "\(time): \(status)")
        }
        #expect(try Self.policy("03:30", Self.frozen()).reason != nil)
    }

    @Test func `what was true of a node when it was last read is not shown as true now`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly()), at: "12:00")
        rig.sessions("a", 7)
        rig.advance(.minutes(1))
        let before = try #require(rig.status?.clusters[0].nodes[0])
        #expect(before.sessions == 7 && before.observed == .known(.normal))
        rig.stop("a")
        rig.advance(.minutes(2))
        let after = try #require(rig.status?.clusters[0].nodes[0])
        #expect(after.observed == nil && after.sessions == nil && after.connections == nil && after.ready == nil)
        #expect(after.verdict.code == .unreachable && after.observedAt != nil)
        let since = try #require(after.since)
        #expect(since >= Self.clock(12, 1) && since < Self.clock(12, 2), "\(since)")
    }

    @Test func `a node says since when it is in its step, and since when it has failed`() throws {
        let steps: [RigStep] = [.drain(), .block, .upgrade(), .verify(version: nil), .restore]
        var rig = Rig(RigPolicies(["a", "b", "c"], standalone: true, .nightly("night", steps)), at: "01:59")
        rig.commands(on: "a", RigCommand(end: .fails))
        rig.sessions("a", 7)
        rig.advance(to: "02:30")
        let draining = try #require(rig.status?.clusters[0].nodes[0])
        #expect(draining.verdict.code == .draining && draining.since == Self.clock(2), "\(draining)")
        rig.sessions("a", 0)
        rig.advance(to: "02:40")
        let failed = try #require(rig.status?.clusters[0].nodes[0])
        #expect(failed.verdict.code == .failed && failed.stay?.since == failed.since, "\(failed)")
        #expect(failed.command?.outcome == .exited(status: 1), "\(failed)")
    }
}
