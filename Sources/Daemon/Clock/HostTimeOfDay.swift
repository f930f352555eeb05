import Glibc
import Primitives

extension Timestamp {
    /// `02:41:07` in the zone of this host, for log lines.
    package var hostTimeOfDay: String {
        var instant = time_t(seconds)
        var parts = tm()
        localtime_r(&instant, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { ($0 < 10 ? "0" : "") + String($0) }
            .joined(separator: ":")
    }
}
