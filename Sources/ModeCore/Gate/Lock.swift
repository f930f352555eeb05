import Synchronization

/// A value behind a lock.
///
/// The thread sanitizer does not see who wakes whom in a contended `Mutex` on Linux: the kernel does it. Where
/// `SANITIZED` is set a pair of atomic accesses within the lock tells it; whoever forgets the lock is still found.
struct Lock<Value: Sendable>: ~Copyable, Sendable {
    private let mutex: Mutex<Value>
    #if SANITIZED
        private let fence = Atomic<Int>(0)
    #endif

    init(_ value: Value) { mutex = Mutex(value) }

    borrowing func withLock<Answer: Sendable>(_ body: (inout Value) -> Answer) -> Answer {
        mutex.withLock { value in
            #if SANITIZED
                _ = fence.load(ordering: .acquiring)
                defer { fence.store(1, ordering: .releasing) }
            #endif
            return body(&value)
        }
    }
}
