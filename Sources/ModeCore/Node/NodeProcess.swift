import Primitives

/// The process behind a node: whether it runs, which mode it is in, and what changes that.
struct NodeProcess: Sendable {
    private(set) var version: String
    private(set) var mode: NodeMode
    private(set) var isRunning = true
    /// Incarnation: one more with each start and each join.
    private(set) var epoch: UInt64 = 1
    private let isClustered: Bool
    private let profile: ModeProfile

    init(_ settings: NodeSettings) {
        version = settings.version
        isClustered = settings.isClustered
        profile = settings.profile
        mode = settings.isClustered ? .initial : .normal
    }

    mutating func changeMode(
        _ requested: RequestableMode, at time: Timestamp, into log: inout EventLog
    ) -> ModeTransition {
        isRunning ? apply(.request(requested), at: time, into: &log) : .refused(.notRunning)
    }

    mutating func join(at time: Timestamp, into log: inout EventLog) {
        guard isRunning, isClustered else { return }
        epoch += 1
        log.record(.joined(epoch: epoch), at: time)
        apply(.join, at: time, into: &log)
    }

    mutating func isolate(at time: Timestamp, into log: inout EventLog) {
        guard isRunning, isClustered else { return }
        log.record(.isolated, at: time)
        apply(.isolate, at: time, into: &log)
    }

    mutating func rejoin(at time: Timestamp, into log: inout EventLog) {
        guard isRunning, isClustered else { return }
        log.record(.rejoined, at: time)
        apply(.rejoin, at: time, into: &log)
    }

    mutating func fileFault(at time: Timestamp, into log: inout EventLog) {
        guard isRunning, isClustered else { return }
        log.record(.fileFault, at: time)
        apply(.fileFault, at: time, into: &log)
    }

    mutating func stop(connectionsCut: Int, at time: Timestamp, into log: inout EventLog) {
        isRunning = false
        log.record(.stopped(connectionsCut: connectionsCut), at: time)
    }

    mutating func start(version newVersion: String?, at time: Timestamp, into log: inout EventLog) {
        version = newVersion ?? version
        isRunning = true
        epoch += 1
        log.record(.started(version: version), at: time)
        apply(.restart(clustered: isClustered), at: time, into: &log)
    }

    @discardableResult
    private mutating func apply(_ cause: ModeCause, at time: Timestamp, into log: inout EventLog) -> ModeTransition {
        let outcome = transition(from: mode, on: cause, profile: profile)
        if case .to(let next) = outcome {
            let previous = mode
            mode = next
            log.record(.modeChanged(from: previous, to: next, on: cause), at: time)
        }
        return outcome
    }
}
