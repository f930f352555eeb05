import Calendars
import Testing

struct CronTests {
    struct Fault: Sendable {
        var text: String
        var offset: Int
        var says: String
    }

    static let faults = [
        Fault(text: "", offset: 0, says: "no field where five are needed"),
        Fault(text: "0 2 * *", offset: 7, says: "4 fields where five are needed"),
        Fault(text: "0 0 2 * * 1", offset: 10, says: "6 fields"),
        Fault(text: "@daily", offset: 0, says: "@daily"),
        Fault(text: "60 2 * * *", offset: 0, says: "60 is no minute, which is 0 to 59"),
        Fault(text: "0 24 * * *", offset: 2, says: "24 is no hour"),
        Fault(text: "0 2 0 * *", offset: 4, says: "0 is no day of month"),
        Fault(text: "0 2 32 * *", offset: 4, says: "32 is no day of month"),
        Fault(text: "0 2 * 13 *", offset: 6, says: "13 is no month"),
        Fault(text: "0 2 * * 8", offset: 8, says: "8 is no day of week"),
        Fault(text: "0 2 ? * mon", offset: 4, says: "? is of another dialect"),
        Fault(text: "0 2 * * mon,?", offset: 12, says: "? is of another dialect"),
        Fault(text: "0 2 * foo *", offset: 6, says: "no month is called \"foo\""),
        Fault(text: "0 2 * * monday", offset: 8, says: "three letters"),
        Fault(text: "0 2 * july *", offset: 6, says: "three letters"),
        Fault(text: "*/0 2 * * *", offset: 2, says: "a step of 0"),
        Fault(text: "*/90 2 * * *", offset: 2, says: "longer than the whole range"),
        Fault(text: "*/ 2 * * *", offset: 2, says: "a number after the slash"),
        Fault(text: "30-10 2 * * *", offset: 0, says: "ends before it starts"),
        Fault(text: "0 2 * * 1,sat-mon", offset: 10, says: "ends before it starts"),
        Fault(text: "0 2, * * *", offset: 4, says: "the hour ends where"),
        Fault(text: "0 2 15W * *", offset: 6, says: "nearest weekday"),
        Fault(text: "0 2 * * L", offset: 8, says: "friL"),
        Fault(text: "0 2 * * fri#6", offset: 12, says: "the first to the fifth"),
        Fault(text: "0 2 30 feb *", offset: 4, says: "has a day 30"),
        Fault(text: "0 2 31 4,6,9,11 *", offset: 4, says: "has a day 31"),
        Fault(text: "0 2 * * é", offset: 8, says: "this character"),
        Fault(text: "99999999999999999999 2 * * *", offset: 0, says: "too many digits"),
        Fault(text: String(repeating: "1,", count: 600) + "1 2 * * *", offset: 1000, says: "longer than 1000"),
    ]

    @Test(arguments: faults) func `a fault is named with its position`(_ fault: Fault) {
        let error = #expect(throws: CronError.self) { try CronSchedule(fault.text) }
        #expect(error?.offset == fault.offset)
        #expect(error?.description.contains(fault.says) == true, "\(error?.description ?? "")")
    }

    static let starts: [(String, String, [String])] = [
        ("0 2 * * *", "2026-11-29T02:00:01", ["2026-11-30T02:00", "2026-12-01T02:00"]),
        ("0 2 * * sun", "2026-11-23T00:00", ["2026-11-29T02:00", "2026-12-06T02:00"]),
        ("0 2 * * 7", "2026-11-23T00:00", ["2026-11-29T02:00", "2026-12-06T02:00"]),
        ("0 2 * * FRI-SUN", "2026-11-23T00:00", ["2026-11-27T02:00", "2026-11-28T02:00", "2026-11-29T02:00"]),
        ("*/20 1-2 1 jan,Mar *", "2026-01-01T01:30", ["2026-01-01T01:40", "2026-01-01T02:00", "2026-01-01T02:20"]),
        ("5/25 3 * * *", "2026-01-01T00:00", ["2026-01-01T03:05", "2026-01-01T03:30", "2026-01-01T03:55"]),
        ("0 2 29 feb *", "2026-01-01T00:00", ["2028-02-29T02:00", "2032-02-29T02:00"]),
        // 29 February on a Sunday or a Saturday, across 2100, which is no leap year.
        ("0 2 29 2 */6", "2089-01-01T00:00", ["2116-02-29T02:00", "2128-02-29T02:00"]),
        ("0 2 L * *", "2028-01-31T03:00", ["2028-02-29T02:00", "2028-03-31T02:00"]),
        ("0 2 15,L feb *", "2026-02-01T00:00", ["2026-02-15T02:00", "2026-02-28T02:00"]),
        ("0 2 * * tue#2", "2026-11-01T00:00", ["2026-11-10T02:00", "2026-12-08T02:00"]),
        ("0 2 * * 5L", "2026-11-01T00:00", ["2026-11-27T02:00", "2026-12-25T02:00"]),
        ("0 2 * * sat#5,mon", "2026-10-27T00:00", ["2026-10-31T02:00", "2026-11-02T02:00"]),
        // Both days restricted: either will do.
        ("0 2 13 * fri", "2026-11-08T00:00", ["2026-11-13T02:00", "2026-11-20T02:00"]),
        ("0 2 1 * fri", "2026-11-28T00:00", ["2026-12-01T02:00", "2026-12-04T02:00"]),
        // A field that starts with * restricts nothing, also with a step: both must match.
        ("0 2 */2 * fri", "2026-11-01T00:00", ["2026-11-13T02:00", "2026-11-27T02:00"]),
    ]

