import Calendars
import ModeCore
import Primitives
import Scheduling

extension ValueType where Value == Duration {
    /// `500ms`, `90s`, `10m`, `2h`, `1h30m`, `1d`; at most a year, or less where that is said.
    static func duration(_ least: Duration = .zero, atMost most: Duration = .days(366)) -> ValueType {
        ValueType(
            .duration, written: { $0.written }
        ) { node, findings in
            guard let scalar = findings.scalar(node, "a duration such as 90s or 1h30m") else { return nil }
            do throws(Complaint) {
                let duration = try Duration(written: scalar.text)
                guard duration >= least else { throw Complaint("at least \(least.written) is needed here") }
                guard duration <= most else { throw Complaint("more than \(most.written) is not possible") }
                return duration
            } catch {
                findings.error(.invalidDuration, error.message, at: node.location, hint: error.hint)
                return nil
            }
        }
    }
}

extension ValueType where Value == TimeOfDay {
    /// `02:00` or `02:00:30`, quoted or plain.
    static let timeOfDay = ValueType(
        .text(pattern: "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"), written: { $0.description }
    ) { node, findings in
        guard let scalar = findings.scalar(node, "a time such as 02:00") else { return nil }
        if let time = TimeOfDay(written: scalar.text) { return time }
        var hint = "write 02:00 or 02:00:30"
        if TimeOfDay(written: "0" + scalar.text) != nil { hint = "write 0\(scalar.text)" }
        if scalar.text == "24:00" { hint = "the day ends at 00:00 of the next" }
        findings.error(
            .invalidTime, "\"\(scalar.text)\" is not a time of day", at: node.location, hint: hint)
        return nil
    }
}

extension ValueType where Value == LocalDate {
    /// `2026-12-28`.
    static let date = ValueType(.text(pattern: datePattern), written: { $0.description }) { node, findings in
        guard let scalar = findings.scalar(node, "a date such as 2026-12-28") else { return nil }
        if let date = LocalDate(written: scalar.text) { return date }
        findings.error(.invalidDate, dateComplaint(scalar.text), at: node.location, hint: "write 2026-12-28")
        return nil
    }
}

/// A date, with or without a time: the two ways to write `start`.
enum DateOrDateTime: Hashable, Sendable {
    case date(LocalDate)
    case dateTime(LocalDateTime)
}

extension ValueType where Value == DateOrDateTime {
    static let dateOrDateTime = ValueType(
        .oneOf([.text(pattern: datePattern), .text(pattern: dateTimePattern)])
    ) { node, findings in
        guard let scalar = findings.scalar(node, "a date or a local time such as 2026-12-06T02:00") else { return nil }
        if let date = LocalDate(written: scalar.text) { return .date(date) }
        return localDateTime(scalar.text, node, findings).map { .dateTime($0) }
    }
}

extension ValueType where Value == LocalDateTime {
    /// `2026-12-06T02:00` or `2026-12-06T02:00:30`: local time of the span's zone, without an offset.
    static let dateTime = ValueType(.text(pattern: dateTimePattern), written: { $0.description }) { node, findings in
        guard let scalar = findings.scalar(node, "a local time such as 2026-12-06T02:00") else { return nil }
        return localDateTime(scalar.text, node, findings)
    }
}

private let datePattern = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
private let dateTimePattern =
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"

private func localDateTime(_ text: String, _ node: YAMLNode, _ findings: Findings) -> LocalDateTime? {
    let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, let date = LocalDate(written: String(parts[0])),
        let time = TimeOfDay(written: String(parts[1]))
    {
        return LocalDateTime(date, time)
    }
    var hint = "write 2026-12-06T02:00"
    if text.dropFirst(10).first == " " { hint = "a T between date and time: 2026-12-06T02:00" }
    if text.hasSuffix("Z") || text.dropFirst(16).contains(where: { $0 == "+" || $0 == "-" }) {
        hint = "without an offset: it is a local time of `timeZone`"
    }
    let isDate = LocalDate(written: String(text.prefix(10))) != nil
    findings.error(
        .invalidDate, isDate ? "\"\(text)\" is not a local date and time" : dateComplaint(text), at: node.location,
        hint: hint)
    return nil
}

