import Primitives

/// Time left that runs or stands. The uptime measures it; what passed while no process watched is taken off when the next
/// one begins (`resumed`), and is never less than zero.
package struct Countdown: Hashable, Sendable, Codable {
    /// What was left when it last began to run or to stand.
    private var left: Duration
    /// Nil: it stands.
    private var runningSince: Uptime?

    package init(_ length: Duration, from now: Moment) {
        left = length
        runningSince = now.uptime
    }

    /// One that stands.
    package init(standing length: Duration) {
        left = length
        runningSince = nil
    }

    package var isRunning: Bool { runningSince != nil }

    package func timeLeft(at now: Moment) -> Duration {
        guard let runningSince else { return left }
        return max(.zero, left - max(.zero, now.uptime - runningSince))
    }

    package func hasPassed(at now: Moment) -> Bool { timeLeft(at: now) <= .zero }

    /// When it is over if it goes on running; nil while it stands.
    package var end: Uptime? { runningSince.map { $0 + left } }

    /// When it is over by the wall clock if it goes on running; nil while it stands.
    package func shownEnd(at now: Moment) -> Timestamp? { isRunning ? now.wall + timeLeft(at: now) : nil }

    /// What is left while it stands; nil while it runs.
    package var standing: Duration? { isRunning ? nil : left }

    package mutating func run(from now: Moment) {
        guard runningSince == nil else { return }
        runningSince = now.uptime
    }

    package mutating func stand(at now: Moment) {
        left = timeLeft(at: now)
        runningSince = nil
    }

    /// The whole length is left again; it runs or stands as before.
    package mutating func reset(to length: Duration, at now: Moment) {
        left = length
        if isRunning { runningSince = now.uptime }
    }

    /// The same countdown on another boot of the host.
    package func carried(over boot: BootChange) -> Countdown {
        guard isRunning else { return self }
        var countdown = self
        countdown.left = max(.zero, timeLeft(at: boot.last) - boot.passed)
        countdown.runningSince = boot.now.uptime
        return countdown
    }
}
