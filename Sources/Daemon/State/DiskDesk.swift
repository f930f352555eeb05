import Dispatch
import Synchronization

/// Has done what may wait for a disk, on threads of its own: a file system that hangs (NFS) neither answers nor lets go.
///
/// Whoever asks waits as long as it likes, and leaves at once when it is cancelled. About one file one thing is done at a time,
/// in the order of asking: one that hangs costs one thread however often it is asked for, and holds up nobody who asks for
/// another.
package final class DiskDesk: Sendable {
    /// Files at which something is done at the same time.
    private static let threads = 32

    /// There was no answer as long as somebody waited. What was begun may still happen; what was not never does.
    package struct Unanswered: Error, Hashable, CustomStringConvertible {
        var file: String
        /// Whoever asked was cancelled.
        var isGivenUp: Bool

        package init(file: String, isGivenUp: Bool = false) {
            self.file = file
            self.isGivenUp = isGivenUp
        }

        package var description: String {
            isGivenUp ? "the file \(file) was not waited for any longer" : "the file \(file) gave no answer in time"
        }
    }

    private struct Wish {
        var number: Int
        var file: String
        var act: @Sendable () -> Void
    }

    private struct Caller {
        var leave: @Sendable (Unanswered) -> Void
        var timer: Task<Void, Never>
    }

    private struct State {
        var wishes: [Wish] = []
        /// At which something is done.
        var files: Set<String> = []
        /// Who waits, by the number of the wish.
        var callers: [Int: Caller] = [:]
        var last = 0

        /// Those that can be begun now.
        mutating func next() -> [Wish] {
            var next: [Wish] = []
            var rest: [Wish] = []
            for wish in wishes {
                if files.count < DiskDesk.threads, files.insert(wish.file).inserted {
                    next.append(wish)
                } else {
                    rest.append(wish)
                }
            }
            wishes = rest
            return next
        }

        mutating func leave(_ number: Int) -> Caller? {
            wishes.removeAll { $0.number == number }
            return callers.removeValue(forKey: number)
        }
    }

    private let state = Mutex(State())

    package init() {}

    package func answer<Value: Sendable>(
        about file: String, within limit: Duration, _ body: @escaping @Sendable () -> Value
    ) async throws(Unanswered) -> Value {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Unanswered>, Never>) in
                let isTaken = state.withLock { state in
                    // Who is cancelled later finds it here.
                    guard !Task.isCancelled else { return false }
                    let timer = Task {
                        guard (try? await Task.sleep(for: limit)) != nil else { return }
                        self.leave(number, Unanswered(file: file))
                    }
                    state.callers[number] = Caller(
                        leave: { continuation.resume(returning: .failure($0)) }, timer: timer)
                    state.wishes.append(
                        Wish(number: number, file: file) {
                            let value = body()
                            guard let caller = self.state.withLock({ $0.leave(number) }) else { return }
                            caller.timer.cancel()
                            continuation.resume(returning: .success(value))
                        })
                    return true
                }
                guard isTaken else {
                    return continuation.resume(returning: .failure(Unanswered(file: file, isGivenUp: true)))
                }
                begin()
            }
        } onCancel: {
            leave(number, Unanswered(file: file, isGivenUp: true))
        }
        return try result.get()
    }

    private func begin() {
        for wish in state.withLock({ $0.next() }) {
            // A queue for each: behind another it would wait for the other's disk.
            DispatchQueue(label: "disk").async { [self] in
                wish.act()
                state.withLock { _ = $0.files.remove(wish.file) }
                begin()
            }
        }
    }

    private func leave(_ number: Int, _ why: Unanswered) {
        guard let caller = state.withLock({ $0.leave(number) }) else { return }
        caller.timer.cancel()
        caller.leave(why)
    }
}
