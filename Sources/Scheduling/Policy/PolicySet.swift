import ModeCore

/// Every validated policy of one directory, taken or refused as a whole. All names in it resolve.
public struct PolicySet: Hashable, Sendable, Codable {
    /// In the order of their names, like every list here.
    public var clusters: [ClusterPolicy]
    public var maintenanceWindows: [MaintenanceWindow]
    public var rollouts: [Rollout]
    /// The rules of every zone that a window or an exclusion names.
    public var zones: [String: ZoneRules]
    /// Identifies the text: hash of all files, for journal and status.
    public var digest: String

    public init(
        clusters: [ClusterPolicy] = [], maintenanceWindows: [MaintenanceWindow] = [], rollouts: [Rollout] = [],
        zones: [String: ZoneRules] = [:], digest: String = ""
    ) {
        self.clusters = clusters
        self.maintenanceWindows = maintenanceWindows
        self.rollouts = rollouts
        self.zones = zones
        self.digest = digest
    }

    public var isEmpty: Bool { clusters.isEmpty && maintenanceWindows.isEmpty && rollouts.isEmpty }
}
