import Dispatch
import Primitives
import Scheduling

/// Appends on a thread of its own, batch after batch: a disk that takes its time holds up nothing but what waits for it.
package final class JournalWriter: Sendable {
    private let journal: SQLiteJournal
    private let keeper: JournalKeeper
    private let queue = DispatchQueue(label: "journal-writer")

    package init(_ journal: SQLiteJournal, _ keeper: JournalKeeper) {
        self.journal = journal
        self.keeper = keeper
    }

    /// Whether the next batch is to bring along what all records add up to, itself included.
    package func wantsLedger(at wall: Timestamp) -> Bool { journal.isCheckpointDue(at: wall) }

    /// - Parameters:
    ///   - ledger: what all records up to the end of this batch add up to; nil where it is not wanted.
    ///   - done: called on the writer's thread, when the batch is durable, or will not be.
    package func append(
        _ records: [Record], ledger: Ledger?, at wall: Timestamp,
        done: @escaping @Sendable (Result<Void, JournalError>) -> Void
    ) {
        queue.async { [journal, keeper] in
            do throws(JournalError) {
                try journal.append(records)
            } catch {
                return done(.failure(error))
            }
            if let ledger { keeper.keepShort(at: wall) { ledger } }
            done(.success(()))
        }
    }

    /// Returns when nothing is under way.
    package func end() {
        queue.sync {}
        keeper.end()
    }
}
