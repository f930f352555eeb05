import Calendars
import Primitives
import Scheduling

/// Says whether windows are open at an instant the slow way: it tries the days around it, one after another, and each
/// offset of the zone. Knows only the recurrences that scenarios are drawn with.
struct NaiveCalendar: Sendable {
    private let zones: [String: ZoneRules]

    init(_ set: PolicySet) { zones = set.zones }

    /// No windows at all: always.
    func isOpen(_ windows: [Window], at instant: Timestamp) -> Bool {
        windows.isEmpty || windows.contains { span(of: $0, at: instant) != nil }
    }

    /// When those of them that are open at the instant end.
    func ends(of windows: [Window], at instant: Timestamp) -> [Timestamp] {
        windows.compactMap { span(of: $0, at: instant)?.end }
    }

    func isExcluded(_ exclusions: [Exclusion], at instant: Timestamp) -> Bool {
        exclusions.contains { span(of: $0.window, at: instant) != nil }
    }

    /// The occurrence that the instant is in.
    private func span(of window: Window, at instant: Timestamp) -> Span? {
        guard let zone = zones[window.timeZone] else { return nil }
        for nominal in nominals(of: window, zone, around: instant) {
            let start = self.instant(of: nominal, in: zone)
            let end: Timestamp
            switch window.length {
            case .elapsed(let length): end = start + length
            case .until(let time):
                let midnight = nominal - remainder(nominal, 86400)
                let today = midnight + Int64(time.secondsSinceMidnight)
                end = self.instant(of: today > nominal ? today : today + 86400, in: zone)
            case .days(let days): end = self.instant(of: nominal + Int64(days) * 86400, in: zone)
            case .end(let local): end = self.instant(of: local.seconds, in: zone)
            }
            if start <= instant, instant < end { return Span(start: start, end: end) }
        }
        return nil
    }

    /// Local starts, in seconds, of which one may be under way.
    private func nominals(of window: Window, _ zone: ZoneRules, around instant: Timestamp) -> [Int64] {
        switch window.recurrence {
        case .at(let local): return [local.seconds]
        case .weekly(let days, let start):
            let local = instant.seconds + Int64(offset(of: zone, at: instant))
            let today = (local - remainder(local, 86400)) / 86400
            return (Int64(-2)...1).compactMap { shift -> Int64? in
                let day = today + shift
                // The first of January 1970 was a Thursday.
                let weekday = Weekday.allCases[Int(remainder(day + 3, 7))]
                return days.contains(weekday) ? day * 86400 + Int64(start.secondsSinceMidnight) : nil
            }
        case .cron, .rule: return []
        }
    }

    /// The first instant at which the clocks show that; where they skip it, as long after the gap as it is into it.
    private func instant(of local: Int64, in zone: ZoneRules) -> Timestamp {
        let offsets = [zone.initialOffset] + zone.transitions.map(\.offset)
        let shown = offsets.map { Timestamp(seconds: local - Int64($0)) }.filter {
            $0.seconds + Int64(offset(of: zone, at: $0)) == local
        }
        if let first = shown.min() { return first }
        var before = zone.initialOffset
        for transition in zone.transitions {
            let gap =
                transition.at.seconds + Int64(before)..<transition.at.seconds + Int64(max(before, transition.offset))
            if gap.contains(local) { return Timestamp(seconds: local - Int64(before)) }
            before = transition.offset
        }
        return Timestamp(seconds: local - Int64(before))
    }

    private func offset(of zone: ZoneRules, at instant: Timestamp) -> Int {
        zone.transitions.last { $0.at <= instant }?.offset ?? zone.initialOffset
    }

    private func remainder(_ a: Int64, _ b: Int64) -> Int64 { ((a % b) + b) % b }
}
