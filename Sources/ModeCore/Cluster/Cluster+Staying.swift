import Primitives

/// Clients that are not sent on.
extension Cluster {
    /// Connects a client that has been sent here, or may not be sent on for another reason: it is admitted here or
    /// turned away. A channel that lives on another node is not opened a second time.
    public mutating func connect(_ channel: ChannelID, stayingOn index: Int, at time: Timestamp) -> ClusterAdmission {
        advance(to: time)
        switch placement(of: channel, contacting: index) {
        case .here: return admit(channel, on: index, at: time)
        case .rejected(let rejection): return .rejected(rejection)
        case .redirect(let other):
            guard isRelaying || nodes[other].session(of: channel) == nil else {
                return .rejected(nodes[index].rejection(of: channel) ?? .noNode)
            }
            return admit(channel, on: index, at: time)
        }
    }
}
