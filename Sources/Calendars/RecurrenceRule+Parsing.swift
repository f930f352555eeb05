import Primitives

/// Reads the text of a rule: `FREQ=MONTHLY;BYDAY=2SU`.
struct RecurrenceRuleParser {
    enum Part: String, CaseIterable {
        case frequency = "FREQ"
        case interval = "INTERVAL"
        case count = "COUNT"
        case until = "UNTIL"
        case month = "BYMONTH"
        case dayOfMonth = "BYMONTHDAY"
        case weekday = "BYDAY"
        case setPosition = "BYSETPOS"
        case hour = "BYHOUR"
        case minute = "BYMINUTE"
        case weekStart = "WKST"
    }

    /// What the RFC has and this does not read, with what to write instead.
    private static let unread = [
        "BYSECOND": "seconds come from the start, or are 0",
        "BYWEEKNO": "write the months and weekdays out, with BYMONTH and BYDAY",
        "BYYEARDAY": "write BYMONTH and BYMONTHDAY",
        "RSCALE": "only the Gregorian calendar is read",
        "SKIP": "dates that do not exist are left out",
    ]

    private static let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

    private let bytes: [UInt8]
    private var position = 0
    /// End of the value that is being read.
    private var end = 0
    /// Where each part starts, in the order of the text.
    private var starts: [(part: Part, offset: Int)] = []

    init(_ text: String) { bytes = Array(text.utf8) }

    func offset(of part: Part) -> Int { starts.first { $0.part == part }?.offset ?? 0 }

    private func has(_ part: Part) -> Bool { starts.contains { $0.part == part } }

    mutating func parts() throws(RecurrenceRuleError) -> RecurrenceRule.Parts {
        guard bytes.count <= RecurrenceRule.longestText else {
            throw fault("longer than \(RecurrenceRule.longestText) characters", at: RecurrenceRule.longestText)
        }
        guard !bytes.isEmpty else {
            throw fault("an empty rule", hint: "write FREQ=WEEKLY;BYDAY=SU or the like", at: 0)
        }
        if let space = bytes.firstIndex(where: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) {
            throw fault(
                "a space inside the rule", hint: "write the parts with ; and nothing else between them", at: space)
        }
        if bytes.starts(with: Array("RRULE:".utf8)) {
            throw fault("the rule starts with its property", hint: "leave RRULE: out", at: 0)
        }
        var parts = RecurrenceRule.Parts()
        while true {
            try readPart(into: &parts)
            guard position < bytes.count else { break }
            position += 1
            guard position < bytes.count else {
                throw fault("the rule ends where a part is expected", hint: "leave out the last ;", at: position)
            }
        }
        try check(parts)
        return parts
    }

