import Calendars
import ModeCore

/// Every validated policy of one directory, taken or refused as a whole. All names in it resolve.
package struct PolicySet: Hashable, Sendable, Codable {
    /// In the order of their names, like every list here where nothing else is said.
    package var clusters: [ClusterPolicy]
    /// Maintenance windows, then rollouts, each in the order of their names.
    package var policies: [Policy]
    /// Windows and exclusions of the policies hold the spans of the calendars that they name already; these are for
    /// showing them.
    package var calendars: [CalendarPolicy]
    package var notifications: [NotificationPolicy]
    /// The rules of every zone that a window or an exclusion names.
    package var zones: [String: ZoneRules]
    /// Identifies the text: hash of all files, for journal and status.
    package var digest: String

    /// - Parameter policies: in any order.
    package init(
        clusters: [ClusterPolicy] = [], policies: [Policy] = [], calendars: [CalendarPolicy] = [],
        notifications: [NotificationPolicy] = [], zones: [String: ZoneRules] = [:], digest: String = ""
    ) {
        self.clusters = clusters
        self.policies = policies.sorted {
            $0.isRollout == $1.isRollout ? $0.name < $1.name : $1.isRollout
        }
        self.calendars = calendars
        self.notifications = notifications
        self.zones = zones
        self.digest = digest
    }

    package var isEmpty: Bool { clusters.isEmpty && policies.isEmpty }

    package func policy(named name: String) -> Policy? { policies.first { $0.name == name } }

    package func cluster(named name: String) -> ClusterPolicy? { clusters.first { $0.name == name } }

    /// What forbids the policy to act: its own exclusions, and those of its cluster, each once.
    package func exclusions(of policy: Policy) -> [Exclusion] {
        let own = policy.schedule.exclusions
        let shared = cluster(named: policy.cluster)?.exclusions ?? []
        guard !shared.isEmpty, !own.isEmpty else { return own + shared }
        let known = Set(own)
        return own + shared.filter { !known.contains($0) }
    }

    /// When the cluster's own exclusions let anybody act.
    package func calendar(of cluster: ClusterPolicy) -> PolicyCalendar {
        let zones = zones.merging([ZoneRules.utc.name: .utc]) { known, _ in known }
        return PolicyCalendar(policy: cluster.name, windows: [.always], exclusions: cluster.exclusions, zones: zones)
    }

    /// The zone of all windows of its policies; nil where they have none, or more than one.
    package var onlyZone: String? {
        let names = Set(policies.flatMap(\.schedule.windows).map(\.timeZone))
        return names.count == 1 ? names.first : nil
    }

    /// When the policy may act, its cluster's exclusions subtracted.
    ///
    /// - Parameter pinned: windows instead of the policy's own: those that a run began with. Empty: at any time.
    package func calendar(of policy: Policy, windows pinned: [Window]? = nil) -> PolicyCalendar {
        var windows = pinned ?? policy.schedule.windows
        var zones = zones
        if windows.isEmpty {
            windows = [.always]
            zones[ZoneRules.utc.name] = .utc
        }
        return PolicyCalendar(
            policy: policy.name, windows: windows, exclusions: exclusions(of: policy), zones: zones)
    }
}
