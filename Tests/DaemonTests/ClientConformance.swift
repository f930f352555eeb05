import Daemon
import Foundation
import ModeCore
import ModeServer
import Testing

@testable import Scheduling

/// Whom the client talks to.
enum ConformanceSubject: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case inProcess = "in process, standing alone"
    case inProcessClustered = "in process, clustered"
    case overHTTP = "over HTTP, standing alone"
    case overHTTPClustered = "over HTTP, clustered"
    case inProcessRelaying = "in process, sessions span nodes"
    case overHTTPRelaying = "over HTTP, sessions span nodes"
    case inProcessFirstRelease = "in process, the first release's cluster"
    case overHTTPFirstRelease = "over HTTP, the first release's cluster"
    /// Any server whose API is at the address in NAGI_CONFORMANCE_URL, its gate at NAGI_CONFORMANCE_READY if given. It
    /// must be `normal` and without clients of its own; it is `normal` at the end.
    case elsewhere

    var testDescription: String { rawValue }

    private static let environment = ProcessInfo.processInfo.environment

    private var profile: ModeProfile {
        switch self {
        case .inProcessRelaying, .overHTTPRelaying: .relay
        case .inProcessFirstRelease, .overHTTPFirstRelease: .firstRelease
        default: .current
        }
    }

    /// Runs the body with a client of the node; nil body result where there is no such server.
    func open(_ body: @escaping @Sendable (ConformanceNode) async throws -> Void) async throws {
        switch self {
        case .inProcess, .inProcessClustered, .inProcessRelaying, .inProcessFirstRelease, .overHTTP, .overHTTPClustered,
            .overHTTPRelaying, .overHTTPFirstRelease:
            let isClustered = self != .inProcess && self != .overHTTP
            let isInProcess =
                switch self {
                case .inProcess, .inProcessClustered, .inProcessRelaying, .inProcessFirstRelease: true
                default: false
                }
            let relays = profile.relays
            try await serving(
                nodes: isClustered ? 3 : 1, isClustered: isClustered, profile: profile,
                version: profile == .firstRelease ? "2021.1.0" : "2025.1.0"
            ) { server, addresses in
                let served = addresses.nodes[0]
                try await ConformanceNode.use(
                    name: served.name, api: served.api, ready: served.ready, isClustered: isClustered,
                    server: isInProcess ? server : nil, admin: addresses.admin, relays: relays, body)
            }
        case .elsewhere:
            guard let url = Self.environment["NAGI_CONFORMANCE_URL"] else { return }
            let list = try await post(url, target: "Sora_20211215.ListClusterNodes")
            let members = try? JSONSerialization.jsonObject(with: Data(list.body.utf8)) as? [[String: Any]]
            let isClustered = list.status == 200 && (members?.count ?? 0) > 1
            let name = members?.first { $0["cluster_api_url"] as? String == url }?["node_name"] as? String
            try await ConformanceNode.use(
                name: name ?? "elsewhere", api: url, ready: Self.environment["NAGI_CONFORMANCE_READY"],
                isClustered: isClustered, server: nil, admin: nil, body)
        }
    }

    /// Why it cannot be tested here.
    var obstacle: String? {
        self == .elsewhere && Self.environment["NAGI_CONFORMANCE_URL"] == nil
            ? "NAGI_CONFORMANCE_URL is not set: no other server is tried" : nil
    }
}

/// A node and a client that reaches it in one way or the other.
struct ConformanceNode: Sendable {
    let id: NodeID
    let address: NodeAddress
    let client: ModeAPIClient
    let isClustered: Bool
    let hasGate: Bool
    /// The admin API, of our own servers.
    let admin: String?
    /// Whether its sessions span nodes; nil: nobody knows.
    let relays: Bool?

    static func use(
        name: String, api: String, ready: String?, isClustered: Bool, server: ModeServer?, admin: String?,
        relays: Bool? = nil, _ body: (ConformanceNode) async throws -> Void
    ) async throws {
        let node = ConformanceNode(
            id: NodeID(cluster: "conformance", name: name), address: NodeAddress(api: api, ready: ready),
            client: ModeAPIClient(directory: "/", environment: [:]),
            isClustered: isClustered, hasGate: ready != nil, admin: admin, relays: relays)
        if let server { node.client.embed(node.id, in: server) }
        node.client.use(
            PolicySet(clusters: [
                ClusterPolicy(
                    name: node.id.cluster, topology: isClustered ? .clustered : .standalone,
                    nodes: [ClusterNode(name: name, api: api, ready: ready)])
            ]))
        do {
            #expect(try await node.observation().mode == .known(.normal), "every behaviour begins with normal")
            try await body(node)
        } catch {
            Issue.record("\(error)")
        }
        _ = try? await node.ask("ChangeMode", #"{"mode":"normal"}"#)
        await node.client.shutdown()
    }

    func observation() async throws -> Observation {
        switch await client.read(id, .whole, at: address) {
        case .observed(let seen): return seen
        case let event: throw NotObserved(event: "\(event)")
        }
    }

    struct NotObserved: Error { var event: String }

    var failure: ReadFailure? {
        get async {
            if case .readFailed(_, .whole, _, let failure) = await client.read(id, .whole, at: address) {
                failure
            } else {
                nil
            }
        }
    }

    func change(
        _ target: RequestableMode, written: RequestableMode? = nil, cause: ModeChange.Cause = .claim
    ) async -> ModeChangeAnswer.Outcome {
        let change = ModeChange(
            id: 1, node: id, target: target, cause: cause, written: written, notAfter: noLimit)
        return await client.change(change, to: address).outcome
    }

    /// One call of the mode API's first version, by the operation's name, or by a whole target.
    func ask(_ operation: String, _ body: String? = nil) async throws -> (status: Int, body: String) {
        let target = operation.contains("_") ? operation : "Sora_20211215." + operation
        return try await client.ask(target, body: body, of: id, at: address)
    }

    func expectMode(_ mode: NodeMode, _ comment: Comment? = nil) async throws {
        #expect(try await observation().mode == .known(mode), comment)
    }
}
