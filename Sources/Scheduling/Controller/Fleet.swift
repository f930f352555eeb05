import Primitives

/// The clusters and nodes that are observed, laid out as in the ledger, and what is counted of them.
struct Fleet: Sendable {
    private(set) var clusters: [ClusterWatch] = []
    /// Parallel to the ledger's nodes.
    var nodes: [NodeWatch] = []
    private(set) var seats: [Seat] = []
    private var places: [String: ClusterIndex] = [:]
    /// When this process began to watch, or went on after it had stalled.
    var watchedSince = Uptime(nanoseconds: .min)

    /// A node's place in its cluster and in runs.
    struct Seat: Sendable {
        var cluster: ClusterIndex
        /// Among the nodes of its cluster.
        var column: Int
        /// As the policies name it, or did last.
        let configured: ClusterNode?
        var isRetained: Bool
        /// No policy names it: the lists of its cluster do.
        let isFound: Bool
        var address: NodeAddress
        /// By the word of the cluster's lists; regular while nobody says otherwise.
        var isTemporary = false
        /// The part that has the node; one at most.
        fileprivate(set) var lease: PartPlace?
        /// Parts that are in work on it, the lease's among them; those before their first `drain` or `block` have no lease.
        var working: [PartPlace] = []
        /// Its parts in runs that are not over.
        var parts: [PartPlace] = []
        /// It counts as out of service.
        fileprivate(set) var isOut = true
        fileprivate(set) var wasKnown = false
        /// When the latest whole read that has ended began, well or not.
        fileprivate(set) var lastRead = Uptime(nanoseconds: .min)
        /// Others' failures cost it its place.
        var mustMakeRoom = false
        /// Somebody opened it by hand, and its policy yields to that.
        var isYieldDue = false
        /// Since when quorum has been missing for its next step.
        var quorumMissingSince: Uptime?
        /// Runs that would take it if its own state were better, and what they have against it.
        var awaiting: [(place: PartPlace, codes: [VerdictCode])] = []

        var isNamed: Bool { !isRetained && !isFound }
    }

    // No `_read`: a large value that is lent out of an array is read after its end by code that is not optimized.

    subscript(node: NodeIndex) -> NodeWatch {
        @inline(__always) get { nodes[node.raw] }
        _modify { yield &nodes[node.raw] }
    }

    subscript(seat node: NodeIndex) -> Seat {
        @inline(__always) get { seats[node.raw] }
        _modify { yield &seats[node.raw] }
    }

    subscript(cluster: ClusterIndex) -> ClusterWatch {
        @inline(__always) get { clusters[cluster.raw] }
        _modify { yield &clusters[cluster.raw] }
    }

    func cluster(named name: String) -> ClusterIndex? { places[name] }

    func node(named name: String, in cluster: ClusterIndex) -> NodeIndex? {
        let watch = clusters[cluster.raw]
        return watch.roster.place(of: name).flatMap { watch.nodes.indices.contains($0) ? watch.nodes[$0] : nil }
    }

    @inline(__always) func cluster(of node: NodeIndex) -> ClusterIndex { seats[node.raw].cluster }
}

