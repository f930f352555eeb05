import Scheduling
import Synchronization

/// Commands from when they are wanted until they are over, and which of them are to end. The word to end one may come before the
/// task that begins it; one that comes when it is over finds nothing, and is not kept.
final class WantedCommands: Sendable {
    private let areToEnd = Mutex<[CommandID: Bool]>([:])

    func add(_ id: CommandID) { areToEnd.withLock { $0[id] = $0[id] ?? false } }
    func remove(_ id: CommandID) { areToEnd.withLock { $0[id] = nil } }
    func end(_ id: CommandID) { areToEnd.withLock { if $0[id] != nil { $0[id] = true } } }

    /// Or never to begin.
    func isToEnd(_ id: CommandID) -> Bool { areToEnd.withLock { $0[id] ?? false } }
}
