import Calendars
import Primitives

/// A second reading of recurrence rules, straight from the tables of RFC 5545: every day is looked at, and nothing is
/// shared with the engine but dates.
struct RuleScan {
    private let parts: [String: [String]]
    private let start: LocalDateTime
    private let exceptions: Set<LocalDateTime>

    init(_ rule: RecurrenceRule) {
        var parts: [String: [String]] = [:]
        for part in rule.text.split(separator: ";") {
            let words = part.split(separator: "=")
            parts[String(words[0])] = words[1].split(separator: ",").map(String.init)
        }
        self.parts = parts
        start = rule.start
        exceptions = Set(rule.exceptions)
    }

    /// All starts up to that day, with the local UNTIL, in order.
    func starts(through last: LocalDate) -> [LocalDateTime] {
        let frequency = parts["FREQ"]?.first ?? ""
        let interval = Int(parts["INTERVAL"]?.first ?? "") ?? 1
        let positions = numbers("BYSETPOS")
        let first = start.date
        let firstPeriod = period(first, frequency)
        let count = Int(parts["COUNT"]?.first ?? "") ?? .max
        var found: [LocalDateTime] = []
        var set: [LocalDateTime] = []
        var current = firstPeriod
        // The period of the start is looked at from its beginning, and that of the last day to its end.
        for day in (first.daysSinceEpoch - 366)...(last.daysSinceEpoch + 366) {
            let date = LocalDate(daysSinceEpoch: day)
            let period = period(date, frequency)
            guard period >= firstPeriod else { continue }
            if period != current {
                found += chosen(set, positions)
                set = []
                current = period
            }
            guard (period - firstPeriod) % interval == 0, contains(date, frequency) else { continue }
            set += times().map { LocalDateTime(seconds: Int64(day) * 86400 + Int64($0)) }
        }
        found = found.filter { $0 >= start }
        return found.prefix(count).filter { isBeforeEnd($0) && $0.date <= last && !exceptions.contains($0) }
    }

    private func numbers(_ part: String) -> [Int] { (parts[part] ?? []).compactMap { Int($0) } }

    private func times() -> [Int] {
        let time = start.secondsSinceMidnight
        let hours = parts["BYHOUR"] == nil ? [time / 3600] : Set(numbers("BYHOUR")).sorted()
        let minutes = parts["BYMINUTE"] == nil ? [time / 60 % 60] : Set(numbers("BYMINUTE")).sorted()
        return hours.flatMap { hour in minutes.map { hour * 3600 + $0 * 60 + time % 60 } }
    }

    private func chosen(_ set: [LocalDateTime], _ positions: [Int]) -> [LocalDateTime] {
        guard !positions.isEmpty else { return set }
        return set.indices.filter { positions.contains($0 + 1) || positions.contains($0 - set.count) }.map { set[$0] }
    }

    private func isBeforeEnd(_ local: LocalDateTime) -> Bool {
        guard let until = parts["UNTIL"]?.first else { return true }
        let date = local.date
        let day = date.year * 10_000 + date.month * 100 + date.day
        guard until.count > 8 else { return day <= Int(until) ?? 0 }
        let time = local.secondsSinceMidnight
        let clock = time / 3600 * 10_000 + time / 60 % 60 * 100 + time % 60
        return (day, clock) <= (Int(until.prefix(8)) ?? 0, Int(until.suffix(6)) ?? 0)
    }

    private static let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

    private func period(_ date: LocalDate, _ frequency: String) -> Int {
        switch frequency {
        case "DAILY": return date.daysSinceEpoch
        case "WEEKLY":
            // 1969-12-29 was a Monday; far enough before all dates to divide without a sign.
            let weekStart = Self.names.firstIndex(of: parts["WKST"]?.first ?? "MO") ?? 0
            return (date.daysSinceEpoch + 3 - weekStart + 700_000) / 7
        case "MONTHLY": return date.year * 12 + date.month
        default: return date.year
        }
    }

