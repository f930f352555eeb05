import Primitives
import Scheduling
import Synchronization

/// The latest status report, and what the controller does not know: the zone to show it in, and whether the files on disk
/// were refused. Readers never touch the controller.
package final class StatusBoard: Sendable {
    /// Policies that were read and did not come into force.
    package struct RefusedReload: Hashable, Sendable {
        /// More reasons are left out.
        package static let reasonLimit = 20

        package var at: Timestamp
        /// Nil where the files could not be read as policies at all.
        package var digest: String?
        package var reasons: [String]
        /// The files or their directory, for whoever checks them; nil: nobody said.
        package var path: String?

        package init(at: Timestamp, digest: String?, reasons: [String], path: String? = nil) {
            self.at = at
            self.path = path
            self.digest = digest
            self.reasons = reasons.prefix(RefusedReload.reasonLimit).map { String($0.prefix(1000)) }
        }
    }

    /// What a receiver of notices has not got, until it takes one again.
    package struct Undelivered: Hashable, Sendable {
        /// Of the first attempt that failed.
        package var since: Timestamp
        /// Notices that were given up.
        package var lost = 0
        /// Of the latest attempt, in words.
        package var why: String

        package init(since: Timestamp, lost: Int = 0, why: String) {
            self.since = since
            self.lost = lost
            self.why = String(why.prefix(1000))
        }
    }

    /// Everything that is shown, of one instant.
    package struct Content: Sendable {
        /// Nil until the daemon has decided for the first time.
        package fileprivate(set) var report: StatusReport?
        package fileprivate(set) var zone = DisplayZone.utc
        package fileprivate(set) var refusedReload: RefusedReload?
        /// By notification.
        package fileprivate(set) var undelivered: [String: Undelivered] = [:]
    }

    private struct State {
        var content = Content()
        var policies: PolicySet?
        var isWatched = true
    }

    private let state = Mutex(State())

    private let policyPath: String?

    /// - Parameter policyPath: where the policies are read, for whoever checks them; nil: nobody says.
    package init(policyPath: String? = nil) { self.policyPath = policyPath }

    package var content: Content {
        state.withLock { state in
            state.isWatched = true
            return state.content
        }
    }
    package var report: StatusReport? { content.report }
    /// Asking for it is not looking.
    var zone: DisplayZone { state.withLock { $0.content.zone } }

    /// The same as `report`; asking for it is not looking.
    var latestReport: StatusReport? { state.withLock { $0.content.report } }

    /// Somebody has looked since the latest report was shown: the next one is wanted soon.
    var isWatched: Bool { state.withLock { $0.isWatched } }

    package func show(_ report: StatusReport) {
        state.withLock { state in
            state.content.report = report
            state.isWatched = false
        }
    }

    /// The policies in force: instants are shown in their zone from now on.
    package func use(_ set: PolicySet) {
        let zone = DisplayZone(of: set)
        state.withLock { state in
            state.content.zone = zone
            state.policies = set
        }
    }

    /// The set in force; nil: none is yet.
    var policies: PolicySet? { state.withLock { $0.policies } }

    /// What was read last did not come into force; nil: it did.
    package func note(_ refusal: RefusedReload?) {
        var refusal = refusal
        if refusal?.path == nil { refusal?.path = policyPath }
        state.withLock { $0.content.refusedReload = refusal }
    }

    /// - Parameter undelivered: nil: it takes them.
    package func note(_ undelivered: Undelivered?, of notification: String) {
        state.withLock { $0.content.undelivered[notification] = undelivered }
    }
}
