import Foundation
import GRDB
import Primitives
import Scheduling

/// The journal in a SQLite file: one row per record, never changed once written.
///
/// A commit is on disk when `append` returns (`synchronous=FULL`), so that a record survives the loss of power.
public final class SQLiteJournal: Sendable {
    /// "nagi" in ASCII, in the header of the file.
    static let applicationID: Int32 = 0x6E61_6769
    /// 2: runs are promoted and their progress has a clock. What an older version cannot read it must not open.
    static let formatVersion: Int32 = 2

    public let path: String
    private let queue: DatabaseQueue

    /// Opens the journal, or makes an empty one.
    ///
    /// - Throws: `JournalError`; a damaged file is refused and left as it is.
    public init(path: String) throws(JournalError) {
        self.path = path
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw Self.openError(error, path: path)
        }
        do {
            // GRDB sets synchronous to NORMAL while it opens a WAL database, after every hook of its configuration.
            try queue.writeWithoutTransaction { db in
                for pragma in [
                    "synchronous = FULL", "trusted_schema = OFF", "cell_size_check = ON", "wal_autocheckpoint = 1000",
                    "journal_size_limit = 67108864",
                ] {
                    try db.execute(sql: "PRAGMA \(pragma)")
                }
                try Self.check(db, path: path)
                try Self.migrate(db, path: path)
            }
        } catch let error as JournalError {
            throw error
        } catch {
            throw Self.openError(error, path: path)
        }
    }

    /// Adds the records, all or none. Durable on return.
    public func append(_ records: [Scheduling.Record]) throws(JournalError) {
        do {
            let encoder = Self.encoder()
            let rows = try records.map { record in
                (record.at.wall.nanoseconds, record.fact.kind, try encoder.encode(record))
            }
            try queue.write { db in
                let statement = try db.cachedStatement(
                    sql: "INSERT INTO record (wall, kind, json) VALUES (?, ?, ?)")
                for (wall, kind, json) in rows {
                    try statement.execute(arguments: [wall, kind, String(decoding: json, as: UTF8.self)])
                }
            }
        } catch {
            throw .cannotAppend("\(error)")
        }
    }

    /// Every record, oldest first, one at a time.
    public func forEachRecord(_ body: (Scheduling.Record) throws -> Void) throws(JournalError) {
        do {
            try queue.read { db in
                let decoder = JSONDecoder()
                let rows = try Row.fetchCursor(db, sql: "SELECT seq, json FROM record ORDER BY seq")
                while let row = try rows.next() {
                    let seq: Int64 = row[0]
                    let json: String = row[1]
                    let record: Scheduling.Record
                    do {
                        record = try decoder.decode(Scheduling.Record.self, from: Data(json.utf8))
                    } catch {
                        throw JournalError.unreadableRecord(seq: seq, reason: "\(error)")
                    }
                    try body(record)
                }
            }
        } catch let error as JournalError {
            throw error
        } catch {
            throw .cannotRead("\(error)")
        }
    }

    /// Every record, oldest first.
    public func records() throws(JournalError) -> [Scheduling.Record] {
        var records: [Scheduling.Record] = []
        try forEachRecord { records.append($0) }
        return records
    }

    /// The value of `PRAGMA synchronous`; 2 is FULL.
    package func synchronousSetting() throws -> Int {
        try queue.unsafeRead { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1 }
    }

    /// Ends the use of the file. Appending afterwards throws.
    public func close() {
        // What is not closed here is closed with the process; every commit is on disk already.
        try? queue.close()
    }

    private static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    private static func check(_ db: Database, path: String) throws {
        let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
        guard synchronous == 2 else { throw JournalError.settingRefused("synchronous = FULL") }
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
        guard mode == "wal" else { throw JournalError.settingRefused("journal_mode = WAL") }
        let verdict = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
        guard verdict == "ok" else { throw JournalError.corrupt(path: path, reason: verdict) }
    }

    private static func migrate(_ db: Database, path: String) throws {
        let version = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if version == 0 && id == 0 && tables == 0 {
            try db.inTransaction(.immediate) {
                try db.execute(
                    sql: """
                        CREATE TABLE record (
                            seq INTEGER PRIMARY KEY,
                            wall INTEGER NOT NULL,
                            kind TEXT NOT NULL,
                            json TEXT NOT NULL
                        ) STRICT;
                        PRAGMA application_id = \(applicationID);
                        PRAGMA user_version = \(formatVersion);
                        """)
                return .commit
            }
            return
        }
        guard id == applicationID else { throw JournalError.notAJournal(path: path) }
        guard version <= formatVersion else { throw JournalError.tooNew(path: path, version: Int(version)) }
        // Every older record can be read as it stands.
        if version < formatVersion { try db.execute(sql: "PRAGMA user_version = \(formatVersion)") }
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
