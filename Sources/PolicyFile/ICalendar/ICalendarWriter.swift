import Calendars
import ModeCore
import Primitives
import Scheduling

/// Writes a plan as an iCalendar file (RFC 5545): one event for each stretch of time in which a policy may act.
///
/// Instants are written out in UTC, without rules and zones: programs disagree on both around changes of the clocks.
/// The same plan and stamp give the same bytes; an event keeps its UID as long as its occurrence keeps its id.
package enum ICalendarWriter {
    /// - Parameters:
    ///   - name: of the calendar, as calendar programs show it.
    ///   - stamp: when the file was made (DTSTAMP).
    ///   - zones: for the local times in descriptions; of a zone that is missing, UTC is shown.
    ///   - showingFreezes: what exclusions take becomes an event too, which makes nobody busy.
    package static func text(
        of plan: Plan, name: String, stamp: Timestamp, zones: [String: ZoneRules],
        showingFreezes: Bool = false
    ) -> String {
        var lines = ICalendarLines()
        lines.add("BEGIN", raw: "VCALENDAR")
        lines.add("VERSION", raw: "2.0")
        lines.add("PRODID", raw: "-//nagi//nagi//EN")
        lines.add("CALSCALE", raw: "GREGORIAN")
        lines.add("X-WR-CALNAME", text: name)
        lines.add("X-WR-CALDESC", text: description(of: plan))
        for entry in plan.occurrences {
            let clock = WallClock(name: entry.timeZone, zones: zones)
            for (index, span) in entry.open.enumerated() {
                write(span, number: index + 1, of: entry, stamp, clock, to: &lines)
            }
            guard showingFreezes else { continue }
            for (index, taken) in entry.takenAway.enumerated() {
                writeFreeze(taken, number: index + 1, of: entry, stamp, clock, to: &lines)
            }
        }
        lines.add("END", raw: "VCALENDAR")
        return lines.text
    }

    private static func description(of plan: Plan) -> String {
        var text = "\(plan.from.rfc3339) to \(plan.to.rfc3339)"
        if !plan.unbounded.isEmpty {
            text += "; at any time: \(plan.unbounded.joined(separator: ", "))"
        }
        if plan.isTruncated { text += "; there are more occurrences than are listed" }
        return text
    }

    private static func write(
        _ span: Span, number: Int, of entry: Plan.Entry, _ stamp: Timestamp, _ clock: WallClock,
        to lines: inout ICalendarLines
    ) {
        lines.add("BEGIN", raw: "VEVENT")
        lines.add("UID", text: "\(entry.id)\(number == 1 ? "" : "/\(number)")@nagi")
        writeTimes(span, stamp, to: &lines)
        lines.add("SUMMARY", text: "\(entry.policy) (\(entry.window))")
        var notes = [clock.text(span)]
        if entry.open.count > 1 { notes.append("part \(number) of \(entry.open.count)") }
        if entry.dst { notes.append("the clocks are changed around this time") }
        for taken in entry.takenAway {
            let reason = taken.reason.map { " (\($0))" } ?? ""
            notes.append("\(taken.by)\(reason) takes \(clock.text(taken.span))")
        }
        notes.append("occurrence \(entry.id)")
        lines.add("DESCRIPTION", text: notes.joined(separator: "\n"))
        lines.add("CATEGORIES", text: "maintenance")
        lines.add("TRANSP", raw: "OPAQUE")
        lines.add("END", raw: "VEVENT")
    }

    private static func writeFreeze(
        _ taken: TakenAway, number: Int, of entry: Plan.Entry, _ stamp: Timestamp, _ clock: WallClock,
        to lines: inout ICalendarLines
    ) {
        lines.add("BEGIN", raw: "VEVENT")
        lines.add("UID", text: "\(entry.id)/freeze/\(number)@nagi")
        writeTimes(taken.span, stamp, to: &lines)
        lines.add("SUMMARY", text: "freeze: \(taken.by)" + (taken.reason.map { " (\($0))" } ?? ""))
        lines.add("DESCRIPTION", text: "\(clock.text(taken.span))\ntaken away from \(entry.id)")
        lines.add("CATEGORIES", text: "freeze")
        lines.add("TRANSP", raw: "TRANSPARENT")
        lines.add("END", raw: "VEVENT")
    }

    /// Whole seconds, which is all that the format has: rounded outwards, so that nothing lasts no time.
    private static func writeTimes(_ span: Span, _ stamp: Timestamp, to lines: inout ICalendarLines) {
        let hasFraction = span.end.nanoseconds % 1_000_000_000 != 0
        lines.add("DTSTAMP", raw: instant(stamp.seconds))
        lines.add("DTSTART", raw: instant(span.start.seconds))
        lines.add("DTEND", raw: instant(span.end.seconds + (hasFraction ? 1 : 0)))
    }

    /// `20261128T170000Z`.
    private static func instant(_ seconds: Int64) -> String {
        let local = LocalDateTime(seconds: seconds)
        let time = local.secondsSinceMidnight
        let date = "\(local.date)".filter { $0 != "-" }
        return date + "T" + [time / 3600, time / 60 % 60, time % 60].map(twoDigits).joined() + "Z"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }

    /// Instants as the clocks of one zone show them.
    private struct WallClock {
        private let name: String
        private let rules: ZoneRules

        init(name: String, zones: [String: ZoneRules]) {
            self.name = zones[name] == nil ? "UTC" : name
            rules = zones[name] ?? .utc
        }

        /// `2026-11-29T02:00:00+09:00 to 2026-11-29T05:00:00+09:00 (Asia/Tokyo)`.
        func text(_ span: Span) -> String {
            "\(weekday(span.start)) \(rules.text(span.start)) to \(rules.text(span.end)) (\(name))"
        }

        private func weekday(_ instant: Timestamp) -> String {
            rules.local(instant).date.weekday.rawValue.capitalizedFirst
        }
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// Content lines on their way out: escaped, and folded at 75 octets without breaking a character.
struct ICalendarLines {
    private static let longest = 75

    private var bytes: [UInt8] = []

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// A value that needs no escapes.
    mutating func add(_ name: String, raw value: String) {
        var length = 0
        for scalar in (name + ":" + value).unicodeScalars {
            let encoded = UTF8.encode(scalar).map(Array.init) ?? []
            if length + encoded.count > ICalendarLines.longest {
                bytes += [0x0D, 0x0A, 0x20]
                length = 1
            }
            bytes += encoded
            length += encoded.count
        }
        bytes += [0x0D, 0x0A]
    }

    /// TEXT (section 3.3.11). What cannot be seen is shown as an escape, as everywhere.
    mutating func add(_ name: String, text: String) {
        var value = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ";", ",": value += "\\\(scalar)".unicodeScalars
            case "\n": value += "\\n".unicodeScalars
            default:
                value +=
                    isUnprintable(scalar) ? "\\\(visible(scalar))".unicodeScalars : "\(scalar)".unicodeScalars
            }
        }
        add(name, raw: String(value))
    }
}
