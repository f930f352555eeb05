import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Who is told that a window opens soon, and when.
struct SoonWindowsTests {
    private static func policy(_ name: String, at hour: Int, isSuspended: Bool = false) -> Policy {
        let window = Window(
            name: "night",
            recurrence: .weekly(
                days: Set(Weekday.allCases), start: TimeOfDay(hour: hour, minute: 0) ?? .midnight),
            length: .elapsed(.hours(2)), timeZone: "UTC")
        var schedule = PolicySchedule.maintenanceWindow
        schedule.windows = [window]
        return Policy(name: name, cluster: "c", schedule: schedule, isSuspended: isSuspended)
    }

    private static let set = PolicySet(
        policies: [
            policy("late", at: 3), policy("early", at: 2), policy("off", at: 2, isSuspended: true),
            Policy(
                name: "always", cluster: "c", schedule: .rollout, kind: .rollout(revision: "2", approval: nil)),
        ], zones: ["UTC": .utc])

    private static func at(_ text: String) throws -> Timestamp {
        try #require(Timestamp(rfc3339: "2026-11-29T\(text)Z"))
    }

    private static func told(_ soon: inout SoonWindows, _ time: String) throws -> [String] {
        soon.notices(at: try at(time), clock: { ZoneRules.utc.text($0) }).map(\.title)
    }

    @Test func `it is told from half an hour before until it opens, and each policy by itself`() throws {
        var soon = SoonWindows(Self.set)
        #expect(try Self.told(&soon, "01:29:59") == [])
        #expect(try Self.told(&soon, "01:30:00") == ["early opens in 30m"])
        #expect(try Self.told(&soon, "01:50:30") == ["early opens in 10m"])
        #expect(try Self.told(&soon, "01:58:50") == ["early opens in 2m"])
        #expect(try Self.told(&soon, "01:59:56") == ["early opens in 4s"])
        #expect(try Self.told(&soon, "02:00:00") == [])
        #expect(try Self.told(&soon, "02:40:00") == ["late opens in 20m"])
        #expect(try Self.told(&soon, "01:45:00") == ["early opens in 15m"], "a clock that was put back")
    }

    @Test func `it says which window, until when, and is one with its occurrence`() throws {
        var soon = SoonWindows(Self.set)
        let now = try Self.at("01:40:00")
        let notice = try #require(soon.notices(at: now, clock: { ZoneRules.utc.text($0) }).first)
        #expect(notice.text.hasPrefix("window night of early opens at 2026-11-29T02:00:00"))
        #expect(notice.once == .window("early/night/2026-11-29T02:00", try Self.at("02:00:00")))
        #expect(notice.word == "window-soon" && notice.policy == "early" && notice.cluster == "c" && notice.run == nil)
        #expect(soon.notices(at: now, isIdle: { $0.name == "early" }, clock: { "\($0)" }).isEmpty)
    }
}
