/// What is used of a calendar file, as written.
struct ICalendarFile {
    struct Event {
        /// The line `BEGIN:VEVENT`.
        var begin: ContentLine
        var properties: [ContentLine] = []
        /// The calendar it is in says METHOD:CANCEL.
        var isCancelled = false
        /// Some line of it could not be read.
        var hasFaults = false

        func first(_ name: String) -> ContentLine? { properties.first { $0.name == name } }
        func all(_ name: String) -> [ContentLine] { properties.filter { $0.name == name } }
    }

    /// A VTIMEZONE: only what says which zone of the host it means.
    struct Zone {
        var identifier: String?
        var location: String?
    }

    var events: [Event] = []
    var zones: [Zone] = []
    /// X-WR-TIMEZONE.
    var timeZone: ContentLine?
}

/// Lines into components, with limits that hold while it reads.
///
/// A line that cannot be understood is reported and passed over. At the first line that is no calendar at all, and
/// where a limit is passed, reading ends.
struct ICalendarParser {
    private var lines: LogicalLines
    private let faults: ICalendarFaults
    private var output = ICalendarFile()
    private var stack: [Frame] = []
    private var hasCalendar = false
    private var hasBrokenText = false

    private struct Frame {
        var name: String
        var begin: ContentLine
        var event: ICalendarFile.Event?
        var zone: ICalendarFile.Zone?
        var hasVersion = false
        var isCancelled = false
    }

    /// Thrown after it was reported: nothing more of this file can be read.
    private struct Stop: Error {}

    private static let eventProperties: Set<String> = [
        "UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "EXDATE", "RDATE",
        "RECURRENCE-ID",
        "STATUS",
    ]

    init(_ source: PolicySource, _ faults: ICalendarFaults) {
        lines = LogicalLines(source.bytes)
        self.faults = faults
    }

    mutating func file() -> ICalendarFile {
        do throws(Stop) {
            var count = 0
            while let line = lines.next() {
                if line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
                count += 1
                guard count <= ICalendarReader.largestLineCount else {
                    faults.error(
                        .tooManyItems, "a calendar file may have \(ICalendarReader.largestLineCount) lines",
                        at: line.place(0..<1))
                    throw Stop()
                }
                if faults.areTooMany { throw Stop() }
                try take(line)
            }
            finish()
        } catch {}
        return output
    }

    private mutating func take(_ logical: LogicalLine) throws(Stop) {
        if !hasBrokenText, let place = logical.brokenPlace {
            // Once: of a file in another encoding every line would be wrong.
            hasBrokenText = true
            faults.error(
                .invalidUTF8, "the calendar file is not UTF-8 here", at: place,
                hint: "save the file as UTF-8")
        }
        let line: ContentLine
        do {
            line = try ContentLine(logical)
        } catch {
            if !hasCalendar { throw notACalendar(logical) }
            faults.error(.calendarSyntax, error.message, at: error.place, hint: error.hint)
            if !stack.isEmpty { stack[stack.count - 1].event?.hasFaults = true }
            return
        }
        switch line.name {
        case "BEGIN": try begin(line)
        case "END": end(line)
        default:
            guard !stack.isEmpty else {
                if !hasCalendar { throw notACalendar(logical) }
                faults.error(
                    .calendarSyntax, "\(line.name) is outside of every VCALENDAR", at: line.namePlace)
                return
            }
            try property(line, logical)
        }
    }

    private func notACalendar(_ line: LogicalLine) -> Stop {
        let isPage = line.bytes.first == 0x3C
        faults.error(
            .calendarSyntax, "this is no calendar file: it does not start with BEGIN:VCALENDAR",
            at: line.place(0..<line.bytes.count),
            hint: isPage ? "this is a web page: download the .ics file that it links to" : nil)
        return Stop()
    }

