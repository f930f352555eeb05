/// Named nodes that know each other: membership, majority, isolation, and which node a channel lives on.
///
/// Nodes have dense indices in the order that they were given, and keep them for good. A clustered cluster starts with
/// its processes running but not joined; call `join` for each, or `joinAll`. Standalone nodes share the type, but
/// nothing else: no membership, no redirects.
public struct Cluster: Sendable {
    public let isClustered: Bool
    public private(set) var nodes: [Node] = []

    private var links: [Link] = []
    private var indexByName: [String: Int] = [:]
    private var owners: [ChannelID: Int] = [:]
    private var ownersLimit = 4096
    private var leader: Int?
    private var term: UInt64 = 0
    private var commitIndex: UInt64 = 0

    /// How a node takes part.
    private struct Link: Sendable {
        /// `join` was called since the process started.
        var wantsIn = false
        /// Has been a member since the process started.
        var isMember = false
        /// Is in touch with the majority.
        var hasMajority = false
        /// Nodes are in touch with each other only within one side of a split network.
        var side = 0
        var isListed = true
        var memberSince: Timestamp = .distantPast
    }

    /// - Parameter nodes: names must differ; a name given twice is taken once.
    public init(isClustered: Bool = true, nodes: [NodeSettings]) {
        self.isClustered = isClustered
        for settings in nodes { add(settings) }
    }

    /// Adds a node, running and not joined. Answers its index; of a name that exists, the index of that one.
    @discardableResult
    public mutating func add(_ settings: NodeSettings) -> Int {
        if let known = indexByName[settings.name] { return known }
        var settings = settings
        settings.isClustered = isClustered
        let index = nodes.count
        nodes.append(Node(settings, index: index))
        links.append(Link())
        indexByName[settings.name] = index
        return index
    }

    public var count: Int { nodes.count }
    public subscript(index: Int) -> Node { nodes[index] }

    public func index(of name: String) -> Int? { indexByName[name] }

    /// Regular nodes that the majority is counted of.
    public var regularCount: Int {
        nodes.indices.count { links[$0].isListed && !nodes[$0].isTemporary }
    }

    /// The smallest number of connected regular nodes that is a majority.
    public var quorum: Int { regularCount / 2 + 1 }

    /// Whether the node is a member in touch with the majority. A standalone node that runs always is.
    public func isJoined(_ index: Int) -> Bool {
        guard nodes[index].isRunning else { return false }
        return !isClustered || (links[index].isMember && links[index].hasMajority)
    }

    /// What `/.ok` says: in a cluster a node that is not joined or in `block_new_connection` is not ready.
    public func isReady(_ index: Int) -> Bool {
        guard nodes[index].isRunning else { return false }
        return !isClustered || (isJoined(index) && nodes[index].mode != .blockNewConnection)
    }

    // Processes and membership

    /// Every running node asks to join.
    public mutating func joinAll(at time: Timestamp) {
        for index in nodes.indices where nodes[index].isRunning { links[index].wantsIn = true }
        settle(at: time)
    }

    /// A running node asks to join; it is a member as soon as a majority can say yes.
    public mutating func join(_ index: Int, at time: Timestamp) {
        guard nodes[index].isRunning else { return }
        links[index].wantsIn = true
        links[index].isListed = true
        settle(at: time)
    }

    /// Ends the process of a node. Answers how many live connections were cut.
    @discardableResult
    public mutating func stop(_ index: Int, at time: Timestamp) -> Int {
        let cut = nodes[index].stop(at: time)
        forgetMembership(of: index)
        settle(at: time)
        return cut
    }

    /// Starts the process of a stopped node. It joins when `join` is called.
    public mutating func start(_ index: Int, version: String? = nil, at time: Timestamp) {
        guard !nodes[index].isRunning else { return }
        nodes[index].start(version: version, at: time)
        links[index].isListed = true
    }

    /// Stops and starts a node in one instant. Answers how many live connections were cut.
    @discardableResult
    public mutating func restart(_ index: Int, version: String? = nil, at time: Timestamp) -> Int {
        let cut = stop(index, at: time)
        start(index, version: version, at: time)
        return cut
    }

