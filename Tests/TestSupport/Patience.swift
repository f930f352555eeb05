/// The one place where tests let real time pass: for what happens behind a socket or in another process, which tells nobody
/// that it has.
package enum Patience {
    /// Asks until there is an answer; nil after so long, or when the test is over.
    package static func answer<Answer, Failure: Error>(
        within limit: Duration, every interval: Duration = .milliseconds(10),
        _ probe: () async throws(Failure) -> Answer?
    ) async throws(Failure) -> Answer? {
        let end = ContinuousClock.now + limit
        while true {
            if let answer = try await probe() { return answer }
            guard ContinuousClock.now < end, (try? await Task.sleep(for: interval)) != nil else { return nil }
        }
    }
}
