import ModeCore
import Scheduling

/// Events into spans: lengths, rules, exceptions, and the instances that other events replace.
struct ICalendarSpans {
    let calendar: String
    let zones: ICalendarZones
    let faults: ICalendarFaults
    var dates: ICalendarDates { ICalendarDates(zones: zones, faults: faults) }
    private var dateCount = 0
    private var countedStarts = 0

    /// COUNT of all rules of one file: they are counted once, while reading.
    private static let largestSumOfCounts = 200_000

    /// Spans before they are named.
    private struct Draft {
        var word: String
        var recurrence: Recurrence
        var length: WindowLength
        var zone: String
        var reason: String?
    }

    private struct Event {
        var uid: String?
        var start: ICalendarDates.Moment
        var extent: Extent
        var reason: String?
        var begin: ContentLine
    }

    /// How long an event lasts: days of the calendar, then elapsed seconds.
    struct Extent {
        var days = 0
        var seconds: Int64 = 0
    }

    init(calendar: String, zones: ICalendarZones, faults: ICalendarFaults) {
        self.calendar = calendar
        self.zones = zones
        self.faults = faults
    }

    mutating func spans(of file: ICalendarFile) -> [Exclusion] {
        var replaced: [String: [ICalendarDates.Moment]] = [:]
        for event in file.events {
            for name in [
                "UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID", "STATUS",
            ] {
                let lines = event.all(name)
                guard lines.count > 1 else { continue }
                faults.error(
                    .calendarValue, "an event has one \(name), not \(lines.count)", at: lines[1].namePlace,
                    hint: name == "RRULE" ? "write an event for each rule" : nil)
            }
            guard let uid = event.first("UID")?.text, let line = event.first("RECURRENCE-ID") else {
                continue
            }
            if let range = line.parameter("RANGE") {
                faults.error(
                    .calendarUnsupported, "RANGE=\(range) is not read", at: line.place(of: "RANGE"),
                    hint: "end the first rule with UNTIL and write the rest as an event of its own")
            }
            if let moment = dates.moment(line) { replaced[uid, default: []].append(moment) }
        }
        var drafts: [Draft] = []
        let words = SpanWords(file.events.map { $0.first("UID")?.text })
        for (index, event) in file.events.enumerated() {
            if faults.areTooMany { break }
            drafts += spans(of: event, word: words.word(index), replaced: replaced)
        }
        return named(drafts)
    }

    private mutating func spans(
        of written: ICalendarFile.Event, word: String?, replaced: [String: [ICalendarDates.Moment]]
    ) -> [Draft] {
        let isCancelled = written.isCancelled || written.first("STATUS")?.word == "CANCELLED"
        guard !isCancelled, let event = event(written) else { return [] }
        let isOverride = written.first("RECURRENCE-ID") != nil
        let day = event.start.local.date
        let base = word ?? "event-\(day)"
        if isOverride {
            for name in ["RRULE", "RDATE"] {
                guard let line = written.first(name) else { continue }
                faults.error(
                    .calendarValue, "an event with RECURRENCE-ID is one instance: it has no \(name)",
                    at: line.namePlace)
            }
            return once(event, event.start, word: "\(base)-\(day)").map { [$0] } ?? []
        }
        let taken = isOverride ? [] : event.uid.flatMap { replaced[$0] } ?? []
        guard let exceptions = exceptions(written, event, taken), let additions = additions(written)
        else { return [] }
        var drafts: [Draft] = []
        var countsStart = !exceptions.contains(event.start.local)
        if let line = written.first("RRULE") {
            guard let rule = rule(line, event, exceptions) else { return [] }
            drafts.append(rule.draft(word: base))
            // Excepted starts are no concern; a start that the rule would not have is an occurrence all the same.
            if countsStart {
                countsStart = rule.rule.next(notBefore: event.start.local) != event.start.local
                if countsStart {
                    faults.warning(
                        .calendarDoubtful,
                        "the rule does not match DTSTART, \(text(event.start)): that one counts nevertheless",
                        at: line.valuePlace)
                }
            }
            if countsStart, let draft = once(event, event.start, word: "\(base)-\(day)") {
                drafts.append(draft)
            }
        } else if countsStart, let draft = once(event, event.start, word: base) {
            drafts.append(draft)
        }
        for addition in additions {
            guard let local = dates.local(addition, in: event.start.zone), !exceptions.contains(local),
                local != event.start.local || addition.isDate != event.start.isDate
            else { continue }
            if let draft = once(event, addition, word: "\(base)-\(addition.local.date)") {
                drafts.append(draft)
            }
        }
        return drafts
    }

