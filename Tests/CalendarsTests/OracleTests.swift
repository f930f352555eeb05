import Calendars
import Primitives
import Testing

/// Random policies against an evaluator that knows nothing but "which minutes are open".
@Suite(.enabled(if: ZoneFiles.isPresent(), "needs the zone files of the system (package tzdata)"))
struct OracleTests {
    @Test(arguments: 1...40) func `answers agree with a scan of every quarter of an hour`(_ seed: UInt64) throws {
        var random = RandomStream(seed: seed)
        let name = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"].randomElement(
            using: &random)
        let zone = try ZoneFiles.rules(try #require(name))
        // Around changes of the clocks in one of these zones.
        let start = try #require(
            Timestamp(
                rfc3339: [
                    "2026-03-05T00:00:00Z", "2026-03-26T00:00:00Z", "2026-04-02T00:00:00Z", "2026-10-01T00:00:00Z",
                    "2026-10-22T00:00:00Z", "2026-10-29T00:00:00Z",
                ].randomElement(using: &random) ?? ""))
        let windows = try (0..<Int.random(in: 1...3, using: &random)).map {
            try Self.window("w\($0)", in: zone, near: start, &random)
        }
        let exclusions = try (0..<Int.random(in: 0...2, using: &random)).map {
            Exclusion(window: try Self.window("x\($0)", in: zone, near: start, &random))
        }
        let calendar = PolicyCalendar(
            policy: "p", windows: windows, exclusions: exclusions, zones: [zone.name: zone])
        let scan = QuarterScan(start: start, days: 8, zone: zone)
        let open = scan.covered(by: windows)
        let excluded = scan.covered(by: exclusions.map(\.window))
        let acting = zip(open, excluded).map { $0 && !$1 }

        // Collected, as expectations by the ten thousand take longer than what they check.
        var faults: [String] = []
        var openedAt: [Timestamp] = []
        var previous: Opening?
        for (index, isActing) in acting.enumerated() {
            let instant = scan.instant(index)
            let opening = calendar.opening(at: instant)
            if (opening != nil) != isActing { faults.append("opening at \(zone.text(instant))") }
            if (calendar.containing(at: instant) != nil) != open[index] {
                faults.append("containing at \(zone.text(instant))")
            }
            if (calendar.isExcluded(at: instant) != nil) != excluded[index] {
                faults.append("isExcluded at \(zone.text(instant))")
            }
            if isActing, index > 0, !acting[index - 1] { openedAt.append(instant) }
            guard let opening else { continue }
            if opening.start > instant || instant >= opening.end || opening.span.start > opening.start
                || opening.end > opening.span.end
            {
                faults.append("\(opening) at \(zone.text(instant))")
            }
            // It is the same opening as a quarter ago, unless that one has ended.
            if let previous, instant < previous.end, previous != opening {
                faults.append("not as before at \(zone.text(instant))")
            }
            previous = opening
        }
        #expect(faults == [], "seed \(seed)")

        let end = scan.instant(acting.count)
        var walked: [Timestamp] = []
        var instant = scan.instant(0)
        while let next = calendar.nextOpening(after: instant), next.start < end {
            walked.append(next.start)
            instant = next.start
        }
        #expect(walked == openedAt, "seed \(seed)")

        var changes: [Timestamp] = []
        instant = scan.instant(0)
        while let next = calendar.nextChange(after: instant), next < end {
            changes.append(next)
            instant = next
        }
        let flips = acting.indices.dropFirst().filter { acting[$0] != acting[$0 - 1] }.map { scan.instant($0) }
        #expect(changes == flips, "seed \(seed)")

