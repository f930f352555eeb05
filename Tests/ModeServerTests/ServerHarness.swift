import AsyncHTTPClient
import Foundation
import ModeServer
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

/// A running mode server and what it logged.
final class Served: Sendable {
    let addresses: ServedAddresses
    let lines: Lines

    init(addresses: ServedAddresses, lines: Lines) {
        self.addresses = addresses
        self.lines = lines
    }

    func api(_ index: Int = 0) -> String { addresses.nodes[index].api }
    func signaling(_ index: Int = 0) -> String { addresses.nodes[index].signaling }
    func ready(_ index: Int = 0) -> String { addresses.nodes[index].ready }

    func admin(_ path: String) throws -> String { try #require(addresses.admin) + path }
}

final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    func append(_ more: [String]) { lines.withLock { $0 += more } }

    var all: [String] { lines.withLock { $0 } }

    func contain(_ text: String) -> Bool { all.contains { $0.contains(text) } }
}

/// Values that several tasks collect.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    func add(_ value: Value) { values.withLock { $0.append(value) } }

    var all: [Value] { values.withLock { $0 } }
}

/// Serves for as long as the body runs, then ends the server and waits for it.
func serving(
    _ settings: ModeServerSettings, _ body: @escaping @Sendable (Served) async throws -> Void
) async throws -> Lines {
    let lines = Lines()
    let (ready, becomeReady) = AsyncStream<ServedAddresses>.makeStream()
    let server = try ModeServer(settings) {
        lines.append($0)
    } onReady: {
        becomeReady.yield($0)
    }
    try await withThrowingTaskGroup { group in
        group.addTask {
            defer { becomeReady.finish() }
            try await server.run()
        }
        for await addresses in ready {
            try await body(Served(addresses: addresses, lines: lines))
            break
        }
        group.cancelAll()
        try await group.waitForAll()
    }
    return lines
}

/// An answer, whole.
struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: String
}

/// A client that does not try again by itself: a refused connection is what some tests look for.
private let client = {
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
}()

/// One request; its errors are those of the client.
func send(
    _ method: HTTPMethod, _ url: String, target: String? = nil, headers: [(String, String)] = [],
    body: String? = nil, timeout: TimeAmount = .seconds(5)
) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let target { request.headers.add(name: "x-sora-target", value: target) }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await client.execute(request, timeout: timeout)
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: bytes))
}

/// A POST, which nearly all are.
func send(
    _ url: String, target: String? = nil, headers: [(String, String)] = [], body: String? = nil,
    timeout: TimeAmount = .seconds(5)
) async throws -> Answer {
    try await send(.POST, url, target: target, headers: headers, body: body, timeout: timeout)
}

func getMode(_ url: String) async throws -> String {
    try await send(url, target: "Sora_20211215.GetMode").body
}

@discardableResult
func changeMode(_ url: String, _ mode: String) async throws -> Answer {
    try await send(url, target: "Sora_20211215.ChangeMode", body: "{\"mode\": \"\(mode)\"}")
}

/// Looks again and again until it holds, for at most five seconds.
func eventually(_ what: Comment, _ holds: () async throws -> Bool) async throws {
    let answer = try await Patience.answer(within: .seconds(5)) { try await holds() ? true : nil }
    if answer == nil { Issue.record(what) }
}
