import ModeCore
import Scheduling

/// The zone in which instants are shown: the one that all policies use, or UTC where there is none or more than one.
public struct DisplayZone: Hashable, Sendable {
    private var rules: ZoneRules

    public static let utc = DisplayZone(rules: .utc)

    public init(rules: ZoneRules) {
        self.rules = rules
    }

    public init(of set: PolicySet) {
        let windows = set.maintenanceWindows.flatMap(\.windows) + set.rollouts.flatMap(\.windows)
        let names = Set(windows.map(\.timeZone))
        rules = names.count == 1 ? names.first.flatMap { set.zones[$0] } ?? .utc : .utc
    }

    /// `2026-11-29T02:41:07+09:00`.
    public func text(_ instant: Timestamp) -> String { instant.rfc3339(offset: offset(at: instant)) }

    private func offset(at instant: Timestamp) -> Int {
        var low = 0
        var high = rules.transitions.count
        while low < high {
            let middle = (low + high) / 2
            if rules.transitions[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? rules.initialOffset : rules.transitions[low - 1].offset
    }
}
