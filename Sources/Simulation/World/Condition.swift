import Primitives

/// What the network and the process of a node do to callers, as counters of faults in force.
struct Condition: Sendable {
    var unreachable = 0
    var silent = 0
    var failing = 0
    var hanging: [Fault.Call: Int] = [:]
    var broken: [Fault.Call: Int] = [:]
    var slow: [Duration] = []
    var answerLost = 0
    var late = 0
    var repeated = 0
    var ignored = 0
    var refusing: [Int] = []
    var lies: [Fault.Lie] = []
    var isolated = 0
    var neverDrains = false
    /// It is gone, or somebody's for ever: nobody waits for it to come to rest.
    var isLost = false

    var isReachable: Bool { unreachable == 0 && silent == 0 && failing == 0 }
    func isHanging(_ call: Fault.Call) -> Bool { silent > 0 || (hanging[call] ?? 0) > 0 }
    func isBroken(_ call: Fault.Call) -> Bool { failing > 0 || (broken[call] ?? 0) > 0 }
}

/// The clocks of the daemon's host. The uptime is right and begins anew with each boot; the wall clock is what people and
/// faults make of it.
struct HostClockModel: Sendable {
    private let start: Timestamp
    private(set) var boot = 1
    private var bootedAt: Int64 = -1_000_000_000_000
    private var offset = Duration.zero
    private var drift: Int64 = 0
    private var driftsSince: Int64 = 0
    /// For one event only.
    var sample: Duration?

    init(start: Timestamp) { self.start = start }

    func wall(at now: Int64) -> Timestamp { start + .nanoseconds(now) + offset + drifted(at: now) }

    func moment(at now: Int64) -> Moment {
        Moment(
            wall: wall(at: now) + (sample ?? .zero), uptime: Uptime(nanoseconds: now - bootedAt))
    }

    private func drifted(at now: Int64) -> Duration {
        .nanoseconds((now - driftsSince) / 1_000_000_000 * drift)
    }

    mutating func jump(by duration: Duration) { offset += duration }

    mutating func drift(by nanosecondsPerSecond: Int64, at now: Int64) {
        offset += drifted(at: now)
        drift = nanosecondsPerSecond
        driftsSince = now
    }

    /// The host has been up for a few seconds when the daemon starts.
    mutating func reboot(at now: Int64) {
        boot += 1
        bootedAt = now - 12_000_000_000
    }

    var isRight: Bool { offset == .zero && drift == 0 }
}
