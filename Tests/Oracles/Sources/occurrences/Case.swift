import Calendars
import Primitives

/// What cannot be read in a line.
struct Unreadable: Error {
    var message: String
}

/// One line of the input: a window, and the span of which its occurrences are wanted.
///
/// Nine fields, separated by tabs:
///
///     id  zone  kind  rule  start  length  from  to  dst
///
/// `kind` is `weekly` (`mon,sat 02:00`), `cron`, `rrule` or `at` (a local date-time). `start` is a local date-time or
/// `-`: DTSTART of a rule, the first date of the others. `length` is `90s` elapsed, `3d` days of the calendar,
/// `u05:00` until the clocks show that, or `e2026-03-29T02:30` until then. `from` and `to` are seconds since 1970 in
/// UTC. `dst` is `shift,first` and the like.
struct Case {
    var id: String
    var window: Window
    var span: Span

    init(_ line: Substring) throws {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 9 else { throw Unreadable(message: "\(fields.count) fields, not 9") }
        id = fields[0]
        let start = fields[4] == "-" ? nil : try Case.local(fields[4])
        let recurrence = try Case.recurrence(fields[2], fields[3], start: start)
        var isRule = false
        if case .rule = recurrence { isRule = true }
        window = Window(
            name: "window", recurrence: recurrence, length: try Case.length(fields[5]), timeZone: fields[1],
            startDate: isRule ? nil : start?.date, dst: try Case.dst(fields[8]))
        span = Span(start: try Case.instant(fields[6]), end: try Case.instant(fields[7]))
    }

    private static func recurrence(_ kind: String, _ text: String, start: LocalDateTime?) throws -> Recurrence {
        switch kind {
        case "weekly":
            let words = text.split(separator: " ")
            guard words.count == 2 else { throw Unreadable(message: "weekly: \(text)") }
            let days = Set(words[0].split(separator: ",").compactMap { Weekday(rawValue: String($0)) })
            return .weekly(days: days, start: try time(String(words[1])))
        case "cron":
            do { return .cron(try CronSchedule(text)) } catch { throw Unreadable(message: error.message) }
        case "rrule":
            do {
                return .rule(try RecurrenceRule(text, start: start))
            } catch {
                throw Unreadable(message: error.message)
            }
        case "at": return .at(try local(text))
        default: throw Unreadable(message: "kind \(kind)")
        }
    }

    private static func length(_ text: String) throws -> WindowLength {
        if text.hasPrefix("u") { return .until(try time(String(text.dropFirst()))) }
        if text.hasPrefix("e") { return .end(try local(String(text.dropFirst()))) }
        guard let number = Int(text.dropLast()) else { throw Unreadable(message: "length \(text)") }
        switch text.last {
        case "s": return .elapsed(.seconds(number))
        case "d": return .days(number)
        default: throw Unreadable(message: "length \(text)")
        }
    }

    private static func dst(_ text: String) throws -> DSTRule {
        let words = text.split(separator: ",").map(String.init)
        guard words.count == 2, let gap = DSTRule.Gap(rawValue: words[0]),
            let overlap = DSTRule.Overlap(rawValue: words[1])
        else { throw Unreadable(message: "dst \(text)") }
        return DSTRule(gap: gap, overlap: overlap)
    }

    private static func local(_ text: String) throws -> LocalDateTime {
        guard let local = LocalDateTime(text) else { throw Unreadable(message: "local time \(text)") }
        return local
    }

    private static func time(_ text: String) throws -> TimeOfDay {
        let numbers = text.split(separator: ":").map { Int($0) ?? -1 }
        guard numbers.count >= 2, numbers.count <= 3,
            let time = TimeOfDay(hour: numbers[0], minute: numbers[1], second: numbers.count == 3 ? numbers[2] : 0)
        else { throw Unreadable(message: "time \(text)") }
        return time
    }

    private static func instant(_ text: String) throws -> Timestamp {
        guard let seconds = Int64(text) else { throw Unreadable(message: "instant \(text)") }
        return Timestamp(seconds: seconds)
    }
}