/// What is known of one cluster.
struct ClusterWatch: Sendable {
    let policy: Shared<ClusterPolicy>
    // Of the policy, and asked all the time.
    let isClustered: Bool
    let staleAfter: Duration
    /// Nodes of it are found by the lists of others.
    let discovery: Discovery?
    /// Configured and retained, in the ledger's order.
    let nodes: [NodeIndex]
    /// It is in the policies; else only what it owes is looked after.
    let isListed: Bool
    var roster: Roster
    var membership: Membership
    /// N: configured and known regular nodes.
    fileprivate(set) var quorum: Quorum
    /// Nodes that were not yet read in this process, well or not.
    fileprivate(set) var unread: Int
    fileprivate(set) var outRegular = 0
    fileprivate(set) var outTemporary = 0
    /// Those that are out of service, in order.
    fileprivate(set) var out: [NodeIndex] = []
    /// Those that a part has, in order.
    fileprivate(set) var leased: [NodeIndex] = []
    /// What the lists say of each other is to be looked at anew.
    var mustCheckLists = true
    /// What the lists say of nodes that no policy names is to be looked at anew.
    var mustDiscover = true
    /// Who is in the cluster has been looked at, and its nodes read, at least once.
    var isDiscovered = false
    /// Of nodes that were found, have moved, or are gone.
    var changes = FoundChanges()
    /// When a policy looked for nodes here first, or elsewhere than before: what was read until then was judged by another.
    var openedAt: Uptime?
    /// Since when too few nodes have said who is in the cluster.
    var silentSince: Uptime?
    /// When the seeds were asked last, and why each of them said nothing.
    var seedsAskedAt: Uptime?
    var seedFaults: [String: ReadFailure] = [:]
    var sweep = Sweep()
    /// Since when more has been out of service than the budget allows, or since when not.
    var exceededSince: Uptime?
    var withinSince: Uptime?
    /// Runs that are not over, in the order of their starts.
    var runs: [RunSlot] = []
    /// Places in the roster of members that are not in the policies.
    fileprivate(set) var unlistedRegular: [Int] = []
    fileprivate(set) var unlistedTemporary: [Int] = []
    /// Nodes that are temporary or retained: they do not count in every case.
    fileprivate(set) var special: [NodeIndex] = []

    /// One read of every node of the cluster, begun after somebody wished for it.
    struct Sweep: Sendable {
        private(set) var wishedAt: Uptime?
        fileprivate(set) var underWay: (since: Uptime, left: Int)?
        /// Every node was read by a read begun no earlier than that.
        fileprivate(set) var done: (since: Uptime, at: Uptime)?

        static let longestRest = Duration.seconds(5)

        /// Whether what it found still holds for a wish of that instant.
        func serves(_ wish: Uptime, at now: Uptime) -> Bool {
            guard let done else { return false }
            return done.since >= wish && now - done.at <= Sweep.longestRest
        }

        mutating func wish(at now: Uptime) { wishedAt = max(wishedAt ?? now, now) }
    }

    /// Every node was read, or could not be, at least once in this process.
    @inline(__always) var isKnown: Bool { unread == 0 }

    /// Which nodes a run would be about is not known yet.
    var awaitsNodes: Bool { !isDiscovered && discovery != nil }
}

