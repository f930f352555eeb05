import ModeServer
import NIOCore
import Primitives
import Scheduling

/// How one node is reached: its cluster's settings, and the way to itself.
struct ModeAPIEndpoint: Sendable {
    var name: String
    var isClustered: Bool
    var timeout: TimeAmount
    var transport: any ModeAPITransport

    /// Why a node cannot be called at all: a secret that is not there, a node that went with its process.
    struct Unusable: Error, Hashable {
        var reason: String
    }
}

/// The endpoints of every node that is or was in the policies. A node that left them is kept: a mode that nagi wrote to
/// it is still to be given back.
struct ModeAPIEndpoints: Sendable {
    private var byNode: [NodeID: Result<ModeAPIEndpoint, ModeAPIEndpoint.Unusable>] = [:]
    private var servers: [NodeID: ModeServer] = [:]

    subscript(node: NodeID) -> Result<ModeAPIEndpoint, ModeAPIEndpoint.Unusable>? { byNode[node] }

    mutating func embed(_ node: NodeID, in server: ModeServer) { servers[node] = server }

    mutating func use(_ set: PolicySet, over exchange: HTTPExchange, directory: String, environment: [String: String]) {
        for cluster in set.clusters {
            let headers = Result { () throws(Secret.Missing) in
                try Self.headers(of: cluster.api, directory: directory, environment: environment)
            }
            for node in cluster.nodes {
                let id = NodeID(cluster: cluster.name, name: node.name)
                let transport: Result<any ModeAPITransport, ModeAPIEndpoint.Unusable>
                if let server = servers[id] {
                    transport = .success(InProcessTransport(server: server, node: node.name))
                } else if node.embedded != nil {
                    transport = .failure(.init(reason: "the node was embedded in an earlier process of the daemon"))
                } else {
                    transport = headers.map {
                        HTTPTransport(exchange: exchange, api: node.api, ready: node.ready, headers: $0)
                    }.mapError { .init(reason: $0.description) }
                }
                byNode[id] = transport.map {
                    ModeAPIEndpoint(
                        name: node.name, isClustered: cluster.topology == .clustered,
                        timeout: .nanoseconds(cluster.api.timeout.nanoseconds), transport: $0)
                }
            }
        }
    }

    private static func headers(
        of api: APISettings, directory: String, environment: [String: String]
    ) throws(Secret.Missing) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        for (name, reference) in api.headers.sorted(by: { $0.key < $1.key }) {
            do throws(Secret.Missing) {
                headers.append((name, try Secret.read(reference, directory: directory, environment: environment)))
            } catch {
                throw Secret.Missing(description: "header \(name): \(error)")
            }
        }
        return headers
    }
}
