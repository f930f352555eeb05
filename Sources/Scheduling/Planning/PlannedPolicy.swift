import Calendars
import Primitives

/// What a plan says of one policy, whatever the time; the policy's own values can be read as if they were its own.
@dynamicMemberLookup
package struct PlannedPolicy: Hashable, Sendable {
    package var policy: Policy
    /// The nodes of the cluster as configured that it is about, in the order of the strategy.
    package var nodes: [String]
    package var waves: [PlannedWave]
    /// Nodes out of service at once, at most: the strategy's and the cluster's `maxUnavailable`, and `minAvailable`.
    package var atOnce: Int
    /// The zone in which its instants are shown: of its first window, by name; UTC without windows.
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
        timeZone = first?.timeZone ?? ZoneRules.utc.name
        hasManyZones = windows.contains { $0.timeZone != first?.timeZone }
        let cluster = set.cluster(named: policy.cluster)
        let members = ordered((cluster?.nodes ?? []).filter(policy.selector.matches), by: policy.strategy.order)
        nodes = members.map(\.name)
        let budget = cluster.map {
            BudgetUse(total: $0.nodes.count, unavailable: 0, budget: $0.budget).limit
        }
        atOnce = min(policy.strategy.maxUnavailable.asMaxUnavailable(of: members.count), budget ?? 0)
        waves = PlannedWave.waves(of: members, policy.strategy, atOnce: atOnce)
    }
}

/// As the strategy says, then by name. When each was last completed is not known to a plan.
private func ordered(_ members: [ClusterNode], by order: [Strategy.Order]) -> [ClusterNode] {
    members.sorted { a, b in
        for key in order {
            guard case .label(let label) = key else { break }
            let (left, right) = (a.labels[label] ?? "", b.labels[label] ?? "")
            if left != right { return left < right }
        }
        return a.name < b.name
    }
}

/// Nodes of a run that move together.
package struct PlannedWave: Hashable, Sendable {
    package var nodes: [String]
    /// After the wave before it is through.
    package var pauseBefore: Duration
    package var group: String?
    package var isCanary: Bool

    /// Group after group, in each as many at once as there is room for; the canary nodes first and by themselves. None
    /// where the budget allows no node.
    static func waves(of members: [ClusterNode], _ strategy: Strategy, atOnce: Int) -> [PlannedWave] {
        guard atOnce > 0 else { return [] }
        var waves: [PlannedWave] = []
        func add(_ nodes: ArraySlice<ClusterNode>, _ group: NodeGroup?, isCanary: Bool, wait: Duration) {
            var rest = nodes
            while !rest.isEmpty {
                let isFirst = rest.count == nodes.count
                let pause = waves.isEmpty ? .zero : max(strategy.pauseBetweenNodes, isFirst ? wait : .zero)
                waves.append(
                    PlannedWave(
                        nodes: rest.prefix(atOnce).map(\.name), pauseBefore: pause, group: group?.name,
                        isCanary: isCanary))
                rest = rest.dropFirst(atOnce)
            }
        }
        let groups: [(group: NodeGroup?, nodes: [ClusterNode])] =
            strategy.groups.isEmpty
            ? [(nil, members)] : strategy.groups.map { ($0, members.filter($0.selector.matches)) }
        for (number, (group, nodes)) in groups.enumerated() {
            let wait = group?.waitAfterPrevious ?? .zero
            guard number == 0, let canary = strategy.canary else {
                add(nodes[...], group, isCanary: false, wait: wait)
                continue
            }
            add(nodes.prefix(canary.count), group, isCanary: true, wait: wait)
            add(nodes.dropFirst(canary.count), group, isCanary: false, wait: canary.soak)
        }
        return waves
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
    /// Openings of windows that one run is followed through.
    package static let openings = 1_000
}
