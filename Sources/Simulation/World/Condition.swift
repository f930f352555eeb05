import Primitives

/// What the network and the process of a node do to callers.
struct Condition: Sendable {
    /// In force, the latest last; one that began twice is there twice.
    private(set) var troubles: [Trouble] = []
    /// How many faults cut it off.
    var isolations = 0
    var neverDrains = false
    /// It is gone, or somebody's for ever: nobody waits for it to come to rest.
    var isLost = false

    mutating func begin(_ trouble: Trouble) { troubles.append(trouble) }
    mutating func end(_ trouble: Trouble) {
        if let place = troubles.firstIndex(of: trouble) { troubles.remove(at: place) }
    }

    func has(_ trouble: Trouble) -> Bool { troubles.contains(trouble) }
    var isReachable: Bool { !has(.unreachable) && !has(.silent) && !has(.failing) }
    func isHanging(_ call: Trouble.Call) -> Bool { has(.silent) || has(.hanging(call)) }
    func isBroken(_ call: Trouble.Call) -> Bool { has(.failing) || has(.broken(call)) }
    var delay: Duration { troubles.compactMap { if case .slow(let by) = $0 { by } else { nil } }.max() ?? .zero }
    var refusal: Int? { troubles.compactMap { if case .refusing(let status) = $0 { status } else { nil } }.last }
    var lie: Trouble.Lie? { troubles.compactMap { if case .lying(let lie) = $0 { lie } else { nil } }.last }
}

/// The clocks of the daemon's host. The uptime is right and begins anew with each boot; the wall clock is what people
/// and faults make of it.
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
