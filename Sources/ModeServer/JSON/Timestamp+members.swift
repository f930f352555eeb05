import Primitives

/// Instants as they stand on the wire.
extension Timestamp {
    /// RFC 3339 in UTC: `2026-12-06T02:00:00.123Z`.
    var rfc3339: String {
        let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let secondOfDay = seconds - days * 86400
        let milliseconds = (nanoseconds - seconds * 1_000_000_000) / 1_000_000
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(secondOfDay / 3600, 2)):"
            + "\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2)).\(padded(milliseconds, 3))Z"
    }

    /// Microseconds since the epoch, as the API counts.
    var microseconds: JSONValue { .integer(nanoseconds / 1000) }

    /// The two ways in which the API says when something was created.
    var created: [JSONValue.Member] { members("created") }

    func members(_ name: String) -> [JSONValue.Member] {
        [
            .init(key: "\(name)_time", value: microseconds),
            .init(key: "\(name)_timestamp", value: .string(rfc3339)),
        ]
    }

    private func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
