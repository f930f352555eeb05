import ModeServer
import NIOCore
import Primitives
import Scheduling
import Synchronization

/// One node as it can be called right now: its cluster's settings, and the way to itself.
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

/// Makes endpoints out of the settings of clusters and the servers of this process.
struct ModeAPIEndpoints: Sendable {
    private var settings = CallSettings()
    private var servers: [NodeID: ModeServer] = [:]

    mutating func embed(_ node: NodeID, in server: ModeServer) { servers[node] = server }

    mutating func use(_ settings: CallSettings) { self.settings.take(settings) }

    func endpoint(
        of node: NodeID, at address: NodeAddress, over exchange: HTTPExchange
    ) throws(ModeAPIEndpoint.Unusable) -> ModeAPIEndpoint {
        guard let cluster = settings[node.cluster] else {
            throw .init(reason: "no settings are known for the cluster \(node.cluster)")
        }
        return ModeAPIEndpoint(
            name: node.name, isClustered: cluster.isClustered, timeout: cluster.timeout,
            transport: try transport(to: node, at: address, cluster, over: exchange))
    }

    private func transport(
        to node: NodeID, at address: NodeAddress, _ cluster: CallSettings.Cluster, over exchange: HTTPExchange
    ) throws(ModeAPIEndpoint.Unusable) -> any ModeAPITransport {
        if let server = servers[node] { return InProcessTransport(server: server, node: node.name) }
        if cluster.isEmbedded { throw .init(reason: "the node was embedded in an earlier process of the daemon") }
        switch cluster.headers {
        case .success(let headers):
            return HTTPTransport(exchange: exchange, api: address.api, ready: address.ready, headers: headers)
        case .failure(let missing):
            throw .init(reason: missing.description)
        }
    }
}
