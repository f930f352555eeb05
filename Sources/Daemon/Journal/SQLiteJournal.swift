import Foundation
import GRDB
import Primitives
import Scheduling
import Synchronization

/// The journal in a SQLite file: one row per record, never changed once written.
///
/// A commit is on disk when `append` returns (`synchronous=FULL`), so that a record survives the loss of power.
package final class SQLiteJournal: Sendable {
    package let path: String
    /// Made with the journal: another journal in the same place has another one.
    package let id: String
    /// Told of every append.
    package let growth = JournalGrowth()
    private let queue: DatabaseQueue
    private let limits: JournalLimits
    private let tail: Mutex<Tail>

    /// The end of the journal, and what has come since the last checkpoint.
    private struct Tail {
        var seq: Int64 = 0
        var records: Int64 = 0
        var bytes = 0
        /// Of the last checkpoint.
        var checkpointBytes = 0
        /// The instant of the last checkpoint; before there is one, of the first record.
        var since: Timestamp?
        var isCheckpointUnderWay = false

        func isCheckpointDue(at wall: Timestamp, _ limits: JournalLimits) -> Bool {
            let isOld = since.map { wall - $0 >= limits.checkpointAge } ?? false
            let isEnough = records >= limits.checkpointRecords && bytes >= checkpointBytes
            let isTooMuch = records >= limits.mostRecords || bytes >= limits.checkpointBytes
            return isOld || isEnough || isTooMuch
        }
    }

    /// What a journal adds up to.
    package struct Fold: Sendable {
        package var ledger: Ledger
        /// Records that had to be read for it, those after the last checkpoint.
        package var records: Int
    }

    /// Up to where a checkpoint counts.
    struct CheckpointMark {
        var seq: Int64
        var wall: Timestamp
    }

    /// Opens the journal, or makes an empty one.
    ///
    /// - Throws: `JournalError`; a damaged file is refused and left as it is.
    package init(path: String, limits: JournalLimits = JournalLimits()) throws(JournalError) {
        self.path = path
        self.limits = limits
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        // Only in a file without pages, that is before anything else: room that records leave is given back.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw Self.openError(error, path: path)
        }
        do {
            // GRDB sets synchronous to NORMAL while it opens a WAL database, after every hook of its configuration.
            let found = try queue.writeWithoutTransaction { db in
                for pragma in [
                    "synchronous = FULL", "trusted_schema = OFF", "cell_size_check = ON", "wal_autocheckpoint = 1000",
                    "journal_size_limit = 67108864",
                ] {
                    try db.execute(sql: "PRAGMA \(pragma)")
                }
                try Self.check(db, path: path)
                let id = try Self.identify(db, path: path)
                return (id: id, tail: try Self.readTail(db))
            }
            id = found.id
            tail = Mutex(found.tail)
            growth.note(found.tail.seq)
        } catch let error as JournalError {
            throw error
        } catch {
            throw Self.openError(error, path: path)
        }
    }

    /// Adds the records, all or none. Durable on return.
    package func append(_ records: [Scheduling.Record]) throws(JournalError) {
        guard let first = records.first else { return }
        do {
            let rows = try records.map { ($0.at.wall.nanoseconds, try JournalFormat.encode($0)) }
            let seq = try queue.write { db in
                let statement = try db.cachedStatement(sql: "INSERT INTO record (wall, json) VALUES (?, ?)")
                for (wall, json) in rows { try statement.execute(arguments: [wall, json]) }
                return db.lastInsertedRowID
            }
            tail.withLock { tail in
                tail.seq = seq
                tail.records += Int64(rows.count)
                tail.bytes += rows.reduce(0) { $0 + $1.1.utf8.count }
                tail.since = tail.since ?? first.at.wall
            }
            growth.note(seq)
        } catch {
            throw .cannotAppend("\(error)")
        }
    }

    /// The latest checkpoint and the records after it, taken together.
    package func fold() throws(JournalError) -> Fold {
        try reading { db in
            var fold = Fold(ledger: Ledger(), records: 0)
            var seq: Int64 = 0
            if let row = try Row.fetchOne(db, sql: "SELECT seq, json FROM checkpoint ORDER BY seq DESC LIMIT 1") {
                seq = row[0]
                do {
                    fold.ledger = try JournalFormat.ledger(row[1])
                } catch {
                    throw JournalError.unreadableCheckpoint(seq: seq, reason: "\(error)")
                }
            }
            try Self.forEachRecord(in: db, after: seq) { next, record in
                guard next == seq + 1 else { throw JournalError.recordsMissing(after: seq) }
                fold.ledger.apply(record)
                fold.records += 1
                seq = next
            }
            return fold
        }
    }

    /// Every record that is still there, oldest first, one at a time.
    package func forEachRecord(_ body: (Scheduling.Record) throws -> Void) throws(JournalError) {
        try reading { db in try Self.forEachRecord(in: db, after: 0) { try body($1) } }
    }

    /// Every record that is still there, oldest first.
    package func records() throws(JournalError) -> [Scheduling.Record] {
        var records: [Scheduling.Record] = []
        try forEachRecord { records.append($0) }
        return records
    }

    /// The value of `PRAGMA synchronous`; 2 is FULL.
    package func synchronousSetting() throws -> Int {
        try queue.unsafeRead { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1 }
    }

    /// Ends the use of the file. Appending afterwards throws.
    package func close() {
        // What is not closed here is closed with the process; every commit is on disk already.
        try? queue.close()
    }

    private func reading<Value>(_ body: (Database) throws -> Value) throws(JournalError) -> Value {
        do {
            return try queue.read(body)
        } catch let error as JournalError {
            throw error
        } catch {
            throw .cannotRead("\(error)")
        }
    }

    private static func forEachRecord(
        in db: Database, after seq: Int64, _ body: (Int64, Scheduling.Record) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, json FROM record WHERE seq > ? ORDER BY seq", arguments: [seq])
        while let row = try rows.next() {
            let seq: Int64 = row[0]
            let record: Scheduling.Record
            do {
                record = try JournalFormat.record(row[1])
            } catch {
                throw JournalError.unreadableRecord(seq: seq, reason: "\(error)")
            }
            try body(seq, record)
        }
    }
}