    /// Cuts a node off from all others, until `rejoin`.
    public mutating func isolate(_ index: Int, at time: Timestamp) { split([index], side: index + 1, at: time) }

    /// Brings a node back to the main side of the network.
    public mutating func rejoin(_ index: Int, at time: Timestamp) { split([index], side: 0, at: time) }

    /// Moves nodes to one side of a split network; 0 is the main side.
    public mutating func split(_ indices: [Int], side: Int, at time: Timestamp) {
        for index in indices { links[index].side = side }
        settle(at: time)
    }

    /// Removes a node that is not connected from the membership list; it counts for the majority no more. False if it
    /// runs and is a member.
    @discardableResult
    public mutating func purge(_ index: Int, at time: Timestamp) -> Bool {
        guard isClustered, !isJoined(index) else { return false }
        links[index].isListed = false
        forgetMembership(of: index)
        settle(at: time)
        return true
    }

    public mutating func fileFault(_ index: Int, at time: Timestamp) { nodes[index].fileFault(at: time) }

    @discardableResult
    public mutating func changeMode(_ mode: RequestableMode, on index: Int, at time: Timestamp) -> ModeTransition {
        nodes[index].changeMode(mode, at: time)
    }

    /// The membership list that a node answers with, in the order of indices; empty of a standalone or stopped node.
    public func members(seenBy observer: Int) -> [Member] {
        guard isClustered, nodes[observer].isRunning else { return [] }
        return nodes.indices.compactMap { index in
            guard links[index].isListed else { return nil }
            let node = nodes[index]
            let isConnected = areInTouch(observer, index)
            if node.isTemporary, !isConnected { return nil }
            let details = Member.Details(
                epoch: node.epoch, mode: node.mode, version: node.version, memberSince: links[index].memberSince)
            return Member(
                index: index, name: node.name, isTemporary: node.isTemporary, isConnected: isConnected,
                details: isConnected ? details : nil)
        }
    }

    /// The state of consensus that a node reports; nil of a standalone or stopped one.
    public func consensus(seenBy observer: Int) -> Consensus? {
        guard isClustered, nodes[observer].isRunning else { return nil }
        let role: Consensus.Role = !isJoined(observer) ? .candidate : leader == observer ? .leader : .follower
        return Consensus(role: role, term: term, commitIndex: commitIndex)
    }

    // Clients

    /// Where a client of the channel that contacts this node has to go.
    ///
    /// A channel that is alive stays with its node. A new one goes to the connected `normal` node with the least
    /// connections for its license, the contacted one if equal; blocking and `initial` nodes are given none.
    public func placement(of channel: ChannelID, contacting contacted: Int) -> Placement {
        let node = nodes[contacted]
        guard isClustered, node.isRunning, !holds(contacted, channel) else {
            return node.rejection(of: channel).map(Placement.rejected) ?? .here
        }
        if node.mode == .initial { return .rejected(.initial) }
        if node.mode == .blockNewConnection, !node.settings.profile.redirectsWhileBlocked {
            return .rejected(.blockNewConnection)
        }
        if let owner = owner(of: channel), owner != contacted, areInTouch(contacted, owner) {
            return nodes[owner].rejection(of: channel).map(Placement.rejected) ?? .redirect(owner)
        }
        guard let chosen = leastLoaded(seenBy: contacted) else {
            return .rejected(node.rejection(of: channel) ?? .noNode)
        }
        return chosen == contacted ? .here : .redirect(chosen)
    }

    /// Connects a client that contacts a node and follows the redirect it may get.
    public mutating func connect(
        _ channel: ChannelID, contacting contacted: Int, at time: Timestamp
    ) -> ClusterAdmission {
        nodes[contacted].advance(to: time)
        if let owner = owners[channel], owner != contacted { nodes[owner].advance(to: time) }
        let target: Int
        switch placement(of: channel, contacting: contacted) {
        case .here: target = contacted
        case .redirect(let other): target = other
        case .rejected(let rejection): return .rejected(rejection)
        }
        switch nodes[target].connect(channel, at: time) {
        case .rejected(let rejection): return .rejected(rejection)
        case .admitted(let connection, let session):
            if isClustered { remember(target, of: channel) }
            return .admitted(node: target, connection, session)
        }
    }

