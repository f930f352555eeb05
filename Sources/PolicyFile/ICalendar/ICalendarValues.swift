import Calendars
import ModeCore
import Primitives
import Scheduling

/// A DATE or a DATE-TIME (RFC 5545, sections 3.3.4 and 3.3.5) as it is written.
enum CalendarTime: Hashable {
    case date(LocalDate)
    case local(LocalDateTime)
    case utc(LocalDateTime)

    /// `20261229`, `20261229T020000` or `20261229T020000Z`; nil where there is no such day or time.
    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(20))
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard isDigit(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard [8, 15, 16].contains(bytes.count), let year = number(0..<4), let month = number(4..<6),
            let day = number(6..<8), let date = LocalDate(year: year, month: month, day: day)
        else { return nil }
        guard bytes.count > 8 else {
            self = .date(date)
            return
        }
        // A leap second counts as the second before it, as the RFC has it.
        guard bytes[8] | 0x20 == 0x74, let hour = number(9..<11), let minute = number(11..<13),
            let second = number(13..<15), second <= 60,
            let time = TimeOfDay(hour: hour, minute: minute, second: min(59, second))
        else { return nil }
        let local = LocalDateTime(date, time)
        if bytes.count == 16 {
            guard bytes[15] | 0x20 == 0x7A else { return nil }
            self = .utc(local)
        } else {
            self = .local(local)
        }
    }
}

/// A DURATION (section 3.3.6): days of the calendar, then elapsed seconds.
struct CalendarDuration: Hashable {
    var isNegative = false
    var days = 0
    var seconds = 0

    /// `P15DT5H0M20S`, `P7W`, `-PT15M`; nil where it is none, or longer than any calendar.
    init?(_ text: some StringProtocol) {
        var rest = Array(text.uppercased().utf8.prefix(40))[...]
        func take(_ character: Unicode.Scalar) -> Bool {
            guard let first = rest.first, UInt32(first) == character.value else { return false }
            rest = rest.dropFirst()
            return true
        }
        if take("-") { isNegative = true } else { _ = take("+") }
        guard take("P") else { return nil }
        var units = ["W": 604_800, "D": 86400]
        var order = Array("WD")
        var hasPart = false
        while !rest.isEmpty {
            if take("T") {
                guard units["H"] == nil else { return nil }
                units = ["H": 3600, "M": 60, "S": 1]
                order = Array("HMS")
                hasPart = false
                continue
            }
            let digits = rest.prefix(while: isDigit)
            rest = rest.dropFirst(digits.count)
            guard (1...9).contains(digits.count),
                let number = Int(String(decoding: digits, as: UTF8.self)),
                let letter = rest.first.map({ Character(Unicode.Scalar($0)) }),
                let unit = units[String(letter)],
                let place = order.firstIndex(of: letter)
            else { return nil }
            rest = rest.dropFirst()
            order.removeFirst(place + 1)
            hasPart = true
            if unit >= 86400 { days += number * (unit / 86400) } else { seconds += number * unit }
        }
        guard hasPart else { return nil }
    }
}

/// Reads the dates of properties, with the zone that their parameters name.
struct ICalendarDates {
    /// A nominal local time in a zone; of a date: its midnight.
    struct Moment: Hashable {
        var local: LocalDateTime
        var zone: String
        var isDate: Bool
    }

    let zones: ICalendarZones
    let faults: ICalendarFaults

    /// The property's one date; nil after a report.
    ///
    /// - Parameter zone: of DTSTART, for a date or a time that names none; nil: the calendar's.
    func moment(_ line: ContentLine, besides zone: String? = nil) -> Moment? {
        guard !line.value.contains(",") else {
            faults.error(.calendarValue, "\(line.name) is one date, not several", at: line.valuePlace)
            return nil
        }
        return moments(line, besides: zone)?.first
    }

    /// The dates of a list, which all have the line's zone; nil after a report of the first that is wrong.
    func moments(_ line: ContentLine, besides zone: String? = nil) -> [Moment]? {
        let type = line.parameter("VALUE")?.uppercased()
        if type == "PERIOD" {
            faults.error(
                .calendarUnsupported, "periods are not read", at: line.place(of: "VALUE"),
                hint: "write the starts alone, which have the length of the event, or an event for each")
            return nil
        }
        if let type, type != "DATE", type != "DATE-TIME" {
            faults.error(
                .calendarValue, "\(line.name) is a DATE or a DATE-TIME", at: line.place(of: "VALUE"))
            return nil
        }
        var result: [Moment] = []
        var offset = 0
        for text in line.value.split(separator: ",", omittingEmptySubsequences: false) {
            let place = line.place(inValue: offset..<offset + max(1, text.utf8.count))
            offset += text.utf8.count + 1
            guard let time = CalendarTime(text) else {
                faults.error(
                    .calendarValue, "\"\(String(text.prefix(40)))\" is no date", at: place,
                    hint: "write 20261229, 20261229T020000 or 20261229T020000Z")
                return nil
            }
            if case .date = time {
                if type == "DATE-TIME" {
                    faults.error(
                        .calendarValue, "this is a date, not a DATE-TIME", at: place, hint: "VALUE=DATE")
                    return nil
                }
            } else if type == "DATE" {
                faults.error(
                    .calendarValue, "this is a date with a time, not a DATE", at: place,
                    hint: "leave out VALUE=DATE")
                return nil
            }
            guard let moment = moment(time, line, place, besides: zone) else { return nil }
            result.append(moment)
        }
        return result
    }

    /// The zone that a DTSTART names; nil where it names none, or after a report.
    func zone(of line: ContentLine) -> String? {
        switch CalendarTime(line.value) {
        case .utc: "UTC"
        case .local: line.parameter("TZID").flatMap { zones.named($0, at: line.place(of: "TZID")) }
        case .date, nil: nil
        }
    }

    private func moment(
        _ time: CalendarTime, _ line: ContentLine, _ place: ICalendarPlace, besides beside: String?
    ) -> Moment? {
        switch time {
        case .utc(let local): return Moment(local: local, zone: "UTC", isDate: false)
        case .date(let date):
            let midnight = LocalDateTime(seconds: Int64(date.daysSinceEpoch) * 86400)
            return (beside ?? zones.floating(at: place)).map { Moment(local: midnight, zone: $0, isDate: true) }
        case .local(let local):
            let zone =
                line.parameter("TZID").map { zones.named($0, at: line.place(of: "TZID")) }
                ?? beside ?? zones.floating(at: place)
            return zone.map { Moment(local: local, zone: $0, isDate: false) }
        }
    }

    /// What the clocks of the zone show at that moment. Nil where it cannot be an instant.
    func local(_ moment: Moment, in zone: String) -> LocalDateTime? {
        guard moment.zone != zone else { return moment.local }
        return instant(moment).flatMap { zones.rules(zone)?.local($0) }
    }

    func instant(_ moment: Moment) -> Timestamp? {
        zones.rules(moment.zone)?.resolve(moment.local, DSTRule())
    }
}
