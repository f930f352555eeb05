import ModeCore
import NIOCore
import Scheduling

/// How one node is reached: its cluster's settings and its own addresses, with the secrets read.
struct ModeAPIEndpoint: Sendable {
    var name: String
    var api: String
    var ready: String?
    var isClustered: Bool
    var timeout: TimeAmount
    var headers: [(name: String, value: String)]
    /// Why the node cannot be called at all: a secret that is not there.
    var fault: String?
}

/// The endpoints of every node that is or was in the policies. A node that left them is kept: a mode that nagi wrote to
/// it is still to be given back.
struct ModeAPIEndpoints: Sendable {
    private var byNode: [NodeID: ModeAPIEndpoint] = [:]

    subscript(node: NodeID) -> ModeAPIEndpoint? { byNode[node] }

    mutating func use(_ set: PolicySet, directory: String, environment: [String: String]) {
        for cluster in set.clusters {
            var headers: [(name: String, value: String)] = []
            var fault: String?
            for (name, reference) in cluster.api.headers.sorted(by: { $0.key < $1.key }) {
                do throws(Secret.Missing) {
                    headers.append(
                        (name, try Secret.read(reference, directory: directory, environment: environment)))
                } catch {
                    fault = fault ?? "header \(name): \(error)"
                }
            }
            for node in cluster.nodes {
                byNode[NodeID(cluster: cluster.name, name: node.name)] = ModeAPIEndpoint(
                    name: node.name, api: node.api, ready: node.ready, isClustered: cluster.topology == .clustered,
                    timeout: .nanoseconds(cluster.api.timeout.nanoseconds), headers: headers, fault: fault)
            }
        }
    }
}
