/// Local starts as days of months and times of those days. Both questions are answered by arithmetic, wherever in time
/// they are asked.
protocol DayPattern {
    /// The days of that month on which anything starts: bits 1 to 31.
    func matchingDays(of month: Month) -> UInt64
    /// Seconds since midnight of the first start on a matching day (since 1970-01-01) that is not before the given one.
    func firstSecond(on day: Int, notBefore second: Int) -> Int?
}

/// A month of the calendar, with what is needed to find its days.
struct Month {
    var year: Int
    /// 1 to 12.
    var month: Int
    /// Days from 1970-01-01 to its first.
    var first: Int
    var length: Int

    init(of date: LocalDate, day: Int) {
        year = date.year
        month = date.month
        first = day - date.day + 1
        length = LocalDate.length(ofMonth: date.month, year: date.year)
    }

    init(_ month: Int, _ year: Int) {
        self.year = year
        self.month = month
        first = LocalDate.daysSinceEpoch(ofMonth: month, year: year)
        length = LocalDate.length(ofMonth: month, year: year)
    }

    mutating func advance() {
        first += length
        if month == 12 {
            month = 1
            year += 1
        } else {
            month += 1
        }
        length = LocalDate.length(ofMonth: month, year: year)
    }

    /// Of the first, 0 is Monday.
    var firstWeekday: Int { Int(floorRemainder(Int64(first) + 3, 7)) }
}

extension DayPattern {
    /// The matching days since 1970-01-01 in order, both bounds included. The body returns whether to go on.
    func forEachDay(from day: Int, through lastDay: Int, _ body: (Int) -> Bool) {
        guard day <= lastDay else { return }
        let date = LocalDate(daysSinceEpoch: day)
        var month = Month(of: date, day: day)
        var days = matchingDays(of: month) & (UInt64.max << UInt64(date.day))
        while true {
            while days != 0 {
                let found = month.first - 1 + days.trailingZeroBitCount
                guard found <= lastDay, body(found) else { return }
                days &= days - 1
            }
            month.advance()
            guard month.first <= lastDay else { return }
            days = matchingDays(of: month)
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

    /// The first start, as seconds of local time, both bounds included: `forEachStart` without its calls.
    func firstStart(from low: Int64, through high: Int64) -> Int64? {
        guard low <= high else { return nil }
        let lowDay = Int(floorDivide(low, 86400))
        let lastDay = Int(floorDivide(high, 86400))
        let date = LocalDate(daysSinceEpoch: lowDay)
        var month = Month(of: date, day: lowDay)
        var days = matchingDays(of: month) & (UInt64.max << UInt64(date.day))
        while true {
            while days != 0 {
                let day = month.first - 1 + days.trailingZeroBitCount
                guard day <= lastDay else { return nil }
                let midnight = Int64(day) * 86400
                if let second = firstSecond(on: day, notBefore: Int(max(0, low - midnight))) {
                    let found = midnight + Int64(second)
                    return found <= high ? found : nil
                }
                days &= days - 1
            }
            month.advance()
            guard month.first <= lastDay else { return nil }
            days = matchingDays(of: month)
        }
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
