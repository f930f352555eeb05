import Primitives

/// Who serves: votes, quorum, and what of the budget is used.
extension Fleet {
    /// How many regular nodes, itself included, list the node as connected, by lists begun no earlier than `since`.
    func votes(for node: NodeIndex, since: Uptime = Uptime(nanoseconds: .min), at now: Moment) -> Int {
        let number = seats[node.raw].cluster.raw
        return clusters[number].roster.votes(
            for: seats[node.raw].column, since: since, at: now, staleAfter: clusters[number].staleAfter)
    }

    /// Whether a majority of the regular nodes lists it as connected; true where not clustered. A cluster whose lists show
    /// that it is one, whatever the policy says, has to agree too.
    func isConnected(_ node: NodeIndex, since: Uptime = Uptime(nanoseconds: .min), at now: Moment) -> Bool {
        let number = seats[node.raw].cluster
        guard asksForVotes(number) else { return true }
        return clusters[number.raw].quorum.isMajority(votes(for: node, since: since, at: now))
    }

    /// Nodes that are said to stand alone list other members.
    @inline(__always) func hasWrongTopology(_ cluster: ClusterIndex) -> Bool {
        !clusters[cluster.raw].isClustered && clusters[cluster.raw].roster.listsOfOthers > 0
    }

    /// It is a cluster by the policy's word or by its own.
    @inline(__always) func asksForVotes(_ cluster: ClusterIndex) -> Bool {
        clusters[cluster.raw].isClustered || hasWrongTopology(cluster)
    }

    /// It is one of N: a node that no policy names only while the lists name it.
    func isRegularMember(_ node: NodeIndex, of cluster: ClusterWatch) -> Bool {
        let seat = seats[node.raw]
        if seat.isTemporary { return false }
        // Until the lists have said something, whoever was found is one of them.
        if seat.isNamed || (seat.isFound && cluster.membership == Membership()) { return true }
        return cluster.membership.regular.contains(nodes[node.raw].id.name)
    }

    /// Temporary nodes count while they are members; a node that no policy names while it is listed, or answers.
    private func counts(_ node: NodeIndex, of cluster: ClusterWatch, at now: Moment) -> Bool {
        // Whatever the lists say of it, a node that a run has is out by nagi's hand.
        if seats[node.raw].lease != nil || (!seats[node.raw].isTemporary && seats[node.raw].isNamed) { return true }
        return cluster.membership.isMember(nodes[node.raw].id.name)
            || (!seats[node.raw].isTemporary && nodes[node.raw].isModeFresh(at: now))
    }

    func budgetUse(of number: ClusterIndex, at now: Moment) -> BudgetUse {
        let cluster = clusters[number.raw]
        let out = unlistedOut(number, at: now)
        let gone = cluster.special.filter { seats[$0.raw].isOut && !counts($0, of: cluster, at: now) }
        let goneTemporary = gone.count { seats[$0.raw].isTemporary }
        let goneRegular = gone.count - goneTemporary
        let regular = cluster.outRegular - goneRegular + out.regular.count
        var use = BudgetUse(
            total: cluster.quorum.total,
            unavailable: regular + cluster.outTemporary - goneTemporary + out.temporary.count,
            unavailableRegular: regular, budget: cluster.policy.budget)
        // How many nodes there would be nobody knew when the budget was checked: it never takes all of them.
        if cluster.discovery != nil { use.maxUnavailable = min(use.maxUnavailable, max(1, use.total - 1)) }
        return use
    }

    /// Members that are not in the policies and are not known to be connected and open, by the others' lists.
    func unlistedOut(_ number: ClusterIndex, at now: Moment) -> (regular: [String], temporary: [String]) {
        let cluster = clusters[number.raw]
        func out(_ places: [Int]) -> [String] {
            places.filter { place in
                let votes = cluster.roster.servingVotes(for: place, at: now, staleAfter: cluster.staleAfter)
                return votes * 2 <= cluster.roster.listCount
            }.map { cluster.roster.names[$0] }
        }
        return (out(cluster.unlistedRegular), out(cluster.unlistedTemporary))
    }

    /// Who is out of service, by name, the first few; those that are not in the policies too.
    func out(of number: ClusterIndex, at now: Moment, atMost limit: Int) -> [String] {
        let cluster = clusters[number.raw]
        var own: [String] = []
        for node in cluster.out where counts(node, of: cluster, at: now) {
            guard own.count < limit else { break }
            own.append(nodes[node.raw].id.name)
        }
        let unlisted = unlistedOut(number, at: now)
        return own + (unlisted.regular + unlisted.temporary).map { "\($0) (not in the policies)" }
    }

    /// What a cluster's majority stands on.
    struct Majority {
        fileprivate let quorum: Quorum
        /// Regular nodes that are not connected, do not answer, or are in a disruptive step; those merely blocked are none of
        /// them.
        let missing: [NodeIndex]
        /// The same of members that are not in the policies, by their places in the roster.
        fileprivate let unlisted: [Int]

        /// Whether it stands without so many more.
        func survives(_ more: Int) -> Bool { quorum.survives(missing.count + unlisted.count + more) }
    }

    /// Nil: it needs none.
    func majority(of number: ClusterIndex, isCommitted: (NodeIndex) -> Bool, at now: Moment) -> Majority? {
        guard asksForVotes(number) else { return nil }
        let cluster = clusters[number.raw]
        let unlisted = cluster.unlistedRegular.filter { place in
            !cluster.quorum.isMajority(
                cluster.roster.votes(
                    for: place, since: Uptime(nanoseconds: .min), at: now, staleAfter: cluster.staleAfter))
        }
        let areAllConnected = cluster.quorum.isMajority(
            cluster.roster.votesForEach(at: now, staleAfter: cluster.staleAfter))
        let missing = cluster.nodes.filter { node in
            // Lists show a node for a while that has just died: whoever does not answer is not counted on.
            let isThere = (areAllConnected || isConnected(node, at: now)) && !nodes[node.raw].isSilent
            guard isCommitted(node) || !isThere else { return false }
            return isRegularMember(node, of: cluster)
        }
        return Majority(quorum: cluster.quorum, missing: missing, unlisted: unlisted)
    }

    /// Why a cluster would not keep its majority without these nodes of it too: who is missing from it already, by name.
    /// Nil: it would.
    func missingForQuorum(
        disrupting nodes: [NodeIndex], isCommitted: (NodeIndex) -> Bool, at now: Moment
    ) -> [String]? {
        let regular = nodes.count { !seats[$0.raw].isTemporary }
        guard regular > 0, let number = nodes.first.map({ seats[$0.raw].cluster }),
            let majority = majority(of: number, isCommitted: isCommitted, at: now)
        else { return nil }
        let others = majority.missing.filter { !nodes.contains($0) }
        guard !majority.survives(others.count - majority.missing.count + regular) else { return nil }
        return others.map { self.nodes[$0.raw].id.name }
            + majority.unlisted.map { clusters[number.raw].roster.names[$0] }
    }
}