    private mutating func readPart(into parts: inout RecurrenceRule.Parts) throws(RecurrenceRuleError) {
        let start = position
        end = bytes[start...].firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        guard end > start else { throw fault("a part is empty", hint: "leave out one ;", at: start) }
        guard let equals = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) else {
            throw fault("\"\(text(start..<end))\" has no =", hint: "parts are written NAME=VALUE", at: start)
        }
        let name = text(start..<equals)
        guard let part = Part(rawValue: name) else { throw unknownPart(name, at: start) }
        if has(part) { throw fault("\(name) is given twice", at: start) }
        starts.append((part, start))
        position = equals + 1
        guard position < end else { throw fault("\(name) has no value", at: position) }
        switch part {
        case .frequency: parts.frequency = try frequency()
        case .interval: parts.interval = try single(part, in: 1...RecurrenceRule.largestInterval)
        case .count: parts.count = try single(part, in: 1...RecurrenceRule.largestCount)
        case .until: parts.until = try until()
        case .month:
            try list { parser throws(RecurrenceRuleError) in
                parts.months |= 1 << UInt16(try parser.number(part, in: 1...12))
            }
        case .dayOfMonth:
            try list { parser throws(RecurrenceRuleError) in
                let day = try parser.number(part, in: 1...31, isSigned: true)
                if day > 0 { parts.daysOfMonth |= 1 << UInt32(day) } else { parts.daysFromEnd |= 1 << UInt32(-day) }
            }
        case .weekday:
            try list { parser throws(RecurrenceRuleError) in
                let isOrdinal = !parser.isAtLetter
                let ordinal = isOrdinal ? try parser.number(part, in: 1...53, isSigned: true) : 0
                let weekday = try parser.weekday()
                if isOrdinal {
                    parts.ordinalWeekdays.append(RecurrenceRule.OrdinalWeekday(weekday: weekday, ordinal: ordinal))
                } else {
                    parts.weekdays |= 1 << UInt8(weekday)
                }
            }
        case .setPosition:
            try list { parser throws(RecurrenceRuleError) in
                parts.setPositions.append(try parser.number(part, in: 1...366, isSigned: true))
            }
        case .hour:
            try list { parser throws(RecurrenceRuleError) in
                parts.hours |= 1 << UInt32(try parser.number(part, in: 0...23))
            }
        case .minute:
            try list { parser throws(RecurrenceRuleError) in
                parts.minutes |= 1 << UInt64(try parser.number(part, in: 0...59))
            }
        case .weekStart: parts.weekStart = try weekday()
        }
        guard position == end else {
            throw fault("\"\(text(position..<end))\" is not expected behind the value of \(name)", at: position)
        }
    }

    private mutating func list(
        _ item: (inout RecurrenceRuleParser) throws(RecurrenceRuleError) -> Void
    ) throws(RecurrenceRuleError) {
        while true {
            guard position < end, bytes[position] != UInt8(ascii: ",") else {
                throw fault("an item of the list is empty", hint: "leave out one ,", at: position)
            }
            try item(&self)
            guard position < end, bytes[position] == UInt8(ascii: ",") else { return }
            position += 1
        }
    }

    private mutating func single(
        _ part: Part, in range: ClosedRange<Int>
    ) throws(RecurrenceRuleError) -> Int {
        let value = try number(part, in: range)
        guard position == end || bytes[position] != UInt8(ascii: ",") else {
            throw fault("\(part.rawValue) is one number", at: position)
        }
        return value
    }

    /// A number whose magnitude is in the range.
    private mutating func number(
        _ part: Part, in range: ClosedRange<Int>, isSigned: Bool = false
    ) throws(RecurrenceRuleError) -> Int {
        let start = position
        var isNegative = false
        if position < end, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
            guard isSigned else { throw fault("\(part.rawValue) has no sign", at: position) }
            isNegative = bytes[position] == UInt8(ascii: "-")
            position += 1
        }
        let digits = position
        while position < end, (0x30...0x39).contains(bytes[position]) { position += 1 }
        guard position > digits else {
            let rest = text(start..<itemEnd(from: start))
            throw fault("\(part.rawValue) is a number, not \"\(rest)\"", hint: spelling(of: rest, in: part), at: start)
        }
        let bounds =
            isSigned
            ? "\(range.lowerBound) to \(range.upperBound), or -\(range.upperBound) to -\(range.lowerBound)"
            : "\(range.lowerBound) to \(range.upperBound)"
        guard position - digits <= 9, let value = Int(text(digits..<position)), range.contains(value) else {
            throw fault("\(text(start..<position)) is no \(part.rawValue), which is \(bounds)", at: start)
        }
        return isNegative ? -value : value
    }

    private var isAtLetter: Bool {
        position < end && (0x41...0x5A).contains(bytes[position] & ~0x20)
    }

    private mutating func weekday() throws(RecurrenceRuleError) -> Int {
        let start = position
        let word = text(start..<itemEnd(from: start))
        guard let weekday = Self.weekdays.firstIndex(of: word) else {
            let short = String(word.uppercased().prefix(2))
            throw fault(
                "\"\(word)\" is no day of the week",
                hint: Self.weekdays.contains(short) ? "write \(short)" : "write MO, TU, WE, TH, FR, SA or SU", at: start
            )
        }
        position += 2
        return weekday
    }

    private mutating func frequency() throws(RecurrenceRuleError) -> RecurrenceRule.Frequency {
        let word = text(position..<end)
        guard let frequency = RecurrenceRule.Frequency(rawValue: word) else {
            switch word.uppercased() {
            case "HOURLY", "MINUTELY":
                throw fault(
                    "\(word) is not read", hint: "write FREQ=DAILY with BYHOUR and BYMINUTE", at: position)
            case "SECONDLY": throw fault("\(word) is not read", hint: "nothing starts every second", at: position)
            case let upper:
                let known = RecurrenceRule.Frequency.allCases.map(\.rawValue)
                throw fault(
                    "\"\(word)\" is no FREQ",
                    hint: known.contains(upper)
                        ? "write FREQ=\(upper)" : "it is one of \(known.joined(separator: ", "))",
                    at: position)
            }
        }
        position = end
        return frequency
    }

    /// `20261231`, `20261231T235959` or `20261231T235959Z`.
    private mutating func until() throws(RecurrenceRuleError) -> RecurrenceRule.Until {
        let value = bytes[position..<end]
        let hint = "write 20261231, 20261231T235959 or, in UTC, 20261231T235959Z"
        func digits(_ offset: Int, _ count: Int) -> Int? {
            var number = 0
            for byte in value.dropFirst(offset).prefix(count) {
                guard (0x30...0x39).contains(byte) else { return nil }
                number = number * 10 + Int(byte) - 0x30
            }
            return number
        }
        guard [8, 15, 16].contains(value.count), let year = digits(0, 4), let month = digits(4, 2),
            let day = digits(6, 2)
        else { throw fault("\"\(text(position..<end))\" is no date", hint: hint, at: position) }
        guard let date = LocalDate(year: year, month: month, day: day) else {
            throw fault("there is no date \"\(text(position..<position + 8))\"", at: position)
        }
        defer { position = end }
        guard value.count > 8 else { return .date(date) }
        guard value.dropFirst(8).first == UInt8(ascii: "T"), let hour = digits(9, 2), let minute = digits(11, 2),
            let second = digits(13, 2), value.count == 15 || value.last == UInt8(ascii: "Z")
        else { throw fault("\"\(text(position..<end))\" is no time", hint: hint, at: position) }
        guard let time = TimeOfDay(hour: hour, minute: minute, second: second) else {
            throw fault("there is no time \"\(text(position + 9..<position + 15))\"", at: position + 9)
        }
        let local = LocalDateTime(date, time)
        return value.count == 15 ? .local(local) : .instant(Timestamp(seconds: local.seconds))
    }

    /// What the RFC forbids in combination.
    private func check(_ parts: RecurrenceRule.Parts) throws(RecurrenceRuleError) {
        guard has(.frequency) else {
            throw fault("FREQ is missing", hint: "start with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY", at: 0)
        }
        if parts.count != nil, parts.until != nil {
            throw fault("COUNT and UNTIL exclude each other", at: max(offset(of: .count), offset(of: .until)))
        }
        if parts.frequency == .weekly, parts.hasDaysOfMonth {
            throw fault(
                "BYMONTHDAY does not go with FREQ=WEEKLY", hint: "write FREQ=DAILY, which the days of the month limit",
                at: offset(of: .dayOfMonth))
        }
        let largest = parts.ordinalWeekdays.map { abs($0.ordinal) }.max()
        if let largest {
            switch parts.frequency {
            case .daily, .weekly:
                throw fault(
                    "a numbered day of the week does not go with FREQ=\(parts.frequency.rawValue)",
                    hint: "write FREQ=MONTHLY", at: offset(of: .weekday))
            case .monthly where largest > 5, .yearly where largest > 5 && parts.months != 0:
                throw fault("no month has \(largest) of one day of the week", at: offset(of: .weekday))
            case .monthly, .yearly: break
            }
        }
        if !parts.setPositions.isEmpty,
            !Part.allCases.contains(where: { $0.rawValue.hasPrefix("BY") && $0 != .setPosition && has($0) })
        {
            throw fault(
                "BYSETPOS needs another BY… part, of whose days it picks", at: offset(of: .setPosition))
        }
    }

    /// Refuses what cannot be computed without knowing where counting begins.
    func requireIndependence(of parts: RecurrenceRule.Parts) throws(RecurrenceRuleError) {
        let hint = "write startDate"
        if parts.interval > 1 {
            throw fault("INTERVAL counts from the start, which is not given", hint: hint, at: offset(of: .interval))
        }
        if parts.count != nil {
            throw fault("COUNT counts from the start, which is not given", hint: hint, at: offset(of: .count))
        }
        let missing: String? =
            switch parts.frequency {
            case .daily: nil
            case .weekly: parts.hasWeekdays ? nil : "BYDAY"
            case .monthly: parts.hasWeekdays || parts.hasDaysOfMonth ? nil : "BYDAY or BYMONTHDAY"
            case .yearly:
                parts.hasWeekdays || parts.hasDaysOfMonth
                    ? nil : parts.months != 0 ? "BYMONTHDAY" : "BYMONTH, BYMONTHDAY"
            }
        if let missing {
            throw fault(
                "on which days it starts depends on the start, which is not given",
                hint: "write \(missing) or startDate",
                at: offset(of: .frequency))
        }
    }

    private func unknownPart(_ name: String, at offset: Int) -> RecurrenceRuleError {
        let upper = name.uppercased()
        if let instead = Self.unread[upper] { return fault("\(name) is not read", hint: instead, at: offset) }
        let hint =
            Part(rawValue: upper) != nil
            ? "write \(upper)" : "parts are \(Part.allCases.map(\.rawValue).joined(separator: ", "))"
        return fault("there is no part \"\(name)\"", hint: hint, at: offset)
    }

    private func spelling(of word: String, in part: Part) -> String? {
        switch part {
        case .month: "months are numbers, 1 for January"
        case .weekday: "write MO, or -1MO for the last one of the month"
        default: nil
        }
    }

    private func itemEnd(from start: Int) -> Int {
        bytes[start..<end].firstIndex(of: UInt8(ascii: ",")) ?? end
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func fault(_ message: String, hint: String? = nil, at offset: Int) -> RecurrenceRuleError {
        RecurrenceRuleError(message: message, hint: hint, offset: offset)
    }
}
