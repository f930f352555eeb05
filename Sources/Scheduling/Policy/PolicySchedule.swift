import Calendars
import ModeCore
import Primitives

/// When a policy may act.
package struct PolicySchedule: Hashable, Sendable, Codable {
    /// Empty only for a rollout, which then acts at any time that no exclusion takes.
    package var windows: [Window]
    /// The policy's own. Those of its cluster hold as well: `PolicySet.exclusions(of:)`.
    package var exclusions: [Exclusion]
    /// No node is started this close to the end of a window.
    package var cutoff: Duration
    package var onWindowEnd: OnWindowEnd
    package var startOnlyIf: StartOnlyIf

    package init(
        windows: [Window] = [], exclusions: [Exclusion] = [], cutoff: Duration = .zero, onWindowEnd: OnWindowEnd,
        startOnlyIf: StartOnlyIf = .standard
    ) {
        self.windows = windows
        self.exclusions = exclusions
        self.cutoff = cutoff
        self.onWindowEnd = onWindowEnd
        self.startOnlyIf = startOnlyIf
    }

    /// What holds where a maintenance window says nothing else; windows it always has.
    package static let maintenanceWindow = PolicySchedule(onWindowEnd: .restore)
    /// What holds where a rollout says nothing else.
    package static let rollout = PolicySchedule(onWindowEnd: .finish)

    /// There are no windows to be inside of.
    package var isUnbounded: Bool { windows.isEmpty }
}

/// What happens at the window's end to nodes that are out of service but not committed.
package enum OnWindowEnd: String, Hashable, Sendable, Codable, CaseIterable {
    case finish
    case restore
}

/// Which nodes are started, of those that could be.
package enum StartOnlyIf: String, Hashable, Sendable, Codable, CaseIterable {
    case always
    /// Those whose longest course ends before the window does.
    case fits

    package static let standard = StartOnlyIf.always
}

extension Window {
    /// What stands for the windows of a policy that has none: any time.
    static let always = Window(
        name: "always",
        recurrence: .weekly(days: Set(Weekday.allCases), start: TimeOfDay.midnight), length: .elapsed(.days(1)),
        timeZone: ZoneRules.utc.name)
}
