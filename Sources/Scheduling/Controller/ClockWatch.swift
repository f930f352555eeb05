import Primitives

/// Compares the wall clock with the uptime. After a jump nothing is taken out of service until the two agree again.
struct ClockWatch: Sendable {
    static let tolerance = Duration.seconds(60)
    static let samplesNeeded = 3
    static let sampleSpacing = Duration.seconds(1)

    private var last: Moment?
    private var latestSample: Uptime?
    private var samplesMissing = 0

    var isTrusted: Bool { samplesMissing == 0 }

    mutating func note(_ now: Moment) {
        defer { last = now }
        guard let last else { return }
        let wall = now.wall - last.wall
        let uptime = now.uptime - last.uptime
        if wall - uptime > ClockWatch.tolerance || uptime - wall > ClockWatch.tolerance {
            samplesMissing = ClockWatch.samplesNeeded
            latestSample = now.uptime
            return
        }
        if samplesMissing > 0, let latest = latestSample, now.uptime - latest >= ClockWatch.sampleSpacing {
            samplesMissing -= 1
            latestSample = now.uptime
        }
    }
}