    private func contains(_ date: LocalDate, _ frequency: String) -> Bool {
        let length = LocalDate.length(ofMonth: date.month, year: date.year)
        let name = Self.names[Weekday.allCases.firstIndex(of: date.weekday) ?? 0]
        if parts["BYMONTH"] != nil, !numbers("BYMONTH").contains(date.month) { return false }
        if parts["BYMONTHDAY"] != nil,
            !numbers("BYMONTHDAY").contains(where: { $0 == date.day || $0 == date.day - length - 1 })
        {
            return false
        }
        if let days = parts["BYDAY"] {
            var (index, size) = (date.day - 1, length)
            if frequency == "YEARLY", parts["BYMONTH"] == nil,
                let newYear = LocalDate(year: date.year, month: 1, day: 1)
            {
                (index, size) = (date.daysSinceEpoch - newYear.daysSinceEpoch, LocalDate.isLeap(date.year) ? 366 : 365)
            }
            let spellings = [name, "\(index / 7 + 1)\(name)", "-\((size - 1 - index) / 7 + 1)\(name)"]
            return days.contains { spellings.contains($0) }
        }
        let first = start.date
        switch frequency {
        case "DAILY": return true
        case "WEEKLY": return date.weekday == first.weekday
        case "MONTHLY": return parts["BYMONTHDAY"] != nil || date.day == first.day
        default:
            if parts["BYMONTHDAY"] != nil { return true }
            return date.day == first.day && (parts["BYMONTH"] != nil || date.month == first.month)
        }
    }
}

/// Random rules of the subset.
struct RuleGenerator {
    var random: RandomStream
    /// Neither times of day nor positions.
    var isPlain = false

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 1...one, using: &random) == 1 }

    private mutating func list(_ range: ClosedRange<Int>, isSigned: Bool = false, most: Int = 3) -> String {
        let count = Int.random(in: 1...most, using: &random)
        return (0..<count).map { _ in
            let number = Int.random(in: range, using: &random)
            return String(isSigned && chance(3) ? -number : number)
        }.joined(separator: ",")
    }

    private static let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

    mutating func text() -> String {
        let frequency = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"][Int.random(in: 0...3, using: &random)]
        var parts = ["FREQ=\(frequency)"]
        var hasDays = false
        if chance(2) { parts.append("INTERVAL=\(Int.random(in: 1...(frequency == "YEARLY" ? 3 : 9), using: &random))") }
        if chance(3) { parts.append("BYMONTH=" + list(1...12, most: 6)) }
        if frequency != "WEEKLY", chance(2) {
            parts.append("BYMONTHDAY=" + list(1...31, isSigned: true, most: 8))
            hasDays = true
        }
        if chance(2) {
            let largest = frequency == "MONTHLY" || parts.contains { $0.hasPrefix("BYMONTH=") } ? 5 : 53
            let isNumbered = (frequency == "MONTHLY" || frequency == "YEARLY") && chance(2)
            let days = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let number = isNumbered ? list(1...largest, isSigned: true, most: 1) : ""
                return number + Self.weekdays[Int.random(in: 0...6, using: &random)]
            }
            parts.append("BYDAY=" + days.joined(separator: ","))
            hasDays = true
        }
        if chance(3) { parts.append("WKST=" + Self.weekdays[Int.random(in: 0...6, using: &random)]) }
        guard !isPlain else { return parts.joined(separator: ";") }
        if chance(3) {
            parts.append("BYHOUR=" + list(0...23))
            hasDays = true
        }
        if chance(4) {
            parts.append("BYMINUTE=" + list(0...59))
            hasDays = true
        }
        if hasDays, chance(3) { parts.append("BYSETPOS=" + list(1...8, isSigned: true)) }
        switch Int.random(in: 0...5, using: &random) {
        case 0: parts.append("COUNT=\(Int.random(in: 1...40, using: &random))")
        case 1: parts.append("UNTIL=20270\(Int.random(in: 1...9, using: &random))15")
        case 2: parts.append("UNTIL=20270\(Int.random(in: 1...9, using: &random))15T120000")
        default: break
        }
        return parts.joined(separator: ";")
    }
}
