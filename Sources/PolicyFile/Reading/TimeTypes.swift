import ModeCore
import Scheduling

extension ValueType where Value == Duration {
    /// `500ms`, `90s`, `10m`, `2h`, `1h30m`, `1d`; at most a year, or less where that is said.
    static func duration(_ least: Duration = .zero, atMost most: Duration = .days(366)) -> ValueType {
        ValueType(
            .text(pattern: "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"), written: { $0.written }
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

private let datePattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
private let dateTimePattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"

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

extension LocalDate {
    init?(written text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2], let year = decimal(parts[0]),
            let month = decimal(parts[1]), let day = decimal(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

extension TimeOfDay {
    init?(written text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, parts.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
        let numbers = parts.compactMap { decimal($0) }
        guard numbers.count == parts.count else { return nil }
        self.init(hour: numbers[0], minute: numbers[1], second: numbers.count == 3 ? numbers[2] : 0)
    }
}

extension Duration {
    /// Units from large to small, each at most once.
    init(written text: String) throws(Complaint) {
        let units = ["d", "h", "m", "s", "ms"]
        let milliseconds = [86_400_000, 3_600_000, 60_000, 1_000, 1]
        var rest = text[...]
        var total = 0
        var next = 0
        guard !rest.isEmpty else { throw Complaint("the duration is empty") }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[unit.endIndex...]
            guard let number = decimal(digits) else { throw Duration.complaint(text) }
            guard let index = units.firstIndex(of: String(unit)), index >= next else { throw Duration.complaint(text) }
            total += number * milliseconds[index]
            next = index + 1
        }
        self = .milliseconds(total)
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
