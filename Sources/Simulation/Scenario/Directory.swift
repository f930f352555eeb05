import Calendars
import Primitives
import Scheduling

/// The policies as they lie in the directory, and what people make of them.
package struct Directory: Hashable, Sendable {
    private let first: PolicySet
    private var policies: [Policy]
    private var isThere: [Bool]
    private var cluster: ClusterPolicy
    /// Every node of the scenario by its place, listed or not.
    package private(set) var nodes: [ClusterNode]
    package private(set) var isListed: [Bool]
    private var isEmpty = false
    private var edits = 0

    package init(_ scenario: Scenario) {
        first = scenario.policies
        policies = scenario.policies.policies
        isThere = policies.map { _ in true }
        cluster = scenario.policies.clusters[0]
        let listed = cluster.nodes
        nodes = scenario.nodes.map { node in
            listed.first { $0.name == node.name }
                ?? ClusterNode(name: node.name, api: node.address.api, ready: node.address.ready, labels: ["zone": "b"])
        }
        isListed = scenario.nodes.map { node in listed.contains { $0.name == node.name } }
    }

    package var set: PolicySet {
        guard edits > 0 else { return first }
        var cluster = cluster
        cluster.nodes = zip(nodes, isListed).filter(\.1).map(\.0).sorted { $0.name < $1.name }
        return PolicySet(
            clusters: [cluster], policies: isEmpty ? [] : zip(policies, isThere).filter(\.1).map(\.0),
            calendars: first.calendars, notifications: first.notifications, zones: first.zones,
            digest: "\(first.digest)-\(edits)")
    }

    package mutating func move(_ node: Int, to address: NodeAddress) {
        edits += 1
        nodes[node].api = address.api
        nodes[node].ready = address.ready
    }

    /// - Parameter wall: what the clock of whoever edits shows.
    package mutating func apply(_ edit: Edit, wall: Timestamp) {
        edits += 1
        switch edit {
        case .windowMoved(let policy, let by):
            for index in policies[policy].schedule.windows.indices {
                policies[policy].schedule.windows[index].move(by: by)
            }
        case .windowRemoved(let policy):
            guard policies[policy].schedule.windows.count > 1 else { return }
            policies[policy].schedule.windows.removeLast()
        case .freeze(let policy, let lasting): freeze(policy, lasting, wall)
        case .nodeRemoved(let node):
            guard isListed.count(where: { $0 }) > 1 else { return }
            isListed[node] = false
        case .nodeAdded(let node): isListed[node] = true
        case .revision(let revision):
            for index in policies.indices {
                guard case .rollout(_, let approval) = policies[index].kind else { continue }
                policies[index].kind = .rollout(revision: revision, approval: approval)
            }
        case .suspended(let policy, let isSuspended): policies[policy].isSuspended = isSuspended
        case .renamed(let policy): policies[policy].name += "-renamed"
        case .policyRemoved(let policy): isThere[policy] = false
        case .policyRestored(let policy): isThere[policy] = true
        case .budget(let count): cluster.budget.maxUnavailable = .count(count)
        case .everythingRemoved: isEmpty = true
        case .everythingRestored: isEmpty = false
        }
    }

    private mutating func freeze(_ policy: Int?, _ lasting: Duration, _ wall: Timestamp) {
        let window = Window(
            name: "sudden-\(edits)", recurrence: .at(LocalDateTime(seconds: wall.seconds + 1)),
            length: .elapsed(lasting), timeZone: ZoneRules.utc.name)
        let exclusion = Exclusion(window: window, reason: "somebody said so")
        if let policy {
            policies[policy].schedule.exclusions.append(exclusion)
        } else {
            cluster.exclusions.append(exclusion)
        }
    }
}

extension Window {
    fileprivate mutating func move(by duration: Duration) {
        guard case .at(let local) = recurrence else { return }
        recurrence = .at(LocalDateTime(seconds: local.seconds + duration.nanoseconds / 1_000_000_000))
    }
}
