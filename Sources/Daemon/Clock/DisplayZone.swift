import ModeCore
import Scheduling

/// The zone in which instants are shown: the one that all policies use, or UTC where there is none or more than one.
public struct DisplayZone: Hashable, Sendable {
    public let rules: ZoneRules

    public static let utc = DisplayZone(rules: .utc)

    public init(rules: ZoneRules) {
        self.rules = rules
    }

    public init(of set: PolicySet) {
        let windows = set.maintenanceWindows.flatMap(\.windows) + set.rollouts.flatMap(\.windows)
        let names = Set(windows.map(\.timeZone))
        rules = names.count == 1 ? names.first.flatMap { set.zones[$0] } ?? .utc : .utc
    }

    /// `2026-11-29T02:41:07+09:00`; fractions of a second are cut off.
    public func text(_ instant: Timestamp) -> String { rules.text(Timestamp(seconds: instant.seconds)) }

    /// RFC 3339, or a local date and time of this zone, or a local date for its midnight; nil where it is none of them.
    public func instant(_ text: String) -> Timestamp? {
        if let instant = Timestamp(rfc3339: text) { return instant }
        let written = text.contains(":") ? text : text + "T00:00"
        return LocalDateTime(written).flatMap { rules.resolve($0, DSTRule()) }
    }
}