        let listed = calendar.occurrences(from: scan.instant(0), to: end)
        let listedAsOpen = acting.indices.map { index in
            listed.contains { $0.open.contains { $0.contains(scan.instant(index)) } }
        }
        #expect(listedAsOpen == acting, "seed \(seed)")
    }

    private static let rules = [
        "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;COUNT=401", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SA,SU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=1SU,2SU,-1SU;BYHOUR=1,2;BYMINUTE=30", "FREQ=MONTHLY;BYMONTHDAY=1,5,8,-1",
        "FREQ=MONTHLY;BYDAY=SU,MO,TH;BYSETPOS=1,-1;BYHOUR=2,23;BYMINUTE=15,45", "FREQ=DAILY;UNTIL=20261025T020000",
        "FREQ=YEARLY;BYMONTH=3,4,10,11;BYDAY=SU;BYHOUR=0,1,2,3", "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=2;BYSETPOS=-1",
    ]

    /// Everything on quarters of an hour, where the scan looks.
    private static func window(
        _ name: String, in zone: ZoneRules, near start: Timestamp, _ random: inout RandomStream
    ) throws -> Window {
        let time = try #require(
            TimeOfDay(hour: Int.random(in: 0...23, using: &random), minute: 15 * Int.random(in: 0...3, using: &random)))
        let night = try #require(
            TimeOfDay(hour: Int.random(in: 0...4, using: &random), minute: 15 * Int.random(in: 0...3, using: &random)))
        let dst = DSTRule(
            gap: DSTRule.Gap.allCases.randomElement(using: &random) ?? .shift,
            overlap: DSTRule.Overlap.allCases.randomElement(using: &random) ?? .first)
        let day = zone.local(start).date.adding(days: Int.random(in: 0...6, using: &random))
        let recurrence: Recurrence
        switch Int.random(in: 0...4, using: &random) {
        case 0:
            let days = Weekday.allCases.filter { _ in Bool.random(using: &random) }
            recurrence = .weekly(days: Set(days), start: night)
        case 1: recurrence = .at(LocalDateTime(day, night))
        case 2, 3:
            let begin = LocalDateTime(day.adding(days: -Int.random(in: 3...400, using: &random)), night)
            let text = rules.randomElement(using: &random) ?? ""
            recurrence = .rule(
                try RecurrenceRule(text, start: begin, exceptions: [LocalDateTime(day.adding(days: 1), night)]))
        default:
            let text = ["0 2 * * *", "30 1,2 * * *", "*/45 1-3 * * *", "15 23 * * fri-sun", "0 */5 * * *"]
            recurrence = .cron(try CronSchedule(text.randomElement(using: &random) ?? ""))
        }
        let length: WindowLength =
            Bool.random(using: &random)
            ? .until(time) : .elapsed(.minutes(15 * Int.random(in: 1...40, using: &random)))
        return Window(name: name, recurrence: recurrence, length: length, timeZone: zone.name, dst: dst)
    }
}

/// The slow reading of windows: local times are found by looking at every quarter of an hour.
private struct QuarterScan {
    let start: Timestamp
    let count: Int
    let zone: ZoneRules
    private static let quarter: Int64 = 900

    init(start: Timestamp, days: Int, zone: ZoneRules) {
        self.start = start
        count = days * 96
        self.zone = zone
    }

    func instant(_ index: Int) -> Timestamp { Timestamp(seconds: start.seconds + Int64(index) * Self.quarter) }

    func covered(by windows: [Window]) -> [Bool] {
        var covered = Array(repeating: false, count: count)
        for window in windows {
            let ruled = ruledStarts(window)
            for day in -4...10 {
                let date = zone.local(start).date.adding(days: day)
                for quarter in 0..<96 {
                    let nominal = LocalDateTime(
                        seconds: Int64(date.daysSinceEpoch) * 86400 + Int64(quarter) * Self.quarter)
                    guard ruled.contains(nominal) || starts(window, nominal), let begin = find(nominal, window.dst)
                    else { continue }
                    let end: Timestamp?
                    switch window.length {
                    case .elapsed(let duration): end = begin + duration
                    case .until(let time):
                        var until = LocalDateTime(date, time)
                        if until <= nominal { until.seconds += 86400 }
                        end = find(until, DSTRule(gap: .shift, overlap: window.dst.overlap))
                    case .days(let days):
                        end = find(
                            LocalDateTime(seconds: nominal.seconds + Int64(days) * 86400),
                            DSTRule(gap: .shift, overlap: window.dst.overlap))
                    case .end(let local): end = find(local, window.dst)
                    }
                    guard let end else { continue }
                    for index in 0..<count where begin <= instant(index) && instant(index) < end {
                        covered[index] = true
                    }
                }
            }
        }
        return covered
    }

    private func ruledStarts(_ window: Window) -> Set<LocalDateTime> {
        guard case .rule(let rule) = window.recurrence else { return [] }
        return Set(RuleScan(rule).starts(through: zone.local(start).date.adding(days: 12)))
    }

    private func starts(_ window: Window, _ nominal: LocalDateTime) -> Bool {
        switch window.recurrence {
        case .at(let local): return local == nominal
        case .weekly(let days, let start):
            return days.contains(nominal.date.weekday) && start.secondsSinceMidnight == nominal.secondsSinceMidnight
        // Looked up beforehand.
        case .rule: return false
        case .cron(let schedule):
            let minute = nominal.secondsSinceMidnight / 60
            return schedule.matches(nominal.date) && schedule.hours >> UInt32(minute / 60) & 1 == 1
                && schedule.minutes >> UInt64(minute % 60) & 1 == 1
        }
    }

    /// Looks at every quarter of an hour of two days for the one that shows the time.
    private func find(_ local: LocalDateTime, _ rule: DSTRule) -> Timestamp? {
        var shown: [Timestamp] = []
        var past: Timestamp?
        for seconds in stride(from: local.seconds - 86400, through: local.seconds + 86400, by: Int(Self.quarter)) {
            let instant = Timestamp(seconds: seconds)
            let clock = zone.local(instant)
            if clock == local { shown.append(instant) }
            if clock < local { past = instant }
        }
        if let first = shown.first, let last = shown.last { return rule.overlap == .first ? first : last }
        guard rule.gap == .shift, let past else { return nil }
        return Timestamp(seconds: local.seconds - Int64(zone.offset(at: past)))
    }
}
