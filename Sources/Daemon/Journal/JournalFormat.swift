import Foundation
import Scheduling

/// What stands in a journal file: the one place that knows it. The model's types say what a record *is*; this says how it is
/// stored, and a stored journal in the tests holds both to it: whatever the model becomes, that file is read, and adds up to
/// the same state.
///
/// Format 4, a SQLite database:
/// - `journal` has one row, with the journal's uuid, made with it. Directories of commands carry it, so that a journal that
///   was put back or begun anew never takes another's command for its own.
/// - `record` has one row for each record: `seq` grows by one and is never used twice, `wall` is the record's instant in
///   nanoseconds since 1970, `json` is `{"at":{"uptime","wall"},"fact":{CASE:{…}}}`. Never changed once written; the oldest
///   go when they are no longer needed.
/// - `checkpoint` has the ledger, as JSON, that all records up to `seq` add up to. What is left of the journal begins with
///   one, or with record 1.
/// - `history` is a view for people with a SQLite shell: instant, kind of fact, fact.
///
/// A field that is added to a type must be decodable from its absence, a field that goes is ignored by itself; anything else
/// is format 5. Earlier formats are refused: 1 and 2 are from before checkpoints, records of 3 may lack what
/// approvals and gates keep.
package enum JournalFormat {
    static let version: Int32 = 4
    /// "nagi" in ASCII, in the header of the file.
    static let applicationID: Int32 = 0x6E61_6769

    static let schema = """
        CREATE TABLE journal (id TEXT NOT NULL) STRICT;
        CREATE TABLE record (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            wall INTEGER NOT NULL,
            json TEXT NOT NULL
        ) STRICT;
        CREATE TABLE checkpoint (
            seq INTEGER PRIMARY KEY,
            wall INTEGER NOT NULL,
            json TEXT NOT NULL
        ) STRICT;
        CREATE VIEW history AS SELECT
            record.seq, datetime(record.wall / 1000000000, 'unixepoch') AS utc, fact.key AS kind, fact.value AS fact
            FROM record, json_each(record.json, '$.fact') AS fact;
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        """

    package static func encode(_ record: Record) throws -> String { try json(record) }
    package static func encode(_ ledger: Ledger) throws -> String { try json(ledger) }

    package static func record(_ json: String) throws -> Record {
        try JSONDecoder().decode(Record.self, from: Data(json.utf8))
    }

    package static func ledger(_ json: String) throws -> Ledger {
        try JSONDecoder().decode(Ledger.self, from: Data(json.utf8))
    }

    /// How a text begins that stands in a stored record as a value of its own; with its end where it is all of it.
    package static func trace(_ text: String, isWhole: Bool = true) -> String {
        // A text can always be encoded.
        let json = (try? json(text)) ?? ""
        return isWhole ? json : String(json.dropLast())
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
