import ModeCore
import Testing

/// What proves that no call is live.
struct EvidenceTests {
    static let waiting = RigPolicies(
        ["a", "b", "c"],
        .rollout("sora", to: "2", [.drain(), .block, .wait(.seconds(20)), .upgrade(), .verify(), .restore]))

    /// No call for a second now and then: two reads half a second apart prove nothing.
    @Test func `drained is seen twice, two seconds apart`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        for _ in 0..<200 {
            rig.sessions("a", 1)
            rig.advance(.milliseconds(2700))
            rig.sessions("a", 0)
            rig.advance(.milliseconds(1300))
        }
        #expect(rig.mode("a") == .blockNewSession, "\(rig)")
        #expect(rig.commandsBegun("a") == 0)
    }

    @Test func `both reads begin after the mode was seen`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.advance(.minutes(1))
        let sends = rig.sends("a")
        #expect(sends.count >= 2, "\(rig)")
        #expect(sends[1].at - sends[0].at >= 2_000_000_000, "\(sends)")
    }

    /// A restart between the proof and the command let calls in.
    @Test func `a restart of the node voids it`() {
        var start = Rig(Self.waiting)
        start.calls("a", whenOpen: 3, lasting: .minutes(1))
        start.sessions("a", 0)
        start.advance(.seconds(15))
        #expect(start.mode("a") == .blockNewConnection, "\(start)")
        while start.commandsBegun("a") == 0, start.elapsed < 60_000_000_000 {
            start.advance(.milliseconds(250))
            var rig = start
            let begun = rig.commandsBegun("a")
            rig.restart("a", down: .seconds(1))
            rig.advance(.minutes(3))
            guard begun > 0 || (rig.callsLiveAtBegin("a") == 0 && rig.callsCut("a") == 0) else {
                Issue.record("\(rig.callsLiveAtBegin("a")) calls were live as the upgrade began\n\(rig)")
                return
            }
        }
    }

    /// The second attempt cut the calls that had come in during the first.
    @Test func `it is read anew before each attempt`() throws {
        var rig = Rig(
            RigPolicies(
                ["a", "b", "c"],
                .rollout("sora", to: "2", [.drain(), .block, .upgrade(retries: 1), .verify(), .restore])))
        rig.commands(on: "a", RigCommand(lasts: .seconds(5), end: .fails), .upgrade)
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(2))
        rig.calls("a", whenOpen: 3, lasting: .minutes(1))
        rig.advance(.seconds(2))
        rig.person(opens: "a")
        rig.advance(.minutes(5))
        #expect(rig.commandsBegun("a") == 2, "\(rig)")
        #expect(rig.callsLiveAtBegin("a") == 0)
        #expect(rig.callsCut("a") == 0)
        #expect(rig.phase("a") == "done", "\(rig)")
    }

    /// A node that comes back open in its upgrade is shut within a quarter of a second.
    @Test func `a lost block is back at the first read that is not initial`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout()))
        rig.commands(on: "a", RigCommand(lasts: .minutes(1), stopsAfter: .seconds(5)))
        try rig.advance(until: { $0.isCommandRunning("a") }, atMost: .minutes(2))
        let begun = rig.elapsed
        rig.advance(.seconds(30))
        #expect(rig.isShut("a"))
        #expect(rig.timeOpen("a", since: begun) <= .milliseconds(270), "\(rig.timeOpen("a", since: begun))\n\(rig)")
        #expect(rig.sends("a").allSatisfy { $0.mode != .normal })
    }

    @Test func `an answer that was lost is settled by reading, not by sending again`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly()), at: "01:59")
        rig.sessions("a", 2)
        rig.writes("a", .answerLost)
        rig.advance(to: "02:10")
        #expect(rig.sends("a").map(\.mode) == [.blockNewSession], "\(rig)")
        rig.advance(to: "05:10")
        #expect(rig.mode("a") == .normal, "\(rig)")
    }
}
