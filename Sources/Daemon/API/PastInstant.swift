import Calendars
import PolicyFile
import Primitives

/// An instant of the past as people write it: `1h` ago, `02:00` the last time that it was, local time of the policies' zone,
/// RFC 3339.
struct PastInstant {
    var zone: DisplayZone
    var now: Timestamp

    static let hint = "1h, 02:00, 2026-11-29, 2026-11-29T02:00 or 2026-11-29T02:00:00+09:00"

    enum Fault: Error, Hashable {
        case unreadable
        /// It needs a zone, and the policies have several.
        case ambiguous
    }

    /// - Parameter start: a time of day is the first one after that instant, not the last one before now.
    func instant(_ text: String, after start: Timestamp? = nil) throws(Fault) -> Timestamp {
        if let length = Duration(text) {
            guard length >= .zero, length <= .days(36_600) else { throw .unreadable }
            return now - length
        }
        if let time = timeOfDay(text) {
            guard !zone.isAmbiguous else { throw .ambiguous }
            let today = zone.rules.local(start ?? now).date
            let days = [-1, 0, 1].map { LocalDateTime(today.adding(days: $0), time) }
            let instants = days.compactMap { zone.rules.resolve($0, DSTRule()) }
            let found = start.map { start in instants.first { $0 > start } } ?? instants.last { $0 <= now }
            guard let found else { throw .unreadable }
            return found
        }
        guard let instant = zone.instant(text) else { throw .unreadable }
        if zone.isAmbiguous, zone.isLocal(text) { throw .ambiguous }
        return instant
    }

    /// The same of what is to come: a time of day is the next one, and a length means nothing.
    func coming(_ text: String) throws(Fault) -> Timestamp {
        guard Duration(text) == nil else { throw .unreadable }
        return try instant(text, after: now)
    }

    private func timeOfDay(_ text: String) -> TimeOfDay? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard 2...3 ~= parts.count, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isASCIIDigit) }) else {
            return nil
        }
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count else { return nil }
        return TimeOfDay(hour: numbers[0], minute: numbers[1], second: numbers.count == 3 ? numbers[2] : 0)
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