extension SQLiteJournal {
    /// Whether there are so many records since the last checkpoint, or it is so old, that another is due.
    func isCheckpointDue(at wall: Timestamp) -> Bool {
        tail.withLock { !$0.isCheckpointUnderWay && $0.isCheckpointDue(at: wall, limits) }
    }

    /// Where a checkpoint would count up to, if one is due; whoever gets it writes it, and then says so.
    ///
    /// - Parameter isForced: any record since the last one is reason enough.
    func takeCheckpointMark(at wall: Timestamp, isForced: Bool = false) -> CheckpointMark? {
        tail.withLock { tail in
            let isDue = isForced || tail.isCheckpointDue(at: wall, limits)
            guard isDue, tail.records > 0, !tail.isCheckpointUnderWay else { return nil }
            tail.isCheckpointUnderWay = true
            tail.records = 0
            tail.bytes = 0
            tail.since = wall
            return CheckpointMark(seq: tail.seq, wall: wall)
        }
    }

    /// Writes what the records up to the mark add up to. Durable on return.
    func write(_ ledger: Ledger, at mark: CheckpointMark) throws(JournalError) {
        defer { tail.withLock { $0.isCheckpointUnderWay = false } }
        do {
            let json = try JournalFormat.encode(ledger)
            try queue.write { db in
                try db.execute(
                    sql: "INSERT OR REPLACE INTO checkpoint (seq, wall, json) VALUES (?, ?, ?)",
                    arguments: [mark.seq, mark.wall.nanoseconds, json])
            }
            tail.withLock { $0.checkpointBytes = json.utf8.count }
        } catch {
            throw .cannotAppend("\(error)")
        }
    }

    /// Lets go what is too old or too much, a few rows at a time, and gives the room back. What is left begins with a
    /// checkpoint, or with record 1.
    ///
    /// - Parameter goesOn: asked between two transactions.
    func prune(at now: Timestamp, while goesOn: () -> Bool) throws(JournalError) {
        do {
            var cut = try queue.read { db in try self.cut(in: db, at: now) }
            while let seq = cut, goesOn() {
                try delete(before: seq, while: goesOn)
                cut = try queue.read { db in
                    try Self.bytesInUse(db) > limits.keptBytes ? try Self.checkpoint(after: seq, db) : nil
                }
            }
            while goesOn() {
                let free = try queue.read { db in try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0 }
                guard free > 0 else { return }
                try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA incremental_vacuum(1000)") }
            }
        } catch {
            throw .cannotAppend("\(error)")
        }
    }

