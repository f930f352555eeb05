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

    /// - Parameter journaled: the instant of the latest record, at a start: a wall clock that is before it is wrong, or was.
    mutating func begin(_ now: Moment, journaled: Timestamp?) {
        last = now
        if let journaled, journaled - now.wall > .zero { trustedFrom = now.uptime + ClockWatch.agreement }
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
