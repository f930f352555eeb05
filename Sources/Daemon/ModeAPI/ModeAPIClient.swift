import AsyncHTTPClient
import ModeCore
import ModeServer
import NIOCore
import Primitives
import Scheduling
import Synchronization

/// Reads nodes and writes their modes through the mode API, over HTTP or in process: the same calls and the same rules.
///
/// A read may be repeated on a connection that went stale; ChangeMode is never sent twice for one intent.
package final class ModeAPIClient: Sendable {
    /// Longest answer of GetMode, ChangeMode and GetStatsReport in bytes.
    package static let bodyLimit = 1 << 20
    /// Longest answer of a list in bytes.
    package static let listLimit = 8 << 20

    enum Target: String {
        case getMode = "Sora_20211215.GetMode"
        case changeMode = "Sora_20211215.ChangeMode"
        case getStatsReport = "Sora_20171010.GetStatsReport"
        case listClusterNodes = "Sora_20211215.ListClusterNodes"
        case listConnections = "Sora_20201013.ListConnections"
        case disconnectChannel = "Sora_20151104.DisconnectChannel"
        case disconnectConnection = "Sora_20151104.DisconnectConnection"
        case terminateSession = "Sora_20230628.TerminateSession"

        /// Without its date: `GetMode`.
        var operation: String { String(rawValue.drop { $0 != "." }.dropFirst()) }
    }

    private let client: HTTPClient
    private let exchange: HTTPExchange
    private let endpoints = Mutex(ModeAPIEndpoints())
    private let memories = Mutex(Memories())

    private struct Memories {
        var byNode: [NodeID: NodeMemory] = [:]
        var prunedAt: Uptime?
    }
    /// Whoever was not asked for so long is forgotten.
    private static let memoryLength = Duration.hours(1)
    private let secrets: SecretSource
    /// Where files with secrets are read.
    package let disk = DiskDesk()
    let now: @Sendable () -> Moment

    /// - Parameters:
    ///   - directory: where relative names of secret files start.
    ///   - environment: where secrets named `{env: …}` are.
    package init(
        directory: String, environment: [String: String], now: @escaping @Sendable () -> Moment = HostClock.now
    ) {
        client = HTTPExchange.makeClient()
        exchange = HTTPExchange(client: client)
        eventLoop = client.eventLoopGroup.any()
        executor = EventLoopExecutor(eventLoop)
        secrets = SecretSource(directory: directory, environment: environment)
        self.now = now
    }

    /// Reads the secrets of a set's clusters, which may take its time.
    package func settings(for set: PolicySet) -> CallSettings { CallSettings(set, secrets: secrets) }

    /// The same for everything that the ledger of an earlier process still has to do with.
    package func settings(for ledger: Ledger) -> CallSettings { CallSettings(ledger, secrets: secrets) }

    /// What these settings have of files and secrets that is other than what is in use, or of no use.
    package func news(of settings: CallSettings) -> CallSettings.News {
        settings.news(after: endpoints.withLock { $0.settings })
    }

    /// Why these settings are not to replace those in use; empty: they may.
    package func losses(by settings: CallSettings, kept: [String: [FoundNode]] = [:]) -> [String] {
        settings.losses(after: endpoints.withLock { $0.settings }, kept: kept)
    }

    /// Calls follow these settings from now on. Clusters that they do not have keep their last ones.
    package func use(_ settings: CallSettings) { endpoints.withLock { $0.use(settings) } }

    /// Looks whether files of `api.tls` have changed: new calls use what they hold now. Reads files, for the caller's thread.
    ///
    /// - Returns: what to tell, as lines of a log.
    package func refreshCertificates() -> [(text: String, isFault: Bool)] {
        let known = endpoints.withLock { $0.settings }
        let changes = known.certificateChanges(directory: secrets.directory)
        return endpoints.withLock { $0.take(changes) }.map { news in
            switch news {
            case .taken(let cluster): ("the certificates of \(cluster) have changed: new calls use them", false)
            case .refused(let cluster, let reason): ("the new certificates of \(cluster) are not used: \(reason)", true)
            }
        }
    }

    /// When the certificate ends that is shown at an https address; nil where none is shown in time.
    package func certificateEnd(at url: String) async -> Timestamp? { await exchange.probe.shown(at: url)?.end }

    /// By what webhooks of the cluster are known; nil: it takes none.
    package func hookSecret(of cluster: String) -> SharedSecret? {
        endpoints.withLock { try? $0.settings[cluster]?.hooks.get() }
    }

    /// Whether there may be such a node: one that the policies name, or any of a cluster whose nodes are found.
    package func mayKnow(_ node: NodeID) -> Bool {
        endpoints.withLock { endpoints in
            guard let cluster = endpoints.settings[node.cluster] else { return false }
            return cluster.names.contains(node.name) || cluster.addresses != nil
        }
    }

    /// Calls about that node go to the server in this process, whatever their address.
    package func embed(_ node: NodeID, in server: ModeServer) {
        endpoints.withLock { $0.embed(node, in: server) }
    }

    /// Calls of addresses that are no nodes', with the same secrets.
    var addresses: AddressCaller { AddressCaller(exchange: exchange, secrets: secrets, disk: disk) }

    /// Where timers of the control loop run.
    package let eventLoop: any EventLoop
    /// Where reads and sends are at home.
    let executor: EventLoopExecutor

    package func shutdown() async {
        // There is nothing left to do about a client that does not close: the process ends.
        try? await client.shutdown()
    }

    /// Reads as much of a node as is asked for.
    ///
    /// - Parameter modeSeen: of a whole read, told the mode as soon as it is known: the rest may hang.
    /// - Returns: the event in which the scope ends.
    package func read(
        _ node: NodeID, _ scope: ReadScope, at address: NodeAddress,
        modeSeen: @Sendable (Event) -> Void = { _ in }
    ) async -> Event {
        let begun = now()
        do throws(Unreadable) {
            let endpoint = try endpoint(of: node, at: address)
            let (mode, hostWall) = try await mode(endpoint)
            switch scope {
            case .mode: return .modeSeen(node, .mode, begun: begun, mode)
            case .newAddress: return .seenAtNewAddress(node, mode)
            case .whole: break
            }
            modeSeen(.modeSeen(node, .whole, begun: begun, mode))
            var observation = await rest(of: node, endpoint, begun: begun, mode: mode)
            observation.hostWall = hostWall
            return .observed(observation)
        } catch {
            return .readFailed(node, scope, begun: begun, error.failure)
        }
    }

    /// Asks a seed of the cluster who is in it.
    ///
    /// - Returns: the event in which that ends.
    package func ask(seed: String, of cluster: String) async -> Event {
        .seedAnswered(cluster: cluster, seed: seed, await members(listedAt: seed, of: cluster))
    }

    func members(listedAt seed: String, of cluster: String) async -> SeedAnswer {
        do throws(Unreadable) {
            let endpoint = try endpoint(
                of: NodeID(cluster: cluster, name: seed), at: NodeAddress(api: seed, ready: nil))
            let answer: CallAnswer
            do throws(CallFailure) {
                answer = try await read(.listClusterNodes, endpoint, limit: Self.listLimit)
            } catch {
                throw Unreadable(ReadFailure(error))
            }
            guard answer.status == 200,
                let members = answer.decoded([MemberAnswer].self).flatMap({
                    MemberAnswer.members($0, endpoint.addresses)
                })
            else { throw Unreadable(.badAnswer(NodeText(cutting: answer.summary))) }
            return .members(members)
        } catch {
            return .failed(error.failure)
        }
    }

    /// What a whole read asks for beside the mode, side by side: one deadline for each call.
    private func rest(
        of node: NodeID, _ endpoint: ModeAPIEndpoint, begun: Moment, mode: ObservedMode
    ) async -> Observation {
        async let ready = readiness(endpoint)
        async let stats = answer(.getStatsReport, StatsAnswer.self, endpoint, limit: Self.bodyLimit)
        var list: NodeList?
        // How a list is asked for depends on the release: the first one waits until the node has said which one it is.
        if endpoint.isClustered, memory(of: node, { $0.hasReport }) { list = await self.list(of: node, endpoint) }
        let report = await stats
        let reported = report?.version.flatMap(NodeText.init(exactly:))
        note(report, list, of: node, endpoint)
        if endpoint.isClustered {
            // Another release than before: nothing is to rest on a list that may be too short.
            let now = now().uptime
            let mustAsk =
                list == nil || memory(of: node) { $0.asksForAllKnown(at: now) && list?.isOfAllKnown == false }
            if mustAsk { list = await self.list(of: node, endpoint) }
        } else if isListDue(node, at: begun.uptime) {
            // Not side by side: for once a minute no node needs a second connection.
            list = await self.list(of: node, endpoint)
        }
        let members = list?.members
        let version = memory(of: node) { memory in
            if let list { memory.noteList(list.members, of: endpoint.name) }
            // Only a cluster's list is everybody's word; one that is asked for once a minute is not always there.
            return memory.version(
                of: endpoint.name, listedIn: endpoint.isClustered ? members : nil, reported: reported)
        }
        return Observation(
            node: node, begun: begun, mode: mode, load: report?.load, version: version, ready: await ready,
            members: members)
    }

    private func isListDue(_ node: NodeID, at uptime: Uptime) -> Bool { memory(of: node) { $0.isListDue(at: uptime) } }

    @discardableResult
    func memory<Result: Sendable>(of node: NodeID, _ body: (inout NodeMemory) -> Result) -> Result {
        let now = now().uptime
        return memories.withLock { memories in
            // Nodes that are found come with new names again and again.
            if memories.prunedAt.map({ now - $0 >= Self.memoryLength }) ?? true {
                memories.byNode = memories.byNode.filter { now - $0.value.usedAt < Self.memoryLength }
                memories.prunedAt = now
            }
            var memory = memories.byNode.removeValue(forKey: node) ?? NodeMemory(at: now)
            defer { memories.byNode[node] = memory }
            memory.usedAt = now
            return body(&memory)
        }
    }

    /// Reads the mode, and writes the target if that is permitted and not too late.
    package func change(_ change: ModeChange, to address: NodeAddress) async -> ModeChangeAnswer {
        guard !isTooLate(change) else { return ModeChangeAnswer(.notSent("too late")) }
        let endpoint: ModeAPIEndpoint
        let mode: ObservedMode
        do throws(Unreadable) {
            endpoint = try self.endpoint(of: change.node, at: address)
            (mode, _) = try await self.mode(endpoint)
        } catch {
            return ModeChangeAnswer(.notSent("the read before it failed: \(error.failure)"))
        }
        switch change.permission(reading: mode) {
        case .alreadyThere: return ModeChangeAnswer(.alreadyThere, read: mode)
        case .decline: return ModeChangeAnswer(.declined, read: mode)
        case .send: break
        }
        guard !isTooLate(change) else { return ModeChangeAnswer(.notSent("too late"), read: mode) }
        return ModeChangeAnswer(await write(change.target, endpoint), read: mode)
    }

    private func isTooLate(_ change: ModeChange) -> Bool { now().uptime > change.notAfter.uptime }

    private func write(_ target: RequestableMode, _ endpoint: ModeAPIEndpoint) async -> ModeChangeAnswer.Outcome {
        do throws(CallFailure) {
            let body = ByteBuffer(string: "{\"mode\":\"\(target.rawValue)\"}")
            let answer = try await call(.changeMode, body: body, endpoint, limit: Self.bodyLimit)
            return Self.meaning(of: answer, target: target)
        } catch {
            let reason = NodeText(cutting: error.description)
            return error.mayHaveArrived ? .unknown(reason) : .notSent(reason)
        }
    }

    /// One call as it stands, without the rules about reading and writing: what the ways to a node have in common is
    /// tested by it.
    package func ask(
        _ target: String, body: String?, of node: NodeID, at address: NodeAddress
    ) async throws -> (status: Int, body: String) {
        let endpoint = try endpoint(of: node, at: address)
        let answer = try await endpoint.transport.call(
            target, body: body.map { ByteBuffer(string: $0) }, deadline: .now() + endpoint.timeout,
            limit: Self.listLimit)
        return (answer.status, String(buffer: answer.body))
    }

    static func meaning(of answer: CallAnswer, target: RequestableMode) -> ModeChangeAnswer.Outcome {
        switch answer.status {
        case 200:
            guard let echo = answer.decoded(ModeAnswer.self) else { return .unknown("200 without a mode") }
            return echo.mode == target.rawValue ? .accepted : .unknown("200 with mode \(echo.mode)")
        case 400..<500: return .rejected(NodeText(cutting: answer.summary))
        default: return .unknown(NodeText(cutting: answer.summary))
        }
    }

    private func endpoint(of node: NodeID, at address: NodeAddress) throws(Unreadable) -> ModeAPIEndpoint {
        do throws(ModeAPIEndpoint.Unusable) {
            return try endpoint(to: node, at: address)
        } catch {
            throw Unreadable(.notSent(NodeText(cutting: error.reason)))
        }
    }

    func endpoint(to node: NodeID, at address: NodeAddress) throws(ModeAPIEndpoint.Unusable) -> ModeAPIEndpoint {
        try endpoints.withLock { endpoints throws(ModeAPIEndpoint.Unusable) in
            try endpoints.endpoint(of: node, at: address, over: exchange)
        }
    }

    /// The mode, and what time the node's host says it is.
    private func mode(_ endpoint: ModeAPIEndpoint) async throws(Unreadable) -> (ObservedMode, Timestamp?) {
        let answer: CallAnswer
        do throws(CallFailure) {
            answer = try await read(.getMode, endpoint, limit: Self.bodyLimit)
        } catch {
            throw Unreadable(ReadFailure(error))
        }
        guard answer.status == 200, let mode = answer.decoded(ModeAnswer.self) else {
            throw Unreadable(.badAnswer(NodeText(cutting: answer.summary)))
        }
        return (ObservedMode(word: mode.mode), answer.date)
    }

    /// Nil where the node did not answer as expected: what it would have said is then unknown.
    func answer<Answer: Decodable & Sendable>(
        _ target: Target, _ type: Answer.Type, _ endpoint: ModeAPIEndpoint, limit: Int
    ) async -> Answer? {
        guard let answer = try? await read(target, endpoint, limit: limit), answer.status == 200 else { return nil }
        return answer.decoded(type)
    }

    /// A call that changes nothing: repeated once where the node closed the idle connection just then.
    func read(
        _ target: Target, body: ByteBuffer? = nil, _ endpoint: ModeAPIEndpoint, limit: Int
    ) async throws(CallFailure) -> CallAnswer {
        let deadline = NIODeadline.now() + endpoint.timeout
        do throws(CallFailure) {
            return try await call(target, body: body, endpoint, limit: limit, deadline: deadline)
        } catch {
            guard case .broken = error, !Task.isCancelled else { throw error }
            return try await call(target, body: body, endpoint, limit: limit, deadline: deadline)
        }
    }

    func call(
        _ target: Target, body: ByteBuffer?, _ endpoint: ModeAPIEndpoint, limit: Int, deadline: NIODeadline? = nil
    ) async throws(CallFailure) -> CallAnswer {
        try await endpoint.transport.call(
            target.rawValue, body: body, deadline: deadline ?? .now() + endpoint.timeout, limit: limit)
    }

    private func readiness(_ endpoint: ModeAPIEndpoint) async -> Bool? {
        await endpoint.transport.isReady(deadline: .now() + endpoint.timeout, limit: Self.bodyLimit)
    }
}

/// A read failure on its way out of a function.
private struct Unreadable: Error {
    var failure: ReadFailure

    init(_ failure: ReadFailure) {
        self.failure = failure
    }
}

extension ReadFailure {
    init(_ failure: CallFailure) {
        switch failure {
        case .notConnected(let reason), .broken(let reason): self = .unreachable(NodeText(cutting: reason))
        case .distrusted(let reason): self = .distrusted(NodeText(cutting: reason))
        case .timedOut: self = .timedOut
        case .tooLarge: self = .badAnswer(NodeText(cutting: "\(failure)"))
        }
    }
}
