import ModeCore

/// A client that came in over a socket.
struct SocketClient: Sendable {
    var request: ConnectRequest
    /// Number of the id that the client was given before it was admitted: the auth hook is told that id, and what is
    /// told afterwards must match.
    var reserved: UInt64
    var socket: SignalingSocket
}

/// Who is behind the connections that came in over sockets. Connections of made-up clients have no entry: their client
/// and bundle are called like the connection.
struct SocketClients: Sendable {
    static let defaultRole = "sendrecv"
    /// Reserved numbers have the top bit set, which no id of a node has.
    static let reservedBit: UInt64 = 1 << 63

    private var clients: [ConnectionID: SocketClient] = [:]
    private var byReserved: [UInt64: ConnectionID] = [:]
    private var lastReserved = reservedBit

    subscript(connection: ConnectionID) -> SocketClient? { clients[connection] }

    var connections: Dictionary<ConnectionID, SocketClient>.Keys { clients.keys }

    /// The connections of clients that called themselves so.
    func connections(ofClient name: String, in channel: ChannelID) -> Set<ConnectionID> {
        Set(clients.filter { $0.value.request.clientID == name && $0.value.request.channel == channel }.keys)
    }

    /// A number for a client that is not admitted yet.
    mutating func reserve() -> UInt64 {
        lastReserved += 1
        return lastReserved
    }

    mutating func insert(_ client: SocketClient, for connection: ConnectionID) {
        clients[connection] = client
        byReserved[client.reserved] = connection
    }

    @discardableResult
    mutating func remove(_ connection: ConnectionID) -> SocketClient? {
        guard let client = clients.removeValue(forKey: connection) else { return nil }
        byReserved[client.reserved] = nil
        return client
    }

    /// The live connection that an id on the wire means.
    func connection(_ text: String, _ ids: WireIDs) -> ConnectionID? {
        guard let number = ids.number(text) else { return nil }
        if number & Self.reservedBit != 0 { return byReserved[number] }
        let connection = ConnectionID(number)
        return clients[connection] == nil ? connection : nil
    }

    func text(_ connection: ConnectionID, _ ids: WireIDs) -> String {
        ids.text(clients[connection]?.reserved ?? connection.rawValue)
    }

    func clientID(of connection: ConnectionID, _ ids: WireIDs) -> String {
        clients[connection]?.request.clientID ?? text(connection, ids)
    }

    func bundleID(of connection: ConnectionID, _ ids: WireIDs) -> String {
        clients[connection]?.request.bundleID ?? text(connection, ids)
    }
}
