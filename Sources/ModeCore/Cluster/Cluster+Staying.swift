/// Clients that are not sent on.
extension Cluster {
    /// Connects a client that has been sent here, or may not be sent on for another reason: it is admitted here or
    /// turned away. A channel that lives on another node is not opened a second time.
    public mutating func connect(_ channel: ChannelID, stayingOn index: Int, at time: Timestamp) -> ClusterAdmission {
        advance(to: time)
        switch placement(of: channel, contacting: index) {
        case .here: return connect(channel, contacting: index, at: time)
        case .rejected(let rejection): return .rejected(rejection)
        case .redirect(let other):
            guard nodes[other].session(of: channel) == nil else {
                return .rejected(nodes[index].rejection(of: channel) ?? .noNode)
            }
            switch nodes[index].connect(channel, at: time) {
            case .rejected(let rejection): return .rejected(rejection)
            case .admitted(let connection, let session):
                owners[channel] = index
                return .admitted(node: index, connection, session)
            }
        }
    }
}