extension Fleet {
    /// Lays everything out anew, keeping what is known about nodes that stay.
    init(_ ledger: Ledger, keeping former: Fleet?, at now: Moment) {
        watchedSince = former?.watchedSince ?? now.uptime
        var old: [NodeID: Int] = [:]
        for (place, node) in (former?.nodes ?? []).enumerated() { old[node.id] = place }
        var members: [String: [NodeIndex]] = [:]
        var place = 0
        // Those of one cluster stand together, as a rule.
        while place < ledger.nodes.count {
            let (cluster, first) = (ledger.nodes[place].id.cluster, place)
            while place < ledger.nodes.count, ledger.nodes[place].id.cluster == cluster { place += 1 }
            members[cluster, default: []] += (first..<place).map { NodeIndex($0) }
        }
        var policies: [(policy: ClusterPolicy, isListed: Bool)] = (ledger.policies?.clusters ?? []).map { ($0, true) }
        let listed = Set(policies.map(\.policy.name))
        var gone: Set<String> = []
        for entry in ledger.nodes.reversed().prefix(while: { $0.retained != nil }).reversed() {
            guard let retained = entry.retained, !listed.contains(entry.id.cluster),
                gone.insert(entry.id.cluster).inserted
            else { continue }
            policies.append((retained.cluster, false))
        }
        nodes = []
        nodes.reserveCapacity(ledger.nodes.count)
        seats = []
        seats.reserveCapacity(ledger.nodes.count)
        var columns: [(cluster: ClusterIndex, column: Int)] = Array(
            repeating: (ClusterIndex(0), 0), count: ledger.nodes.count)
        for (number, entry) in policies.enumerated() {
            let own = members[entry.policy.name] ?? []
            let left = own.count { ledger.nodes[$0.raw].retained != nil }
            for (column, node) in own.enumerated() { columns[node.raw] = (ClusterIndex(number), column) }
            let names = own.map { ledger.nodes[$0.raw].id.name }
            let before = former.flatMap { former in
                former.places[entry.policy.name].map { former.clusters[$0.raw] }
            }
            let membership = ledger.memberships[entry.policy.name] ?? Membership()
            var cluster = ClusterWatch(
                policy: Shared(entry.policy), isClustered: entry.policy.topology == .clustered,
                staleAfter: entry.policy.observe.staleAfter,
                discovery: entry.isListed && entry.policy.isOpen ? entry.policy.discovery : nil, nodes: own,
                isListed: entry.isListed,
                roster: before?.roster.moved(to: names, left: left, after: membership)
                    ?? Roster(names: names, left: left, after: membership),
                membership: membership,
                quorum: Quorum(total: own.count), unread: own.count)
            cluster.sweep = before?.sweep ?? ClusterWatch.Sweep()
            cluster.sweep.underWay = nil
            let isSame = before.map { $0.discovery == cluster.discovery } ?? true
            // Whoever looks elsewhere, or may call others, does not know yet.
            cluster.isDiscovered = isSame && (before?.isDiscovered ?? false)
            cluster.changes = before?.changes ?? FoundChanges()
            cluster.openedAt = isSame ? before?.openedAt : now.uptime
            cluster.silentSince = before?.silentSince
            cluster.seedsAskedAt = before?.seedsAskedAt
            cluster.seedFaults = before?.seedFaults ?? [:]
            cluster.exceededSince = before?.exceededSince
            cluster.withinSince = before?.withinSince
            places[entry.policy.name] = ClusterIndex(number)
            clusters.append(cluster)
        }
        let found = Set(
            (ledger.found ?? [:]).flatMap { cluster, nodes in nodes.map { NodeID(cluster: cluster, name: $0.name) } })
        for (place, entry) in ledger.nodes.enumerated() {
            let (number, column) = columns[place]
            // In the order of the policies, as in the ledger; those that left come after them.
            let listed = clusters[number.raw].policy.nodes
            let configured = entry.retained?.node ?? (listed.indices.contains(column) ? listed[column] : nil)
            let address = entry.state.formerAddress ?? configured?.address ?? NodeAddress(api: "", ready: nil)
            var watch = NodeWatch(
                id: entry.id, cluster: number, hasReadinessProbe: address.ready != nil,
                staleAfter: clusters[number.raw].staleAfter)
            // What was seen to be loosened by then was counted then.
            watch.isConfirmed = entry.state.written != nil && !entry.state.isSeenLooser
            var seat = Seat(
                cluster: number, column: column, configured: configured, isRetained: entry.retained != nil,
                isFound: found.contains(entry.id), address: address)
            if let before = old[entry.id], let former {
                watch = former.nodes[before].moved(to: watch)
                seat.quorumMissingSince = former.seats[before].quorumMissingSince
                seat.lastRead = former.seats[before].lastRead
            }
            nodes.append(watch)
            seats.append(seat)
        }
        for number in clusters.indices {
            noteMembership(of: ClusterIndex(number))
            // Nothing was counted before: it is now, once.
            clusters[number].outRegular = 0
            clusters[number].outTemporary = 0
            clusters[number].out = clusters[number].nodes
            for node in clusters[number].nodes {
                seats[node.raw].wasKnown = nodes[node.raw].isKnown
                if seats[node.raw].wasKnown { clusters[number].unread -= 1 }
                count(node, by: 1)
            }
        }
    }

