import Daemon
import ModeCore
import Primitives

@testable import Scheduling

let node01 = NodeID(cluster: "tokyo", name: "node-01")
let node02 = NodeID(cluster: "tokyo", name: "node-02")

/// Of a node that is not called.
let nowhere = NodeAddress(api: "http://127.0.0.1:1/", ready: nil)

/// Never too late.
let noLimit = Moment(wall: .distantFuture, uptime: Uptime(nanoseconds: .max))

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
    _ target: RequestableMode, id: Int = 1, written: RequestableMode? = nil, cause: ModeChange.Cause = .claim,
    notAfter: Moment = noLimit
) -> ModeChange {
    ModeChange(id: id, node: node01, target: target, cause: cause, written: written, notAfter: notAfter)
}

func record(_ fact: Fact) -> Record { Record(at: HostClock.now(), fact: fact) }

extension PolicySet {
    /// Of its only node.
    var address: NodeAddress { clusters[0].nodes[0].address }
}

extension ModeAPIClient {
    func use(_ set: PolicySet) { use(settings(for: set)) }
}