private func dateComplaint(_ text: String) -> String {
    let looksLikeADate = text.utf8.count >= 10 && text.utf8.dropFirst(4).first == 0x2D
    return looksLikeADate ? "there is no date \(text.prefix(10))" : "\"\(text)\" is not a date"
}

/// Two or four digits, nothing else.
private func number(_ digits: Substring.UTF8View) -> Int? {
    var sum = 0
    for byte in digits {
        guard isDigit(byte) else { return nil }
        sum = sum * 10 + Int(byte) - 0x30
    }
    return sum
}

extension LocalDate {
    init?(written text: String) {
        let bytes = text.utf8
        guard bytes.count == 10, bytes.dropFirst(4).first == 0x2D, bytes.dropFirst(7).first == 0x2D,
            let year = number(bytes.prefix(4)), let month = number(bytes.dropFirst(5).prefix(2)),
            let day = number(bytes.dropFirst(8))
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

extension TimeOfDay {
    init?(written text: String) {
        let bytes = text.utf8
        guard bytes.count == 5 || bytes.count == 8, bytes.dropFirst(2).first == 0x3A,
            let hour = number(bytes.prefix(2)), let minute = number(bytes.dropFirst(3).prefix(2))
        else { return nil }
        var second = 0
        if bytes.count == 8 {
            guard bytes.dropFirst(5).first == 0x3A, let read = number(bytes.dropFirst(6)) else { return nil }
            second = read
        }
        self.init(hour: hour, minute: minute, second: second)
    }
}

extension Duration {
    /// `1h30m`, as policies write it; nil where the text is no duration.
    package init?(_ text: String) {
        guard let duration = try? Duration(written: text) else { return nil }
        self = duration
    }

    /// Units from large to small, each at most once.
    init(written text: String) throws(Complaint) {
        var rest = text.utf8[...]
        var total = 0
        var smallest = Int.max
        guard !rest.isEmpty else { throw Complaint("the duration is empty") }
        while !rest.isEmpty {
            let digits = rest.prefix(while: isDigit)
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { !isDigit($0) }
            rest = rest[unit.endIndex...]
            guard digits.count <= 9, let number = number(digits), !digits.isEmpty,
                let milliseconds = Duration.milliseconds(inUnit: unit), milliseconds < smallest
            else { throw Duration.complaint(text) }
            total += number * milliseconds
            smallest = milliseconds
        }
        self = .milliseconds(total)
    }

    private static func milliseconds(inUnit unit: Substring.UTF8View) -> Int? {
        switch (unit.first, unit.dropFirst().first, unit.count) {
        case (0x64, nil, 1): 86_400_000
        case (0x68, nil, 1): 3_600_000
        case (0x6D, nil, 1): 60_000
        case (0x73, nil, 1): 1_000
        case (0x6D, 0x73, 2): 1
        default: nil
        }
    }

    private static func complaint(_ text: String) -> Complaint {
        let message = "\"\(text)\" is not a duration"
        if decimal(text) != nil { return Complaint(message, hint: "with a unit: \(text)s, \(text)m or \(text)h?") }
        if text.hasPrefix("P") { return Complaint(message, hint: "write 1h30m, not the ISO 8601 form") }
        if text.hasSuffix("w"), let weeks = decimal(text.dropLast()) {
            return Complaint(message, hint: "write \(weeks * 7)d")
        }
        if text.contains(".") || text.contains(",") {
            return Complaint(message, hint: "without fractions: 1h30m instead of 1.5h")
        }
        return Complaint(message, hint: "units are d, h, m, s and ms, from large to small: 1h30m")
    }
}
