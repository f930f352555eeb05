/// Local starts as days of months and times of those days. Both questions are answered by arithmetic, wherever in time
/// they are asked.
protocol DayPattern {
    /// The days of that month on which anything starts: bits 1 to 31.
    func matchingDays(ofMonth month: Int, year: Int) -> UInt64
    /// Seconds since midnight of the first start on a matching day (since 1970-01-01) that is not before the given one.
    func firstSecond(on day: Int, notBefore second: Int) -> Int?
}

extension DayPattern {
    /// The matching days since 1970-01-01 in order, both bounds included. The body returns whether to go on.
    func forEachDay(from day: Int, through lastDay: Int, _ body: (Int) -> Bool) {
        guard day <= lastDay else { return }
        let date = LocalDate(daysSinceEpoch: day)
        var (year, month) = (date.year, date.month)
        var first = day - date.day
        var days = matchingDays(ofMonth: month, year: year) & (UInt64.max << UInt64(date.day))
        while true {
            while days != 0 {
                let found = first + days.trailingZeroBitCount
                guard found <= lastDay, body(found) else { return }
                days &= days - 1
            }
            first += LocalDate.length(ofMonth: month, year: year)
            guard first < lastDay else { return }
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
            days = matchingDays(ofMonth: month, year: year)
        }
    }

    /// The starts in order, as seconds of local time, both bounds included. The body returns whether to go on.
    func forEachStart(from low: Int64, through high: Int64, _ body: (Int64) -> Bool) {
        guard low <= high else { return }
        forEachDay(from: Int(floorDivide(low, 86400)), through: Int(floorDivide(high, 86400))) { day in
            let midnight = Int64(day) * 86400
            var second = firstSecond(on: day, notBefore: Int(max(0, low - midnight)))
            while let found = second {
                let seconds = midnight + Int64(found)
                guard seconds <= high, body(seconds) else { return false }
                second = firstSecond(on: day, notBefore: found + 1)
            }
            return true
        }
    }

    /// The first start, as seconds of local time, both bounds included.
    func firstStart(from low: Int64, through high: Int64) -> Int64? {
        var first: Int64?
        forEachStart(from: low, through: high) { seconds in
            first = seconds
            return false
        }
        return first
    }
}

/// Minutes since midnight of the first time with one of these hours and minutes that is not before the given one.
func firstMinute(hours: UInt32, minutes: UInt64, notBefore minute: Int) -> Int? {
    guard minute < 1440 else { return nil }
    let hour = minute / 60
    if hours >> UInt32(hour) & 1 == 1 {
        let rest = minutes & (UInt64.max << UInt64(minute % 60))
        if rest != 0 { return hour * 60 + rest.trailingZeroBitCount }
    }
    guard hour < 23 else { return nil }
    let later = hours & (UInt32.max << UInt32(hour + 1))
    guard later != 0, minutes != 0 else { return nil }
    return later.trailingZeroBitCount * 60 + minutes.trailingZeroBitCount
}
