import ModeCore

/// Clients that come in over sockets: the same cluster and the same rules as for everybody else.
extension ServedCluster {
    /// Where a client stands before anybody has been asked about it.
    enum Outlook: Sendable {
        case here
        case redirect(Int)
        case rejected(SignalingRejection)
    }

    /// What became of a client.
    enum Decision: Sendable {
        case admitted(AcceptedClient)
        case redirect(Int)
        case rejected(SignalingRejection)
    }

    /// A number for the id of a client that has not been admitted yet.
    func reserve() -> UInt64 { update { state, _ in state.clients.reserve() } }

    /// What would become of the client now. Changes nothing.
    func outlook(of request: ConnectRequest, at index: Int) -> Outlook {
        update { state, _ in state.outlook(of: request, at: index) }
    }

    /// Decides anew and carries it out in one go: the mode may have changed since somebody looked.
    ///
    /// - Parameter mayRedirect: false of a client that has been authenticated: it is admitted here or turned away.
    func admit(_ client: SocketClient, at index: Int, mayRedirect: Bool) -> Decision {
        let (request, id) = (client.request, ids.text(client.reserved))
        return update { state, now in
            if mayRedirect {
                switch state.outlook(of: request, at: index) {
                case .here: break
                case .redirect(let other): return .redirect(other)
                case .rejected(let rejection): return .rejected(rejection)
                }
            }
            switch state.cluster.connect(request.channel, stayingOn: index, at: now) {
            case .rejected(let rejection): return .rejected(SignalingRejection(rejection))
            case .admitted(_, let connection, let session):
                state.clients.insert(client, for: connection)
                return .admitted(
                    AcceptedClient(
                        connection: connection, connectionID: id, clientID: request.clientID ?? id,
                        bundleID: request.bundleID ?? id, sessionID: ids.text(session), channel: request.channel,
                        nodeName: names[index], version: state.cluster[index].version))
            }
        }
    }

    /// A client was turned away that had said what it wanted.
    func noteFailed(_ client: SocketClient, _ rejection: SignalingRejection, at index: Int) {
        update { state, now in
            let version = state.cluster[index].version
            state.notices.noteFailed(client, rejection, of: index, version: version, at: now)
        }
    }

    /// The client left, or its socket vanished.
    func leave(_ connection: ConnectionID) {
        update { state, now in _ = state.cluster.disconnect(connection, at: now) }
    }
}

extension ServedCluster.State {
    fileprivate func outlook(of request: ConnectRequest, at index: Int) -> ServedCluster.Outlook {
        switch cluster.placement(of: request.channel, contacting: index) {
        case .here: .here
        case .rejected(let rejection): .rejected(SignalingRejection(rejection))
        case .redirect(let other): request.wasRedirected ? .here : .redirect(other)
        }
    }
}
