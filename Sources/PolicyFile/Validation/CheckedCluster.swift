import Calendars
import ModeCore
import Primitives
import Scheduling

/// A cluster after its own checks.
struct CheckedCluster {
    let draft: ClusterDraft
    let spec: YAMLNode
    /// Nil where something that cannot be done without is missing.
    private(set) var cluster: ClusterPolicy?
    /// Those that hold for every policy of the cluster.
    private(set) var exclusions: [Located<Exclusion>] = []
    /// In the order of the text.
    let nodes: [ClusterNode]
    /// Of the mode API of each node, in the order of the text.
    let addresses: [HTTPAddress?]
    let hasEmbedded: Bool

    init(_ draft: ClusterDraft, _ document: PolicyDocument, _ findings: Findings) {
        self.draft = draft
        spec = document.spec
        addresses = draft.nodes.map { try? HTTPAddress($0.value.api) }
        hasEmbedded = draft.nodes.contains { $0.value.embedded != nil }
        let nodes = draft.nodes.map(\.value)
        self.nodes = nodes
        // Most lists are in order already, and copying nodes is dear.
        let isSorted = zip(nodes, nodes.dropFirst()).allSatisfy { $0.name <= $1.name }
        let sorted = isSorted ? nodes : nodes.sorted { $0.name < $1.name }
        cluster = draft.topology.map {
            ClusterPolicy(
                name: document.name.value, topology: $0, nodes: sorted, api: draft.api, observe: draft.observe,
                budget: draft.budget, discovery: draft.discovery, hooks: draft.hooks)
        }
        checkNodes(findings)
        checkEmbedded(findings)
        checkCalls(findings)
        if draft.observe.staleAfter <= draft.observe.interval {
            findings.error(
                .staleTooEarly,
                "an observation is stale after \(draft.observe.staleAfter.written), before the next read "
                    + "(\(draft.observe.interval.written))",
                at: spec.location(of: "observe", "staleAfter"), hint: "at least two intervals")
        }
        checkTimeout(findings)
        if isOpen {
            checkBudgetAllowsSomething(findings)
        } else if case .sequence(let written)? = spec["nodes"]?.value, written.count == draft.nodes.count {
            checkBudget(findings)
        }
    }

    /// Nodes that no policy names may be found.
    var isOpen: Bool { draft.discovery != nil && draft.topology == .clustered && !hasEmbedded }

    /// The nodes that are named, and, where others may be found, what one of those is like.
    var likeNodes: [ClusterNode] {
        guard isOpen, let discovery = draft.discovery else { return nodes }
        return nodes + [ClusterNode(name: "a node that is found", api: "", labels: discovery.labels)]
    }

    /// They may name calendars, which are known only when every document was looked at once.
    mutating func exclude(_ spans: [Located<Exclusion>]) {
        exclusions = spans
        cluster?.exclusions = spans.map(\.value)
    }

    private func checkNodes(_ findings: Findings) {
        var names: [String: Int] = Dictionary(minimumCapacity: draft.nodes.count)
        var uses: [HTTPAddress: AddressUse] = Dictionary(minimumCapacity: 2 * draft.nodes.count)
        for (index, node) in draft.nodes.enumerated() {
            let first = names.first(index, of: node.value.name)
            if first != index {
                findings.duplicate(
                    .duplicateNode, "there are two nodes called \"\(node.value.name)\"",
                    at: node.node.location(of: "name"), first: draft.nodes[first].node.location(of: "name"))
            }
            // Where the daemon itself listens is compared port by port, over all clusters.
            guard node.value.embedded == nil else { continue }
            if let address = addresses[index] {
                check(AddressUse(node: index, key: "api"), of: address, node.value.api, &uses, findings)
            }
            if let ready = node.value.ready, let address = try? HTTPAddress(ready) {
                check(AddressUse(node: index, key: "ready"), of: address, ready, &uses, findings)
            }
        }
    }

    private struct AddressUse: Hashable {
        var node: Int
        var key: String
    }

