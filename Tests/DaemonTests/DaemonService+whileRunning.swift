import Daemon
import Testing

extension DaemonService {
    /// Runs for as long as the body does, and ends in order.
    func whileRunning(_ body: () async throws -> Void) async throws {
        let task = Task { try await run() }
        do {
            #expect(await NagiBinary.eventually { listeningAddress != nil })
            try await body()
        } catch {
            stop()
            _ = await task.result
            throw error
        }
        stop()
        try await task.value
    }
}
