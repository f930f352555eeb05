import PolicyFile
import Scheduling

/// Judges where lists say that members' mode APIs are: a list is the word of a node, and no reason to send the headers of
/// the cluster anywhere else than where its policy lets them go.
package struct MemberAddresses: Sendable {
    private let networks: [Network]
    /// Any address, where the policy names no network.
    private let allowsAll: Bool

    package init(_ discovery: Discovery) {
        networks = discovery.allow.compactMap(Network.init)
        allowsAll = discovery.allow.isEmpty
    }

    package func judge(_ url: String) -> MemberAddress {
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