    private func check(
        _ use: AddressUse, of address: HTTPAddress, _ text: String, _ uses: inout [HTTPAddress: AddressUse],
        _ findings: Findings
    ) {
        let first = uses.first(use, of: address)
        guard first != use else { return }
        findings.duplicate(
            .duplicateAddress, "the address \(text) is used twice",
            at: draft.nodes[use.node].node.location(of: use.key),
            first: draft.nodes[first.node].node.location(of: first.key))
    }

    private func checkEmbedded(_ findings: Findings) {
        guard let first = draft.nodes.first, hasEmbedded else { return }
        let isEmbedded = first.value.embedded != nil
        if let odd = draft.nodes.first(where: { ($0.value.embedded != nil) != isEmbedded }) {
            let (inside, outside) = isEmbedded ? (first, odd) : (odd, first)
            findings.error(
                .embeddedMixed,
                "\"\(inside.value.name)\" is embedded, \"\(outside.value.name)\" is not: all nodes of a cluster are, "
                    + "or none",
                at: odd.node.location(of: isEmbedded ? "name" : "embedded"),
                hint: "nodes elsewhere are a cluster of their own",
                related: [
                    .init(
                        message: "this one is \(isEmbedded ? "" : "not ")embedded",
                        location: first.node.location(of: isEmbedded ? "embedded" : "name"))
                ])
        }
        if draft.nodes.count > EmbeddedNode.limit {
            findings.error(
                .tooManyItems, "\(draft.nodes.count) embedded nodes, at most \(EmbeddedNode.limit) are possible",
                at: spec.location(of: "nodes"))
        }
        for key in ["timeout", "headers"] where spec["api"]?.hasKey(key) == true {
            findings.warning(
                .hasNoEffect, "`\(key)` has no effect: the nodes are embedded, they are called in process",
                at: spec.location(of: "api", key))
        }
    }

    /// What was read is as old as the call that read it.
    private func checkTimeout(_ findings: Findings) {
        guard !hasEmbedded, draft.api.timeout > draft.observe.staleAfter else { return }
        let isWritten = spec["api"]?.hasKey("timeout") == true
        findings.warning(
            .staleTooEarly,
            "an answer may take \(draft.api.timeout.written) (`api.timeout`), and is stale after "
                + "\(draft.observe.staleAfter.written): one that is late counts as none",
            at: isWritten ? spec.location(of: "api", "timeout") : spec.location(of: "observe"),
            hint: "at most \(draft.observe.staleAfter.written)")
    }

    /// What is sent to whom: headers hold secrets, which no list of a node may lead astray.
    private func checkCalls(_ findings: Findings) {
        if let discovery = draft.discovery {
            if !draft.api.headers.isEmpty, discovery.allow.isEmpty, spec["discovery"]?.hasKey("allow") != true {
                findings.error(
                    .missingKey, "`allow` is missing: the headers of `api` would go wherever the lists of nodes say",
                    at: spec.location(of: "discovery"), hint: "allow: [192.0.2.0/24]")
            }
            if isOpen { checkSeeds(discovery, findings) }
            if hasEmbedded {
                findings.warning(
                    .hasNoEffect, "`discovery` has no effect: the nodes are embedded, they are all known",
                    at: spec.location(of: "discovery"))
            } else if draft.topology == .standalone {
                findings.warning(
                    .hasNoEffect, "`discovery` has no effect: nodes that stand alone have no list of others",
                    at: spec.location(of: "discovery"))
            }
        }
        guard draft.api.tls != nil else { return }
        let addresses = draft.nodes.map(\.value.api) + (draft.discovery?.seeds ?? [])
        if !addresses.isEmpty, !addresses.contains(where: { $0.lowercased().hasPrefix("https:") }) {
            findings.warning(
                .hasNoEffect, "`tls` has no effect: no address is https", at: spec.location(of: "api", "tls"))
        }
    }

