import Calendars
import ModeCore
import Scheduling

/// A window or an exclusion: when it starts, again and again or once, and how long it lasts.
enum SpanKind {
    static let window = ValueType<SpanDraft>.object(
        ObjectShape("a window", Keys.common + [Keys.calendar.shape]).inForms(formsOrCalendar).withoutDayTimes,
        build: readOrRefer)
    static let exclusion = ValueType<SpanDraft>.object(
        ObjectShape("an exclusion", Keys.common + [Keys.reason.shape, Keys.calendar.shape]).inForms(formsOrCalendar),
        build: readOrRefer)
    static let exclusions = ValueType<[Located<SpanDraft>]>.list(of: .located(exclusion), maximum: 1_000)
    /// Of a Calendar: it may be used as either.
    static let calendarSpan = ValueType<SpanDraft>.object(
        ObjectShape("a span of a calendar", Keys.common + [Keys.reason.shape]).inForms(forms), build: read)

    /// The keys that say when a span starts; exactly one of them is written.
    private static let starts = ["schedule", "rrule", "weekly", "at", "start"]

    /// What goes with each of them, for the schema; `read` says the same with better words.
    private static let forms: [ObjectShape.Form] = starts.map { start in
        start == "start"
            ? ObjectShape.Form(
                start, oneOf: ["end", "lastDay"], without: ["duration", "until", "startDate", "endDate"])
            : ObjectShape.Form(start, oneOf: ["duration", "until"], without: ["end", "lastDay"])
    }

    private static let formsOrCalendar: [ObjectShape.Form] =
        forms + [
            ObjectShape.Form(
                Keys.calendar.key,
                without: (Keys.common + [Keys.reason.shape]).map(\.key).filter { !starts.contains($0) })
        ]

    /// The spans of a Calendar where only that is named, else a span of its own.
    private static func readOrRefer(_ fields: ObjectFields) -> SpanDraft {
        guard fields.has(Keys.calendar.key) else { return read(fields) }
        let others = fields.keys.filter { $0 != Keys.calendar.key }
        if let other = others.first {
            let says = others.contains(where: starts.contains) ? "when this starts" : "all about its spans"
            fields.findings.error(
                .conflictingKeys, "`\(other)` does not go with `calendar`: the calendar says \(says)",
                at: fields.keyLocation(other), hint: "write `\(other)` in the Calendar, or a span of its own here")
        }
        return SpanDraft(calendar: fields[Keys.calendar])
    }

    private static func read(_ fields: ObjectFields) -> SpanDraft {
        let reason = fields[Keys.reason]
        var draft = SpanDraft(
            name: fields[Keys.name], timeZone: fields[Keys.timeZone], startDate: fields[Keys.startDate],
            endDate: fields[Keys.endDate], dst: fields[Keys.dst] ?? DSTRule(), reason: reason)
        let written = starts.filter(fields.has)
        guard written.count == 1 else {
            conflict(written, fields)
            return draft
        }
        if written == ["start"] {
            readOnce(fields, &draft)
            return draft
        }
        if fields.has("at"), let time = fields[Keys.at] { draft.recurrence = .at(time) }
        if fields.has("weekly"), let weekly = fields[Keys.weekly] { draft.recurrence = weekly }
        if fields.has("schedule"), let schedule = fields[Keys.schedule] { draft.recurrence = .cron(schedule) }
        if fields.has("rrule"), let rule = fields[Keys.rrule] {
            // A faulty date is reported already: any date lets the rest of the rule be judged.
            let date = draft.startDate ?? (fields.has("startDate") ? LocalDate(year: 2000, month: 1, day: 1) : nil)
            draft.recurrence = RuleText.rule(rule, from: date, fields.findings).map { .rule($0) }
        }
        draft.length = length(fields, start: written[0])
        return draft
    }

    private static func conflict(_ written: [String], _ fields: ObjectFields) {
        if written.isEmpty {
            fields.findings.error(
                .missingKey, "it is not said when this starts: one of weekly, schedule, rrule, at, start",
                at: fields.node.location)
        } else {
            fields.findings.error(
                .conflictingKeys, "\(listed(written, conjunction: "and")) all say when this starts",
                at: fields.keyLocation(written[1]), hint: "write one of them, or a span for each")
        }
    }

    /// `duration` or `until`, for everything but `start`.
    private static func length(_ fields: ObjectFields, start: String) -> WindowLength? {
        let duration = fields[Keys.duration]
        let until = fields[Keys.until]
        for key in ["end", "lastDay"] where fields.has(key) {
            fields.findings.error(
                .conflictingKeys, "`\(key)` goes with `start`, not with `\(start)`", at: fields.keyLocation(key),
                hint: start == "at"
                    ? "write `start` instead of `at`" : "write `duration` or `until`; `endDate` ends the rule")
        }
        if fields.has("duration"), fields.has("until") {
            fields.findings.error(
                .conflictingKeys, "duration and until both say when this ends", at: fields.keyLocation("until"),
                hint: "duration is elapsed time, until is what the clock on the wall shows")
            return nil
        }
        if !fields.has("duration"), !fields.has("until"), !fields.has("end"), !fields.has("lastDay") {
            fields.findings.error(
                .missingKey, "it is not said when this ends: duration or until", at: fields.node.location)
        }
        if let duration { return .elapsed(duration) }
        return until.map { .until($0) }
    }

