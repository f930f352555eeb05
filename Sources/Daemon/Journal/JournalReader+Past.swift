import GRDB
import Primitives
import Scheduling

extension JournalReader {
    /// What the journal added up to at that instant; nil: it does not reach back so far.
    package func ledger(at wall: Timestamp) async throws(JournalError) -> Ledger? {
        try await ledger(upTo: .wall(wall))
    }

    /// What the records before that one added up to; nil as above.
    package func ledger(before seq: Int64) async throws(JournalError) -> Ledger? {
        try await ledger(upTo: .record(seq))
    }

    /// Where the past is cut. Many records may be of one instant.
    private enum Cut {
        case wall(Timestamp)
        case record(Int64)

        var checkpoints: (condition: String, value: Int64) {
            switch self {
            case .wall(let wall): ("wall <= ?", wall.nanoseconds)
            case .record(let seq): ("seq < ?", seq)
            }
        }

        func contains(_ seq: Int64, _ record: Scheduling.Record) -> Bool {
            switch self {
            case .wall(let wall): record.at.wall <= wall
            case .record(let end): seq < end
            }
        }
    }

    private func ledger(upTo cut: Cut) async throws(JournalError) -> Ledger? {
        do {
            return try await reading { db in try Self.ledger(upTo: cut, in: db) }
        } catch let error as JournalError {
            throw error
        } catch {
            throw .cannotRead("\(error)")
        }
    }

    /// The latest checkpoint before it, and what came after that.
    private static func ledger(upTo cut: Cut, in db: Database) throws -> Ledger? {
        var ledger = Ledger()
        var seq: Int64 = 0
        let (condition, value) = cut.checkpoints
        let checkpoint = try Row.fetchOne(
            db, sql: "SELECT seq, json FROM checkpoint WHERE \(condition) ORDER BY seq DESC LIMIT 1", arguments: [value]
        )
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
            guard cut.contains(row[0], record) else { break }
            ledger.apply(record)
            isEmpty = false
        }
        return isEmpty ? nil : ledger
    }
}