    private func text(_ moment: ICalendarDates.Moment) -> String {
        moment.isDate ? "\(moment.local.date)" : "\(moment.local)"
    }

    /// The event's start, length and texts; nil where it was reported, or lasts no time at all.
    private func event(_ written: ICalendarFile.Event) -> Event? {
        if let line = written.first("EXRULE") {
            faults.error(
                .calendarUnsupported, "EXRULE is not read: RFC 5545 took it out", at: line.namePlace,
                hint: "write the exceptions as EXDATE")
        }
        let uid = written.first("UID")?.text
        if uid?.isEmpty ?? true {
            faults.warning(
                .calendarDoubtful, "the event has no UID: it is named by its date", at: written.begin.place,
                hint: "write a UID: runs and reports name the event by it")
        }
        guard let line = written.first("DTSTART") else {
            // Perhaps it was on a line that could not be read.
            if !written.hasFaults {
                faults.error(
                    .calendarValue, "the event does not say when it starts", at: written.begin.place, hint: "DTSTART")
            }
            return nil
        }
        guard let start = dates.moment(line), let extent = extent(written, start, line) else {
            return nil
        }
        let reason = written.first("SUMMARY").flatMap { self.reason($0.text) }
        return Event(uid: uid, start: start, extent: extent, reason: reason, begin: written.begin)
    }

    /// One line of printable text, at most as long as texts of policies are.
    private func reason(_ text: String) -> String? {
        let scalars = text.unicodeScalars.prefix(PolicyLimits.textLength)
        let shown = scalars.map { $0 == "\n" ? " " : visible($0) }.joined()
        let trimmed = shown.split(separator: " ", omittingEmptySubsequences: true).joined(
            separator: " ")
        return trimmed.isEmpty ? nil : trimmed
    }

    /// One occurrence at that moment; nil after a report.
    private func once(_ event: Event, _ start: ICalendarDates.Moment, word: String) -> Draft? {
        let nominalEnd = LocalDateTime(seconds: start.local.seconds + Int64(event.extent.days) * 86400)
        guard let rules = zones.rules(start.zone), let from = rules.resolve(start.local, DSTRule()),
            let to = rules.resolve(nominalEnd, DSTRule())
        else {
            faults.error(
                .calendarValue, "no calendar of this program has that time", at: event.begin.place)
            return nil
        }
        let length: WindowLength
        if event.extent.seconds == 0 {
            length = .end(nominalEnd)
        } else {
            length = .elapsed(to + .seconds(event.extent.seconds) - from)
        }
        return Draft(
            word: word, recurrence: .at(start.local), length: length, zone: start.zone,
            reason: event.reason)
    }

    private struct Rule {
        var rule: RecurrenceRule
        var length: WindowLength
        var event: Event

        func draft(word: String) -> Draft {
            Draft(
                word: word, recurrence: .rule(rule), length: length, zone: event.start.zone,
                reason: event.reason)
        }
    }

    private mutating func rule(_ line: ContentLine, _ event: Event, _ exceptions: Set<LocalDateTime>)
        -> Rule?
    {
        let extent = event.extent
        let longest = WindowCalendar.longestRecurringDays
        guard Int64(extent.days) * 86400 + extent.seconds <= Int64(longest) * 86400 else {
            faults.error(
                .calendarUnsupported, "an event that recurs lasts at most \(longest) days",
                at: line.namePlace)
            return nil
        }
        var length = WindowLength.elapsed(.seconds(Int64(extent.days) * 86400 + extent.seconds))
        if extent.seconds == 0 {
            length = .days(extent.days)
        } else if extent.days > 0 {
            faults.warning(
                .calendarDoubtful,
                "a recurring event of days and hours is counted in hours, whatever the clocks do",
                at: line.namePlace, hint: "write the DURATION in hours")
        }
        if event.start.isDate,
            let part = ["BYHOUR", "BYMINUTE"].first(where: { line.word.contains($0 + "=") })
        {
            faults.error(.calendarValue, "an event of whole days has no \(part)", at: line.valuePlace)
            return nil
        }
        // Reported already; each further rule would be counted again.
        guard countedStarts <= ICalendarSpans.largestSumOfCounts else { return nil }
        do {
            let rule = try RecurrenceRule(
                line.word, start: event.start.local, exceptions: exceptions.sorted())
            countedStarts += rule.count ?? 0
            guard countedStarts <= ICalendarSpans.largestSumOfCounts else {
                faults.error(
                    .tooManyItems, "the COUNTs of a file may add up to \(ICalendarSpans.largestSumOfCounts)",
                    at: line.valuePlace, hint: "end the rules with UNTIL")
                return nil
            }
            return Rule(rule: rule, length: length, event: event)
        } catch {
            let size = line.word.utf8.count
            let offset = min(error.offset, max(0, size - 1))
            faults.error(
                .invalidSchedule, error.message,
                at: line.place(inValue: offset..<max(offset + 1, partEnd(line.word, offset))),
                hint: error.hint)
            return nil
        }
    }

