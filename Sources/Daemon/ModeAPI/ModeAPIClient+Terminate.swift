import Foundation
import NIOCore
import Primitives
import Scheduling

/// Ends what is live on a node.
extension ModeAPIClient {
    /// Between two looks at what is left.
    private static let terminationPause = Duration.milliseconds(500)

    /// Ends every channel that the node has now, until none of them has a connection: clients are told the reason by
    /// DisconnectChannel, and TerminateSession then ends the session, which would stay for a while, where the release has that
    /// call. Where sessions span nodes, or nobody knows whether they do, people on the other nodes keep theirs: only the node's
    /// own connections are ended, one by one.
    package func terminate(_ start: CommandStart, reason: String) async -> CommandOutcome {
        let end = HostClock.now().uptime + start.timeout
        let isWanted = { HostClock.now().uptime < end && !Task.isCancelled }
        var ended: Set<String> = []
        var hasAsked = false
        // No session begins on a node that is blocked: whoever comes later came to one that somebody has opened.
        var meant: Set<String>?
        var told: Set<String> = []
        // By channel, what the node had against its end when it was asked for it last.
        var refusals: [String: NodeText] = [:]
        do throws(CallFailure) {
            let endpoint = try termination(of: start.node, at: start.address)
            let abilities = await abilities(of: start.node, endpoint)
            while true {
                let found = try await connections(endpoint)
                let ending = meant ?? Set(found.map(\.channelID))
                meant = ending
                let connections = found.filter { ending.contains($0.channelID) }
                let live = Set(connections.map(\.channelID))
                guard !live.isEmpty else { return .terminated(sessions: ended.count, left: 0) }
                guard isWanted() else {
                    return .terminated(
                        sessions: ended.subtracting(live).count, left: live.count, fault: refusals.first(of: live))
                }
                // A node that is that slow each time would never be done with.
                guard hasAsked || HostClock.now().uptime <= start.notAfter.uptime else {
                    return .notStarted("the node took too long to say what is live there")
                }
                hasAsked = true
                for channel in live.sorted() where isWanted() {
                    // A channel is told to go by all of its connections here, or as a whole.
                    var (isTold, fault): (Bool, NodeText?) = (true, nil)
                    if abilities.relays ?? true {
                        for connection in connections where connection.channelID == channel {
                            guard isWanted() else {
                                isTold = false
                                break
                            }
                            guard let refusal = try await self.end(connection, reason, endpoint) else { continue }
                            (isTold, fault) = (false, refusal)
                        }
                    } else if let refusal = try await self.end(channel, reason, abilities.release, endpoint) {
                        (isTold, fault) = (false, refusal)
                    }
                    refusals[channel] = fault
                    if isTold { told.insert(channel) } else { told.remove(channel) }
                }
                ended.formUnion(live)
                try? await Task.sleep(for: Self.terminationPause)
            }
        } catch {
            // Whoever is told to stop has told these to go.
            if Task.isCancelled, hasAsked {
                let left = (meant ?? []).subtracting(told)
                return .terminated(sessions: told.count, left: left.count, fault: refusals.first(of: left))
            }
            let reason = NodeText(cutting: error.description)
            // Whoever was never reached has ended nothing.
            if !error.mayHaveArrived, !hasAsked { return .notStarted(reason) }
            return .noAnswer(reason)
        }
    }

    private func termination(of node: NodeID, at address: NodeAddress) throws(CallFailure) -> ModeAPIEndpoint {
        do throws(ModeAPIEndpoint.Unusable) {
            return try endpoint(to: node, at: address)
        } catch {
            throw .notConnected(error.reason)
        }
    }

    /// The connections of this node.
    private func connections(_ endpoint: ModeAPIEndpoint) async throws(CallFailure) -> [ConnectionAnswer] {
        let answer = try await call(
            .listConnections, body: ByteBuffer(string: #"{"local":true}"#), endpoint, limit: Self.listLimit)
        guard answer.status == 200, let rows = answer.decoded([ConnectionAnswer].self) else {
            throw .broken("ListConnections: \(answer.summary)")
        }
        return rows
    }

    // What is not known there, or gone by then, is no failure: what is left is looked at next. What the node has against it is
    // told where something is left.

    private func end(
        _ connection: ConnectionAnswer, _ reason: String, _ endpoint: ModeAPIEndpoint
    ) async throws(CallFailure) -> NodeText? {
        guard let id = connection.connectionID else { return "ListConnections names no connection_id" }
        let goodbye = ChannelEnd(channelID: connection.channelID, connectionID: id, reason: .init(reason: reason))
        return try await order(.disconnectConnection, Self.body(goodbye), endpoint)
    }

    private func end(
        _ channel: String, _ reason: String, _ release: Release?, _ endpoint: ModeAPIEndpoint
    ) async throws(CallFailure) -> NodeText? {
        let goodbye = Self.body(ChannelEnd(channelID: channel, reason: .init(reason: reason)))
        let fault = try await order(.disconnectChannel, goodbye, endpoint)
        guard release?.endsSessions == true else { return fault }
        return try await order(.terminateSession, Self.body(ChannelEnd(channelID: channel)), endpoint) ?? fault
    }

    /// - Returns: what the node answered, where that was an error.
    private func order(
        _ target: Target, _ body: ByteBuffer, _ endpoint: ModeAPIEndpoint
    ) async throws(CallFailure) -> NodeText? {
        let answer = try await call(target, body: body, endpoint, limit: Self.bodyLimit)
        return answer.status == 200 ? nil : NodeText(cutting: "\(target.operation): \(answer.summary)")
    }

    private static func body(_ end: ChannelEnd) -> ByteBuffer {
        // Two strings: nothing in them cannot be encoded.
        ByteBuffer(bytes: (try? JSONEncoder().encode(end)) ?? Data())
    }
}

extension [String: NodeText] {
    fileprivate func first(of channels: Set<String>) -> NodeText? {
        channels.sorted().lazy.compactMap { self[$0] }.first
    }
}
