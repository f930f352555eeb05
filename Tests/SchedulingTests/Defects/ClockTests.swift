import ModeCore
import Testing

/// A wall clock that jumps.
struct ClockTests {
    /// The wall clock showed 02:30 of the next day for one sample, and the night was used up: at the real 02:00 nothing
    /// happened, and nothing said so.
    @Test func `D16: a clock that jumps for one sample uses up no window`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "19:00")
        rig.advance(to: "20:00")
        rig.wallJumps(by: .hours(6) + .minutes(30))
        rig.tick()
        rig.wallJumps(by: .hours(-6) - .minutes(30))
        rig.tick()
        rig.advance(to: "02:10", day: 1)
        #expect(rig.isShut("a"), "\(rig)")
    }

    /// A node was shut and upgraded in the very second in which the clock had jumped.
    @Test func `D16: for thirty seconds after a jump nothing is blocked and nothing disrupted`() {
        for delay in stride(from: 0, to: 4000, by: 250) {
            var rig = Rig(
                RigPolicies(["a", "b", "c"], .nightly("night", at: "02:00", for: .hours(9), RigStep.patching)),
                at: "01:59")
            rig.sessions("a", 1)
            rig.advance(to: "02:30")
            rig.sessions("a", 0)
            rig.advance(.milliseconds(delay))
            guard rig.commandsBegun("a") == 0 else { return }
            let sends = rig.sends("a").count
            rig.wallJumps(by: .hours(2))
            rig.advance(.seconds(29))
            guard rig.commandsBegun("a") == 0, rig.sends("a").count == sends else {
                Issue.record("\(delay) ms after the last call had ended\n\(rig)")
                return
            }
            rig.advance(.minutes(3))
            #expect(rig.phase("a") == "done", "\(rig)")
        }
    }
}
