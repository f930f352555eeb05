import GRDB
import Primitives
import Scheduling

/// Reads a journal while it is written, through connections of its own: whoever reads holds up no append, and sees only what
/// is durable.
package final class JournalReader: Sendable {
    /// A record with its place in the journal, which it has for ever.
    package struct Entry: Hashable, Sendable {
        package var seq: Int64
        package var record: Scheduling.Record
    }

    /// Which records are wanted.
    package struct Query: Sendable {
        /// Only those after, and only those before that place.
        package var after: Int64?
        package var before: Int64?
        /// Only those of `[since, until)`, by the wall clock.
        package var since: Timestamp?
        package var until: Timestamp?
        /// The latest first.
        package var isBackward = false
        package var limit = 200
        /// A sieve before any record is read: each of these texts stands in it somewhere, as `JournalFormat.trace` has it.
        package var traces: [String] = []
        /// Where there are any, one of these as well.
        package var anyTrace: [String] = []
        package var isWanted: @Sendable (Scheduling.Record) -> Bool = { _ in true }

        package init() {}
    }

    package struct Page: Sendable {
        /// In the order in which they were looked for.
        package var entries: [Entry] = []
        /// Up to where was looked: what goes on begins behind that place.
        package var through: Int64
        /// Nothing is left in that direction.
        package var isComplete = false
        /// The place of the earliest record that is kept; nil: none is.
        package var first: Int64?
        /// The place of the latest record, kept or not; 0: there was none yet.
        package var last: Int64 = 0
    }

    /// Records that one page reads at most, wanted or not.
    package static let scanLimit = 10_000

    package let growth: JournalGrowth
    private let pool: DatabasePool

    package init(_ journal: SQLiteJournal) throws(JournalError) {
        growth = journal.growth
        var configuration = Configuration()
        configuration.label = "journal-reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 3
        do {
            pool = try DatabasePool(path: journal.path, configuration: configuration)
        } catch {
            throw .cannotOpen(path: journal.path, reason: "\(error)")
        }
    }

    /// - Parameter scanLimit: records that are read at most; the page ends there.
    package func page(_ query: Query, scanLimit: Int = scanLimit) async throws(JournalError) -> Page {
        do {
            return try await pool.read { db in try Self.page(query, scanLimit: scanLimit, in: db) }
        } catch let error as JournalError {
            throw error
        } catch {
            throw .cannotRead("\(error)")
        }
    }

    /// When the record was written; nil where it is not there.
    package func instant(of seq: Int64) async throws(JournalError) -> Timestamp? {
        do {
            return try await pool.read { db in
                try Int64.fetchOne(db, sql: "SELECT wall FROM record WHERE seq = ?", arguments: [seq])
            }.map { Timestamp(nanoseconds: $0) }
        } catch {
            throw .cannotRead("\(error)")
        }
    }

    func reading<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await pool.read(body)
    }

    package func close() { try? pool.close() }

    private static func page(_ query: Query, scanLimit: Int, in db: Database) throws -> Page {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        func add(_ condition: String, _ value: some DatabaseValueConvertible) {
            conditions.append(condition)
            arguments += [value]
        }
        if let after = query.after { add("seq > ?", after) }
        if let before = query.before { add("seq < ?", before) }
        if let since = query.since { add("wall >= ?", since.nanoseconds) }
        if let until = query.until { add("wall < ?", until.nanoseconds) }
        for trace in query.traces { add("instr(json, ?) > 0", trace) }
        if !query.anyTrace.isEmpty {
            let texts = query.anyTrace.map { _ in "instr(json, ?) > 0" }
            conditions.append("(\(texts.joined(separator: " OR ")))")
            arguments += StatementArguments(query.anyTrace)
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let order = query.isBackward ? "DESC" : "ASC"

        var page = Page(through: query.isBackward ? query.before ?? .max : query.after ?? 0)
        page.first = try Int64.fetchOne(db, sql: "SELECT min(seq) FROM record")
        page.last = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'record'") ?? 0
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, json FROM record \(condition) ORDER BY seq \(order)", arguments: arguments)
        var scanned = 0
        while page.entries.count < query.limit, scanned < scanLimit {
            guard let row = try rows.next() else {
                page.isComplete = true
                break
            }
            scanned += 1
            let seq: Int64 = row[0]
            page.through = seq
            let record: Scheduling.Record
            do {
                record = try JournalFormat.record(row[1])
            } catch {
                throw JournalError.unreadableRecord(seq: seq, reason: "\(error)")
            }
            if query.isWanted(record) { page.entries.append(Entry(seq: seq, record: record)) }
        }
        if !page.isComplete { page.isComplete = try rows.next() == nil }
        if page.isComplete { page.through = query.isBackward ? 0 : max(page.through, page.last) }
        return page
    }
}
