import ModeCore
import Testing

/// Whose block it is.
struct OwnershipTests {
    static func nightly(_ mode: RequestableMode) -> RigPolicies {
        RigPolicies(
            ["a"], standalone: true, .nightly("night", at: "02:00", [.drain(mode: mode), .waitForEnd, .restore]))
    }

    /// A block that an operator had set a moment before the window was taken for nagi's own, because one write had timed out
    /// a day earlier, and was opened at the window's end.
    @Test func `D6: a write that was lost yesterday owns no block of today`() {
        var rig = Rig(Self.nightly(.blockNewSession), at: "01:59")
        rig.writes("a", .lost)
        rig.advance(to: "02:00:04")
        rig.writes("a", .applied)
        rig.advance(to: "01:59", day: 1)
        #expect(rig.sends("a").last?.mode == .normal, "\(rig)")
        rig.person(sets: .blockNewSession, on: "a", beforeRead: true)
        let sends = rig.sends("a").count
        rig.advance(to: "06:00", day: 1)
        #expect(rig.mode("a") == .blockNewSession, "\(rig)")
        #expect(rig.sends("a").dropFirst(sends).allSatisfy { $0.mode != .normal })
    }

    /// The read before the write showed somebody else's block, nagi made it stricter and forgot it: at the end the node was
    /// opened though the operator had shut it.
    @Test func `D6: the mode that is read right before the write is a floor`() {
        var rig = Rig(Self.nightly(.blockNewConnection), at: "01:59")
        rig.person(sets: .blockNewSession, on: "a", beforeRead: true)
        rig.advance(to: "06:00")
        #expect(rig.mode("a") == .blockNewSession, "\(rig)")
    }

    /// Where the operator sets the very mode that nagi is about to set, it is the operator's.
    @Test func `D6: a block that was there a hair before nagi's own stays`() {
        var rig = Rig(Self.nightly(.blockNewSession), at: "01:59")
        rig.person(sets: .blockNewSession, on: "a", beforeRead: true)
        rig.advance(to: "06:00")
        #expect(rig.mode("a") == .blockNewSession, "\(rig)")
    }

    /// A hold was left on a node that nagi had never written to; months later a node of that name was added again and shut
    /// at its first read, outside of every window.
    @Test func `D7b: what was kept of a node goes with it`() {
        let both = RigPolicies(
            ["a", "b"], standalone: true,
            .nightly("night", at: "02:00", [.block, .waitForEnd, .restore]).with {
                $0.nodes = ["a"]
                $0.onFailure = .stay
            },
            .nightly("other").with { $0.isSuspended = true })
        var rig = Rig(both, at: "01:59")
        rig.writes("a", .rejected)
        rig.advance(to: "06:00")
        #expect(rig.mode("a") == .normal)
        rig.reload(
            both.with {
                $0.nodes = ["b"]
                $0.policies.removeFirst()
            })
        #expect(!rig.isReloadRefused)
        rig.advance(to: "12:00", day: 3)
        rig.writes("a", .applied)
        rig.reload(both)
        rig.advance(.minutes(10))
        #expect(rig.mode("a") == .normal, "\(rig)")
    }
}