    private mutating func begin(_ line: ContentLine) throws(Stop) {
        let name = line.word
        if stack.isEmpty, name != "VCALENDAR" {
            faults.error(
                .calendarSyntax,
                hasCalendar
                    ? "\(name) is outside of every VCALENDAR"
                    : "this is no calendar file: it does not start with BEGIN:VCALENDAR", at: line.valuePlace)
            throw Stop()
        }
        guard stack.count < ICalendarReader.depth else {
            faults.error(
                .tooDeep, "more than \(ICalendarReader.depth) components inside each other",
                at: line.valuePlace)
            throw Stop()
        }
        hasCalendar = true
        var frame = Frame(name: name, begin: line)
        if stack.count == 1 {
            if name == "VEVENT" { frame.event = ICalendarFile.Event(begin: line) }
            if name == "VTIMEZONE" { frame.zone = ICalendarFile.Zone() }
        }
        if frame.event != nil, output.events.count == ICalendarReader.largestEventCount {
            faults.error(
                .tooManyItems, "a calendar file may have \(ICalendarReader.largestEventCount) events",
                at: line.place,
                hint: "leave out the years that are over, or split it")
            throw Stop()
        }
        stack.append(frame)
    }

    private mutating func end(_ line: ContentLine) {
        let name = line.word
        guard let index = stack.lastIndex(where: { $0.name == name }) else {
            faults.error(.calendarSyntax, "END:\(name) ends nothing that was begun", at: line.place)
            return
        }
        for open in stack[(index + 1)...] { reportOpen(open) }
        stack.removeSubrange((index + 1)...)
        close(stack.removeLast())
    }

    private func reportOpen(_ frame: Frame) {
        faults.error(
            .calendarSyntax, "\(frame.name) is not ended", at: frame.begin.place,
            hint: "write END:\(frame.name)")
    }

    private mutating func close(_ frame: Frame) {
        if var event = frame.event {
            event.isCancelled = stack.first?.isCancelled ?? false
            output.events.append(event)
        }
        if let zone = frame.zone { output.zones.append(zone) }
        if stack.isEmpty, !frame.hasVersion {
            faults.warning(
                .calendarDoubtful, "the calendar does not say which version it is", at: frame.begin.place,
                hint: "write VERSION:2.0")
        }
    }

    private func finish() {
        for open in stack { reportOpen(open) }
        if !hasCalendar {
            faults.error(
                .calendarSyntax, "this is no calendar file: it is empty",
                at: ICalendarPlace(start: 0, end: 1))
        } else if output.events.isEmpty, stack.isEmpty {
            faults.warning(
                .calendarDoubtful, "the calendar has no events", at: ICalendarPlace(start: 0, end: 1))
        }
    }

    private mutating func property(_ line: ContentLine, _ logical: LogicalLine) throws(Stop) {
        let top = stack.count - 1
        if stack[top].event != nil {
            guard ICalendarParser.eventProperties.contains(line.name) else { return }
            guard logical.bytes.count <= ICalendarReader.longestProperty else {
                faults.error(
                    .tooManyItems, "\(line.name) is longer than \(ICalendarReader.longestProperty) bytes",
                    at: line.namePlace)
                return
            }
            stack[top].event?.properties.append(line)
        } else if stack[top].zone != nil {
            if line.name == "TZID" { stack[top].zone?.identifier = line.text }
            if line.name == "X-LIC-LOCATION" { stack[top].zone?.location = line.text }
        } else if top == 0 {
            try calendarProperty(line)
        }
    }

    private mutating func calendarProperty(_ line: ContentLine) throws(Stop) {
        switch line.name {
        case "VERSION":
            stack[0].hasVersion = true
            // `2.0`, or a range `1.0;2.0` that includes it.
            guard line.word.split(separator: ";").last != "2.0" else { return }
            faults.error(
                .calendarUnsupported, "only version 2.0 (RFC 5545) is read", at: line.valuePlace,
                hint: line.word == "1.0" ? "this is vCalendar: export it as iCalendar" : nil)
            throw Stop()
        case "CALSCALE":
            guard line.word != "GREGORIAN" else { return }
            faults.error(.calendarUnsupported, "only the Gregorian calendar is read", at: line.valuePlace)
            throw Stop()
        case "METHOD":
            guard line.word == "CANCEL" else { return }
            stack[0].isCancelled = true
            faults.warning(
                .calendarDoubtful, "the file cancels its events: they are left out", at: line.place)
        case "X-WR-TIMEZONE": output.timeZone = output.timeZone ?? line
        default: return
        }
    }
}
