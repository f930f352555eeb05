import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Primitives
import Synchronization

/// Calls hooks: HTTP/1.1, no redirects, no second try, a limit on time and on the answer.
final class HookClient: Sendable {
    static let maxAnswerBytes = 64 * 1024
    static let connectionsPerHost = 64

    /// Why a hook has not answered.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    struct Answer: Sendable {
        var status: Int
        var body: ByteBuffer
    }

    private enum Life {
        case unused
        case used(HTTPClient)
        case over
    }

    private let life = Mutex(Life.unused)

    /// Posts JSON, and waits for the answer as long as the limit allows.
    func post(_ body: JSONValue, to url: String, within limit: Duration) async throws -> Answer {
        guard let client = client() else { throw Failure(description: "the server ends") }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body.text))
        return try await withThrowingTaskGroup { [request] group in
            group.addTask {
                let response = try await client.execute(request, timeout: .nanoseconds(limit.nanoseconds))
                let body = try await response.body.collect(upTo: Self.maxAnswerBytes)
                return Answer(status: Int(response.status.code), body: body)
            }
            group.addTask {
                try await Task.sleep(for: limit)
                throw Failure(description: "no answer within \(limit.written)")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// Gives up what is under way.
    func close() async {
        let client = life.withLock { life -> HTTPClient? in
            defer { life = .over }
            if case .used(let client) = life { return client } else { return nil }
        }
        // What it could fail with is that it was shut down before.
        try? await client?.shutdown()
    }

    /// Made at the first use: a server that is made but never run has nothing to shut down.
    private func client() -> HTTPClient? {
        life.withLock { life in
            switch life {
            case .used(let client): return client
            case .over: return nil
            case .unused:
                var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
                configuration.httpVersion = .http1Only
                configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connectionsPerHost
                configuration.connectionPool.retryConnectionEstablishment = false
                let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
                life = .used(client)
                return client
            }
        }
    }
}
