/// Works out which nodes that no policy names are a cluster's, from what its lists say.
///
/// An address is one node's: whoever something of nagi's is on keeps his, then whom the lists show at it has it, then who
/// was there last. So a node that comes back under another name takes the place of the former name.
package struct Discovering {
    /// Those that the policy names.
    package var configured: [ClusterNode]
    /// Those that were found before.
    package var former: [FoundNode]
    /// Nodes that left the policies, and that something of nagi's is on.
    package var left: [FoundNode] = []
    /// Names that stay as they are, in or out, whatever the lists say.
    package var resting: Set<String> = []
    /// Names of all members.
    package var members: [String]
    /// Where the lists say that a member is; nil: they do not say, as of one that is not connected.
    package var address: (String) -> MemberAddress?
    /// Why nobody knows where a member is that is connected; nil: it is not.
    package var obscurity: (String) -> String?
    /// Something of nagi's is on it: gone from the lists it is unreachable, and not forgotten.
    package var isNeeded: (String) -> Bool
    /// Where one that has moved is still called until it was seen at its new address.
    package var formerAddress: (String) -> String?

    package init(
        configured: [ClusterNode], former: [FoundNode], members: [String],
        address: @escaping (String) -> MemberAddress?, obscurity: @escaping (String) -> String? = { _ in nil },
        isNeeded: @escaping (String) -> Bool = { _ in false },
        formerAddress: @escaping (String) -> String? = { _ in nil }
    ) {
        self.configured = configured
        self.former = former
        self.members = members
        self.address = address
        self.obscurity = obscurity
        self.isNeeded = isNeeded
        self.formerAddress = formerAddress
    }

    /// What a node has on it that keeps its address, and how that ends.
    package var claim: (String) -> String = { _ in "" }

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
        let wasThere = Set(former.map(\.name))
        for node in left where !isMember.contains(node.name) { holders[node.api.asAddressKey] = node.name }
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
                result.refused.append("\(name): \(api) is the address of \(holder)\(claim(holder))")
            case .refused(let reason)?: result.refused.append("\(name): \(reason)")
            case nil:
                if !wasThere.contains(name), let why = obscurity(name) { result.refused.append("\(name): \(why)") }
            }
        }
        for node in former where isMember.contains(node.name) && !names.contains(node.name) && address(node.name) == nil
        {
            _ = take(node.name, at: node.api)
        }
        let moving = resting.filter { !isNeeded($0) }
        if !moving.isEmpty {
            result.nodes.removeAll { moving.contains($0.name) }
            let taken = Set(result.nodes.map(\.api.asAddressKey) + configured.map(\.api.asAddressKey))
            result.nodes += former.filter { moving.contains($0.name) && !taken.contains($0.api.asAddressKey) }
        }
        result.nodes.sort { $0.name < $1.name }
        return result
    }
}
