import ModeCore
import Testing

/// What is shown must be so.
struct WordingTests {
    /// `soaking … until` showed when nagi's patience would end, three times as late as the soak.
    @Test func `B5: a soak is shown to end when it ends`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", RigStep.rolling + [.soak(.minutes(10))])))
        try rig.advance(until: { $0.phase("a") == "soaking" }, atMost: .minutes(10))
        rig.advance(.minutes(2))
        let left = try #require(rig.verdict("a").left)
        #expect(abs(left - .minutes(8)) < .seconds(3), "\(left)")
        rig.advance(left + .seconds(2))
        #expect(rig.phase("a") == "done", "\(rig)")
    }

    /// `looks once more for live sessions, until 06:06:49`: what takes two seconds showed the patience of an hour.
    @Test func `B5: a look for live sessions pretends no end`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", RigStep.rolling)))
        try rig.advance(until: { $0.verdict("a").text.contains("looks once more") }, atMost: .minutes(10))
        #expect(rig.verdict("a").left == nil, "\(rig)")
    }
}

private func abs(_ length: Duration) -> Duration { max(length, .zero - length) }