    @Test(arguments: starts) func `the next local time is found`(
        _ text: String, _ from: String, _ expected: [String]
    ) throws {
        let schedule = try CronSchedule(text)
        var local = try #require(LocalDateTime(from))
        for next in expected {
            let found = try #require(schedule.next(notBefore: local))
            #expect(found.description == next)
            local = LocalDateTime(seconds: found.seconds + 1)
        }
    }

    @Test func `bits agree with a scan of every minute`() throws {
        let texts = [
            "* * * * *", "*/7 * * * *", "0 2 * * *", "30 1,13 1-10/3 * *", "0 0 1 1 *", "15 4 L * *", "0 12 * * 1-5",
            "45 23 31 * sat", "0 3 * * wed#3", "0 3 * * sunL", "10-20/5 */6 */5 feb-apr *", "0 5 1-7 * mon",
        ]
        let from = try #require(LocalDateTime("2027-12-20T00:00")).seconds
        let to = try #require(LocalDateTime("2028-04-10T00:00")).seconds
        for text in texts {
            let schedule = try CronSchedule(text)
            let naive = NaiveCron(text)
            var expected: [LocalDateTime] = []
            for seconds in stride(from: from, to: to, by: 60) where naive.matches(seconds) {
                expected.append(LocalDateTime(seconds: seconds))
            }
            var found: [LocalDateTime] = []
            var next = schedule.next(notBefore: LocalDateTime(seconds: from))
            while let local = next, local.seconds < to {
                found.append(local)
                next = schedule.next(notBefore: LocalDateTime(seconds: local.seconds + 1))
            }
            #expect(found == expected, "\(text)")
            let dates = Set(expected.map(\.date))
            for day in (from / 86400)..<(to / 86400) {
                let date = LocalDate(daysSinceEpoch: Int(day))
                #expect(schedule.matches(date) == dates.contains(date), "\(text) \(date)")
            }
        }
    }
}

/// A second reading of cron, by text comparison of every minute: slow, and sharing nothing with the first.
private struct NaiveCron {
    let fields: [String]

    init(_ text: String) { fields = text.split(separator: " ").map(String.init) }

    func matches(_ seconds: Int64) -> Bool {
        let local = LocalDateTime(seconds: seconds)
        let date = local.date
        let minute = local.secondsSinceMidnight / 60
        guard field(0, minute % 60, 0...59), field(1, minute / 60, 0...23), field(3, date.month, 1...12) else {
            return false
        }
        let byMonth =
            fields[2] == "L" ? date.adding(days: 1).day == 1 : field(2, date.day, 1...31)
        let byWeek = weekday(date)
        return fields[2].hasPrefix("*") || fields[4].hasPrefix("*") ? byMonth && byWeek : byMonth || byWeek
    }

    private func weekday(_ date: LocalDate) -> Bool {
        let names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        let number = names.firstIndex(of: date.weekday.rawValue) ?? -1
        let text = fields[4]
        if text.hasSuffix("L") { return text == names[number] + "L" && date.adding(days: 7).month != date.month }
        if let hash = text.firstIndex(of: "#") {
            let ordinal = (date.day + 6) / 7
            return text[..<hash] == names[number] && text[hash...] == "#\(ordinal)"
        }
        return field(4, number, 0...6)
    }

    private func field(_ index: Int, _ value: Int, _ all: ClosedRange<Int>) -> Bool {
        let names =
            index == 3
            ? ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            : ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        func number(_ text: Substring) -> Int { Int(text) ?? names.firstIndex(of: String(text)) ?? -1 }
        return fields[index].split(separator: ",").contains { item in
            let parts = item.split(separator: "/")
            let ends = parts[0].split(separator: "-")
            let low = parts[0] == "*" ? all.lowerBound : number(ends[0])
            let high = parts[0] == "*" ? all.upperBound : number(ends.last ?? "")
            let step = parts.count > 1 ? number(parts[1]) : 1
            return value >= low && value <= high && (value - low) % step == 0
        }
    }
}
