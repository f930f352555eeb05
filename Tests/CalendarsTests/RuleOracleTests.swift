import Calendars
import Foundation
import Primitives
import Testing

/// Random recurrence rules against two other readings of the RFC.
struct RuleOracleTests {
    private static func starts(_ rule: RecurrenceRule, through last: LocalDate) -> [LocalDateTime] {
        var found: [LocalDateTime] = []
        var local = rule.start
        while let next = rule.next(notBefore: local), next.date <= last {
            found.append(next)
            local = LocalDateTime(seconds: next.seconds + 1)
        }
        return found
    }

    @Test func `hundreds of random rules agree with a look at every day`() throws {
        var generator = RuleGenerator(random: RandomStream(seed: 5545))
        let origin = try #require(LocalDateTime("2026-01-01T00:00"))
        let last = try #require(LocalDate(year: 2028, month: 12, day: 31))
        var (compared, startCount) = (0, 0)
        var differing: [String] = []
        while compared < 400 {
            let text = generator.text()
            let offset = Int64.random(in: 0..<400 * 1440, using: &generator.random) * 60
            let start = LocalDateTime(seconds: origin.seconds + offset)
            let day = LocalDateTime(seconds: start.seconds + 86400 * Int64.random(in: 0...40, using: &generator.random))
            // Impossible days are refused, and nothing else that the generator makes.
            guard let rule = try? RecurrenceRule(text, start: start, exceptions: [start, day]) else {
                #expect(text.contains("BYMONTHDAY=") && text.contains("BYMONTH="), "\(text)")
                continue
            }
            let found = Self.starts(rule, through: last)
            if found != RuleScan(rule).starts(through: last) { differing.append("\(text) from \(start)") }
            compared += 1
            startCount += found.count
            // Asked from anywhere, the answer is the same as from the start.
            let far = LocalDateTime(seconds: start.seconds + 500 * 86400)
            if rule.next(notBefore: far).map({ $0.date <= last }) ?? false,
                rule.next(notBefore: far) != found.first(where: { $0 >= far })
            {
                differing.append("\(text) from \(start), asked late")
            }
        }
        #expect(differing == [])
        #expect(startCount > 10_000)
    }

    /// What is left out, because Foundation means something else or nothing stable by it:
    /// - a start that the rule does not match: Foundation decides by frequency whether it is an occurrence; here it never
    ///   is. The start is moved to the first match.
    /// - WKST other than the calendar's first weekday: it is set on the calendar, for weekly rules alone.
    /// - numbered weekdays of yearly rules, and days of the month together with days of the week in yearly rules:
    ///   Foundation unites or ignores what the RFC intersects.
    /// - days of the month in yearly rules without months: Foundation takes the month of the start, the RFC all of them.
    /// - plain weekdays in monthly rules: Foundation takes one of them a month, the RFC all.
    /// - starts after the 28th by month or year: Foundation's steps drift in February.
    /// - days of the month from both ends: Foundation lists a day twice that is meant twice.
    /// - the fifth of a weekday, and those counted from the end but the last: Foundation looks for ever.
    /// - BYHOUR, BYMINUTE with BYSETPOS, COUNT and UNTIL: covered by the scan; Foundation expands times in another order.
    /// - gaps and overlaps: Foundation has one policy for starts that this does not share; hence UTC.
    @Test func `rules that mean the same to Foundation start at the same instants`() throws {
        var generator = RuleGenerator(random: RandomStream(seed: 2026), isPlain: true)
        let origin = try #require(LocalDateTime("2026-01-01T09:30"))
        var compared = 0
        var differing: [String] = []
        while compared < 60 {
            let text = generator.text()
            let days = Int64.random(in: 0..<400, using: &generator.random)
            let wish = LocalDateTime(seconds: origin.seconds + days * 86400)
            guard let draft = try? RecurrenceRule(text, start: wish), let start = draft.next(notBefore: wish),
                let other = Self.foundationRule(text, start: start)
            else { continue }
            let rule = try RecurrenceRule(text, start: start)
            let last = LocalDateTime(seconds: start.seconds + 3 * 366 * 86400)
            let expected = Self.starts(rule, through: last.date).prefix(20)
            let from = Date(timeIntervalSince1970: TimeInterval(start.seconds))
            let range = from..<Date(timeIntervalSince1970: TimeInterval(last.seconds))
            let found = other.recurrences(of: from, in: range).prefix(20).map {
                LocalDateTime(seconds: Int64($0.timeIntervalSince1970))
            }
            if found.prefix(expected.count) != expected[...] || found.count < expected.count {
                differing.append("\(text) from \(start): \(found.prefix(4)) not \(expected.prefix(4))")
            }
            compared += 1
        }
        #expect(differing == [])
    }

    private static func foundationRule(_ text: String, start: LocalDateTime) -> Calendar.RecurrenceRule? {
        var parts: [String: [String]] = [:]
        for part in text.split(separator: ";") {
            let words = part.split(separator: "=")
            parts[String(words[0])] = words[1].split(separator: ",").map(String.init)
        }
        let frequency = parts["FREQ"]?.first ?? ""
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
        calendar.firstWeekday = (names.firstIndex(of: parts["WKST"]?.first ?? "MO") ?? 1) + 1
        let weekdays: [Locale.Weekday] = [
            .sunday, .monday, .tuesday, .wednesday, .thursday, .friday, .saturday,
        ]
        if frequency == "YEARLY", parts["BYDAY"] != nil { return nil }
        if frequency == "YEARLY", parts["BYMONTHDAY"] != nil, parts["BYMONTH"] == nil { return nil }
        if frequency == "MONTHLY", let days = parts["BYDAY"], days.contains(where: { $0.count == 2 }) { return nil }
        if frequency == "MONTHLY" || frequency == "YEARLY", start.date.day > 28 { return nil }
        let signs = Set((parts["BYMONTHDAY"] ?? []).map { $0.hasPrefix("-") })
        if signs.count == 2 { return nil }
        if (parts["BYDAY"] ?? []).contains(where: { word in
            ["5", "-2", "-3", "-4"].contains { word.hasPrefix($0) || word.hasPrefix("-5") }
        }) {
            return nil
        }
        var rule = Calendar.RecurrenceRule(
            calendar: calendar,
            frequency: frequency == "DAILY"
                ? .daily : frequency == "WEEKLY" ? .weekly : frequency == "MONTHLY" ? .monthly : .yearly)
        rule.interval = Int(parts["INTERVAL"]?.first ?? "") ?? 1
        rule.matchingPolicy = .strict
        rule.months = Set((parts["BYMONTH"] ?? []).compactMap { Int($0) }).sorted().map { .init($0) }
        rule.daysOfTheMonth = Set((parts["BYMONTHDAY"] ?? []).compactMap { Int($0) }).sorted()
        rule.weekdays = Set(parts["BYDAY"] ?? []).sorted().compactMap { word in
            guard let index = names.firstIndex(of: String(word.suffix(2))) else { return nil }
            guard word.count > 2, let number = Int(word.dropLast(2)) else { return .every(weekdays[index]) }
            return .nth(number, weekdays[index])
        }
        return rule
    }
}
