import Calendars
import ModeCore
import Scheduling

/// What a calendar file says.
package struct ICalendarReading: Sendable {
    /// In the order of the file, each named `calendar/event`, with the event's SUMMARY as the reason.
    package var spans: [Exclusion] = []
    /// The rules of every zone that the spans name.
    package var usedZones: [String: ZoneRules] = [:]
    /// Sorted. With an error among them the spans are not complete; warnings alone leave none out that are not named.
    /// Of warnings that are alike the first stands for all, with their number.
    package var diagnostics: [Diagnostic] = []
}

/// Reads iCalendar files (RFC 5545): their events become spans. To-dos, journals, alarms and whether an event makes
/// busy (TRANSP) mean nothing here.
///
/// An event of whole days lasts from midnight to midnight on the wall of the file's zone (X-WR-TIMEZONE), else the
/// calendar's. A time has the zone of its TZID, or is UTC, or, with neither, has the zone of its event's DTSTART; a
/// DTSTART with neither is in the zone of whole days. DTEND gives an elapsed length, DURATION days of the calendar and
/// elapsed hours (sections 3.3.6 and 3.8.5.3). DTSTART always counts, also where its own rule does not match it or
/// UNTIL is before it. Of whole days UNTIL is a date; one in UTC means the later of its dates in UTC and in their zone.
/// An instance that an event with RECURRENCE-ID replaces is left out of the rule; what is cancelled is left out. A
/// start that daylight saving skips is moved forward, never lost: section 3.3.10 would drop those of a rule, but a
/// freeze must not lose a day.
package struct ICalendarReader {
    /// VEVENTs of one file.
    package static let largestEventCount = 10_000
    /// Content lines of one file, folded ones counted once.
    package static let largestLineCount = 200_000
    /// Bytes of one property that is used, unfolded; others may be as long as the file.
    package static let longestProperty = 65_536
    /// Dates of all EXDATE and RDATE of one file.
    package static let largestDateCount = 20_000
    /// Components inside each other.
    package static let depth = 8
    /// An event may last as long.
    package static let longestDays = 36_525

    /// - Parameters:
    ///   - source: at most `PolicyLimits.fileBytes`; larger ones are refused.
    ///   - calendar: first part of each span's name.
    ///   - defaultZone: for whole days and times without a zone, where the file has no X-WR-TIMEZONE of its own; where
    ///     both are missing such an event is an error.
    package static func spans(
        of source: PolicySource, calendar: String, defaultZone: String?, zones: ZoneCatalog
    ) -> ICalendarReading {
        let findings = Findings()
        guard source.bytes.count <= PolicyLimits.fileBytes else {
            findings.error(
                .fileTooLarge, "the calendar file is larger than 1 MB", file: 0,
                hint: "leave out the years that are over, or split it")
            return ICalendarReading(diagnostics: findings.diagnostics(of: [source]))
        }
        let faults = ICalendarFaults(source, findings)
        var parser = ICalendarParser(source, faults)
        let file = parser.file()
        var assembly = ICalendarSpans(
            calendar: calendar,
            zones: ICalendarZones(file: file, defaultZone: defaultZone, catalog: zones, faults: faults),
            faults: faults)
        let spans = assembly.spans(of: file)
        var used: [String: ZoneRules] = [:]
        for name in Set(spans.map(\.window.timeZone)).sorted() {
            used[name] = assembly.zones.rules(name)
        }
        faults.finish()
        return ICalendarReading(
            spans: spans, usedZones: used, diagnostics: findings.diagnostics(of: [source]))
    }
}

/// Reports faults of one calendar file at their place in it.
final class ICalendarFaults {
    private let findings: Findings
    private let lines: SourceLines
    private var warnings: [Warnings] = []
    private var kinds: [String: Int] = [:]

    /// Warnings of one kind.
    private struct Warnings {
        var code: DiagnosticCode
        /// The first of them.
        var shown: [Shown] = []
        var places: Set<ICalendarPlace> = []
    }

    private struct Shown {
        var message: String
        var hint: String?
        var place: ICalendarPlace
    }

    /// So many warnings of a kind are told one by one; of more the first alone, with their number.
    private static let fewWarnings = 3

    init(_ source: PolicySource, _ findings: Findings) {
        self.findings = findings
        lines = SourceLines(source.bytes)
    }

    /// As many errors as are kept were found: reading on tells nobody anything. Warnings never end it: what they are
    /// about still counts.
    var areTooMany: Bool { findings.errors >= PolicyLimits.diagnostics }

    func error(
        _ code: DiagnosticCode, _ message: String, at place: ICalendarPlace, hint: String? = nil
    ) {
        findings.error(code, message, at: location(place), hint: hint)
    }

    /// - Parameter kind: what it has in common with others; nil: its message.
    func warning(
        _ code: DiagnosticCode, _ message: String, at place: ICalendarPlace, hint: String? = nil, kind: String? = nil
    ) {
        let index = kinds[kind ?? message] ?? warnings.count
        if index == warnings.count {
            kinds[kind ?? message] = index
            warnings.append(Warnings(code: code))
        }
        warnings[index].places.insert(place)
        guard warnings[index].shown.count < ICalendarFaults.fewWarnings else { return }
        warnings[index].shown.append(Shown(message: message, hint: hint, place: place))
    }

    /// Hands on the warnings, which wait for their number until all of the file is read.
    func finish() {
        for alike in warnings {
            let more = alike.places.count - 1
            let isFolded = more >= ICalendarFaults.fewWarnings
            for shown in alike.shown.prefix(isFolded ? 1 : alike.shown.count) {
                findings.warning(
                    alike.code, shown.message + (isFolded ? " (and \(more) more like this in the file)" : ""),
                    at: location(shown.place), hint: shown.hint)
            }
        }
        warnings = []
        kinds = [:]
    }

    private func location(_ place: ICalendarPlace) -> SourceLocation {
        let start = lines.position(ofByte: place.start)
        let end = lines.position(ofByte: place.end)
        return SourceLocation(
            file: 0, line: start.line, column: start.column,
            length: end.line == start.line ? end.column - start.column : 1)
    }
}

/// Bytes of the file, its byte order mark not counted.
struct ICalendarPlace: Hashable {
    var start: Int
    var end: Int
}
