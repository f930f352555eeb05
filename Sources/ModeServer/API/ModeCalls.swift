import ModeCore

/// Carries out the operations of the mode API on one node. Arguments have passed their schema.
struct ModeCalls {
    let index: Int
    let served: ServedCluster
    let directory: NodeDirectory
    /// Fault switch: `ChangeMode` is answered as if it had been carried out.
    let ignoring: Bool
    /// Who calls, for the log.
    let peer: String

    func answer(_ operation: ModeOperation, _ arguments: JSONValue) throws(ModeAPIError) -> ModeAPIAnswer {
        switch operation {
        case .changeMode: ModeAPIAnswer(try changeMode(arguments))
        case .getMode: ModeAPIAnswer(served.read { $0.cluster[index].mode })
        case .listClusterNodes:
            ModeAPIAnswer(
                Reports.clusterNodes(seenBy: index, listsAll: listsAllKnownNodes(arguments), served, directory))
        case .listConnections:
            ModeAPIAnswer(Listings.connections(seenBy: index, isLocal: arguments["local"] == .bool(true), served))
        case .listChannelConnections:
            ModeAPIAnswer(Listings.connections(of: channel(arguments), seenBy: index, served))
        case .listSessions: ModeAPIAnswer(Listings.sessions(of: index, served))
        case .terminateSession: ModeAPIAnswer(try terminateSession(arguments))
        case .disconnectChannel: ModeAPIAnswer(try disconnectChannel(arguments))
        case .disconnectConnection: ModeAPIAnswer(try disconnectConnection(arguments))
        case .disconnectClient: ModeAPIAnswer(try disconnectClient(arguments))
        case .getStatsReport: ModeAPIAnswer(Reports.stats(of: index, served))
        case .getLicense: ModeAPIAnswer(Reports.license(of: index, served))
        case .initCluster: ModeAPIAnswer(try initCluster(arguments))
        case .registerClusterNode: ModeAPIAnswer(try registerClusterNode(arguments))
        }
    }

    private func changeMode(_ arguments: JSONValue) throws(ModeAPIError) -> NodeMode {
        guard let requested = RequestableMode(rawValue: arguments.string("mode") ?? "") else {
            throw .schemaViolated([SchemaViolation(kind: .notInEnum, path: ["mode"])])
        }
        let (mode, refusal) = served.update { state, now -> (NodeMode, ModeRefusal?) in
            let before = state.cluster[index].mode
            let outcome: ModeTransition =
                ignoring ? .kept : state.cluster.changeMode(requested, on: index, at: now)
            let word =
                switch outcome {
                case .to: "changed"
                case .kept: ignoring ? "ignored" : "no change"
                case .refused(let refusal): "refused: \(refusal.rawValue)"
                }
            state.facts.note(
                "mode request \(requested.rawValue), was \(before.rawValue), \(word), peer \(peer)", of: index, at: now)
            if case .refused(let refusal) = outcome { return (before, refusal) }
            return (requested.mode, nil)
        }
        if let refusal { throw .modeRefused(refusal) }
        return mode
    }

    private func listsAllKnownNodes(_ arguments: JSONValue) -> Bool {
        switch (arguments[ModeOperation.allKnownNodes], served.profiles[index].knownNodes) {
        case (.bool(let isAsked)?, _): isAsked
        case (_, .listed), (_, .listedUnlessDeclined): true
        case (_, .listedOnRequest): false
        }
    }

    private func channel(_ arguments: JSONValue) -> ChannelID { ChannelID(arguments.string("channel_id") ?? "") }
}

/// The calls that end connections. They reach every node in touch with the one that is asked.
extension ModeCalls {
    private func terminateSession(_ arguments: JSONValue) throws(ModeAPIError) -> JSONValue {
        let (channel, named) = (channel(arguments), arguments.string("session_id"))
        let wanted = named.map { served.ids.session($0) }
        if let wanted, wanted == nil { throw .notFound("session_id") }
        let cause = Disconnection(.terminateSession, arguments["reason"])
        let terminated = served.update(because: cause) { state, now -> SessionID? in
            let holders = state.cluster.nodesInTouch(with: index).filter { node in
                state.cluster[node].session(of: channel).map { wanted == nil || wanted == $0.id } ?? false
            }
            // One in its grace period may linger on a node that blocks, while the channel lives on another.
            let live = holders.first { state.cluster[$0].hasLiveSession(of: channel) }
            return (live ?? holders.first).flatMap {
                state.cluster.terminateSession(of: channel, on: $0, at: now)
            }
        }
        guard let terminated else { throw .notFound(named == nil ? "channel_id" : "session_id") }
        return ["session_id": .string(served.ids.text(terminated))]
    }

