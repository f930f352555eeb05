/// Works out which nodes that no policy names are a cluster's, from what its lists say.
///
/// An address is one node's: whoever something of nagi's is on keeps his, then whom the lists show at it has it, then who
/// was there last. So a node that comes back under another name takes the place of the former name.
package struct Discovering {
    /// Those that the policy names.
    package var configured: [ClusterNode]
    /// Those that were found before.
    package var former: [FoundNode]
    /// Names of all members.
    package var members: [String]
    /// Where the lists say that a member is; nil: they do not say, as of one that is not connected.
    package var address: (String) -> MemberAddress?
    /// Something of nagi's is on it: gone from the lists it is unreachable, and not forgotten.
    package var isNeeded: (String) -> Bool
    /// Where one that has moved is still called until it was seen at its new address.
    package var formerAddress: (String) -> String?

    package init(
        configured: [ClusterNode], former: [FoundNode], members: [String],
        address: @escaping (String) -> MemberAddress?, isNeeded: @escaping (String) -> Bool = { _ in false },
        formerAddress: @escaping (String) -> String? = { _ in nil }
    ) {
        self.configured = configured
        self.former = former
        self.members = members
        self.address = address
        self.isNeeded = isNeeded
        self.formerAddress = formerAddress
    }

    package struct Result: Hashable {
        /// In the order of their names.
        package var nodes: [FoundNode] = []
        /// Members that are not called, and why.
        package var refused: [String] = []
        /// One of them is only there until nothing of nagi's is on it any more.
        package var isPassing = false
    }

    package var result: Result {
        var result = Result()
        var names = Set(configured.map(\.name))
        var holders: [String: String] = [:]
        for node in configured { holders[node.api.asAddressKey] = node.name }
        func take(_ name: String, at api: String) -> Bool {
            guard names.count < ClusterMember.limit, holders[api.asAddressKey] == nil else { return false }
            holders[api.asAddressKey] = name
            names.insert(name)
            result.nodes.append(FoundNode(name: name, api: api))
            return true
        }
        let isMember = Set(members)
        for node in former where isNeeded(node.name) {
            guard take(node.name, at: node.api) else { continue }
            if let address = formerAddress(node.name)?.asAddressKey, holders[address] == nil {
                holders[address] = node.name
            }
        }
        for (place, node) in result.nodes.enumerated() {
            if !isMember.contains(node.name) { result.isPassing = true }
            guard case .callable(let api)? = address(node.name), holders[api.description.asAddressKey] == nil else {
                continue
            }
            // It is called where it was until it is seen where it is: both are its own.
            holders[api.description.asAddressKey] = node.name
            result.nodes[place].api = api.description
        }
        for name in members.sorted() where !names.contains(name) {
            switch address(name) {
            case .callable(let api)?:
                guard !take(name, at: api.description) else { break }
                guard let holder = holders[api.description.asAddressKey] else {
                    result.refused.append("\(name): a cluster has at most \(ClusterMember.limit) nodes")
                    break
                }
                if isNeeded(holder) { result.isPassing = true }
                result.refused.append("\(name): \(api) is the address of \(holder)")
            case .refused(let reason)?: result.refused.append("\(name): \(reason)")
            case nil: break
            }
        }
        for node in former where isMember.contains(node.name) && !names.contains(node.name) && address(node.name) == nil
        {
            _ = take(node.name, at: node.api)
        }
        result.nodes.sort { $0.name < $1.name }
        return result
    }
}
