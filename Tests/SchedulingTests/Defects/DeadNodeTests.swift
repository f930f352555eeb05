import ModeCore
import Testing

/// A node that dies while nagi has it out.
struct DeadNodeTests {
    static let three = RigPolicies(
        ["a", "b", "c"], standalone: true, maxUnavailable: 2,
        .nightly("night", at: "02:00", for: .hours(1)))

    /// Its run never ended, and no later night began: the policy starved without a word.
    @Test func `D7: later nights go on without a node that died in a drain`() {
        var rig = Rig(Self.three, at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:10")
        #expect(rig.isShut("a"))
        rig.stop("a")
        rig.advance(to: "02:30", day: 1)
        #expect(rig.isShut("b"), "\(rig)")
    }

    /// The set without the dead node was refused as a whole, and with it every other edit.
    @Test func `D7: a dead node can be taken out of the file, and then takes no room`() {
        let one = Self.three.with { $0.maxUnavailable = 1 }
        var rig = Rig(one, at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:10")
        rig.stop("a")
        rig.advance(to: "12:00")
        rig.reload(one.with { $0.nodes = ["b", "c"] })
        #expect(!rig.isReloadRefused)
        rig.advance(to: "02:30", day: 1)
        #expect(rig.isShut("b"), "\(rig)")
    }

    /// The policy was renamed to get out of it, and the dead node took the only place there is.
    @Test func `D7: a policy under another name goes on beside a dead node`() {
        var rig = Rig(Self.three, at: "01:59")
        rig.sessions("a", 2)
        rig.advance(to: "02:10")
        rig.stop("a")
        rig.advance(to: "12:00")
        rig.reload(Self.three.with { $0.policies[0].name = "other-night" })
        rig.advance(to: "02:30", day: 1)
        #expect(rig.isShut("b"), "\(rig)")
    }
}
