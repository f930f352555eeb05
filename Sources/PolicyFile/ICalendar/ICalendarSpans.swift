import Calendars
import ModeCore
import Primitives
import Scheduling

/// Events into spans: lengths, rules, exceptions, and the instances that other events replace.
struct ICalendarSpans {
    let calendar: String
    let zones: ICalendarZones
    let faults: ICalendarFaults
    var dates: ICalendarDates { ICalendarDates(zones: zones, faults: faults) }
    var dateCount = 0
    private var overrides = ICalendarOverrides()
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

    struct Event {
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
        checkOnce(file)
        let words = SpanWords(file.events.map { $0.first("UID")?.text })
        var drafts = overridingDrafts(of: file, words)
        for (index, event) in file.events.enumerated() where event.first("RECURRENCE-ID") == nil {
            if faults.areTooMany { break }
            drafts[index] = spans(of: event, word: words.word(index))
        }
        for missed in overrides.missed {
            faults.warning(
                .calendarDoubtful,
                "RECURRENCE-ID, \(text(missed.moment)), is no start of the event: nothing is replaced",
                at: missed.line.valuePlace, kind: "RECURRENCE-ID")
        }
        return named(drafts.flatMap { $0 })
    }

    private func checkOnce(_ file: ICalendarFile) {
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
        }
    }

    /// The events with RECURRENCE-ID, by their index in the file; notes what they take out of rules. One that lasts no
    /// time replaces nothing.
    private mutating func overridingDrafts(of file: ICalendarFile, _ words: SpanWords) -> [[Draft]] {
        var drafts = [[Draft]](repeating: [], count: file.events.count)
        var zonesOfStarts: [String: String] = [:]
        for event in file.events where event.first("RECURRENCE-ID") == nil {
            guard let uid = event.first("UID")?.text, let start = event.first("DTSTART") else { continue }
            zonesOfStarts[uid] = zonesOfStarts[uid] ?? dates.zone(of: start)
        }
        for (index, event) in file.events.enumerated() {
            guard let line = event.first("RECURRENCE-ID") else { continue }
            if faults.areTooMany { break }
            if let range = line.parameter("RANGE") {
                faults.error(
                    .calendarUnsupported, "RANGE=\(range) is not read", at: line.place(of: "RANGE"),
                    hint: "end the first rule with UNTIL and write the rest as an event of its own")
            }
            drafts[index] = override(event, word: words.word(index))
            guard isCancelled(event) || !drafts[index].isEmpty, let uid = event.first("UID")?.text,
                let moment = dates.moment(line, besides: zonesOfStarts[uid])
            else { continue }
            overrides.add(moment, line, of: uid)
        }
        return drafts
    }

    private func isCancelled(_ event: ICalendarFile.Event) -> Bool {
        event.isCancelled || event.first("STATUS")?.word == "CANCELLED"
    }

    private func override(_ written: ICalendarFile.Event, word: String?) -> [Draft] {
        guard !isCancelled(written), let event = event(written) else { return [] }
        for name in ["RRULE", "RDATE"] {
            guard let line = written.first(name) else { continue }
            faults.error(
                .calendarValue, "an event with RECURRENCE-ID is one instance: it has no \(name)",
                at: line.namePlace)
        }
        let day = event.start.local.date
        return once(event, event.start, word: "\(word ?? "event-\(day)")-\(day)").map { [$0] } ?? []
    }

    private mutating func spans(of written: ICalendarFile.Event, word: String?) -> [Draft] {
        guard !isCancelled(written), let event = event(written) else { return [] }
        let day = event.start.local.date
        let base = word ?? "event-\(day)"
        guard let exceptions = exceptions(written, event, overrides.all(of: event.uid)),
            let additions = additions(written, event)
        else { return [] }
        let excepted = Set(exceptions.map(\.local))
        var drafts: [Draft] = []
        var rule: RecurrenceRule?
        var countsStart = !excepted.contains(event.start.local)
        if let line = written.first("RRULE") {
            guard let found = self.rule(line, event, excepted) else { return [] }
            drafts.append(found.draft(word: base))
            rule = found.rule
            // Excepted starts are no concern; a start that the rule would not have is an occurrence all the same.
            if countsStart { countsStart = !isStart(event.start.local, of: found.rule, event) }
            if countsStart {
                faults.warning(
                    .calendarDoubtful,
                    "the rule does not match DTSTART, \(text(event.start)): that one counts nevertheless",
                    at: line.valuePlace, hint: isEnded(found.rule, event) ? "UNTIL is before DTSTART" : nil,
                    kind: "DTSTART")
            }
            if countsStart, let draft = once(event, event.start, word: "\(base)-\(day)") {
                drafts.append(draft)
            }
        } else if countsStart, let draft = once(event, event.start, word: base) {
            drafts.append(draft)
        }
        var starts: Set<LocalDateTime> = [event.start.local]
        for addition in additions {
            guard let local = dates.local(addition, in: event.start.zone) else { continue }
            starts.insert(local)
            guard !excepted.contains(local),
                local != event.start.local || addition.isDate != event.start.isDate
            else { continue }
            if let draft = once(event, addition, word: "\(base)-\(addition.local.date)") {
                drafts.append(draft)
            }
        }
        for exception in exceptions {
            let isMet =
                starts.contains(exception.local) || rule.map { isStart(exception.local, of: $0, event) } ?? false
            check(exception, isMet, isOnly: drafts.isEmpty, event)
        }
        return drafts
    }

    /// Notes an override that meets a start, and warns of an EXDATE that meets none, or all that there is.
    private mutating func check(_ exception: Exception, _ isMet: Bool, isOnly: Bool, _ event: Event) {
        guard exception.line.name == "EXDATE" else {
            if isMet { overrides.meet(exception.line) }
            return
        }
        let shown = event.start.isDate ? "\(exception.local.date)" : "\(exception.local)"
        if !isMet {
            faults.warning(
                .calendarDoubtful, "EXDATE, \(shown), is no start of the event: nothing is left out",
                at: exception.line.valuePlace, kind: "EXDATE")
        } else if isOnly {
            faults.warning(
                .calendarDoubtful, "EXDATE, \(shown), leaves nothing of the event", at: exception.line.valuePlace,
                kind: "EXDATE of all")
        }
    }

    /// Whether the rule starts then, its exceptions aside.
    private func isStart(_ local: LocalDateTime, of rule: RecurrenceRule, _ event: Event) -> Bool {
        guard rule.includes(local) else { return false }
        guard case .instant(let last) = rule.until,
            let start = zones.rules(event.start.zone)?.resolve(local, DSTRule())
        else { return true }
        return start <= last
    }

    /// Whether UNTIL is before DTSTART.
    private func isEnded(_ rule: RecurrenceRule, _ event: Event) -> Bool {
        switch rule.until {
        case nil: false
        case .date(let date): date < event.start.local.date
        case .local(let local): local < event.start.local
        case .instant(let last): dates.instant(event.start).map { last < $0 } ?? false
        }
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
            var rule = try RecurrenceRule(
                line.word, start: event.start.local, exceptions: exceptions.sorted())
            if event.start.isDate, case .instant(let last) = rule.until {
                rule = try ruleOfDays(rule, until: last, line, event)
            }
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

    /// The rule with a date as its UNTIL: the later one of those that the instant has in UTC and in the event's zone;
    /// programs mean now the one, now the other.
    private func ruleOfDays(
        _ rule: RecurrenceRule, until last: Timestamp, _ line: ContentLine, _ event: Event
    ) throws(RecurrenceRuleError) -> RecurrenceRule {
        let inUTC = LocalDateTime(seconds: last.seconds).date
        let date = max(inUTC, zones.rules(event.start.zone)?.local(last).date ?? inUTC)
        let until = "UNTIL=\(compact(date))"
        faults.warning(
            .calendarDoubtful, "UNTIL is in UTC, but the event is of whole days: \(date) counts as the last",
            at: line.valuePlace, hint: "write \(until)", kind: "UNTIL")
        let parts = rule.text.split(separator: ";", omittingEmptySubsequences: false)
        let text = parts.map { $0.hasPrefix("UNTIL=") ? until : String($0) }.joined(separator: ";")
        return try RecurrenceRule(text, start: rule.start, exceptions: rule.exceptions)
    }

    /// Where the part of a rule ends that the offset is in.
    private func partEnd(_ text: String, _ offset: Int) -> Int {
        let bytes = text.utf8
        let rest = bytes.dropFirst(offset).prefix { $0 != 0x3B }
        return offset + rest.count
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