    private func disconnectChannel(_ arguments: JSONValue) throws(ModeAPIError) -> JSONValue {
        let channel = channel(arguments)
        let cause = Disconnection(.disconnectChannel, arguments["reason"])
        let cut = served.update(because: cause) { state, now in
            state.cluster.nodesInTouch(with: index).reduce(0) {
                $0 + state.cluster.disconnectChannel(channel, on: $1, at: now)
            }
        }
        guard cut > 0 else { throw .notFound("channel_id") }
        return ["channel_id": .string(channel.name)]
    }

    private func disconnectConnection(_ arguments: JSONValue) throws(ModeAPIError) -> JSONValue {
        let (channel, named) = (channel(arguments), arguments.string("connection_id") ?? "")
        let cause = Disconnection(.disconnectConnection, arguments["reason"])
        let wasCut = served.update(because: cause) { state, now in
            guard let id = state.clients.connection(named, served.ids), isLive(id, in: channel, &state)
            else { return false }
            return state.cluster.cut(id, at: now)
        }
        guard wasCut else { throw .notFound("connection_id") }
        return ["channel_id": .string(channel.name), "connection_id": .string(named)]
    }

    private func disconnectClient(_ arguments: JSONValue) throws(ModeAPIError) -> JSONValue {
        let (channel, named) = (channel(arguments), arguments.string("client_id") ?? "")
        let cause = Disconnection(.disconnectClient, arguments["reason"])
        let cut = served.update(because: cause) { state, now in
            var doomed = state.clients.connections(ofClient: named, in: channel)
            if let id = state.clients.connection(named, served.ids), state.clients[id]?.request.clientID == nil {
                doomed.insert(id)
            }
            doomed = doomed.filter { isLive($0, in: channel, &state) }
            return doomed.sorted().reduce(0) { $0 + (state.cluster.cut($1, at: now) ? 1 : 0) }
        }
        guard cut > 0 else { throw .notFound("client_id") }
        return ["channel_id": .string(channel.name), "client_id": .string(named)]
    }
}

extension ModeCalls {
    /// Whether the connection is one of the channel, on a node in touch with the one that is asked.
    private func isLive(_ id: ConnectionID, in channel: ChannelID, _ state: inout ServedCluster.State) -> Bool {
        guard state.cluster.nodesInTouch(with: index).contains(id.nodeIndex) else { return false }
        if let client = state.clients[id] { return client.request.channel == channel }
        return state.cluster[id.nodeIndex].connections(of: channel).contains { $0.id == id }
    }
}

/// The calls that form a cluster.
extension ModeCalls {
    /// The named nodes, and nobody else, are told to join.
    private func initCluster(_ arguments: JSONValue) throws(ModeAPIError) -> JSONValue {
        guard case .array(let names)? = arguments["node_name_list"] else { throw .notFound("node_name_list") }
        let error = served.update { state, now -> ModeAPIError? in
            guard state.cluster.isClustered else { return .clusterRefused(.standalone) }
            let indices = names.compactMap { name -> Int? in
                if case .string(let name) = name { state.cluster.index(of: name) } else { nil }
            }
            guard indices.count == names.count else { return .notFound("node_name_list") }
            for index in indices { state.cluster.join(index, at: now) }
            return nil
        }
        if let error { throw error }
        return [:]
    }

    /// The node joins by asking one that it was told of.
    private func registerClusterNode(_ arguments: JSONValue) throws(ModeAPIError) -> JSONValue {
        let name = arguments.string("contact_node_name") ?? ""
        let error = served.update { state, now -> ModeAPIError? in
            guard state.cluster.isClustered else { return .clusterRefused(.standalone) }
            guard let contact = state.cluster.index(of: name) else { return .notFound("contact_node_name") }
            guard state.cluster[contact].isRunning else { return .clusterRefused(.contactNotRunning) }
            state.cluster.join(index, at: now)
            return nil
        }
        if let error { throw error }
        return [:]
    }
}
