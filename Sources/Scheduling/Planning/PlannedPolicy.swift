import Calendars
import Primitives

/// What a plan says of one policy, whatever the time; the policy's own values can be read as if they were its own.
@dynamicMemberLookup
package struct PlannedPolicy: Hashable, Sendable {
    package var policy: Policy
    /// The nodes of the cluster as configured that it is about, in the order of a first run.
    package var nodes: [String]
    /// Further nodes are found when a daemon runs.
    package var isOpen: Bool
    /// Nodes out of service at once, at most: the strategy's and the cluster's `maxUnavailable`, and `minAvailable`.
    package var atOnce: Int
    /// The zone in which its instants are shown: of its first window, by name; without windows that of its exclusions, or of
    /// all policies of the set where they have one.
    package var timeZone: String
    /// Its windows are in more than one zone.
    package var hasManyZones: Bool

    package subscript<Value>(dynamicMember path: KeyPath<Policy, Value>) -> Value { policy[keyPath: path] }

    init(_ policy: Policy, of set: PolicySet) {
        self.policy = policy
        let windows = policy.schedule.windows
        let first =
            windows.min { $0.name < $1.name }
            ?? set.exclusions(of: policy).map(\.window).min { $0.name < $1.name }
        timeZone = first?.timeZone ?? set.onlyZone ?? ZoneRules.utc.name
        hasManyZones = windows.contains { $0.timeZone != first?.timeZone }
        let cluster = set.cluster(named: policy.cluster)
        isOpen = cluster?.isOpen ?? false
        let members = RunOrder.members(
            of: (cluster?.nodes ?? []).filter(policy.selector.matches), groups: policy.strategy.groups,
            tried: { _ in nil }, isTakenOver: { _ in false })
        nodes = RunOrder.sorted(members, by: policy.strategy.order).map(\.node.name)
        let budget = cluster.map {
            BudgetUse(total: $0.nodes.count, unavailable: 0, budget: $0.budget).limit
        }
        atOnce = min(policy.strategy.maxUnavailable.asMaxUnavailable(of: members.count), budget ?? 0)
    }
}

/// An exclusion, and the policies that it stops.
package struct PlannedFreeze: Hashable, Sendable {
    /// As the policies name it: `freezes/year-end`, or the exclusion's own name.
    package var name: String
    package var reason: String?
    /// Those that overlap the plan, by start, whole.
    package var spans: [Span]
    package var timeZone: String
    /// In the order of the plan's policies.
    package var policies: [String]
}

/// Every exclusion of every policy over `[from, to)`; equal ones of several policies are one.
func freezes(of set: PolicySet, from: Timestamp, to: Timestamp) -> [PlannedFreeze] {
    var policies: [Exclusion: [String]] = [:]
    var order: [Exclusion] = []
    for policy in set.policies {
        for exclusion in set.exclusions(of: policy) {
            if policies[exclusion] == nil { order.append(exclusion) }
            policies[exclusion, default: []].append(policy.name)
        }
    }
    let freezes = order.compactMap { exclusion -> PlannedFreeze? in
        guard let zone = set.zones[exclusion.window.timeZone] else { return nil }
        let spans = WindowCalendar(window: exclusion.window, zone: zone)
            .occurrences(overlapping: Span(start: from, end: to), policy: "", limit: PlanLimits.freezeSpans)
            .map(\.span)
        guard !spans.isEmpty else { return nil }
        return PlannedFreeze(
            name: exclusion.window.name, reason: exclusion.reason, spans: spans, timeZone: exclusion.window.timeZone,
            policies: policies[exclusion] ?? [])
    }
    return freezes.sorted { ($0.spans[0].start, $0.name) < ($1.spans[0].start, $1.name) }
}

/// How much a plan looks at.
package enum PlanLimits {
    /// Spans of one freeze that are listed.
    package static let freezeSpans = 10_000
    /// How far a rollout is followed, past the plan's end.
    package static let rolloutDays = 400
    /// Taken back so often without any node being through, a rollout is not followed further: no later window is different
    /// enough to wait for.
    package static let setbacks = 100
    /// What the controller handles in one rehearsal.
    package static let events = 5_000_000
}
