import NIOCore

extension Channel {
    /// How long whoever was accepted may take to be taken up.
    private static var takingUp: Duration { .milliseconds(250) }

    /// Closes a listening socket when nobody is accepted any more, and whoever was has been taken up by its server.
    ///
    /// A connection that is between the two when the server ends stops the process (`NIOAsyncWriter`'s `deinit`; swift-nio,
    /// issue 2637).
    func closeListening() async {
        try? await setOption(.autoRead, value: false).get()
        // Also where the caller is cancelled.
        await Task { try? await Task.sleep(for: Self.takingUp) }.value
        do {
            try await close()
        } catch {
            // Closed already, which is what was wanted.
        }
    }
}
