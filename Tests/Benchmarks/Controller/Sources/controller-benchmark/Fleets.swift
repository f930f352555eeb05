import Calendars
import ModeCore
import Primitives
import Scheduling

/// Made-up policy sets of any size.
struct Fleets {
    var topology = ClusterPolicy.Topology.standalone

    static let clusterSize = 100

    /// So many nodes in clusters of a hundred, and a hundred policies, all with an active run: each has all nodes of a
    /// cluster, or what is left of one, and its node that does not answer uses the budget up.
    func waiting(_ count: Int, policies: Int = 100) -> (set: PolicySet, broken: Set<NodeID>) {
        let clusters = (0..<max(1, count / Fleets.clusterSize)).map { number in
            cluster("c\(number)", count: min(count, Fleets.clusterSize), budget: 1)
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

    /// One rollout for each cluster: all nodes in one that stand alone, or in clusters of a hundred.
    func rolling(_ count: Int, atOnce: Int) -> PolicySet {
        let number = topology == .clustered ? max(1, count / Fleets.clusterSize) : 1
        let clusters = (0..<number).map {
            cluster("c\($0)", count: count / number, budget: max(1, atOnce / number))
        }
        return set(
            clusters,
            clusters.map { rollout("r-\($0.name)", $0.name, nodes: nil, atOnce: max(1, atOnce / number)) })
    }

    private func cluster(_ name: String, count: Int, budget: Int) -> ClusterPolicy {
        let nodes = (0..<count).map { number in
            ClusterNode(
                name: "node-\(100_000 + number)@192.0.2.5", api: "http://\(name)-\(number)/",
                ready: "http://\(name)-\(number)/.ok")
        }
        return ClusterPolicy(
            name: name, topology: topology, nodes: nodes, budget: Budget(maxUnavailable: .count(budget)))
    }

    private func rollout(_ name: String, _ cluster: String, nodes: Set<String>?, atOnce: Int = 1) -> Policy {
        Policy(
            name: name, cluster: cluster, selector: nodes.map { Selector(nodes: $0) } ?? Selector(),
            schedule: .rollout, strategy: Strategy(maxUnavailable: .count(atOnce)),
            sequence: StepSequence(name: "s", steps: [.drain(.standard), .block, .restore]),
            kind: .rollout(revision: "2", approval: nil))
    }

    private func set(_ clusters: [ClusterPolicy], _ policies: [Policy]) -> PolicySet {
        PolicySet(clusters: clusters, policies: policies, zones: [ZoneRules.utc.name: .utc], digest: "benchmark")
    }
}
