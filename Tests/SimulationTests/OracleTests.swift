import Calendars
import ModeCore
import Primitives
import Scheduling
import Testing

@testable import Simulation

/// The oracle's own eyes see what they should.
struct OracleTests {
    /// Drawn calendars, minute by minute: the naive evaluator and the compiled calendar agree.
    @Test(arguments: [1, 2, 3, 5, 9, 11, 14, 20, 23, 27] as [UInt64])
    func `the naive calendar agrees with the real one`(
        seed: UInt64
    ) {
        let scenario = Scenario.drawn(seed: seed)
        let naive = NaiveCalendar(scenario.policies)
        for policy in scenario.policies.policies where !policy.schedule.windows.isEmpty {
            let calendar = scenario.policies.calendar(of: policy)
            for minute in -60...(27 * 60) {
                let instant = scenario.start + .minutes(minute) + .seconds(7)
                let isOpen =
                    naive.isOpen(policy.schedule.windows, at: instant)
                    && !naive.isExcluded(scenario.policies.exclusions(of: policy), at: instant)
                #expect(isOpen == (calendar.opening(at: instant) != nil), "\(policy.name) at minute \(minute)")
            }
        }
    }

    @Test func `what somebody else set is not nagi's to loosen`() {
        var ownership = Ownership()
        ownership.set(.blockNewSession, by: .person, from: .normal)
        let wrong = ownership.write(.normal, from: .blockNewSession, foreignChanges: 1, isRepeat: false)
        #expect(wrong != nil)
    }

    @Test func `a floor survives nagi's escalation`() {
        var ownership = Ownership()
        ownership.set(.blockNewSession, by: .person, from: .normal)
        ownership.noteSeen(ownership.top?.id)
        #expect(ownership.write(.blockNewConnection, from: .blockNewSession, foreignChanges: 1, isRepeat: false) == nil)
        var other = ownership
        #expect(ownership.write(.normal, from: .blockNewConnection, foreignChanges: 1, isRepeat: false) != nil)
        #expect(other.write(.blockNewSession, from: .blockNewConnection, foreignChanges: 1, isRepeat: false) == nil)
        #expect(other.top?.setter == .person)
    }

    @Test func `nobody can know what happened between the read and the write`() {
        var ownership = Ownership()
        let known = ownership.foreignChanges
        ownership.set(.blockNewSession, by: .person, from: .normal)
        #expect(ownership.write(.normal, from: .blockNewSession, foreignChanges: known, isRepeat: false) == nil)
    }

    @Test func `a restart forgets everybody's modes`() {
        var ownership = Ownership()
        _ = ownership.write(.blockNewConnection, from: .normal, foreignChanges: 0, isRepeat: false)
        #expect(ownership.isNagis)
        ownership.restarted()
        #expect(ownership.top == nil)
    }

    private func sample(_ mode: NodeMode, at second: Int64, sessions: Int = 0, life: Int = 0) -> ReadSample {
        ReadSample(
            node: NodeID(cluster: "sim", name: "node"), place: 0, scope: .whole,
            begun: Moment(wall: Timestamp(seconds: second), uptime: Uptime(nanoseconds: second * 1_000_000_000)),
            mode: mode, counts: (sessions, sessions), ready: true, life: life)
    }

    @Test func `two reads two seconds apart after the block, and no busier one between`() {
        func isDrained(_ samples: [ReadSample], at second: Int64) -> Bool {
            var told = ToldOfNode()
            for sample in samples { _ = told.take(sample) }
            return told.isDrained(
                sessions: 0, connections: 0, since: 0, at: second * 1_000_000_000, within: 20_000_000_000)
        }
        let block = sample(.blockNewSession, at: 10)
        #expect(!isDrained([block, sample(.blockNewSession, at: 12)], at: 12))
        #expect(!isDrained([block, sample(.blockNewSession, at: 11), sample(.blockNewSession, at: 12)], at: 12))
        #expect(isDrained([block, sample(.blockNewSession, at: 11), sample(.blockNewSession, at: 13)], at: 13))
        let busy = sample(.blockNewSession, at: 12, sessions: 1)
        #expect(!isDrained([block, sample(.blockNewSession, at: 11), busy, sample(.blockNewSession, at: 13)], at: 13))
        let other = sample(.blockNewSession, at: 13, life: 1)
        #expect(!isDrained([block, sample(.blockNewSession, at: 11), other], at: 13))
        let open = sample(.normal, at: 12)
        #expect(!isDrained([block, sample(.blockNewSession, at: 11), open, sample(.blockNewSession, at: 13)], at: 13))
        #expect(!isDrained([block, sample(.blockNewSession, at: 11), sample(.blockNewSession, at: 13)], at: 40))
    }
}
