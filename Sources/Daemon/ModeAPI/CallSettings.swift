import NIOCore
import NIOHTTP1
import Primitives
import Scheduling

/// How the nodes of each cluster are called: timeout, headers with their secrets, and the shape of the cluster. Where a node
/// is comes with every call.
///
/// Making one reads files with secrets: never on the control loop.
package struct CallSettings: Sendable {
    struct Cluster: Sendable {
        var isClustered: Bool
        /// Its nodes live in this process, or lived in an earlier one.
        var isEmbedded: Bool
        var timeout: TimeAmount
        var headers: Result<HTTPHeaders, SecretSource.Missing>
        /// The files of `api.tls`; success with nil where the policy names none.
        var tls: Result<NodeTLS?, NodeTLS.Unusable>
        /// What the policy names.
        var tlsSettings: TLSSettings?
        /// By what webhooks are known; success with nil where the policy has none.
        var hooks: Result<HookKey?, SecretSource.Missing>
        /// Of the nodes.
        var names: Set<String>
        /// Why files that were changed since are not used.
        var laterFault: NodeTLS.Unusable?
    }

    var clusters: [String: Cluster] = [:]

    init() {}

    /// The settings of every cluster of the set.
    init(_ set: PolicySet, secrets: SecretSource) {
        for cluster in set.clusters {
            clusters[cluster.name] = Cluster(cluster, isEmbedded: cluster.isEmbedded, secrets: secrets)
        }
    }

    /// Those of the set in force, and of clusters that left the policies while nagi was not through with their nodes.
    init(_ ledger: Ledger, secrets: SecretSource) {
        for retained in ledger.nodes.compactMap(\.retained) {
            clusters[retained.cluster.name] = Cluster(
                retained.cluster, isEmbedded: retained.node.embedded != nil, secrets: secrets)
        }
        if let set = ledger.policies { take(CallSettings(set, secrets: secrets)) }
    }

    subscript(cluster: String) -> Cluster? { clusters[cluster] }

    /// Later settings replace those of the same cluster; a cluster that they do not have keeps its last ones, because its
    /// nodes may still have to be given back.
    mutating func take(_ later: CallSettings) {
        clusters.merge(later.clusters) { current, later in later.keepingCertificates(of: current) }
    }

    /// What of them cannot be used: calls that need it fail, webhooks are refused.
    var complaints: [String] {
        clusters.sorted { $0.key < $1.key }.flatMap { name, cluster in
            var complaints: [String] = []
            if case .failure(let unusable) = cluster.tls { complaints.append("api.tls of \(name): \(unusable)") }
            if case .failure(let missing) = cluster.hooks {
                complaints.append("no webhook of \(name) is taken: \(missing)")
            }
            return complaints
        }
    }
}

extension CallSettings.Cluster {
    /// Half a file is no reason to lose sight of nodes that answer: those in use stay where the new ones cannot be used.
    fileprivate func keepingCertificates(of current: Self) -> Self {
        guard case .failure(let fault) = tls, case .success = current.tls, tlsSettings == current.tlsSettings else {
            return self
        }
        var kept = self
        kept.tls = current.tls
        kept.laterFault = fault
        return kept
    }

    fileprivate init(_ policy: ClusterPolicy, isEmbedded: Bool, secrets: SecretSource) {
        isClustered = policy.topology == .clustered
        self.isEmbedded = isEmbedded
        timeout = .nanoseconds(policy.api.timeout.nanoseconds)
        headers = Result { () throws(SecretSource.Missing) in
            try Self.headers(of: policy.api, secrets)
        }
        hooks = Result { () throws(SecretSource.Missing) in
            guard let settings = policy.hooks else { return nil }
            return HookKey(try secrets.read(settings.secret))
        }
        names = Set(policy.nodes.map(\.name))
        tlsSettings = policy.api.tls
        tls = Result { () throws(NodeTLS.Unusable) in
            guard let settings = policy.api.tls else { return nil }
            return try NodeTLS(NodeTLS.Files(settings, directory: secrets.directory))
        }
    }

    private static func headers(
        of api: APISettings, _ secrets: SecretSource
    ) throws(SecretSource.Missing) -> HTTPHeaders {
        var headers = HTTPHeaders()
        for (name, reference) in api.headers.sorted(by: { $0.key < $1.key }) {
            do throws(SecretSource.Missing) {
                headers.replaceOrAdd(name: name, value: try secrets.read(reference))
            } catch {
                throw SecretSource.Missing(description: "header \(name): \(error)")
            }
        }
        return headers
    }
}
