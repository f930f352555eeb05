/// The local starts of a recurrence before any zone is asked, as seconds of local time.
enum NominalStarts: Hashable, Sendable {
    /// A single start that is not searched for.
    case once
    case weekly(WeeklyStarts)
    case cron(CronSchedule)
    case rule(RecurrenceRule)

    init(_ recurrence: Recurrence) {
        switch recurrence {
        case .at: self = .once
        case .weekly(let days, let start): self = .weekly(WeeklyStarts(days: days, start: start))
        case .cron(let schedule): self = .cron(schedule)
        case .rule(let rule): self = .rule(rule)
        }
    }

    /// The first one, both bounds included.
    func first(from low: Int64, through high: Int64) -> Int64? {
        switch self {
        case .once: nil
        case .weekly(let weekly): weekly.first(from: low, through: high)
        case .cron(let schedule): schedule.firstStart(from: low, through: high)
        case .rule(let rule): rule.firstStart(from: low, through: high)
        }
    }

    /// All of them in order, both bounds included. The body returns whether to go on.
    func forEach(from low: Int64, through high: Int64, _ body: (Int64) -> Bool) {
        switch self {
        case .once: return
        case .weekly(let weekly):
            var low = low
            while let found = weekly.first(from: low, through: high), body(found) { low = found + 1 }
        case .cron(let schedule): schedule.forEachStart(from: low, through: high, body)
        case .rule(let rule): rule.forEachStart(from: low, through: high, body)
        }
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