    /// `start` with `end` or `lastDay`.
    private static func readOnce(_ fields: ObjectFields, _ draft: inout SpanDraft) {
        let midnight = TimeOfDay(hour: 0, minute: 0)
        let end = fields[Keys.end]
        let lastDay = fields[Keys.lastDay]
        if let start = fields[Keys.start], let midnight {
            switch start {
            case .date(let date): draft.recurrence = .at(LocalDateTime(date, midnight))
            case .dateTime(let time): draft.recurrence = .at(time)
            }
        }
        for key in ["duration", "until", "startDate", "endDate"] where fields.has(key) {
            fields.findings.error(
                .conflictingKeys, "`\(key)` does not go with `start`", at: fields.keyLocation(key),
                hint: key.hasSuffix("Date") ? nil : "write `at` instead of `start`")
        }
        switch (fields.has("end"), fields.has("lastDay")) {
        case (true, true):
            fields.findings.error(
                .conflictingKeys, "end and lastDay both say when this ends", at: fields.keyLocation("lastDay"))
        case (false, false):
            fields.findings.error(
                .missingKey, "it is not said when this ends: `lastDay` (a date, included) or `end` (date and time)",
                at: fields.node.location)
        default:
            if let end { draft.length = .end(end) }
            if let lastDay, let midnight { draft.length = .end(LocalDateTime(lastDay.adding(days: 1), midnight)) }
        }
    }

    private enum Keys {
        static let name = Field(
            "name", .name,
            "part of each occurrence's id; unless given, by its place in the list: moving it makes it another window")
        static let schedule = Field("schedule", .schedule, "five-field cron")
        static let rrule = Field(
            "rrule", .located(.ruleText), "a recurrence rule of RFC 5545")
        static let weekly = Field("weekly", SpanKind.weekly, "on these weekdays at this time")
        static let at = Field("at", .dateTime, "once")
        static let start = Field("start", .dateOrDateTime, "once, with end or lastDay")
        static let end = Field("end", SpanKind.end, "date and time")
        static let lastDay = Field("lastDay", .date, "the last date, included")
        static let duration = Field("duration", .duration(), "elapsed time")
        static let until = Field("until", .timeOfDay, "what the clock on the wall shows at the end")
        static let timeZone = Field("timeZone", .located(.text), "IANA name")
        static let startDate = Field("startDate", .date, "the first date on which it may start")
        static let endDate = Field("endDate", .date, "the last date on which it may start")
        static let dst = Field("dst", SpanKind.dst, "what happens when clocks are changed")
        static let reason = Field("reason", .text, "shown wherever the exclusion is")
        static let calendar = Field(
            "calendar", .located(.name), "all spans of this Calendar, instead of other keys")
        static let common = [
            name.shape, schedule.shape, rrule.shape, weekly.shape, at.shape, start.shape, end.shape, lastDay.shape,
            duration.shape, until.shape, timeZone.shape, startDate.shape, endDate.shape, dst.shape,
        ]
    }

    private static let weekly: ValueType<Recurrence> = .object(
        "weekly",
        NeededField("days", .list(of: .weekday, minimum: 1, maximum: 7), "the days on which it starts"),
        NeededField("start", .timeOfDay, "the local time of the start")
    ) { .weekly(days: Set($0), start: $1) }

    /// A date alone is refused: half of the readers include that day, the other half does not.
    private static let end = ValueType<LocalDateTime>(ValueType<LocalDateTime>.dateTime.shape) { node, findings in
        guard let value = ValueType<DateOrDateTime>.dateOrDateTime.read(node, findings) else { return nil }
        switch value {
        case .dateTime(let time): return time
        case .date(let date):
            findings.error(
                .dateOnlyEnd, "`end: \(date)` can be read both ways", at: node.location,
                hint: "write `lastDay: \(date)` if that day is included, else `end: \(date)T00:00`")
            return nil
        }
    }

    private static let dst: ValueType<DSTRule> = .object(
        "dst",
        DefaultedField("gap", .word(), default: DSTRule().gap, "the local time is skipped by the clocks"),
        DefaultedField("overlap", .word(), default: DSTRule().overlap, "the clocks show the local time twice"),
        build: DSTRule.init)
}

extension ObjectShape {
    /// Words of tools whose windows are days with a start and an end.
    var withoutDayTimes: ObjectShape {
        let hint = "write weekly: {days: [sat, sun], start: \"22:00\"} and until: \"05:00\""
        return ["startTime", "endTime", "rebootDays"].reduce(self) { $0.without($1, hint) }
    }
}

extension ValueType where Value == Weekday {
    /// `sat-mon`, as the days that it means.
    private static func range(_ text: String) -> String? {
        let ends = text.lowercased().split(separator: "-", omittingEmptySubsequences: false).map { $0.prefix(3) }
        let days = Weekday.allCases
        guard ends.count == 2, let first = days.firstIndex(where: { $0.rawValue == ends[0] }),
            let last = days.firstIndex(where: { $0.rawValue == ends[1] })
        else { return nil }
        let count = (last - first + days.count) % days.count + 1
        let names = (0..<count).map { days[(first + $0) % days.count].rawValue }
        return "name each day: \(names.joined(separator: ", "))"
    }

    /// `sun`; the full English words get a hint.
    fileprivate static let weekday = ValueType(.words(Weekday.allCases.map(\.rawValue))) { node, findings in
        guard let scalar = findings.scalar(node, "a weekday such as sun") else { return nil }
        if let day = Weekday(rawValue: scalar.text) { return day }
        let words = Weekday.allCases.map(\.rawValue)
        let short = String(scalar.text.lowercased().prefix(3))
        findings.error(
            .unknownWord, "\"\(scalar.text)\" is not a weekday: \(listed(words))", at: node.location,
            hint: range(scalar.text) ?? Weekday(rawValue: short).map { "write \($0.rawValue)" })
        return nil
    }
}
