import Primitives

/// The rule at the end of a zone file for all years after its last transition, in the form of the POSIX `TZ` variable:
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct FutureRule {
    struct Fault: Error {
        var message: String
    }

    /// A day of each year and the local time on it, in the offset before the change.
    struct Change {
        enum Day {
            /// 1 to 365; 29 February is never counted.
            case julian(Int)
            /// 0 to 365; 29 February is counted.
            case ordinal(Int)
            /// Month, week 1 to 5 (5: the last), day of week from Sunday.
            case weekday(month: Int, week: Int, day: Int)
        }

        var day: Day
        /// -167 to 167 hours.
        var seconds: Int
    }

    var standardOffset: Int
    var daylight: (offset: Int, start: Change, end: Change)?

    init(_ text: [UInt8]) throws(Fault) {
        var parser = Parser(text)
        try parser.name()
        standardOffset = -(try parser.time(largestHours: 24))
        guard !parser.isAtEnd else { return }
        try parser.name()
        var offset = standardOffset + 3600
        if !parser.take(",") {
            offset = -(try parser.time(largestHours: 24))
            guard parser.take(",") else { throw Fault(message: "daylight saving without its days") }
        }
        let start = try parser.change()
        guard parser.take(",") else { throw Fault(message: "daylight saving without its end") }
        let end = try parser.change()
        guard parser.isAtEnd else { throw Fault(message: "something follows the rule") }
        daylight = (offset, start, end)
    }

    /// The changes after that second, in order; without one, from 1970 on.
    func transitions(after last: Int64?, through lastYear: Int) -> [RawTransition] {
        guard let daylight else {
            // The file and its rule agree on the offset after the last transition.
            return []
        }
        // Some files start with a transition long before any clock; there, too, the rule counts from 1970 on.
        let after = last.map { $0 < Timestamp.distantPast.wholeSeconds ? -1 : $0 } ?? -1
        guard let instant = Timestamp(exactlySeconds: after) else { return [] }
        let firstYear = max(1678, ZoneRules.utc.local(instant).date.year - 1)
        guard firstYear <= lastYear else { return [] }
        var changes: [RawTransition] = []
        for year in firstYear...lastYear {
            let end = daylight.end.second(in: year) - Int64(daylight.offset)
            let start = daylight.start.second(in: year) - Int64(standardOffset)
            // Where one season follows the other without a break, the start has the last word.
            let both = [
                RawTransition(seconds: end, offset: standardOffset),
                RawTransition(seconds: start, offset: daylight.offset),
            ]
            changes += start < end ? both.reversed() : both
        }
        var ordered: [RawTransition] = []
        for change in changes where change.seconds > after {
            if let previous = ordered.last, change.seconds <= previous.seconds {
                // The end of one year's season at, or after, the start of the next: it never ends.
                if change.offset == daylight.offset { ordered[ordered.count - 1].offset = change.offset }
                continue
            }
            ordered.append(change)
        }
        return ordered
    }

    private struct Parser {
        private var rest: ArraySlice<UInt8>

        init(_ text: [UInt8]) { rest = text[...] }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        /// `CET` or `<+0330>`.
        mutating func name() throws(Fault) {
            if take("<") {
                guard let close = rest.firstIndex(of: UInt8(ascii: ">")) else { throw Fault(message: "an open name") }
                rest = rest[(close + 1)...]
                return
            }
            let letters = rest.prefix { (0x61...0x7A).contains($0 | 0x20) && $0 > 0x40 }
            guard letters.count >= 3 else { throw Fault(message: "a name of fewer than three letters") }
            rest = rest[letters.endIndex...]
        }

        mutating func number(largest: Int) throws(Fault) -> Int {
            var value: Int?
            while let next = rest.first, (0x30...0x39).contains(next) {
                let sum = (value ?? 0) * 10 + Int(next) - 0x30
                guard sum <= largest else { throw Fault(message: "a number above \(largest)") }
                value = sum
                rest.removeFirst()
            }
            guard let value else { throw Fault(message: "a number is missing") }
            return value
        }

        /// `2`, `-1:30` or `+02:00:00`, in seconds.
        mutating func time(largestHours: Int) throws(Fault) -> Int {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            var seconds = try number(largest: largestHours) * 3600
            if take(":") {
                seconds += try number(largest: 59) * 60
                if take(":") { seconds += try number(largest: 59) }
            }
            return isNegative ? -seconds : seconds
        }

        mutating func change() throws(Fault) -> Change {
            let day: Change.Day
            if take("M") {
                let month = try number(largest: 12)
                guard take(".") else { throw Fault(message: "a month without a week") }
                let week = try number(largest: 5)
                guard take(".") else { throw Fault(message: "a week without a day") }
                let weekday = try number(largest: 6)
                guard month >= 1, week >= 1 else { throw Fault(message: "a month or a week of 0") }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take("J") {
                let number = try number(largest: 365)
                guard number >= 1 else { throw Fault(message: "a day of 0") }
                day = .julian(number)
            } else {
                day = .ordinal(try number(largest: 365))
            }
            return Change(day: day, seconds: take("/") ? try time(largestHours: 167) : 7200)
        }
    }
}

extension FutureRule.Change {
    /// Seconds since 1970-01-01 00:00:00 local time at which the change happens in that year.
    fileprivate func second(in year: Int) -> Int64 {
        let newYear = LocalDate.daysSinceEpoch(ofMonth: 1, year: year)
        let days: Int
        switch day {
        case .ordinal(let number): days = newYear + number
        case .julian(let number): days = newYear + number - 1 + (number >= 60 && LocalDate.isLeap(year) ? 1 : 0)
        case .weekday(let month, let week, let day):
            let first = LocalDate.daysSinceEpoch(ofMonth: month, year: year)
            let wait = Int(floorRemainder(Int64(day - (first + 4)), 7))
            let length = LocalDate.length(ofMonth: month, year: year)
            var ofMonth = wait + 7 * (week - 1)
            if ofMonth >= length { ofMonth -= 7 }
            days = first + ofMonth
        }
        return Int64(days) * 86400 + Int64(seconds)
    }
}
