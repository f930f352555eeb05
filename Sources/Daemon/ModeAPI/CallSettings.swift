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
        var hooks: Result<SharedSecret?, SecretSource.Missing>
        /// Of the nodes that the policy names.
        var names: Set<String>
        /// Nodes that it does not name are found; nil: they are not.
        var addresses: MemberAddresses?
        /// Who is asked for them: the policy says where.
        var seeds: Set<String>
        /// Where those nodes and seeds are, by their keys: that is called whatever discovery allows.
        var named: Set<String>
        /// Why files that were changed since are not used.
        var laterFault: NodeTLS.Unusable?
    }

    var clusters: [String: Cluster] = [:]

    init() {}

    /// The settings of every cluster of the set.
    init(_ set: PolicySet, secrets: SecretSource) {
        var certificates = NodeTLS.Reader(directory: secrets.directory)
        for cluster in set.clusters {
            clusters[cluster.name] = Cluster(cluster, isEmbedded: cluster.isEmbedded, secrets, &certificates)
        }
    }

    /// Those of the set in force, and of clusters that left the policies while nagi was not through with their nodes.
    init(_ ledger: Ledger, secrets: SecretSource) {
        var certificates = NodeTLS.Reader(directory: secrets.directory)
        for retained in ledger.nodes.compactMap(\.retained) {
            clusters[retained.cluster.name] = Cluster(
                retained.cluster, isEmbedded: retained.node.embedded != nil, secrets, &certificates)
        }
        if let set = ledger.written { take(CallSettings(set, secrets: secrets)) }
    }

    subscript(cluster: String) -> Cluster? { clusters[cluster] }

    /// Later settings replace those of the same cluster; a cluster that they do not have keeps its last ones, because its
    /// nodes may still have to be given back.
    mutating func take(_ later: CallSettings) {
        clusters.merge(later.clusters) { current, later in later.keepingCertificates(of: current) }
    }

    /// What there is to tell of the files and secrets that they name, beside those in use.
    func news(after current: CallSettings) -> News {
        var news = News()
        for (name, cluster) in clusters.sorted(by: { $0.key < $1.key }) {
            let former = current.clusters[name]
            switch cluster.tls {
            case .failure(let unusable):
                let stay = cluster.keepsCertificates(of: former) ? "; those read before stay in use" : ""
                news.faults.append("api.tls of \(name): \(unusable)\(stay)")
            case .success(let tls):
                let isKnown = former.map { (try? $0.tls.get())?.digest == tls?.digest } ?? true
                if !isKnown { news.changes.append("api.tls of \(name): other certificates than before") }
            }
            if let former = former?.addresses, let addresses = cluster.addresses {
                for (url, reason) in former.lost(to: addresses) where !cluster.named.contains(url.asAddressKey) {
                    news.changes.append("the node of \(name) at \(url) is not called any more: \(reason)")
                }
            }
            if case .failure(let missing) = cluster.headers {
                news.faults.append("no node of \(name) can be called: \(missing)")
            }
            if case .failure(let missing) = cluster.hooks {
                news.faults.append("no webhook of \(name) is taken: \(missing)")
            }
        }
        return news
    }
}

extension CallSettings {
    /// Why they are not to replace those in use: nodes that can be called now could not be any more, also those that nagi keeps
    /// shut.
    ///
    /// - Parameter kept: found nodes on which something of nagi's is, by their clusters.
    func losses(after current: CallSettings, kept: [String: [FoundNode]]) -> [String] {
        clusters.sorted { $0.key < $1.key }.flatMap { name, cluster -> [String] in
            guard let former = current.clusters[name] else { return [] }
            var losses: [String] = []
            if case .failure(let unusable) = cluster.tls, case .success = former.tls,
                !cluster.keepsCertificates(of: former)
            {
                losses.append("no node of \(name) could be called any more: api.tls: \(unusable)")
            }
            if case .failure(let missing) = cluster.headers, case .success = former.headers {
                losses.append("no node of \(name) could be called any more: \(missing)")
            }
            for node in kept[name] ?? [] {
                let address = NodeAddress(api: node.api, ready: nil)
                guard former.refusal(of: node.name, at: address) == nil,
                    let reason = cluster.refusal(of: node.name, at: address)
                else { continue }
                losses.append(
                    "\(node.name) of \(name), which nagi is not through with, could not be called any more: \(reason)")
            }
            return losses
        }
    }

    /// Of what stands beside the policies.
    package struct News: Hashable, Sendable {
        /// What is used from now on.
        package var changes: [String] = []
        /// What cannot be used: calls that need it fail, webhooks are refused.
        package var faults: [String] = []
    }
}

extension CallSettings.Cluster {
    /// Why nothing is sent there: the address of a node that the policy does not name came from a list, maybe long ago, and
    /// `allow` may have been another then.
    func refusal(of node: String, at address: NodeAddress) -> String? {
        guard let addresses, !names.contains(node), !seeds.contains(address.api) else { return nil }
        if case .refused(let reason) = addresses.judge(address.api) { return reason.description }
        return nil
    }

    /// Half a file is no reason to lose sight of nodes that answer: those in use stay where the new ones cannot be used.
    fileprivate func keepsCertificates(of current: Self?) -> Bool {
        guard case .failure = tls, case .success? = current?.tls else { return false }
        return tlsSettings == current?.tlsSettings
    }

    fileprivate func keepingCertificates(of current: Self) -> Self {
        var kept = self
        switch tls {
        case .failure(let fault):
            guard keepsCertificates(of: current) else { return self }
            kept.tls = current.tls
            kept.laterFault = fault
        case .success(let tls):
            // The same once more: with them their connections stay.
            guard let tls, let known = try? current.tls.get(), known.digest == tls.digest else { return self }
            kept.tls = .success(known)
        }
        return kept
    }

    fileprivate init(
        _ policy: ClusterPolicy, isEmbedded: Bool, _ secrets: SecretSource, _ certificates: inout NodeTLS.Reader
    ) {
        isClustered = policy.topology == .clustered
        self.isEmbedded = isEmbedded
        timeout = .nanoseconds(policy.api.timeout.nanoseconds)
        headers = Result { () throws(SecretSource.Missing) in try secrets.headers(policy.api.headers) }
        hooks = Result { () throws(SecretSource.Missing) in
            guard let settings = policy.hooks else { return nil }
            return SharedSecret(try secrets.read(settings.secret))
        }
        names = Set(policy.nodes.map(\.name))
        let discovery = policy.isOpen ? policy.discovery : nil
        addresses = discovery.map(MemberAddresses.init)
        seeds = Set(discovery?.seeds ?? [])
        named = Set((policy.nodes.map(\.api) + seeds).map(\.asAddressKey))
        tlsSettings = policy.api.tls
        do throws(NodeTLS.Unusable) {
            tls = .success(
                try policy.api.tls.map { settings throws(NodeTLS.Unusable) in try certificates.tls(settings) })
        } catch {
            tls = .failure(error)
        }
    }
}

extension SecretSource {
    /// With the values put in.
    func headers(_ references: [String: SecretReference]) throws(Missing) -> HTTPHeaders {
        var headers = HTTPHeaders()
        for (name, reference) in references.sorted(by: { $0.key < $1.key }) {
            do throws(Missing) {
                headers.replaceOrAdd(name: name, value: try read(reference))
            } catch {
                throw Missing(description: "header \(name): \(error)")
            }
        }
        return headers
    }
}
