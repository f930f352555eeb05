import Calendars
import Primitives
import Testing

@testable import Scheduling

/// What the calendars in force say to a run: inside its windows, pinned and current, and outside of every freeze.
struct ClearanceTests {
    /// Windows are daily, `02:00+3h`; freezes once, on the first day unless it is said; `=`: as now.
    static let rows = Row.table(
        """
        run      windows now  pinned    frozen    at        clearance
        window   02:00+3h     =         -         01:59:59  outside until 02:00
        window   02:00+3h     =         -         02:00     open until 05:00
        window   02:00+3h     =         -         04:59:59  open until 05:00
        window   02:00+3h     =         -         05:00     outside, for good
        window   02:00+3h     =         -         1d 02:30  outside, for good
        window   02:00+3h     =         03:00+1h  02:30     open until 03:00
        window   02:00+3h     =         03:00+1h  03:00     freeze-1 until 04:00
        window   02:00+3h     =         03:00+1h  04:00     open until 05:00
        window   02:00+3h     =         04:00+2h  04:30     freeze-1 until 06:00, for good
        window   02:00+3h     =         04:00+1h  04:30     freeze-1 until 05:00, for good
        window   02:00+1h     02:00+3h  -         02:30     open until 03:00
        window   02:00+1h     02:00+3h  -         03:30     outside, for good
        window   02:00+5h     02:00+3h  -         04:30     open until 05:00
        window   02:00+5h     02:00+3h  -         05:30     outside, for good
        window   14:00+3h     02:00+3h  -         02:30     outside, for good
        rollout  02:00+3h     =         -         01:00     outside until 02:00
        rollout  02:00+3h     =         -         02:30     open until 05:00
        rollout  02:00+3h     =         -         05:00     outside until 1d 02:00
        rollout  02:00+3h     =         00:00+1d  12:00     freeze-1 until 1d 00:00
        rollout  02:00+3h     =         02:00+3h  05:30     outside until 1d 02:00
        rollout  02:00+3h     03:00+5h  -         03:30     open until 05:00
        rollout  -            =         -         12:00     open
        rollout  -            =         15:00+2h  12:00     open until 15:00
        rollout  -            =         15:00+2h  16:00     freeze-1 until 17:00
        rollout  -            =         15:00+2h  17:00     open
        """)

    @Test(arguments: rows) func `windows, pinned and current, less every freeze`(row: Row) throws {
        try Self.check(row)
    }

    /// What opens later is nothing that is closed for good; an end that is pinned is an end; what two freezes take together
    /// is not open in between.
    static let edited = Row.table(
        """
        run      windows now  pinned    frozen              at     clearance
        window   03:00+3h     02:00+3h  -                   02:30  outside until 03:00
        rollout  -            02:00+3h  -                   02:30  open until 05:00
        rollout  02:00+3h     03:00+5h  -                   06:00  outside until 1d 03:00
        window   02:00+3h     =         03:00+1h 04:00+30m  03:30  freeze-1 until 04:30
        rollout  02:00+3h     03:00+5h  -                   02:30  outside until 03:00
        window   02:00+3h     =         03:00+1h 04:00+2h   03:30  freeze-1 until 06:00, for good
        """)

    @Test(arguments: edited) func `windows that are edited under a run, freezes that touch`(row: Row) throws {
        try Self.check(row)
    }

    private static func check(_ row: Row) throws {
        var policy = try policy(row, windows: try row.words("windows now"))
        var inForce = CalendarsInForce(PolicySet(policies: [policy], zones: ["UTC": .utc]))
        let pinned = try row.words("pinned")
        if pinned != ["="] {
            policy.schedule.windows = try windows(pinned)
            let set = PolicySet(policies: [policy], zones: ["UTC": .utc])
            inForce.pin(
                0, (RunID(policy: "p", revision: "2", ordinal: 1), set.calendar(of: policy)),
                isUnbounded: policy.schedule.isUnbounded)
        }
        let now = try instant(try row.text("at"))
        var origin = Run.Origin.rollout(revision: "2", ordinal: 1)
        if try row.text("run") == "window" {
            let start = try instant("02:00")
            let id = OccurrenceID(policy: "p", window: "w", nominal: ZoneRules.utc.local(start))
            origin = .window(id, Span(start: start, end: start + .hours(3)))
        }
        #expect(inForce.clearance(of: 0, origin: origin, at: now).word == (try row.text("clearance")))
        // Whatever it says holds until the next change; a look before is one too many, one after is late.
        guard case .open(let until?) = inForce.clearance(of: 0, origin: origin, at: now) else { return }
        #expect(inForce.nextChange(of: 0, origin: origin, at: now) <= until)
    }

