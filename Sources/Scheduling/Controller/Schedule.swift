import Calendars
import Primitives

/// The calendars in force and what they say now.
struct Schedule: Sendable {
    /// By policy: its current windows and exclusions.
    var policies: [String: PolicyCalendar] = [:]
    /// By run: the windows that it pinned, and the policy's current exclusions.
    var runs: [RunID: PolicyCalendar] = [:]
    var gates: [RunID: Gate] = [:]
    /// When a calendar may next answer differently.
    var nextCheck = Timestamp.distantPast
    var checkedAt = Timestamp.distantPast

    /// Calendars are asked again at least this often, whatever they said.
    static let longestRest = Duration.days(1)
}

extension Window {
    /// For rollouts without windows: any time.
    static let always = Window(
        name: "always",
        recurrence: .weekly(days: Set(Weekday.allCases), start: TimeOfDay.midnight), length: .elapsed(.days(1)),
        timeZone: ZoneRules.utc.name)
}

/// What maintenance windows and rollouts have in common.
struct RunPolicy: Sendable {
    var name: String
    var cluster: String
    var selector: Selector
    var windows: [Window]
    var exclusions: [Exclusion]
    var cutoff: Duration
    var onWindowEnd: OnWindowEnd
    var strategy: Strategy
    var sequence: StepSequence
    var isSuspended: Bool
    /// Nil for a maintenance window.
    var revision: String?

    init(_ policy: MaintenanceWindow) {
        name = policy.name
        cluster = policy.cluster
        selector = policy.selector
        windows = policy.windows
        exclusions = policy.exclusions
        cutoff = policy.cutoff
        onWindowEnd = policy.onWindowEnd
        strategy = policy.strategy
        sequence = policy.sequence
        isSuspended = policy.isSuspended
        revision = nil
    }

    init(_ policy: Rollout) {
        name = policy.name
        cluster = policy.cluster
        selector = policy.selector
        windows = policy.windows
        exclusions = policy.exclusions
        cutoff = policy.cutoff
        onWindowEnd = policy.onWindowEnd
        strategy = policy.strategy
        sequence = policy.sequence
        isSuspended = policy.isSuspended
        revision = policy.revision
    }

    func calendar(zones: [String: ZoneRules], windows pinned: [Window]? = nil) -> PolicyCalendar {
        let windows = pinned ?? self.windows
        var zones = zones
        if windows.isEmpty { zones[ZoneRules.utc.name] = .utc }
        return PolicyCalendar(
            policy: name, windows: windows.isEmpty ? [.always] : windows, exclusions: exclusions, zones: zones)
    }
}

extension PolicySet {
    /// Maintenance windows, then rollouts, each in the order of their names.
    var runPolicies: [RunPolicy] { maintenanceWindows.map(RunPolicy.init) + rollouts.map(RunPolicy.init) }

    func runPolicy(_ name: String) -> RunPolicy? { runPolicies.first { $0.name == name } }
}
