import ModeCore
import Testing

/// The journal grows with what happens, not with time.
struct JournalTests {
    /// ChangeMode was refused for ever, and three records every five seconds were written for it: 50,000 a day and node.
    @Test func `D14: a day of refused writes fits into 3,000 records`() {
        var rig = Rig(
            RigPolicies(["a"], standalone: true, .rollout("sora", to: "2", [.drain(deadline: .days(3)), .restore])))
        rig.writes("a", .rejected)
        for _ in 0..<24 * 6 where rig.recordCount < 3000 { rig.advance(.minutes(10)) }
        #expect(rig.recordCount < 3000, "after \(rig.elapsed / 60_000_000_000) minutes")
    }
}
