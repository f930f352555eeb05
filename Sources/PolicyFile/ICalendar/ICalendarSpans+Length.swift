import Calendars
import ModeCore
import Primitives
import Scheduling

extension ICalendarSpans {
    /// From DTEND, DURATION, or neither; nil after a report, or where it lasts no time at all.
    func extent(
        _ written: ICalendarFile.Event, _ start: ICalendarDates.Moment, _ line: ContentLine
    ) -> Extent? {
        let end = written.first("DTEND")
        let fate = written.first("RECURRENCE-ID") == nil ? "is left out" : ICalendarSpans.staysAsItIs
        if let duration = written.first("DURATION") {
            if end != nil {
                faults.error(
                    .calendarValue, "DTEND and DURATION both say when the event ends", at: duration.namePlace)
                return nil
            }
            return self.extent(duration, start, fate)
        }
        guard let end else {
            if start.isDate { return Extent(days: 1) }
            faults.warning(
                .calendarDoubtful, "the event has no end: it lasts no time and \(fate)",
                at: line.valuePlace,
                hint: "write DTEND or DURATION")
            return nil
        }
        guard let moment = dates.moment(end, besides: start.zone) else { return nil }
        guard moment.isDate == start.isDate else {
            faults.error(
                .calendarValue,
                start.isDate
                    ? "DTSTART is a date, DTEND has a time" : "DTEND is a date, DTSTART has a time",
                at: end.valuePlace)
            return nil
        }
        var extent = Extent()
        if start.isDate {
            extent.days = moment.local.date.daysSinceEpoch - start.local.date.daysSinceEpoch
            if extent.days == 0 {
                faults.warning(
                    .calendarDoubtful,
                    "DTEND is the first day that is free again: the event counts as one day",
                    at: end.valuePlace,
                    hint: "write DTEND;VALUE=DATE:\(compact(start.local.date.adding(days: 1)))")
                extent.days = 1
            }
        } else {
            guard let from = dates.instant(start), let to = dates.instant(moment) else {
                faults.error(
                    .calendarValue, "no calendar of this program has that time", at: end.valuePlace)
                return nil
            }
            extent.seconds = to.seconds - from.seconds
        }
        return checked(extent, at: end, fate)
    }

    private static let staysAsItIs = "is left out, what it replaces stays as it is"

    func compact(_ date: LocalDate) -> String { String("\(date)".filter { $0 != "-" }) }

    private func extent(_ line: ContentLine, _ start: ICalendarDates.Moment, _ fate: String) -> Extent? {
        guard let duration = CalendarDuration(line.word) else {
            faults.error(
                .calendarValue, "this is no duration", at: line.valuePlace,
                hint: "write P1D, P2W, PT3H or P1DT12H30M")
            return nil
        }
        guard !duration.isNegative else {
            faults.error(.calendarValue, "an event cannot end before it starts", at: line.valuePlace)
            return nil
        }
        guard !start.isDate || duration.seconds == 0 else {
            faults.error(
                .calendarValue, "an event of whole days lasts days or weeks", at: line.valuePlace,
                hint: "give DTSTART a time, or write P1D")
            return nil
        }
        return checked(Extent(days: duration.days, seconds: Int64(duration.seconds)), at: line, fate)
    }

    private func checked(_ extent: Extent, at line: ContentLine, _ fate: String) -> Extent? {
        if extent.days < 0 || extent.seconds < 0 {
            faults.error(.calendarValue, "the event ends before it starts", at: line.valuePlace)
            return nil
        }
        if extent.days == 0, extent.seconds == 0 {
            faults.warning(
                .calendarDoubtful, "the event lasts no time and \(fate)", at: line.valuePlace)
            return nil
        }
        guard Int64(extent.days) + extent.seconds / 86400 <= Int64(ICalendarReader.longestDays) else {
            faults.error(.calendarValue, "an event lasts at most 100 years", at: line.valuePlace)
            return nil
        }
        return extent
    }
}
