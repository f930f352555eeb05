import Calendars
import Scheduling

extension ValueType where Value == CronSchedule {
    /// Five-field cron. The only place that reads one.
    static let schedule = ValueType(.text(pattern: "^\\S+( +\\S+){4}$"), written: { $0.text }) { node, findings in
        guard let scalar = findings.scalar(node, "a five-field cron expression") else { return nil }
        do throws(CronError) {
            let schedule = try CronSchedule(scalar.text)
            if schedule.restrictsDayOfMonth, schedule.restrictsDayOfWeek {
                findings.warning(
                    .dayOrWeekday, "day of month or day of week: it starts on days that match either",
                    at: node.location, hint: "put `*` in one of them unless that is meant")
            }
            return schedule
        } catch {
            findings.error(
                .invalidSchedule, error.message, at: node.place(ofByte: error.offset, upTo: 0x20), hint: error.hint)
            return nil
        }
    }
}

extension YAMLNode {
    /// The part of a text that a fault is in, up to the next separator, where the text stands on one line as it was
    /// read; else the whole text.
    func place(ofByte offset: Int, upTo separator: UInt8) -> SourceLocation {
        guard let scalar else { return location }
        let quotes = scalar.isPlain ? 0 : 2
        let isAsWritten = Int(location.length) == scalar.text.utf8.count + quotes
        let rest = scalar.text.utf8.dropFirst(offset).prefix { $0 != separator }
        guard isAsWritten, offset < scalar.text.utf8.count else { return location }
        var place = location
        place.column += Int32(clamping: offset + quotes / 2)
        place.length = Int32(clamping: max(1, rest.count))
        return place
    }
}
