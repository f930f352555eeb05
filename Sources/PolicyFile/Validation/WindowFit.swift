import Calendars
import ModeCore
import Primitives
import Scheduling

/// Whether each window of a policy can be judged by its own length.
struct WindowFit {
    /// Of the longest window; nil where not every window has one known length.
    let longest: Duration?
    /// Windows may overlap or touch, so that a run has longer than any of them. May be true where they never do.
    let mayJoin: Bool

    private static let week = 7 * 86_400
    /// What a change of the clocks may bring two windows closer to each other, in seconds.
    private static let slack = 3_600
    /// What starts more often than this in a day is not judged by itself.
    private static let startsPerDay = 24

    init(_ windows: [Window]) {
        let lengths = windows.compactMap(\.wallLength)
        longest = lengths.count == windows.count ? lengths.max() : nil
        mayJoin = WindowFit.mayJoin(windows)
    }

    /// All starts are put on the circle of one week, whatever their dates.
    private static func mayJoin(_ windows: [Window]) -> Bool {
        guard let zone = windows.first?.timeZone else { return false }
        var spans: [(start: Int, length: Int)] = []
        for window in windows {
            guard window.timeZone == zone, let length = window.wallLength, length < .days(6),
                let starts = window.recurrence.startsInWeek(perDay: startsPerDay)
            else { return windows.count > 1 || !window.isOnce }
            let seconds = Int(length / .seconds(1)) + 1
            for start in starts { spans.append((start, seconds)) }
        }
        spans.sort { $0.start < $1.start }
        if windows.count == 1, windows[0].isOnce { return false }
        for (index, span) in spans.enumerated() {
            let next = index + 1 < spans.count ? spans[index + 1].start : spans[0].start + week
            if next <= span.start + span.length + slack { return true }
        }
        return false
    }
}

extension Window {
    fileprivate var isOnce: Bool { if case .at = recurrence { true } else { false } }

    /// The calendar that the span is of, where it is of one: it stands where the policy names the calendar then.
    var calendar: Substring? { name.contains("/") ? name.prefix { $0 != "/" } : nil }
}

extension Recurrence {
    /// Seconds since Sunday, 00:00; nil where there are too many in a day, or where a rule says them.
    fileprivate func startsInWeek(perDay limit: Int) -> [Int]? {
        switch self {
        case .at(let local):
            return [WindowFit.place(of: local.date.weekday) * 86_400 + Int(local.secondsSinceMidnight)]
        case .weekly(let days, let start):
            return days.map { WindowFit.place(of: $0) * 86_400 + start.secondsSinceMidnight }
        case .cron, .rule:
            guard let times = timesOfDay, times.count <= limit else { return nil }
            var found: [Int] = []
            for day in 0..<7 { found += times.map { day * 86_400 + $0.secondsSinceMidnight } }
            return found
        }
    }

    /// The local times at which it may start, at most 1,500 of them.
    var timesOfDay: [TimeOfDay]? {
        switch self {
        case .weekly, .at: return timeOfDay.map { [$0] }
        case .cron(let cron): return cron.timesOfDay
        case .rule(let rule):
            // The times of one day come back on the next, but for rules that pick some by their place (BYSETPOS).
            var seen: Set<Int> = []
            var from = rule.start
            for _ in 0..<1_500 {
                guard let next = rule.next(notBefore: from), seen.insert(next.secondsSinceMidnight).inserted
                else { break }
                from = LocalDateTime(seconds: next.seconds + 1)
            }
            return seen.sorted().compactMap {
                TimeOfDay(hour: $0 / 3_600, minute: $0 / 60 % 60, second: $0 % 60)
            }
        }
    }
}

extension CronSchedule {
    fileprivate var timesOfDay: [TimeOfDay] {
        var times: [TimeOfDay] = []
        for hour in 0..<24 where hours >> UInt32(hour) & 1 == 1 {
            for minute in 0..<60 where minutes >> UInt64(minute) & 1 == 1 {
                if let time = TimeOfDay(hour: hour, minute: minute) { times.append(time) }
            }
        }
        return times
    }
}

extension WindowFit {
    fileprivate static func place(of weekday: Weekday) -> Int { Weekday.allCases.firstIndex(of: weekday) ?? 0 }
}
