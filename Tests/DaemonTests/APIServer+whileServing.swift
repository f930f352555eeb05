import Daemon
import Testing

extension APIServer {
    /// Serves for as long as the body runs.
    func whileServing<Result: Sendable>(
        _ body: @escaping @Sendable (ListenAddress) async throws -> Result
    ) async throws -> Result {
        let (addresses, announce) = AsyncStream.makeStream(of: ListenAddress.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run { announce.yield($0) } }
            var iterator = addresses.makeAsyncIterator()
            let address = try #require(await iterator.next())
            let result = try await body(address)
            group.cancelAll()
            return result
        }
    }
}
