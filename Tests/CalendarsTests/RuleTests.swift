import Calendars
import Testing

/// What recurrence rules mean, as rows; most are the examples of RFC 5545, section 3.8.5.3, that are in the subset.
struct RuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var rule: String
        var start: String?
        /// The first starts; `…` at the end: there are more.
        var expected: String
        var exceptions: [String] = []

        init(_ rule: String, _ start: String?, _ expected: String, exceptions: [String] = []) {
            self.rule = rule
            self.start = start
            self.expected = expected
            self.exceptions = exceptions
        }

        var testDescription: String { "\(rule) from \(start ?? "nothing")" }
    }

    private static let september = "1997-09-02T09:00"

    static let rows: [Row] = [
        Row("FREQ=DAILY;COUNT=3", september, "1997-09-02T09:00 1997-09-03T09:00 1997-09-04T09:00"),
        Row("FREQ=DAILY;UNTIL=19970904T000000Z", september, "1997-09-02T09:00 1997-09-03T09:00 …"),
        Row("FREQ=DAILY;INTERVAL=2", september, "1997-09-02T09:00 1997-09-04T09:00 1997-09-06T09:00 …"),
        Row("FREQ=DAILY;INTERVAL=10;COUNT=3", september, "1997-09-02T09:00 1997-09-12T09:00 1997-09-22T09:00"),
        Row("FREQ=DAILY;BYMONTH=1;UNTIL=19980102", september, "1998-01-01T09:00 1998-01-02T09:00"),
        Row(
            "FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA;UNTIL=19980102T090000", september,
            "1998-01-01T09:00 1998-01-02T09:00"),
        Row("FREQ=WEEKLY;COUNT=3", september, "1997-09-02T09:00 1997-09-09T09:00 1997-09-16T09:00"),
        Row("FREQ=WEEKLY;INTERVAL=2;WKST=SU", september, "1997-09-02T09:00 1997-09-16T09:00 1997-09-30T09:00 …"),
        Row(
            "FREQ=WEEKLY;UNTIL=19971007;WKST=SU;BYDAY=TU,TH", september,
            "1997-09-02T09:00 1997-09-04T09:00 1997-09-09T09:00 1997-09-11T09:00 1997-09-16T09:00 1997-09-18T09:00 "
                + "1997-09-23T09:00 1997-09-25T09:00 1997-09-30T09:00 1997-10-02T09:00 1997-10-07T09:00"),
        Row(
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR", "1997-09-01T09:00",
            "1997-09-01T09:00 1997-09-03T09:00 1997-09-05T09:00 1997-09-15T09:00 1997-09-17T09:00 …"),
        Row(
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;WKST=SU;BYDAY=TU,TH", september,
            "1997-09-02T09:00 1997-09-04T09:00 1997-09-16T09:00 1997-09-18T09:00"),
        Row(
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05T09:00",
            "1997-08-05T09:00 1997-08-10T09:00 1997-08-19T09:00 1997-08-24T09:00"),
        Row(
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05T09:00",
            "1997-08-05T09:00 1997-08-17T09:00 1997-08-19T09:00 1997-08-31T09:00"),
        Row(
            "FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "1997-09-05T09:00",
            "1997-09-05T09:00 1997-10-03T09:00 1997-11-07T09:00"),
        Row(
            "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "1997-09-07T09:00",
            "1997-09-07T09:00 1997-09-28T09:00 1997-11-02T09:00 1997-11-30T09:00"),
        Row(
            "FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "1997-09-22T09:00",
            "1997-09-22T09:00 1997-10-20T09:00 1997-11-17T09:00"),
        Row(
            "FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28T09:00",
            "1997-09-28T09:00 1997-10-29T09:00 1997-11-28T09:00 1997-12-29T09:00 1998-01-29T09:00 1998-02-26T09:00 …"),
        Row(
            "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", september,
            "1997-09-02T09:00 1997-09-15T09:00 1997-10-02T09:00 1997-10-15T09:00"),
        Row(
            "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "1997-09-30T09:00",
            "1997-09-30T09:00 1997-10-01T09:00 1997-10-31T09:00 1997-11-01T09:00"),
        Row(
            "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "1997-09-10T09:00",
            "1997-09-10T09:00 1997-09-11T09:00 1997-09-12T09:00 1997-09-13T09:00 1997-09-14T09:00 1997-09-15T09:00 "
                + "1999-03-10T09:00 1999-03-11T09:00 1999-03-12T09:00 1999-03-13T09:00"),
        Row(
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", september,
            "1997-09-02T09:00 1997-09-09T09:00 1997-09-16T09:00 1997-09-23T09:00 1997-09-30T09:00 1997-11-04T09:00 …"),
        Row(
            "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "1997-06-10T09:00",
            "1997-06-10T09:00 1997-07-10T09:00 1998-06-10T09:00 1998-07-10T09:00"),
        Row(
            "FREQ=YEARLY;INTERVAL=2;COUNT=4;BYMONTH=1,2,3", "1997-03-10T09:00",
            "1997-03-10T09:00 1999-01-10T09:00 1999-02-10T09:00 1999-03-10T09:00"),
        Row("FREQ=YEARLY;BYDAY=20MO", "1997-05-19T09:00", "1997-05-19T09:00 1998-05-18T09:00 1999-05-17T09:00 …"),
        Row(
            "FREQ=YEARLY;BYDAY=-1SU,53FR", "2020-01-01T00:00",
            "2020-12-27T00:00 2021-12-26T00:00 2021-12-31T00:00 2022-12-25T00:00 2023-12-31T00:00 2024-12-29T00:00 2025-12-28T00:00 "
                + "2026-12-27T00:00 2027-12-26T00:00 2027-12-31T00:00 …"),
        Row(
            "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13T09:00",
            "1997-03-13T09:00 1997-03-20T09:00 1997-03-27T09:00 1998-03-05T09:00 …"),
        Row(
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", september, "1998-02-13T09:00 1998-03-13T09:00 1998-11-13T09:00 …",
            exceptions: [september]),
        Row(
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997-09-13T09:00",
            "1997-09-13T09:00 1997-10-11T09:00 1997-11-08T09:00 1997-12-13T09:00 …"),
        Row(
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11-05T09:00",
            "1996-11-05T09:00 2000-11-07T09:00 2004-11-02T09:00 …"),
        Row(
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04T09:00",
            "1997-09-04T09:00 1997-10-07T09:00 1997-11-06T09:00"),
        Row(
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-09-29T09:00",
            "1997-09-29T09:00 1997-10-30T09:00 1997-11-27T09:00 1997-12-30T09:00 1998-01-29T09:00 …"),
        Row(
            "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40;COUNT=7", september,
            "1997-09-02T09:00 1997-09-02T09:20 1997-09-02T09:40 1997-09-02T10:00 1997-09-02T10:20 1997-09-02T10:40 "
                + "1997-09-03T09:00"),
        Row(
            "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15T09:00",
            "2007-01-15T09:00 2007-01-30T09:00 2007-02-15T09:00 2007-03-15T09:00 2007-03-30T09:00"),
        // Not the RFC's.
        Row("FREQ=MONTHLY;BYDAY=2SU", nil, "1970-01-11T00:00 1970-02-08T00:00 …"),
        Row("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", nil, "1970-01-01T02:30 1970-01-02T02:30 …"),
        Row("FREQ=YEARLY;BYMONTHDAY=1", nil, "1970-01-01T00:00 1970-02-01T00:00 1970-03-01T00:00 …"),
        Row("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-01-01T00:00", "2028-02-29T00:00 2032-02-29T00:00 …"),
        Row("FREQ=YEARLY", "2096-02-29T12:00:30", "2096-02-29T12:00:30 2104-02-29T12:00:30 …"),
        Row("FREQ=MONTHLY", "2026-01-31T00:00", "2026-01-31T00:00 2026-03-31T00:00 2026-05-31T00:00 …"),
        // The start is no start where the rule does not match it.
        Row("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "2026-11-25T08:00", "2026-11-30T08:00 2026-12-07T08:00"),
        // Hours before the start's on its day.
        Row(
            "FREQ=DAILY;BYHOUR=6,18;COUNT=3", "2026-11-25T08:15",
            "2026-11-25T18:15 2026-11-26T06:15 2026-11-26T18:15"),
        // Exceptions are counted.
        Row(
            "FREQ=DAILY;COUNT=3", "2026-11-25T08:00", "2026-11-25T08:00 2026-11-27T08:00",
            exceptions: ["2026-11-26T08:00", "2026-11-26T09:00"]),
        Row("FREQ=DAILY;UNTIL=20261126T075959", "2026-11-25T08:00", "2026-11-25T08:00"),
        Row("FREQ=DAILY;UNTIL=20261124", "2026-11-25T08:00", ""),
        // Positions count days and times together, in the whole period, also before the start.
        Row(
            "FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=8,20;BYSETPOS=2,-1", "2026-11-25T00:00",
            "2026-11-27T20:00 2026-11-30T20:00 2026-12-04T20:00 2026-12-07T20:00 …"),
        Row("FREQ=WEEKLY;BYDAY=SU,MO;BYSETPOS=1;WKST=SU", "2026-11-25T00:00", "2026-11-29T00:00 2026-12-06T00:00 …"),
        Row("FREQ=WEEKLY;BYDAY=SU,MO;BYSETPOS=1;WKST=MO", "2026-11-25T00:00", "2026-11-30T00:00 2026-12-07T00:00 …"),
        Row("FREQ=DAILY;BYHOUR=1,2,3;BYSETPOS=-1,5", "2026-11-25T00:00", "2026-11-25T03:00 2026-11-26T03:00 …"),
        Row(
            "FREQ=YEARLY;BYMONTH=1,12;BYDAY=MO;BYSETPOS=-1,1", "2026-11-25T00:00",
            "2026-12-28T00:00 2027-01-04T00:00 2027-12-27T00:00 …"),
        Row("FREQ=YEARLY;BYDAY=MO;BYSETPOS=366", "2026-11-25T00:00", ""),
        // An interval of weeks across a turn of the year, and of days and months far from the start.
        Row("FREQ=WEEKLY;INTERVAL=3;BYDAY=SU", "2026-12-21T00:00", "2026-12-27T00:00 2027-01-17T00:00 …"),
        Row(
            "FREQ=DAILY;INTERVAL=1000;COUNT=3", "2026-01-01T00:00",
            "2026-01-01T00:00 2028-09-27T00:00 2031-06-24T00:00"),
        Row(
            "FREQ=MONTHLY;INTERVAL=7;BYMONTHDAY=31", "2026-01-31T00:00",
            "2026-01-31T00:00 2026-08-31T00:00 2027-03-31T00:00 2027-10-31T00:00 2028-05-31T00:00 …"),
        // Never, and found out without looking for ever.
        Row("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", "2025-01-01T00:00", ""),
        Row("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=8", "2025-01-01T00:00", ""),
    ]

    @Test(arguments: rows) func `a rule starts when the RFC says`(_ row: Row) throws {
        let exceptions = row.exceptions.compactMap { LocalDateTime($0) }
        #expect(exceptions.count == row.exceptions.count)
        let rule = try RecurrenceRule(
            row.rule, start: row.start.flatMap { LocalDateTime($0) }, exceptions: exceptions)
        var expected = row.expected.split(separator: " ").map(String.init)
        let goesOn = expected.last == "…"
        if goesOn { expected.removeLast() }
        var found: [String] = []
        var local = rule.start
        while found.count <= expected.count, let next = rule.next(notBefore: local) {
            found.append(next.description)
            local = LocalDateTime(seconds: next.seconds + 1)
        }
        #expect(found.prefix(expected.count) == expected[...])
        #expect(found.count == expected.count + (goesOn ? 1 : 0), "\(found)")
    }

    struct Fault: Sendable {
        var text: String
        var offset: Int
        var says: String
        var start: String? = "2026-01-01T00:00"
    }

    static let faults = [
        Fault(text: "", offset: 0, says: "an empty rule"),
        Fault(text: "RRULE:FREQ=DAILY", offset: 0, says: "leave RRULE: out"),
        Fault(text: "FREQ=DAILY; COUNT=2", offset: 11, says: "a space"),
        Fault(text: "FREQ=DAILY;", offset: 11, says: "leave out the last ;"),
        Fault(text: "FREQ=DAILY;;COUNT=2", offset: 11, says: "a part is empty"),
        Fault(text: "DAILY", offset: 0, says: "\"DAILY\" has no ="),
        Fault(text: "COUNT=2", offset: 0, says: "FREQ is missing"),
        Fault(text: "FREQ=", offset: 5, says: "FREQ has no value"),
        Fault(text: "FREQ=daily", offset: 5, says: "write FREQ=DAILY"),
        Fault(text: "freq=DAILY", offset: 0, says: "write FREQ"),
        Fault(text: "FREQ=DAYLY", offset: 5, says: "one of DAILY, WEEKLY, MONTHLY, YEARLY"),
        Fault(text: "FREQ=HOURLY", offset: 5, says: "FREQ=DAILY with BYHOUR"),
        Fault(text: "FREQ=SECONDLY", offset: 5, says: "SECONDLY is not read"),
        Fault(text: "FREQ=DAILY;FREQ=DAILY", offset: 11, says: "FREQ is given twice"),
        Fault(text: "FREQ=DAILY;BYSECOND=1", offset: 11, says: "BYSECOND is not read"),
        Fault(text: "FREQ=YEARLY;BYWEEKNO=1", offset: 12, says: "BYWEEKNO is not read"),
        Fault(text: "FREQ=YEARLY;BYYEARDAY=1", offset: 12, says: "BYYEARDAY is not read"),
        Fault(text: "RSCALE=HEBREW;FREQ=YEARLY", offset: 0, says: "Gregorian"),
        Fault(text: "FREQ=DAILY;BYWEEKDAY=MO", offset: 11, says: "no part \"BYWEEKDAY\""),
        Fault(text: "FREQ=DAILY;INTERVAL=0", offset: 20, says: "0 is no INTERVAL"),
        Fault(text: "FREQ=DAILY;INTERVAL=1,2", offset: 21, says: "one number"),
        Fault(text: "FREQ=DAILY;INTERVAL=-1", offset: 20, says: "no sign"),
        Fault(text: "FREQ=DAILY;INTERVAL=2x", offset: 21, says: "\"x\" is not expected"),
        Fault(text: "FREQ=DAILY;COUNT=100001", offset: 17, says: "1 to 100000"),
        Fault(text: "FREQ=DAILY;COUNT=99999999999999999999", offset: 17, says: "is no COUNT"),
        Fault(text: "FREQ=DAILY;COUNT=1;UNTIL=20261231", offset: 19, says: "exclude each other"),
        Fault(text: "FREQ=DAILY;UNTIL=2026-12-31", offset: 17, says: "write 20261231"),
        Fault(text: "FREQ=DAILY;UNTIL=20260230", offset: 17, says: "no date \"20260230\""),
        Fault(text: "FREQ=DAILY;UNTIL=20261231T240000", offset: 26, says: "no time \"240000\""),
        Fault(text: "FREQ=DAILY;UNTIL=20261231T2359", offset: 17, says: "is no date"),
        Fault(text: "FREQ=DAILY;UNTIL=20261231T235959z", offset: 17, says: "is no time"),
        Fault(text: "FREQ=DAILY;BYMONTH=13", offset: 19, says: "13 is no BYMONTH, which is 1 to 12"),
        Fault(text: "FREQ=DAILY;BYMONTH=JAN", offset: 19, says: "1 for January"),
        Fault(text: "FREQ=DAILY;BYMONTH=1,,2", offset: 21, says: "an item of the list is empty"),
        Fault(text: "FREQ=DAILY;BYMONTH=1,", offset: 21, says: "leave out one ,"),
        Fault(text: "FREQ=DAILY;BYMONTHDAY=0", offset: 22, says: "0 is no BYMONTHDAY"),
        Fault(text: "FREQ=DAILY;BYMONTHDAY=-32", offset: 22, says: "-32 is no BYMONTHDAY"),
        Fault(text: "FREQ=WEEKLY;BYMONTHDAY=1", offset: 12, says: "does not go with FREQ=WEEKLY"),
        Fault(text: "FREQ=WEEKLY;BYDAY=su", offset: 18, says: "write SU"),
        Fault(text: "FREQ=WEEKLY;BYDAY=SUN", offset: 18, says: "write SU"),
        Fault(text: "FREQ=WEEKLY;BYDAY=XX", offset: 18, says: "write MO, TU"),
        Fault(text: "FREQ=WEEKLY;BYDAY=1MO", offset: 12, says: "a numbered day"),
        Fault(text: "FREQ=MONTHLY;BYDAY=0MO", offset: 19, says: "0 is no BYDAY"),
        Fault(text: "FREQ=MONTHLY;BYDAY=6MO", offset: 13, says: "no month has 6"),
        Fault(text: "FREQ=YEARLY;BYMONTH=1;BYDAY=6MO", offset: 22, says: "no month has 6"),
        Fault(text: "FREQ=YEARLY;BYDAY=54MO", offset: 18, says: "54 is no BYDAY"),
        Fault(text: "FREQ=MONTHLY;BYDAY=2", offset: 20, says: "is no day of the week"),
        Fault(text: "FREQ=DAILY;BYHOUR=24", offset: 18, says: "0 to 23"),
        Fault(text: "FREQ=DAILY;BYMINUTE=60", offset: 20, says: "0 to 59"),
        Fault(text: "FREQ=MONTHLY;BYSETPOS=1", offset: 13, says: "needs another BY… part"),
        Fault(text: "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", offset: 31, says: "367 is no BYSETPOS"),
        Fault(text: "FREQ=DAILY;WKST=MON", offset: 16, says: "write MO"),
        Fault(text: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", offset: 22, says: "none of these months has a day 30"),
        Fault(text: String(repeating: "X", count: 1001), offset: 1000, says: "longer than 1000"),
        // Where nothing gives the start.
        Fault(text: "FREQ=DAILY;INTERVAL=2", offset: 11, says: "write startDate", start: nil),
        Fault(text: "FREQ=DAILY;COUNT=2", offset: 11, says: "write startDate", start: nil),
        Fault(text: "FREQ=WEEKLY", offset: 0, says: "write BYDAY or startDate", start: nil),
        Fault(text: "FREQ=MONTHLY", offset: 0, says: "write BYDAY or BYMONTHDAY or startDate", start: nil),
        Fault(text: "FREQ=YEARLY;BYMONTH=1", offset: 0, says: "write BYMONTHDAY or startDate", start: nil),
        Fault(text: "FREQ=YEARLY", offset: 0, says: "startDate", start: nil),
    ]

    @Test(arguments: faults) func `a fault is named with its position`(_ fault: Fault) throws {
        let start = try fault.start.map { try #require(LocalDateTime($0)) }
        let error = #expect(throws: RecurrenceRuleError.self) { try RecurrenceRule(fault.text, start: start) }
        #expect(error?.offset == fault.offset, "\(error?.description ?? "")")
        #expect(error?.description.contains(fault.says) == true, "\(error?.description ?? "")")
    }
}
