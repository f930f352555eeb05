import Daemon
import ModeCore
import Scheduling

let node01 = NodeID(cluster: "tokyo", name: "node-01")

func set(
    _ url: String, ready: String? = nil, topology: ClusterPolicy.Topology = .clustered,
    timeout: Duration = .seconds(2),
    headers: [String: SecretReference] = [:]
) -> PolicySet {
    PolicySet(
        clusters: [
            ClusterPolicy(
                name: "tokyo", topology: topology, nodes: [ClusterNode(name: "node-01", api: url, ready: ready)],
                api: APISettings(timeout: timeout, headers: headers))
        ], digest: "d1")
}

func change(
    _ target: RequestableMode, id: Int = 1, written: RequestableMode? = nil, cause: ModeChange.Cause = .claim
) -> ModeChange {
    ModeChange(id: id, node: node01, target: target, cause: cause, written: written)
}

func record(_ fact: Fact) -> Record { Record(at: HostClock.now(), fact: fact) }
