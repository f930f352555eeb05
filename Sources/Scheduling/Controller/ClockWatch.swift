import Primitives

/// Compares the wall clock with the uptime. After a jump nothing is taken out of service until samples over half a minute
/// agree again.
struct ClockWatch: Sendable {
    static let tolerance = Duration.seconds(60)
    static let agreement = Duration.seconds(30)

    private var last: Moment?
    /// The clock may be trusted from then on if it does not jump before; nil: it is trusted.
    private(set) var trustedFrom: Uptime?

    var isTrusted: Bool { trustedFrom == nil }

    /// - Parameters:
    ///   - latest: the instant of the latest record, at a start: a wall clock that is before it is wrong, or was.
    ///   - wasTrusted: what that record's daemon thought of it. Samples that agree are half a minute of one daemon's.
    mutating func begin(_ now: Moment, latest: Timestamp?, wasTrusted: Bool) {
        last = now
        let goesBack = latest.map { now.wall < $0 } ?? false
        if goesBack || !wasTrusted { trustedFrom = now.uptime + ClockWatch.agreement }
    }

    mutating func note(_ now: Moment) {
        defer { last = now }
        guard let last else { return }
        let wall = now.wall - last.wall
        let uptime = now.uptime - last.uptime
        if wall - uptime > ClockWatch.tolerance || uptime - wall > ClockWatch.tolerance {
            trustedFrom = now.uptime + ClockWatch.agreement
        } else if let trustedFrom, now.uptime >= trustedFrom {
            self.trustedFrom = nil
        }
    }
}
