import Calendars
import ModeCore
import Scheduling

extension ICalendarSpans {
    /// A start of an event that does not happen, on the wall of its zone.
    struct Exception {
        var local: LocalDateTime
        /// EXDATE or RECURRENCE-ID.
        var line: ContentLine
    }

    /// Starts of the event that do not happen, on the wall of its zone; nil after a report.
    mutating func exceptions(
        _ written: ICalendarFile.Event, _ event: Event, _ replaced: [ICalendarOverrides.Override]
    ) -> [Exception]? {
        var result: [Exception] = []
        for override in replaced {
            let moment = override.moment
            if let local = dates.local(moment, in: event.start.zone) {
                result.append(
                    Exception(local: moment.isDate ? atStart(local.date, event) : local, line: override.line))
            }
        }
        for line in written.all("EXDATE") {
            guard let moments = moments(line, event) else { return nil }
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
                    result.append(Exception(local: atStart(moment.local.date, event), line: line))
                } else if event.start.isDate, moment.local.secondsSinceMidnight != 0 {
                    faults.error(
                        .calendarValue, "EXDATE has a time, but the event is of whole days",
                        at: line.valuePlace,
                        hint: "EXDATE;VALUE=DATE:\(compact(moment.local.date))")
                    return nil
                } else if event.start.isDate {
                    result.append(Exception(local: moment.local, line: line))
                } else if let local = dates.local(moment, in: event.start.zone) {
                    result.append(Exception(local: local, line: line))
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

    mutating func additions(_ written: ICalendarFile.Event, _ event: Event) -> [ICalendarDates.Moment]? {
        var result: [ICalendarDates.Moment] = []
        let isDate = event.start.isDate
        for line in written.all("RDATE") {
            guard let moments = moments(line, event) else { return nil }
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

    private mutating func moments(_ line: ContentLine, _ event: Event) -> [ICalendarDates.Moment]? {
        guard let moments = dates.moments(line, besides: event.start.zone) else { return nil }
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
}

/// What events with RECURRENCE-ID take out of the events that they belong to.
struct ICalendarOverrides {
    struct Override {
        var moment: ICalendarDates.Moment
        var line: ContentLine
    }

    private var byUID: [String: [Override]] = [:]
    private var all: [Override] = []
    private var met: Set<ICalendarPlace> = []
    /// UIDs of which an event without RECURRENCE-ID was asked for.
    private var known: Set<String> = []
    private var uids: [String] = []

    mutating func add(_ moment: ICalendarDates.Moment, _ line: ContentLine, of uid: String) {
        let override = Override(moment: moment, line: line)
        byUID[uid, default: []].append(override)
        all.append(override)
        uids.append(uid)
    }

    /// Those of an event of the file.
    mutating func all(of uid: String?) -> [Override] {
        guard let uid else { return [] }
        known.insert(uid)
        return byUID[uid] ?? []
    }

    mutating func meet(_ line: ContentLine) { met.insert(line.place) }

    /// In the order of the file, those that are no start of any event of their UID, where there is such an event.
    var missed: [Override] {
        zip(all, uids).filter { known.contains($0.1) && !met.contains($0.0.line.place) }.map(\.0)
    }
}
