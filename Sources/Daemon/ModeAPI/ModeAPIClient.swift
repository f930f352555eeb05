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
public final class ModeAPIClient: Sendable {
    /// Longest answer of GetMode, ChangeMode and GetStatsReport in bytes.
    public static let bodyLimit = 1 << 20
    /// Longest answer of a list in bytes.
    public static let listLimit = 8 << 20

    enum Target: String {
        case getMode = "Sora_20211215.GetMode"
        case changeMode = "Sora_20211215.ChangeMode"
        case getStatsReport = "Sora_20171010.GetStatsReport"
        case listClusterNodes = "Sora_20211215.ListClusterNodes"
    }

    private let client: HTTPClient
    private let exchange: HTTPExchange
    private let endpoints = Mutex(ModeAPIEndpoints())
    private let directory: String
    private let environment: [String: String]
    private let now: @Sendable () -> Moment

    /// - Parameters:
    ///   - directory: where relative names of secret files start.
    ///   - environment: where secrets named `{env: …}` are.
    public init(
        directory: String, environment: [String: String], now: @escaping @Sendable () -> Moment = HostClock.now
    ) {
        client = HTTPExchange.makeClient()
        exchange = HTTPExchange(client: client)
        self.directory = directory
        self.environment = environment
        self.now = now
    }

    /// Takes over addresses, settings and secrets. Nodes that are no longer in the policies stay reachable.
    public func use(_ set: PolicySet) {
        endpoints.withLock { $0.use(set, over: exchange, directory: directory, environment: environment) }
    }

    /// Calls about that node go to the server in this process, whatever a set says that is used from now on.
    public func embed(_ node: NodeID, in server: ModeServer) {
        endpoints.withLock { $0.embed(node, in: server) }
    }

    /// Where timers of the control loop run.
    public var eventLoop: any EventLoop { client.eventLoopGroup.any() }

    public func shutdown() async {
        // There is nothing left to do about a client that does not close: the process ends.
        try? await client.shutdown()
    }

    /// Everything that the node says about itself: `observed`, or `readFailed` if not even GetMode answered.
    public func read(_ node: NodeID) async -> Event {
        let begun = now()
        let endpoint: ModeAPIEndpoint
        switch lookUp(node) {
        case .success(let found): endpoint = found
        case .failure(let error): return .readFailed(node, begun: begun, error.failure)
        }
        async let ready = readiness(endpoint)
        do throws(Unreadable) {
            let mode = try await mode(endpoint)
            let stats = await answer(.getStatsReport, StatsAnswer.self, endpoint, limit: Self.bodyLimit)
            let members: [ClusterMember]? =
                endpoint.isClustered
                ? await answer(.listClusterNodes, [MemberAnswer].self, endpoint, limit: Self.listLimit)?.map(\.member)
                : nil
            let listed = members?.first { $0.name == endpoint.name }?.version
            return .observed(
                Observation(
                    node: node, begun: begun, mode: mode, load: stats?.load, version: listed ?? stats?.version,
                    ready: await ready, members: members))
        } catch {
            _ = await ready
            return .readFailed(node, begun: begun, error.failure)
        }
    }

    /// Reads the mode, and writes the target if that is permitted.
    public func change(_ change: ModeChange) async -> ModeChangeAnswer {
        let endpoint: ModeAPIEndpoint
        switch lookUp(change.node) {
        case .success(let found): endpoint = found
        case .failure(let error): return .notSent("\(error.failure)")
        }
        let mode: ObservedMode
        do throws(Unreadable) {
            mode = try await self.mode(endpoint)
        } catch {
            return .notSent("the read before it failed: \(error.failure)")
        }
        switch change.permission(reading: mode) {
        case .alreadyThere: return .alreadyThere
        case .decline: return .declined(mode)
        case .send: break
        }
        do throws(CallFailure) {
            let body = ByteBuffer(string: "{\"mode\":\"\(change.target.rawValue)\"}")
            let answer = try await call(.changeMode, body: body, endpoint, limit: Self.bodyLimit)
            return Self.meaning(of: answer, target: change.target)
        } catch {
            if case .notConnected(let reason) = error { return .notSent(reason) }
            return .unknown("\(error)")
        }
    }

    /// One call as it stands, without the rules about reading and writing: what the ways to a node have in common is
    /// tested by it.
    package func ask(_ target: String, body: String?, of node: NodeID) async throws -> (status: Int, body: String) {
        let endpoint = try lookUp(node).get()
        let answer = try await endpoint.transport.call(
            target, body: body.map { ByteBuffer(string: $0) }, deadline: .now() + endpoint.timeout,
            limit: Self.listLimit)
        return (answer.status, String(buffer: answer.body))
    }

    static func meaning(of answer: CallAnswer, target: RequestableMode) -> ModeChangeAnswer {
        switch answer.status {
        case 200:
            guard let echo = answer.decoded(ModeAnswer.self) else { return .unknown("200 without a mode") }
            return echo.mode == target.rawValue ? .accepted : .unknown("200 with mode \(echo.mode.prefix(64))")
        case 400..<500: return .rejected(answer.summary)
        default: return .unknown(answer.summary)
        }
    }

    private func lookUp(_ node: NodeID) -> Result<ModeAPIEndpoint, Unreadable> {
        guard let endpoint = endpoints.withLock({ $0[node] }) else {
            return .failure(Unreadable(.unreachable("no address is known for \(node)")))
        }
        return endpoint.mapError { Unreadable(.unreachable($0.reason)) }
    }

    private func mode(_ endpoint: ModeAPIEndpoint) async throws(Unreadable) -> ObservedMode {
        let answer: CallAnswer
        do throws(CallFailure) {
            answer = try await read(.getMode, endpoint, limit: Self.bodyLimit)
        } catch {
            throw Unreadable(ReadFailure(error))
        }
        guard answer.status == 200, let mode = answer.decoded(ModeAnswer.self) else {
            throw Unreadable(.badAnswer(answer.summary))
        }
        return ObservedMode(word: String(mode.mode.prefix(64)))
    }

    /// Nil where the node did not answer as expected: what it would have said is then unknown.
    private func answer<Answer: Decodable>(
        _ target: Target, _ type: Answer.Type, _ endpoint: ModeAPIEndpoint, limit: Int
    ) async -> Answer? {
        guard let answer = try? await read(target, endpoint, limit: limit), answer.status == 200 else { return nil }
        return answer.decoded(type)
    }

    /// A call that changes nothing: repeated once where the node closed the idle connection just then.
    private func read(
        _ target: Target, _ endpoint: ModeAPIEndpoint, limit: Int
    ) async throws(CallFailure) -> CallAnswer {
        let deadline = NIODeadline.now() + endpoint.timeout
        do throws(CallFailure) {
            return try await call(target, body: nil, endpoint, limit: limit, deadline: deadline)
        } catch {
            guard case .broken = error, !Task.isCancelled else { throw error }
            return try await call(target, body: nil, endpoint, limit: limit, deadline: deadline)
        }
    }

    private func call(
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
        case .notConnected(let reason), .broken(let reason): self = .unreachable(reason)
        case .timedOut: self = .timedOut
        case .tooLarge: self = .badAnswer("\(failure)")
        }
    }
}