    /// The checkpoint before which everything may go; nil where nothing has to.
    private func cut(in db: Database, at now: Timestamp) throws -> Int64? {
        let oldest = try Int64.fetchOne(db, sql: "SELECT min(seq) FROM record") ?? .max
        let last = tail.withLock { $0.seq }
        var cut: Int64?
        let rows = try Row.fetchAll(db, sql: "SELECT seq, wall FROM checkpoint ORDER BY seq")
        for row in rows {
            let (seq, wall): (Int64, Int64) = (row[0], row[1])
            let isTooMuch = last - (cut ?? oldest - 1) > limits.keptRecords
            let isTooOld = now - Timestamp(nanoseconds: wall) > limits.retention
            if isTooMuch || isTooOld { cut = seq }
        }
        if let cut { return cut }
        return try Self.bytesInUse(db) > limits.keptBytes ? Self.checkpoint(after: oldest - 1, db) : nil
    }

    private static func checkpoint(after seq: Int64, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT min(seq) FROM checkpoint WHERE seq > ?", arguments: [seq])
    }

    private static func bytesInUse(_ db: Database) throws -> Int64 {
        let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        let free = try Int64.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
        return (pages - free) * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
    }

    private func delete(before seq: Int64, while goesOn: () -> Bool) throws {
        try queue.write { try $0.execute(sql: "DELETE FROM checkpoint WHERE seq < ?", arguments: [seq]) }
        var count = 1
        while count > 0, goesOn() {
            count = try queue.write { db in
                try db.execute(
                    sql: """
                        DELETE FROM record WHERE seq IN
                            (SELECT seq FROM record WHERE seq <= ? ORDER BY seq LIMIT ?)
                        """, arguments: [seq, limits.deletedAtOnce])
                return db.changesCount
            }
        }
    }
}

extension SQLiteJournal {
    private static func check(_ db: Database, path: String) throws {
        let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
        guard synchronous == 2 else { throw JournalError.settingRefused("synchronous = FULL") }
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
        guard mode == "wal" else { throw JournalError.settingRefused("journal_mode = WAL") }
        let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
        guard verdict == "ok" else { throw JournalError.corrupt(path: path, reason: verdict) }
    }

    /// Makes the tables where there is nothing yet.
    ///
    /// - Returns: the journal's uuid.
    private static func identify(_ db: Database, path: String) throws -> String {
        let version = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if version == 0 && application == 0 && tables == 0 {
            let id = UUID().uuidString.lowercased()
            try db.inTransaction(.immediate) {
                try db.execute(sql: JournalFormat.schema)
                try db.execute(sql: "INSERT INTO journal (id) VALUES (?)", arguments: [id])
                return .commit
            }
            return id
        }
        guard application == JournalFormat.applicationID else { throw JournalError.notAJournal(path: path) }
        guard version <= JournalFormat.version else { throw JournalError.tooNew(path: path, format: Int(version)) }
        guard version == JournalFormat.version else { throw JournalError.tooOld(path: path, format: Int(version)) }
        guard let id = try String.fetchOne(db, sql: "SELECT id FROM journal") else {
            throw JournalError.corrupt(path: path, reason: "it has no id")
        }
        return id
    }

    private static func readTail(_ db: Database) throws -> Tail {
        var tail = Tail()
        let checkpoint = try Row.fetchOne(
            db, sql: "SELECT seq, wall, length(json) FROM checkpoint ORDER BY seq DESC LIMIT 1")
        let start: Int64 = checkpoint?[0] ?? 0
        tail.checkpointBytes = checkpoint?[2] ?? 0
        let counted = try Row.fetchOne(
            db, sql: "SELECT count(*), coalesce(sum(length(json)), 0), min(wall) FROM record WHERE seq > ?",
            arguments: [start])
        tail.records = counted?[0] ?? 0
        tail.bytes = counted?[1] ?? 0
        let wall: Int64? = checkpoint?[1] ?? counted?[2]
        tail.since = wall.map { Timestamp(nanoseconds: $0) }
        tail.seq = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'record'") ?? 0
        return tail
    }

    private static func openError(_ error: any Error, path: String) -> JournalError {
        if let error = error as? DatabaseError {
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt(path: path, reason: error.message ?? "not a database")
            default: return .cannotOpen(path: path, reason: error.message ?? "\(error.resultCode)")
            }
        }
        return .cannotOpen(path: path, reason: "\(error)")
    }
}
