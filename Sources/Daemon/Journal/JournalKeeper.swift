import Dispatch
import Primitives
import Scheduling
import Synchronization

/// Keeps a journal short, on a thread of its own: whoever appends only says what the records add up to.
package final class JournalKeeper: Sendable {
    private let journal: SQLiteJournal
    private let log: @Sendable (String) -> Void
    private let queue = DispatchQueue(label: "journal", qos: .utility)
    private let isEnding = Mutex(false)

    package init(_ journal: SQLiteJournal, log: @escaping @Sendable (String) -> Void) {
        self.journal = journal
        self.log = log
    }

    /// Called after an append, before the next one. Returns at once.
    ///
    /// - Parameters:
    ///   - ledger: what all records add up to; asked for only where a checkpoint is due.
    ///   - isForced: a checkpoint is wanted in any case.
    package func keepShort(at wall: Timestamp, isForced: Bool = false, _ ledger: () -> Ledger) {
        guard let mark = journal.takeCheckpointMark(at: wall, isForced: isForced) else { return }
        let ledger = ledger()
        queue.async { [self] in
            do throws(JournalError) {
                try journal.write(ledger, at: mark)
                try journal.prune(at: wall) { !isEnding.withLock { $0 } }
            } catch {
                // The journal is complete without it, and longer than it should be.
                log("the journal could not be made shorter: \(error)")
            }
        }
    }

    /// Returns when nothing is under way.
    package func end() {
        isEnding.withLock { $0 = true }
        finish()
    }

    /// Waits for what is under way.
    package func finish() { queue.sync {} }
}
