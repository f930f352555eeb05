import Calendars
import Primitives

/// What a plan says of one policy, whatever the time.
public struct PlannedPolicy: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case maintenanceWindow
        case rollout
    }

    public var name: String
    public var kind: Kind
    public var cluster: String
    /// Of a rollout.
    public var revision: String?
    public var selector: Selector
    /// The nodes of the cluster as configured that it is about, in the order of the strategy.
    public var nodes: [String]
    public var waves: [PlannedWave]
    /// Nodes out of service at once, at most: the strategy's and the cluster's `maxUnavailable`, and `minAvailable`.
    public var atOnce: Int
    public var windows: [Window]
    public var exclusions: [Exclusion]
    public var cutoff: Duration
    public var onWindowEnd: OnWindowEnd
    public var isSuspended: Bool
    public var sequence: StepSequence
    /// The zone in which its instants are shown: of its first window, by name; UTC without windows.
    public var timeZone: String
    /// Its windows are in more than one zone.
    public var hasManyZones: Bool

    init(_ policy: RunPolicy, cluster: ClusterPolicy?, zones: [String: ZoneRules]) {
        name = policy.name
        kind = policy.revision == nil ? .maintenanceWindow : .rollout
        self.cluster = policy.cluster
        revision = policy.revision
        selector = policy.selector
        windows = policy.windows
        exclusions = policy.exclusions
        cutoff = policy.cutoff
        onWindowEnd = policy.onWindowEnd
        isSuspended = policy.isSuspended
        sequence = policy.sequence
        let first =
            policy.windows.min { $0.name < $1.name } ?? policy.exclusions.map(\.window).min { $0.name < $1.name }
        timeZone = first?.timeZone ?? ZoneRules.utc.name
        hasManyZones = policy.windows.contains { $0.timeZone != first?.timeZone }
        let members = ordered(
            (cluster?.nodes ?? []).filter(policy.selector.matches), by: policy.strategy.order)
        nodes = members.map(\.name)
        let budget = cluster.map {
            BudgetUse(
                total: $0.nodes.count, unavailable: 0, budget: $0.budget, isClustered: $0.topology == .clustered
            ).limit
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
public struct PlannedWave: Hashable, Sendable {
    public var nodes: [String]
    /// After the wave before it is through.
    public var pauseBefore: Duration
    public var group: String?
    public var isCanary: Bool

    /// Group after group, in each as many at once as there is room for; the canary nodes first and by themselves. None
    /// where the budget allows no node.
    static func waves(of members: [ClusterNode], _ strategy: Strategy, atOnce: Int) -> [PlannedWave] {
        guard atOnce > 0 else { return [] }
        var waves: [PlannedWave] = []
        func add(_ nodes: ArraySlice<ClusterNode>, _ group: NodeGroup?, isCanary: Bool, wait: Duration) {
            var rest = nodes
            while !rest.isEmpty {
                let isFirst = rest.count == nodes.count
                let pause = waves.isEmpty ? .zero : max(strategy.pauseBetweenWaves, isFirst ? wait : .zero)
                waves.append(
                    PlannedWave(
                        nodes: rest.prefix(atOnce).map(\.name), pauseBefore: pause, group: group?.name,
                        isCanary: isCanary))
                rest = rest.dropFirst(atOnce)
            }
        }
        let groups: [(group: NodeGroup?, nodes: [ClusterNode])] =
            strategy.groups.map { $0.map { group in (group, members.filter(group.selector.matches)) } }
            ?? [(nil, members)]
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
public struct PlannedFreeze: Hashable, Sendable {
    /// As the policies name it: `freezes/year-end`, or the exclusion's own name.
    public var name: String
    public var reason: String?
    /// Those that overlap the plan, by start, whole.
    public var spans: [Span]
    public var timeZone: String
    /// In the order of the plan's policies.
    public var policies: [String]
}

/// Every exclusion of every policy over `[from, to)`; equal ones of several policies are one.
func freezes(of set: PolicySet, from: Timestamp, to: Timestamp) -> [PlannedFreeze] {
    var policies: [Exclusion: [String]] = [:]
    var order: [Exclusion] = []
    for policy in set.runPolicies {
        for exclusion in policy.exclusions {
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
public enum PlanLimits {
    /// Spans of one freeze that are listed.
    public static let freezeSpans = 10_000
    /// How far a rollout is followed, past the plan's end.
    public static let rolloutDays = 400
    /// Openings of windows that one run is followed through.
    public static let openings = 1_000
}
