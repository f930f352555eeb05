import Dispatch

extension DispatchQueue {
    /// For what may wait for a disk: nobody else's task stands meanwhile.
    func answer<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            async { continuation.resume(returning: body()) }
        }
    }
}