    /// A seed is most often the address of a node that is to be found, and such a one is called only where `allow` lets it. One
    /// that the policy names is called wherever it is.
    private func checkSeeds(_ discovery: Discovery, _ findings: Findings) {
        let networks = discovery.allow.compactMap(Network.init)
        guard !networks.isEmpty, case .sequence(let seeds)? = spec["discovery"]?["seeds"]?.value else { return }
        let named = Set(addresses.compactMap { $0 })
        for seed in seeds {
            guard let address = seed.scalar.flatMap({ HTTPAddress(parsing: $0.text) }), address.isLiteral,
                !named.contains(address), !networks.contains(where: { $0.contains(host: address.host) })
            else { continue }
            findings.error(
                .addressNotAllowed,
                "the seed \(address.host) is in no network of `allow`: what is found there would never be called",
                at: seed.location, hint: "add its network to `allow`",
                related: [.init(message: "what is allowed", location: spec.location(of: "discovery", "allow"))])
        }
    }

    /// - Returns: false where it does not, whatever the number of nodes.
    @discardableResult
    private func checkBudgetAllowsSomething(_ findings: Findings) -> Bool {
        if draft.budget.maxUnavailable.allowsSomething { return true }
        findings.error(
            .budgetAllowsNothing, "maxUnavailable 0 allows no node to be taken out",
            at: spec.location(of: "budget", "maxUnavailable"))
        return false
    }

    private func checkBudget(_ findings: Findings) {
        guard checkBudgetAllowsSomething(findings) else { return }
        let count = draft.nodes.count
        let budget = draft.budget
        let place = spec.location(of: "budget", "maxUnavailable")
        var most = budget.maxUnavailable.asMaxUnavailable(of: count)
        if let least = budget.minAvailable {
            let number = least.asMinAvailable(of: count)
            guard number < count else {
                findings.error(
                    .budgetAllowsNothing, "minAvailable \(number) of \(plural(count, "node")) leaves none to take out",
                    at: spec.location(of: "budget", "minAvailable"))
                return
            }
            most = min(most, count - number)
        }
        if count > 1, most >= count {
            let message = "the budget lets all \(count) nodes be out of service at once"
            if draft.topology == .clustered {
                findings.error(.budgetTakesAll, message, at: place)
            } else {
                findings.warning(.budgetTakesAll, message, at: place)
            }
        }
    }

    /// A disruptive step needs quorum without its node, which cannot be forced.
    func checkQuorum(for reference: Located<String>, sequence: StepSequence, _ findings: Findings) {
        guard let cluster, cluster.topology == .clustered, !isOpen, sequence.hasDisruptiveStep else { return }
        let count = cluster.nodes.count
        let quorum = Quorum(total: count)
        let spare = quorum.slack
        guard spare > 0 else {
            findings.error(
                .budgetBreaksQuorum,
                "a disruptive step could never start: a cluster of \(plural(count, "node")) has no quorum without one",
                at: reference.location)
            return
        }
        var most = cluster.budget.maxUnavailable.asMaxUnavailable(of: count)
        if let least = cluster.budget.minAvailable { most = min(most, count - least.asMinAvailable(of: count)) }
        guard most > spare, most < count else { return }
        findings.warning(
            .budgetBreaksQuorum,
            "with \(most) of \(count) nodes out \(count - most) \(count - most == 1 ? "is" : "are") left, quorum needs "
                + "\(quorum.majority): disruptive steps will wait for each other",
            at: spec.location(of: "budget", "maxUnavailable"), hint: "at most \(spare)")
    }
}

extension Dictionary {
    /// The first value that was given for the key: that of an earlier call, or this one.
    mutating func first(_ value: Value, of key: Key) -> Value {
        func current(_ value: inout Value) -> Value { value }
        return current(&self[key, default: value])
    }
}

extension Amount {
    /// False for 0 and 0%.
    var allowsSomething: Bool {
        switch self {
        case .count(let count): count > 0
        case .percent(let percent): percent > 0
        }
    }
}

/// `1 node`, `3 nodes`.
func plural(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
