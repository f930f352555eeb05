import Calendars

/// Every validated policy of one directory, taken or refused as a whole. All names in it resolve.
public struct PolicySet: Hashable, Sendable, Codable {
    /// In the order of their names, like every list here.
    public var clusters: [ClusterPolicy]
    public var maintenanceWindows: [MaintenanceWindow]
    public var rollouts: [Rollout]
    /// Windows and exclusions of the policies hold the spans of the calendars that they name already; these are for
    /// showing them.
    public var calendars: [CalendarPolicy]
    public var notifications: [NotificationPolicy]
    /// The rules of every zone that a window or an exclusion names.
    public var zones: [String: ZoneRules]
    /// Identifies the text: hash of all files, for journal and status.
    public var digest: String

    public init(
        clusters: [ClusterPolicy] = [], maintenanceWindows: [MaintenanceWindow] = [], rollouts: [Rollout] = [],
        calendars: [CalendarPolicy] = [], notifications: [NotificationPolicy] = [], zones: [String: ZoneRules] = [:],
        digest: String = ""
    ) {
        self.clusters = clusters
        self.maintenanceWindows = maintenanceWindows
        self.rollouts = rollouts
        self.calendars = calendars
        self.notifications = notifications
        self.zones = zones
        self.digest = digest
    }

    /// Journals that are older have no calendars and no notifications.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        clusters = try container.decode([ClusterPolicy].self, forKey: .clusters)
        maintenanceWindows = try container.decode([MaintenanceWindow].self, forKey: .maintenanceWindows)
        rollouts = try container.decode([Rollout].self, forKey: .rollouts)
        calendars = try container.decodeIfPresent([CalendarPolicy].self, forKey: .calendars) ?? []
        notifications = try container.decodeIfPresent([NotificationPolicy].self, forKey: .notifications) ?? []
        zones = try container.decode([String: ZoneRules].self, forKey: .zones)
        digest = try container.decode(String.self, forKey: .digest)
    }

    public var isEmpty: Bool { clusters.isEmpty && maintenanceWindows.isEmpty && rollouts.isEmpty }
}
