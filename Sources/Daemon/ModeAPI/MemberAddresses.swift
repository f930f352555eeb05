import PolicyFile
import Scheduling
import Synchronization

/// Judges where lists say that members' mode APIs are: a list is the word of a node, and no reason to send the headers of
/// the cluster anywhere else than where its policy lets them go.
package struct MemberAddresses: Sendable {
    private let networks: [Network]
    /// Any address, where the policy names no network.
    private let allowsAll: Bool
    private let known = Known()

    /// What was judged before: each list of each node names all of them again.
    private final class Known: Sendable {
        static let limit = 4 * ClusterMember.limit
        let judgements = Mutex<[String: MemberAddress]>([:])
    }

    package init(_ discovery: Discovery) {
        networks = discovery.allow.compactMap(Network.init)
        allowsAll = discovery.allow.isEmpty
    }

    package func judge(_ url: String) -> MemberAddress {
        if let known = known.judgements.withLock({ $0[url] }) { return known }
        let judgement = judged(url)
        known.judgements.withLock { judgements in
            if judgements.count >= Known.limit { judgements = [:] }
            judgements[url] = judgement
        }
        return judgement
    }

    /// Addresses that these networks let nagi call, and the later ones do not, each with the reason.
    func lost(to later: MemberAddresses) -> [(url: String, reason: String)] {
        let callable = known.judgements.withLock { judgements in
            judgements.compactMap { if case .callable = $0.value { $0.key } else { nil } }
        }
        return callable.sorted().compactMap { url in
            if case .refused(let reason) = later.judge(url) { (url, reason.description) } else { nil }
        }
    }

    private func judged(_ url: String) -> MemberAddress {
        guard let address = HTTPAddress(parsing: url), !address.path.contains("?"),
            let text = NodeText(exactly: address.text)
        else { return .refused(NodeText(cutting: "\(url) is no address of an API")) }
        if allowsAll || networks.contains(where: { $0.contains(host: address.host) }) { return .callable(text) }
        let isName = Network.bytes(of: address.host) == nil && !address.host.hasPrefix("[")
        return .refused(
            NodeText(
                cutting: isName
                    ? "\(address.host) is a name, and discovery.allow knows networks only"
                    : "\(address.host) is in no network of discovery.allow"))
    }
}