    private static func policy(_ row: Row, windows texts: [String]) throws -> Policy {
        let isRollout = try row.text("run") == "rollout"
        var policy = Policy(
            name: "p", cluster: "c", schedule: isRollout ? .rollout : .maintenanceWindow,
            kind: isRollout ? .rollout(revision: "2", approval: nil) : .maintenanceWindow)
        policy.schedule.windows = try windows(texts)
        policy.schedule.exclusions = try row.words("frozen").enumerated().map { number, text in
            let halves = text.split(separator: "+").map(String.init)
            return Exclusion(
                window: Window(
                    name: "freeze-\(number + 1)", recurrence: .at(ZoneRules.utc.local(try instant(halves[0]))),
                    length: .elapsed(try #require(Word.duration(halves[1]))), timeZone: "UTC"))
        }
        return policy
    }

    static func windows(_ texts: [String]) throws -> [Window] {
        try texts.map { text in
            let halves = text.split(separator: "+").map(String.init)
            let time = halves[0].split(separator: ":").compactMap { Int($0) }
            return Window(
                name: "w",
                recurrence: .weekly(
                    days: Set(Weekday.allCases), start: try #require(TimeOfDay(hour: time[0], minute: time[1]))),
                length: .elapsed(try #require(Word.duration(halves[1]))), timeZone: "UTC")
        }
    }

    /// `1d 02:30`.
    static func instant(_ text: String) throws -> Timestamp {
        let words = text.split(separator: " ").map(String.init)
        let days = words.count > 1 ? try #require(Word.duration(words[0])) : .zero
        return RigWorld.midnight + days + RigTime.parsed(words[words.count - 1])
    }

    /// Nodes are read once more two seconds before an opening that is known.
    static let openings = Row.table(
        """
        at            about to open  next
        01:00         no             01:59:58
        01:59:57      no             01:59:58
        01:59:58      yes            02:00
        01:59:59.999  yes            02:00
        02:00         no             04:59:58
        04:59:58      no             05:00
        """)

    @Test(arguments: openings) func `an opening is known two seconds before`(row: Row) throws {
        var policy = Policy(name: "p", cluster: "c", schedule: .maintenanceWindow)
        policy.schedule.windows = try Self.windows(["02:00+3h"])
        let inForce = CalendarsInForce(PolicySet(policies: [policy], zones: ["UTC": .utc]))
        let now = try Self.instant(try row.text("at"))
        #expect(inForce.isAboutToOpen(0, at: now) == (try row.flag("about to open")))
        #expect(inForce.nextChange(of: 0, origin: nil, at: now) == (try Self.instant(try row.text("next"))))
    }

    /// When which of two calendars is asked: each rests until it may say something else, at most a day.
    @Test func `a calendar is asked when it may say something else`() throws {
        let policies = ["p", "q"].map { Policy(name: $0, cluster: "c", schedule: .maintenanceWindow) }
        var inForce = CalendarsInForce(PolicySet(policies: policies, zones: ["UTC": .utc]))
        let now = RigWorld.midnight
        var due = inForce.due(at: now)
        #expect(due == [0, 1])
        inForce.rest(0, until: now + .hours(2), from: now)
        inForce.rest(1, until: .distantFuture, from: now)
        #expect(inForce.nextCheck == now + .hours(2))
        due = inForce.due(at: now + .hours(1))
        #expect(due.isEmpty)
        due = inForce.due(at: now + .hours(2))
        #expect(due == [0])
        inForce.rest(0, until: now, from: now + .hours(2))
        #expect(inForce.nextCheck > now + .hours(2), "an instant that is over is no reason to ask for ever")
        inForce.rest(0, until: .distantFuture, from: now + .hours(2))
        due = inForce.due(at: now + .days(1))
        #expect(due == [1], "whatever it said, it is asked once a day")
        inForce.rest(1, until: .distantFuture, from: now + .days(1))
        // The wall clock went back: what they said is void.
        due = inForce.due(at: now + .hours(3))
        #expect(due == [0, 1])
        inForce.rest(0, until: .distantFuture, from: now + .hours(3))
        inForce.rest(1, until: .distantFuture, from: now + .hours(3))
        inForce.check("q")
        inForce.check("unknown")
        due = inForce.due(at: now + .hours(4))
        #expect(due == [1])
    }
}

extension Clearance {
    var word: String {
        switch self {
        case .open(let until): return "open" + (until.map { " until \($0.time)" } ?? "")
        case .closed(let closure):
            var word = "outside"
            if case .excluded(let by, _) = closure.cause { word = by }
            if let until = closure.until { word += " until \(until.time)" }
            return word + (closure.reopens ? "" : ", for good")
        }
    }
}

extension Timestamp {
    /// The time of the day, after the first of them with its number: `1d 02:00`.
    fileprivate var time: String {
        let text = RigTime.text((self - RigWorld.midnight).inNanoseconds)
        return text.hasSuffix(":00.000") ? String(text.dropLast(7)) : text
    }
}
