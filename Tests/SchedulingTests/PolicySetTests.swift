import Calendars
import ModeCore
import Scheduling
import Testing

/// What a set of policies answers about the policies in it.
struct PolicySetTests {
    static func policy(_ name: String, exclusions: [Exclusion] = [], revision: String? = nil) -> Policy {
        Policy(
            name: name, cluster: "tokyo", schedule: PolicySchedule(exclusions: exclusions, onWindowEnd: .finish),
            kind: revision.map { .rollout(revision: $0, approval: nil) } ?? .maintenanceWindow)
    }

    @Test func `maintenance windows come first, then rollouts, each by name`() {
        let set = PolicySet(policies: [
            Self.policy("b", revision: "1"), Self.policy("d"), Self.policy("a", revision: "1"), Self.policy("c"),
        ])
        #expect(set.policies.map(\.name) == ["c", "d", "a", "b"])
        #expect(set.policy(named: "a")?.revision == "1" && set.policy(named: "d")?.isRollout == false)
        #expect(set.policy(named: "e") == nil && set.cluster(named: "tokyo") == nil)
    }

    @Test func `exclusions of the cluster hold beside the policy's own, each once`() throws {
        let day = try PlanTests.freeze("2026-12-06T00:00", .days(1))
        let week = try PlanTests.freeze("2026-12-28T00:00", .days(7))
        var cluster = PlanTests.cluster(2, 1)
        cluster.exclusions = [week, day]
        let plain = Self.policy("plain")
        let own = Self.policy("own", exclusions: [day], revision: "2")
        let set = PolicySet(clusters: [cluster], policies: [plain, own], zones: ["UTC": .utc])
        #expect(set.exclusions(of: plain) == [week, day])
        #expect(set.exclusions(of: own) == [day, week])
        let calendar = set.calendar(of: own)
        #expect(calendar.opening(at: try PlanTests.at("2026-12-27T12:00:00Z")) != nil)
        #expect(calendar.opening(at: try PlanTests.at("2026-12-28T12:00:00Z")) == nil)
    }

    @Test func `a run keeps its windows, and the exclusions are those of now`() throws {
        var policy = Self.policy("weekly", exclusions: [try PlanTests.freeze("2026-11-29T04:00", .hours(1))])
        policy.schedule.windows = [try PlanTests.sundays(10)]
        let set = PolicySet(policies: [policy], zones: ["UTC": .utc])
        let pinned = set.calendar(of: policy, windows: [try PlanTests.sundays()])
        let opening = try #require(pinned.opening(at: try PlanTests.at("2026-11-29T03:00:00Z")))
        #expect(opening.end.rfc3339 == "2026-11-29T04:00:00Z")
        #expect(set.calendar(of: policy, windows: []).opening(at: try PlanTests.at("2026-11-30T00:00:00Z")) != nil)
    }

    struct Wanted: CustomTestStringConvertible {
        var written: String?
        var revision: String?
        var version: String?
        var testDescription: String { written ?? "no version" }
    }

    @Test(arguments: [
        Wanted(written: nil, revision: "2", version: nil), Wanted(written: "9", revision: "2", version: "9"),
        Wanted(written: "{revision}", revision: "2", version: "2"),
        Wanted(written: "v{revision}", revision: "2", version: "v2"),
        Wanted(written: "{revision}-{revision}+b", revision: "2.0", version: "2.0-2.0+b"),
        Wanted(written: "{revision}", revision: "{revision}", version: "{revision}"),
        Wanted(written: "9", revision: nil, version: "9"),
    ])
    func `the revision is put in wherever it stands`(_ wanted: Wanted) {
        let verify = VerifyStep(version: wanted.written)
        #expect(verify.wantedVersion(revision: wanted.revision) == wanted.version)
        #expect(verify.usesRevision == (wanted.written?.contains("{revision}") ?? false))
    }
}
