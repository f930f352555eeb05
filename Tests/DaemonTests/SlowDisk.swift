import Daemon
import Dispatch
import Foundation
import ModeCore
import Scheduling
import Testing

/// Holds up every append to a journal until it is told to go on: whoever reads a journal has it to himself.
struct SlowDisk: Sendable {
    private let isRead = DispatchSemaphore(value: 0)

    init(of journal: SQLiteJournal) async throws {
        try journal.append([record(.modeIntended(change(.blockNewSession)))])
        let (isRead, isBusy) = (isRead, DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            try? journal.forEachRecord { _ in
                isBusy.signal()
                // A test that has failed meanwhile goes on by itself.
                _ = isRead.wait(timeout: .now() + 20)
            }
        }
        await Task.detached { isBusy.wait() }.value
    }

    func goOn() { isRead.signal() }
}
