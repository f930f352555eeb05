import AsyncHTTPClient
import Daemon
import ModeCore
import ModeServer
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// A mode server that serves while the body runs, with an admin API.
func serving(
    nodes: Int = 1, isClustered: Bool = false, profile: ModeProfile = .current, version: String = "2025.1.0",
    _ body: @escaping @Sendable (ModeServer, ServedAddresses) async throws -> Void
) async throws {
    let (ready, becomeReady) = AsyncStream<ServedAddresses>.makeStream()
    let server = try ModeServer(
        ModeServerSettings(
            nodeCount: nodes, isClustered: isClustered, version: version, adminPort: 0, profile: profile),
        onReady: { becomeReady.yield($0) })
    try await withThrowingTaskGroup { group in
        group.addTask {
            defer { becomeReady.finish() }
            try await server.run()
        }
        for await addresses in ready {
            try await body(server, addresses)
            break
        }
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// One POST; status and body.
@discardableResult
func post(
    _ url: String, target: String? = nil, _ body: String? = nil
) async throws -> (status: Int, body: String) {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    if let target { request.headers.add(name: "x-sora-target", value: target) }
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
    return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
}

/// Collects the lines of a log.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    @Sendable func add(_ line: String) { lines.withLock { $0.append(line) } }

    func contain(_ text: String) -> Bool { all.contains { $0.contains(text) } }
}
