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
                .invalidSchedule, error.message, at: place(of: error.offset, in: scalar, node.location),
                hint: error.hint)
            return nil
        }
    }

    /// The field that the fault is in, where the text stands on one line as it was read.
    private static func place(
        of offset: Int, in scalar: YAMLNode.Scalar, _ location: SourceLocation
    ) -> SourceLocation {
        let quotes = scalar.isPlain ? 0 : 2
        let isAsWritten = Int(location.length) == scalar.text.utf8.count + quotes
        let rest = scalar.text.utf8.dropFirst(offset).prefix { $0 != 0x20 }
        guard isAsWritten, offset < scalar.text.utf8.count else { return location }
        var place = location
        place.column += Int32(clamping: offset + quotes / 2)
        place.length = Int32(clamping: max(1, rest.count))
        return place
    }
}