    /// Where the part of a rule ends that the offset is in.
    private func partEnd(_ text: String, _ offset: Int) -> Int {
        let bytes = text.utf8
        let rest = bytes.dropFirst(offset).prefix { $0 != 0x3B }
        return offset + rest.count
    }

    /// Starts of the event that do not happen, on the wall of its zone; nil after a report.
    private mutating func exceptions(
        _ written: ICalendarFile.Event, _ event: Event, _ replaced: [ICalendarDates.Moment]
    ) -> Set<LocalDateTime>? {
        var result: Set<LocalDateTime> = []
        for moment in replaced {
            if let local = dates.local(moment, in: event.start.zone) {
                result.insert(moment.isDate ? atStart(local.date, event) : local)
            }
        }
        for line in written.all("EXDATE") {
            guard let moments = moments(line) else { return nil }
            for moment in moments {
                if moment.isDate, !event.start.isDate,
                    let rule = written.first("RRULE")?.word,
                    rule.contains("BYHOUR") || rule.contains("BYMINUTE")
                {
                    faults.error(
                        .calendarValue, "EXDATE is a date, but the rule has several times of a day",
                        at: line.valuePlace,
                        hint: "write the times that are left out")
                    return nil
                }
                if moment.isDate {
                    result.insert(atStart(moment.local.date, event))
                } else if event.start.isDate, moment.local.secondsSinceMidnight != 0 {
                    faults.error(
                        .calendarValue, "EXDATE has a time, but the event is of whole days",
                        at: line.valuePlace,
                        hint: "EXDATE;VALUE=DATE:\(compact(moment.local.date))")
                    return nil
                } else if event.start.isDate {
                    result.insert(moment.local)
                } else if let local = dates.local(moment, in: event.start.zone) {
                    result.insert(local)
                }
            }
        }
        return result
    }

    /// That day at the time of the event's start: a date leaves out the occurrence of that day.
    private func atStart(_ date: LocalDate, _ event: Event) -> LocalDateTime {
        LocalDateTime(
            seconds: Int64(date.daysSinceEpoch) * 86400 + Int64(event.start.local.secondsSinceMidnight))
    }

    private mutating func additions(_ written: ICalendarFile.Event) -> [ICalendarDates.Moment]? {
        var result: [ICalendarDates.Moment] = []
        let isDate = written.first("DTSTART").map { $0.value.utf8.count == 8 } ?? false
        for line in written.all("RDATE") {
            guard let moments = moments(line) else { return nil }
            guard moments.allSatisfy({ $0.isDate == isDate }) else {
                faults.error(
                    .calendarValue,
                    isDate ? "DTSTART is a date, RDATE has a time" : "RDATE is a date, DTSTART has a time",
                    at: line.valuePlace)
                return nil
            }
            result += moments
        }
        var seen: Set<ICalendarDates.Moment> = []
        return result.filter { seen.insert($0).inserted }
    }

    private mutating func moments(_ line: ContentLine) -> [ICalendarDates.Moment]? {
        guard let moments = dates.moments(line) else { return nil }
        dateCount += moments.count
        guard dateCount <= ICalendarReader.largestDateCount else {
            faults.error(
                .tooManyItems,
                "a calendar file may have \(ICalendarReader.largestDateCount) dates in lists",
                at: line.valuePlace)
            return nil
        }
        return moments
    }

    /// Names that are taken get a number, in the order of the file.
    private func named(_ drafts: [Draft]) -> [Exclusion] {
        var taken: Set<String> = []
        var numbers: [String: Int] = [:]
        return drafts.map { draft in
            var word = draft.word
            while !taken.insert(word).inserted {
                numbers[draft.word, default: 1] += 1
                word = "\(draft.word)-\(numbers[draft.word, default: 2])"
            }
            let window = Window(
                name: "\(calendar)/\(word)", recurrence: draft.recurrence, length: draft.length,
                timeZone: draft.zone)
            return Exclusion(window: window, reason: draft.reason)
        }
    }
}
