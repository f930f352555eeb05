import Primitives

/// Where clients go, and how they come and leave.
extension Cluster {
    /// Where a client of the channel that contacts this node has to go.
    ///
    /// A channel that is alive stays with its node. A new one goes to the connected `normal` node with the least
    /// connections for its license, the contacted one if equal; blocking and `initial` nodes are given none.
    ///
    /// Where sessions span nodes every client is placed like that of a new channel, on a node that takes it.
    public func placement(of channel: ChannelID, contacting contacted: Int) -> Placement {
        if isRelaying { return relayedPlacement(of: channel, contacting: contacted) }
        let node = nodes[contacted]
        guard isClustered, node.isRunning, !node.hasLiveSession(of: channel) else {
            return node.rejection(of: channel).map(Placement.rejected) ?? .here
        }
        if node.mode == .initial { return .rejected(.initial) }
        if node.mode == .blockNewConnection, !node.settings.profile.redirectsWhileBlocked {
            return .rejected(.blockNewConnection)
        }
        if let owner = owner(of: channel, seenBy: contacted) {
            let rejection = nodes[owner].rejection(of: channel)
            return rejection.map(Placement.rejected) ?? (owner == contacted ? .here : .redirect(owner))
        }
        // Out of the cluster a node may have been talked into normal; the others may begin the same channel.
        guard isJoined(contacted) else { return .rejected(node.rejection(of: channel) ?? .noNode) }
        guard let chosen = leastLoaded(seenBy: contacted) else {
            return .rejected(node.rejection(of: channel) ?? .noNode)
        }
        return chosen == contacted ? .here : .redirect(chosen)
    }

    /// Connects a client that contacts a node and follows the redirect it may get.
    public mutating func connect(
        _ channel: ChannelID, contacting contacted: Int, at time: Timestamp
    ) -> ClusterAdmission {
        if isRelaying { return connectRelayed(channel, contacting: contacted, at: time) }
        nodes[contacted].advance(to: time)
        if let owner = owners[channel], owner != contacted { nodes[owner].advance(to: time) }
        switch placement(of: channel, contacting: contacted) {
        case .here: return admit(channel, on: contacted, at: time)
        case .redirect(let other): return admit(channel, on: other, at: time)
        case .rejected(let rejection): return .rejected(rejection)
        }
    }

    /// Lets the node decide, wherever else the client might have been sent.
    mutating func admit(_ channel: ChannelID, on target: Int, at time: Timestamp) -> ClusterAdmission {
        if isRelaying { return admitRelayed(channel, on: target, at: time) }
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
        if isRelaying { return endRelayed(connection, at: time) { $0.disconnect(connection, at: time) } }
        return nodes[index].disconnect(connection, at: time)
    }

    /// Cuts the connections of a channel on a node and destroys its session there. Where sessions span nodes, on all
    /// that are in touch with the node.
    @discardableResult
    public mutating func terminateSession(of channel: ChannelID, on index: Int, at time: Timestamp) -> SessionID? {
        if isRelaying { return terminateRelayed(channel, on: index, at: time) }
        return nodes[index].terminateSession(of: channel, at: time)
    }

    /// Cuts the connections of a channel on a node; its session ends after the grace period. Where sessions span nodes,
    /// on all that are in touch with the node. Answers how many were cut.
    @discardableResult
    public mutating func disconnectChannel(_ channel: ChannelID, on index: Int, at time: Timestamp) -> Int {
        if isRelaying { return disconnectRelayed(channel, on: index, at: time) }
        return nodes[index].disconnectChannel(channel, at: time)
    }

    /// Cuts one connection, whether its client likes it or not. False if it is not live.
    @discardableResult
    public mutating func cut(_ connection: ConnectionID, at time: Timestamp) -> Bool {
        let index = connection.nodeIndex
        guard nodes.indices.contains(index) else { return false }
        if isRelaying { return endRelayed(connection, at: time) { $0.cut(connection, at: time) } }
        return nodes[index].cut(connection, at: time)
    }

    /// The node that the channel lives on, as far as the contacted one can tell. While the network was split, or a node
    /// blocked, another one may have taken the channel, so whom it was given to last is no more than a hint: where
    /// somebody is connected comes first.
    private func owner(of channel: ChannelID, seenBy contacted: Int) -> Int? {
        guard let latest = owners[channel] else { return nil }
        if areInTouch(contacted, latest), nodes[latest].hasLiveSession(of: channel) { return latest }
        let others = nodes.indices.lazy.filter { areInTouch(contacted, $0) }
        if let live = others.first(where: { nodes[$0].hasLiveSession(of: channel) }) { return live }
        guard isJoined(contacted) else { return nil }
        if areInTouch(contacted, latest), isAwaited(latest, channel) { return latest }
        return others.first { isAwaited($0, channel) }
    }

    /// Whether a session in its grace period would take its clients back. On a node that blocks it would not, and holds
    /// no channel: nobody is there to be met.
    private func isAwaited(_ index: Int, _ channel: ChannelID) -> Bool {
        nodes[index].mode == .normal && nodes[index].session(of: channel) != nil
    }

    /// Entries of ended sessions stay until there are twice as many as live ones: forgetting each at its end would
    /// cost more than it saves.
    mutating func remember(_ owner: Int, of channel: ChannelID) {
        owners[channel] = owner
        guard owners.count > ownersLimit else { return }
        owners = owners.filter { entry in nodes.contains { $0.session(of: entry.key) != nil } }
        ownersLimit = max(4096, owners.count * 2)
    }

    private func leastLoaded(seenBy contacted: Int) -> Int? {
        leastLoaded(seenBy: contacted) { node in
            node.mode == .normal && node.connectionCount < node.settings.maxConnections
        }
    }

    @inline(__always)
    func leastLoaded(seenBy contacted: Int, where takes: (borrowing Node) -> Bool) -> Int? {
        var best: Int?
        for index in nodes.indices where areInTouch(contacted, index) && takes(nodes[index]) {
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
