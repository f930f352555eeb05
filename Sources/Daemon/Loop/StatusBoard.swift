import Scheduling
import Synchronization

/// The latest status report. Readers never touch the controller.
public final class StatusBoard: Sendable {
    private let latest: Mutex<StatusReport?>

    public init() {
        latest = Mutex(nil)
    }

    /// Nil until the daemon has decided for the first time.
    public var report: StatusReport? { latest.withLock { $0 } }

    func show(_ report: StatusReport) { latest.withLock { $0 = report } }
}
