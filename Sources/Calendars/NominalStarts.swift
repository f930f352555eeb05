/// The local starts of a recurrence before any zone is asked, as seconds of local time.
///
/// A plain record of the kinds, not an enum: taking a kind out of an enum copies it, which costs as much as the search.
struct NominalStarts: Hashable, Sendable {
    enum Kind {
        /// A single start that is not searched for.
        case once
        case weekly, cron, rule
    }

    let kind: Kind
    private var weekly = WeeklyStarts(days: [], start: .midnight)
    private var cron: CronStarts?
    private var rule: RuleStarts?

    init(_ recurrence: Recurrence) {
        switch recurrence {
        case .at: kind = .once
        case .weekly(let days, let start):
            kind = .weekly
            weekly = WeeklyStarts(days: days, start: start)
        case .cron(let schedule):
            kind = .cron
            cron = CronStarts(schedule)
        case .rule(let rule):
            kind = .rule
            self.rule = rule.starts
        }
    }

    /// The first one, both bounds included.
    func first(from low: Int64, through high: Int64) -> Int64? {
        switch kind {
        case .once: nil
        case .weekly: weekly.first(from: low, through: high)
        case .cron: cron?.firstStart(from: low, through: high)
        case .rule: rule?.firstStart(from: low, through: high)
        }
    }

    /// All of them in order, both bounds included. The body returns whether to go on.
    func forEach(from low: Int64, through high: Int64, _ body: (Int64) -> Bool) {
        switch kind {
        case .once: return
        case .weekly:
            var low = low
            while let found = weekly.first(from: low, through: high), body(found) { low = found + 1 }
        case .cron: cron?.forEachStart(from: low, through: high, body)
        case .rule: rule?.forEachStart(from: low, through: high, body)
        }
    }

    /// The days since 1970-01-01 on which anything starts, in order, both bounds included. The body returns whether to go
    /// on.
    func forEachDay(from day: Int, through lastDay: Int, _ body: (Int) -> Bool) {
        switch kind {
        case .once, .weekly: return
        case .cron: cron?.forEachDay(from: day, through: lastDay, body)
        case .rule: rule?.forEachDay(from: day, through: lastDay, body)
        }
    }

    /// The first and the last second of a day at which anything starts, where every matching day has the same starts and
    /// none of them is more than so many seconds behind the one before; nil where that is not so, or there is only one.
    func denseDay(gap: Int64) -> ClosedRange<Int64>? {
        let (hours, minutes, second): (UInt32, UInt64, Int64)
        switch kind {
        case .once, .weekly: return nil
        case .cron:
            guard let cron else { return nil }
            (hours, minutes, second) = (cron.hours, cron.minutes, 0)
        case .rule:
            guard let parts = rule?.parts, parts.setPositions.isEmpty else { return nil }
            (hours, minutes, second) = (parts.hours, parts.minutes, Int64(parts.second))
        }
        guard let first = firstMinute(hours: hours, minutes: minutes, notBefore: 0) else { return nil }
        var last = first
        while let next = firstMinute(hours: hours, minutes: minutes, notBefore: last + 1) {
            guard Int64(next - last) * 60 <= gap else { return nil }
            last = next
        }
        return last > first ? Int64(first) * 60 + second...Int64(last) * 60 + second : nil
    }
}

/// Days of the week and one time.
struct WeeklyStarts: Hashable, Sendable {
    /// The week's days twice, so that the next one is found by counting zero bits. Bit 0 is Monday.
    private let days: UInt16
    private let second: Int64

    init(days: Set<Weekday>, start: TimeOfDay) {
        var bits: UInt16 = 0
        for (index, day) in Weekday.allCases.enumerated() where days.contains(day) { bits |= 1 << UInt16(index) }
        self.days = bits | bits << 7
        second = Int64(start.secondsSinceMidnight)
    }

    func first(from low: Int64, through high: Int64) -> Int64? {
        guard days != 0 else { return nil }
        // The first day whose start is not before the bound.
        let day = -floorDivide(second - low, 86400)
        let wait = Int64((days >> UInt16(floorRemainder(day + 3, 7))).trailingZeroBitCount)
        let found = (day + wait) * 86400 + second
        return found <= high ? found : nil
    }
}
