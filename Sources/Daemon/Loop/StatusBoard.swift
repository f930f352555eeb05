import Scheduling
import Synchronization

/// The latest status report, and the zone to show it in. Readers never touch the controller.
public final class StatusBoard: Sendable {
    private struct Content {
        var report: StatusReport?
        var zone = DisplayZone.utc
    }

    private let content = Mutex(Content())

    public init() {}

    /// Nil until the daemon has decided for the first time.
    public var report: StatusReport? { content.withLock { $0.report } }
    public var zone: DisplayZone { content.withLock { $0.zone } }

    package func show(_ report: StatusReport) { content.withLock { $0.report = report } }

    /// Instants are shown in the zone of these policies from now on.
    package func use(_ set: PolicySet) {
        let zone = DisplayZone(of: set)
        content.withLock { $0.zone = zone }
    }
}
