import Glibc
import ModeCore
import Scheduling

extension Timestamp {
    /// `2026-11-29T02:41:07+09:00`; fractions of a second are cut off.
    ///
    /// - Parameter offset: seconds east of UTC, whole minutes.
    public func rfc3339(offset: Int = 0) -> String {
        let local = LocalDateTime(seconds: seconds + Int64(offset))
        let date = local.date
        let time = clockText(local.secondsSinceMidnight)
        let sign = offset < 0 ? "-" : "+"
        let minutes = abs(offset) / 60
        return "\(padded(date.year, 4))-\(padded(date.month))-\(padded(date.day))T\(time)"
            + "\(sign)\(padded(minutes / 60)):\(padded(minutes % 60))"
    }

    /// `02:41:07` in the zone of this host, for log lines.
    public var hostTimeOfDay: String {
        var instant = time_t(seconds)
        var parts = tm()
        localtime_r(&instant, &parts)
        return clockText(Int(parts.tm_hour) * 3600 + Int(parts.tm_min) * 60 + Int(parts.tm_sec))
    }
}

private func clockText(_ seconds: Int) -> String {
    "\(padded(seconds / 3600)):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))"
}

private func padded(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
