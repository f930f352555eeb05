import GRDB
import Primitives
import Scheduling

extension JournalReader {
    /// What the journal added up to at that instant; nil: it does not reach back so far.
    package func ledger(at wall: Timestamp) async throws(JournalError) -> Ledger? {
        do {
            return try await reading { db in try Self.ledger(at: wall, in: db) }
        } catch let error as JournalError {
            throw error
        } catch {
            throw .cannotRead("\(error)")
        }
    }

    /// The latest checkpoint before it, and what came after that.
    private static func ledger(at wall: Timestamp, in db: Database) throws -> Ledger? {
        var ledger = Ledger()
        var seq: Int64 = 0
        let checkpoint = try Row.fetchOne(
            db, sql: "SELECT seq, json FROM checkpoint WHERE wall <= ? ORDER BY seq DESC LIMIT 1",
            arguments: [wall.nanoseconds])
        if let checkpoint {
            seq = checkpoint[0]
            ledger = try JournalFormat.ledger(checkpoint[1])
        } else if try Int64.fetchOne(db, sql: "SELECT min(seq) FROM record") != 1 {
            // What came before was let go.
            return nil
        }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, json FROM record WHERE seq > ? ORDER BY seq", arguments: [seq])
        var isEmpty = checkpoint == nil
        while let row = try rows.next() {
            let record = try JournalFormat.record(row[1])
            guard record.at.wall <= wall else { break }
            ledger.apply(record)
            isEmpty = false
        }
        return isEmpty ? nil : ledger
    }
}
