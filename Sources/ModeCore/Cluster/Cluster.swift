import Primitives

/// Named nodes that know each other: membership, majority, isolation, and which node a channel lives on.
///
/// Nodes have dense indices in the order that they were given, and keep them for good. A clustered cluster starts with
/// its processes running but not joined; call `join` for each, or `joinAll`. Standalone nodes share the type, but
/// nothing else: no membership, no redirects.
public struct Cluster: Sendable {
    public let isClustered: Bool
    public internal(set) var nodes: [Node] = []
    /// Whether sessions span nodes: clustered, and the profile of every node says so.
    public private(set) var isRelaying: Bool

    private var links: [Link] = []
    private var indexByName: [String: Int] = [:]
    /// The node that took a channel last, for as long as the channel lives there.
    var owners: [ChannelID: Int] = [:]
    var ownersLimit = 4096
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
        isRelaying = isClustered
        for settings in nodes { add(settings) }
    }

    /// Adds a node, running and not joined. Answers its index; of a name that exists, the index of that one.
    ///
    /// Before any node has joined it is one of those that the cluster begins with, and counts for the majority. Later it
    /// counts as soon as the cluster took it in.
    @discardableResult
    public mutating func add(_ settings: NodeSettings) -> Int {
        if let known = indexByName[settings.name] { return known }
        var settings = settings
        settings.isClustered = isClustered
        let index = nodes.count
        nodes.append(Node(settings, index: index))
        links.append(Link(isListed: commitIndex == 0))
        indexByName[settings.name] = index
        isRelaying = isRelaying && settings.profile.relays
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

    /// Every running node asks to join.
    public mutating func joinAll(at time: Timestamp) {
        for index in nodes.indices where nodes[index].isRunning { links[index].wantsIn = true }
        settle(at: time)
    }

    /// A running node asks to join; it is a member as soon as a majority can say yes.
    public mutating func join(_ index: Int, at time: Timestamp) {
        guard nodes[index].isRunning else { return }
        links[index].wantsIn = true
        settle(at: time)
    }

    /// Ends the process of a node. Answers how many live connections were cut.
    @discardableResult
    public mutating func stop(_ index: Int, at time: Timestamp) -> Int {
        let left = isRelaying ? relayedSessions(of: index, at: time) : nil
        let cut = nodes[index].stop(at: time)
        forgetMembership(of: index)
        if let left { handOver(left, of: index, at: time) }
        settle(at: time)
        return cut
    }

    /// Starts the process of a stopped node. It joins when `join` is called.
    public mutating func start(_ index: Int, version: String? = nil, at time: Timestamp) {
        guard !nodes[index].isRunning else { return }
        nodes[index].start(version: version, at: time)
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

    /// Removes a node that is not connected from the membership list; it counts for the majority no more, until it joins
    /// again. False if it runs and is a member.
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
    func areInTouch(_ a: Int, _ b: Int) -> Bool {
        links[a].isMember && links[b].isMember && (a == b || links[a].side == links[b].side)
    }

    /// Works out who is in touch with a majority and tells the nodes for which that changed.
    private mutating func settle(at time: Timestamp) {
        guard isClustered else { return }
        takeInNewcomers()
        let (needed, regularsBySide) = (quorum, regularsBySide)
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
        if isRelaying { rehome(at: time) }
        elect()
    }

    /// Regular nodes that want to take part, by the side of the network that they are on.
    private var regularsBySide: [Int: Int] {
        var count: [Int: Int] = [:]
        for index in nodes.indices where links[index].wantsIn && !nodes[index].isTemporary && links[index].isListed {
            count[links[index].side, default: 0] += 1
        }
        return count
    }

    /// Lists nodes that ask to join and are not listed, where a majority of the listed ones can say yes to it.
    private mutating func takeInNewcomers() {
        for index in nodes.indices where links[index].wantsIn && !links[index].isListed {
            if regularsBySide[links[index].side, default: 0] >= quorum { links[index].isListed = true }
        }
    }

    /// Nodes with the same number are in touch with each other; one that is no member is so with nobody else.
    func part(of index: Int) -> Int { links[index].isMember ? links[index].side : -1 - index }

    /// The leader stays while it is in touch with the majority; else the first regular node that is takes over.
    private mutating func elect() {
        if let leader, isJoined(leader) { return }
        leader = nodes.indices.first { isJoined($0) && !nodes[$0].isTemporary }
        if leader != nil { term += 1 }
    }
}
