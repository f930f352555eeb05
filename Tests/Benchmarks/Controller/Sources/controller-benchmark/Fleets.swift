import Calendars
import ModeCore
import Primitives
import Scheduling

/// Made-up policy sets of any size.
enum Fleets {
    /// So many nodes in clusters of a hundred, and a hundred policies, all with an active run: each has all nodes of a
    /// cluster, or what is left of one, and its node that does not answer uses the budget up.
    static func waiting(_ count: Int, policies: Int = 100) -> (set: PolicySet, broken: Set<NodeID>) {
        let clusters = (0..<max(1, count / 100)).map { number in
            cluster("c\(number)", count: min(count, 100), budget: 1)
        }
        let perCluster = max(1, policies / clusters.count)
        let all = (0..<policies).map { number -> Policy in
            let cluster = clusters[number / perCluster % clusters.count]
            let share = max(1, cluster.nodes.count / perCluster)
            let names = cluster.nodes.dropFirst(number % perCluster * share).prefix(share).map(\.name)
            return rollout("p\(number)", cluster.name, nodes: Set(names))
        }
        let broken = clusters.map { NodeID(cluster: $0.name, name: $0.nodes[0].name) }
        return (set(clusters, all), Set(broken))
    }

    /// One rollout over nodes that stand alone.
    static func rolling(_ count: Int, atOnce: Int) -> PolicySet {
        let cluster = cluster("c", count: count, budget: atOnce)
        return set([cluster], [rollout("r", "c", nodes: nil, atOnce: atOnce)])
    }

    private static func cluster(_ name: String, count: Int, budget: Int) -> ClusterPolicy {
        let nodes = (0..<count).map { number in
            ClusterNode(
                name: "n\(10_000 + number)", api: "http://\(name)-\(number)/", ready: "http://\(name)-\(number)/.ok")
        }
        return ClusterPolicy(
            name: name, topology: .standalone, nodes: nodes, budget: Budget(maxUnavailable: .count(budget)))
    }

    private static func rollout(_ name: String, _ cluster: String, nodes: Set<String>?, atOnce: Int = 1) -> Policy {
        Policy(
            name: name, cluster: cluster, selector: nodes.map { Selector(nodes: $0) } ?? Selector(),
            schedule: .rollout, strategy: Strategy(maxUnavailable: .count(atOnce)),
            sequence: StepSequence(name: "s", steps: [.drain(.standard), .block, .restore]),
            kind: .rollout(revision: "2", approval: nil))
    }

    private static func set(_ clusters: [ClusterPolicy], _ policies: [Policy]) -> PolicySet {
        PolicySet(clusters: clusters, policies: policies, zones: [ZoneRules.utc.name: .utc], digest: "benchmark")
    }
}
