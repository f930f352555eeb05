import PolicyFile
import Scheduling

/// Whether the addresses of the policies are those of the nodes that they are written for.
extension ClusterSurvey {
    /// One that the lists do not say may be right all the same (another network, a proxy); one that they say of another node
    /// is not.
    var swapped: [PreflightFinding] {
        guard cluster.topology == .clustered else { return [] }
        var listed: [String: HTTPAddress] = [:]
        for member in seen.flatMap({ $0.observation.members ?? [] }) {
            guard case .callable(let api)? = member.api else { continue }
            listed[member.name.description] = HTTPAddress(parsing: api.description)
        }
        let others = listed.sorted { $0.key < $1.key }
        return cluster.nodes.flatMap { node -> [PreflightFinding] in
            guard let own = listed[node.name] else { return [] }
            var found: [PreflightFinding] = []
            if let api = HTTPAddress(parsing: node.api), api != own,
                let other = others.first(where: { $0.key != node.name && $0.value == api })
            {
                found.append(
                    finding(
                        .error, .wrongAddress, node,
                        "its api \(node.api) is, as the cluster lists it, that of \(other.key): nagi would act on that one",
                        hint: "api: \(own.text)"))
            }
            // The port is another one than that of the API: the host is what can be compared.
            if let ready = node.ready.flatMap(HTTPAddress.init(parsing:)), ready.host != own.host,
                let other = others.first(where: { $0.key != node.name && $0.value.host == ready.host })
            {
                found.append(
                    finding(
                        .error, .wrongAddress, node,
                        "its readiness probe \(ready.text) is at the host of \(other.key), as the cluster lists it",
                        hint: "the host is \(own.host)"))
            }
            return found
        }
    }
}