    /// Works out who is regular, and N, from the membership that is known.
    mutating func noteMembership(of cluster: ClusterIndex) {
        let membership = clusters[cluster.raw].membership
        var regular = 0
        for node in clusters[cluster.raw].nodes {
            let name = nodes[node.raw].id.name
            let isTemporary = membership.isTemporary(name)
            if seats[node.raw].isTemporary != isTemporary {
                count(node, by: -1)
                seats[node.raw].isTemporary = isTemporary
                clusters[cluster.raw].roster.setVoter(seats[node.raw].column, !isTemporary)
                count(node, by: 1)
            }
            // A node that left the policies is known by the lists alone.
            if isRegularMember(node, of: clusters[cluster.raw]) { regular += 1 }
        }
        clusters[cluster.raw].special = clusters[cluster.raw].nodes.filter {
            seats[$0.raw].isTemporary || seats[$0.raw].isRetained
                || (seats[$0.raw].isFound && !membership.isMember(nodes[$0.raw].id.name))
        }
        let roster = clusters[cluster.raw].roster
        let unlisted = membership.regular.filter { !roster.isRead($0) }
        clusters[cluster.raw].unlistedRegular = unlisted.compactMap(roster.place)
        clusters[cluster.raw].unlistedTemporary =
            membership.temporary.filter { !roster.isRead($0) }.compactMap(roster.place)
        clusters[cluster.raw].quorum = Quorum(total: regular + unlisted.count)
    }

    private mutating func count(_ node: NodeIndex, by change: Int) {
        let seat = seats[node.raw]
        guard seat.isOut else { return }
        if seat.isTemporary {
            clusters[seat.cluster.raw].outTemporary += change
        } else {
            clusters[seat.cluster.raw].outRegular += change
        }
    }

    /// - Returns: whether that changed anything.
    mutating func setOut(_ isOut: Bool, _ node: NodeIndex) -> Bool {
        guard seats[node.raw].isOut != isOut else { return false }
        count(node, by: -1)
        seats[node.raw].isOut = isOut
        count(node, by: 1)
        let number = seats[node.raw].cluster.raw
        let place = clusters[number].out.partitioningIndex { $0 >= node }
        if isOut {
            clusters[number].out.insert(node, at: place)
        } else {
            clusters[number].out.remove(at: place)
        }
        return true
    }

    mutating func lease(_ node: NodeIndex, to part: PartPlace?) {
        let number = seats[node.raw].cluster.raw
        let place = clusters[number].leased.partitioningIndex { $0 >= node }
        if seats[node.raw].lease == nil, part != nil { clusters[number].leased.insert(node, at: place) }
        if seats[node.raw].lease != nil, part == nil { clusters[number].leased.remove(at: place) }
        seats[node.raw].lease = part
    }

    /// A whole read has ended, well or not.
    ///
    /// - Returns: whether every node of the cluster is known for the first time, and whether a sweep is over.
    mutating func noteRead(_ node: NodeIndex, begun: Uptime, at now: Uptime) -> (isClusterKnown: Bool, isSwept: Bool) {
        let number = seats[node.raw].cluster.raw
        var isClusterKnown = false
        if !seats[node.raw].wasKnown {
            seats[node.raw].wasKnown = true
            clusters[number].unread -= 1
            isClusterKnown = clusters[number].unread == 0
        }
        let former = seats[node.raw].lastRead
        seats[node.raw].lastRead = max(former, begun)
        guard var sweep = clusters[number].sweep.underWay, former < sweep.since, begun >= sweep.since else {
            return (isClusterKnown, false)
        }
        sweep.left -= 1
        clusters[number].sweep.underWay = sweep.left > 0 ? sweep : nil
        guard sweep.left == 0 else { return (isClusterKnown, false) }
        clusters[number].sweep.done = (sweep.since, now)
        return (isClusterKnown, true)
    }

    /// Begins a sweep for the latest wish, unless one is under way or served it.
    ///
    /// - Returns: the nodes to be read now.
    mutating func beginSweep(of cluster: ClusterIndex, at now: Uptime) -> [NodeIndex] {
        let sweep = clusters[cluster.raw].sweep
        guard let wish = sweep.wishedAt, sweep.underWay == nil, sweep.done.map({ $0.since < wish }) ?? true else {
            return []
        }
        let missing = clusters[cluster.raw].nodes.filter { seats[$0.raw].lastRead < wish }
        guard !missing.isEmpty else {
            clusters[cluster.raw].sweep.done = (wish, now)
            return []
        }
        clusters[cluster.raw].sweep.underWay = (wish, missing.count)
        return missing
    }
}
