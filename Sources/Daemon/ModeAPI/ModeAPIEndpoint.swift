import ModeServer
import NIOCore
import NIOHTTP1
import Primitives
import Scheduling
import Synchronization

/// One node as it can be called right now: its cluster's settings, and the way to itself.
struct ModeAPIEndpoint: Sendable {
    var name: String
    var isClustered: Bool
    /// Nil: nobody looks where other members are.
    var addresses: MemberAddresses?
    var timeout: TimeAmount
    var transport: any ModeAPITransport

    /// Why a node cannot be called at all: a secret that is not there, a node that went with its process.
    struct Unusable: Error, Hashable {
        var reason: String
    }
}

/// Makes endpoints out of the settings of clusters and the servers of this process.
struct ModeAPIEndpoints: Sendable {
    private(set) var settings = CallSettings()
    private var servers: [NodeID: ModeServer] = [:]

    mutating func embed(_ node: NodeID, in server: ModeServer) { servers[node] = server }

    mutating func use(_ settings: CallSettings) { self.settings.take(settings) }

    /// - Returns: what is to be told of them.
    mutating func take(_ changes: [CallSettings.CertificateChange]) -> [CallSettings.CertificateNews] {
        changes.compactMap { settings.take($0) }
    }

    func endpoint(
        of node: NodeID, at address: NodeAddress, over exchange: HTTPExchange
    ) throws(ModeAPIEndpoint.Unusable) -> ModeAPIEndpoint {
        guard let cluster = settings[node.cluster] else {
            throw .init(reason: "no settings are known for the cluster \(node.cluster)")
        }
        return ModeAPIEndpoint(
            name: node.name, isClustered: cluster.isClustered, addresses: cluster.addresses, timeout: cluster.timeout,
            transport: try transport(to: node, at: address, cluster, over: exchange))
    }

    private func transport(
        to node: NodeID, at address: NodeAddress, _ cluster: CallSettings.Cluster, over exchange: HTTPExchange
    ) throws(ModeAPIEndpoint.Unusable) -> any ModeAPITransport {
        if let server = servers[node] { return InProcessTransport(server: server, node: node.name) }
        if cluster.isEmbedded { throw .init(reason: "the node was embedded in an earlier process of the daemon") }
        if let reason = cluster.refusal(of: node.name, at: address) { throw .init(reason: reason) }
        let headers: HTTPHeaders
        do throws(SecretSource.Missing) {
            headers = try cluster.headers.get()
        } catch {
            throw .init(reason: error.description)
        }
        do throws(NodeTLS.Unusable) {
            // Whoever is called without TLS needs no certificate.
            let tls = address.isEncrypted ? try cluster.tls.get() : nil
            return HTTPTransport(exchange: exchange, api: address.api, ready: address.ready, headers: headers, tls: tls)
        } catch {
            throw .init(reason: "api.tls: \(error)")
        }
    }
}

extension NodeAddress {
    fileprivate var isEncrypted: Bool { [api, ready].contains { $0?.lowercased().hasPrefix("https:") == true } }
}