    /// A client leaves. False if its connection was cut before.
    @discardableResult
    public mutating func disconnect(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        let index = connection.nodeIndex
        guard nodes.indices.contains(index) else { return false }
        return nodes[index].disconnect(connection, at: time)
    }

    /// Cuts the connections of a channel on a node and destroys its session there.
    @discardableResult
    public mutating func terminateSession(of channel: ChannelID, on index: Int, at time: Timestamp) -> SessionID? {
        nodes[index].terminateSession(of: channel, at: time)
    }

    /// Destroys the sessions whose grace period is over by then, on every node.
    public mutating func advance(to time: Timestamp) {
        for index in nodes.indices { nodes[index].advance(to: time) }
    }

    /// The earliest end of a grace period on any node.
    public var nextExpiry: Timestamp? { nodes.compactMap(\.nextExpiry).min() }

    /// The events of one node since the last call.
    public mutating func takeEvents(of index: Int) -> [NodeEvent] { nodes[index].takeEvents() }
}

extension Cluster {
    private mutating func forgetMembership(of index: Int) {
        links[index].wantsIn = false
        links[index].isMember = false
        links[index].hasMajority = false
    }

    /// Members that run on the same side see each other; a node that has joined sees itself.
    private func areInTouch(_ a: Int, _ b: Int) -> Bool {
        links[a].isMember && links[b].isMember && (a == b || links[a].side == links[b].side)
    }

    /// Works out who is in touch with a majority and tells the nodes for which that changed.
    private mutating func settle(at time: Timestamp) {
        guard isClustered else { return }
        let needed = quorum
        var regularsBySide: [Int: Int] = [:]
        for index in nodes.indices where links[index].wantsIn && !nodes[index].isTemporary && links[index].isListed {
            regularsBySide[links[index].side, default: 0] += 1
        }
        for index in nodes.indices where links[index].wantsIn && links[index].isListed {
            let hasMajority = regularsBySide[links[index].side, default: 0] >= needed
            if hasMajority, !links[index].isMember {
                links[index].isMember = true
                links[index].memberSince = time
                commitIndex += 1
                nodes[index].join(at: time)
            } else if links[index].isMember, hasMajority != links[index].hasMajority {
                if hasMajority { nodes[index].rejoin(at: time) } else { nodes[index].isolate(at: time) }
            }
            links[index].hasMajority = hasMajority
        }
        elect()
    }

    /// The leader stays while it is in touch with the majority; else the first regular node that is takes over.
    private mutating func elect() {
        if let leader, isJoined(leader) { return }
        leader = nodes.indices.first { isJoined($0) && !nodes[$0].isTemporary }
        if leader != nil { term += 1 }
    }

    private func owner(of channel: ChannelID) -> Int? {
        guard let owner = owners[channel], holds(owner, channel) else { return nil }
        return owner
    }

    /// Whether a channel stays with this node. A session in its grace period on a node that would not take its clients
    /// back does not hold the channel: nobody is there to be met.
    private func holds(_ index: Int, _ channel: ChannelID) -> Bool {
        guard let session = nodes[index].session(of: channel) else { return false }
        return session.connections > 0 || nodes[index].mode == .normal
    }

    /// Entries of ended sessions stay until there are twice as many as live ones: forgetting each at its end would
    /// cost more than it saves.
    private mutating func remember(_ owner: Int, of channel: ChannelID) {
        owners[channel] = owner
        guard owners.count > ownersLimit else { return }
        owners = owners.filter { nodes[$0.value].session(of: $0.key) != nil }
        ownersLimit = max(4096, owners.count * 2)
    }

    private func leastLoaded(seenBy contacted: Int) -> Int? {
        var best: Int?
        for index in nodes.indices where areInTouch(contacted, index) {
            guard nodes[index].mode == .normal, nodes[index].connectionCount < nodes[index].settings.maxConnections
            else { continue }
            guard let current = best else {
                best = index
                continue
            }
            let (a, b) = (load(of: index), load(of: current))
            if a < b || (a == b && index == contacted) { best = index }
        }
        return best
    }

    private func load(of index: Int) -> Double {
        Double(nodes[index].connectionCount) / Double(max(1, nodes[index].settings.maxConnections))
    }
}
