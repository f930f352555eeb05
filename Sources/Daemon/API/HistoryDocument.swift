import Primitives
import Scheduling

/// The JSON of `/v1/history`; each record is also the data of an event of `/v1/events`. Fields may come, these stay.
package struct HistoryDocument: Codable, Hashable, Sendable {
    package struct Record: Codable, Hashable, Sendable {
        /// Its place in the journal: grows, and is never used twice.
        package var id: Int64
        package var at: String
        package var kind: String
        @Nullable package var cluster: String?
        /// `cluster/name`, where it is about one node.
        @Nullable package var node: String?
        @Nullable package var run: String?
        /// Whose word it is.
        @Nullable package var actor: String?
        /// What happened to what, for people; null: bookkeeping.
        @Nullable package var text: String?
        /// As it is told to people, line by line: what belongs together stands with the last of it. Only where that was asked
        /// for.
        package var told: [String]?
    }

    package struct Beginning: Codable, Hashable, Sendable {
        package var id: Int64
        package var at: String
    }

    /// The earliest first.
    package var records: [Record]
    /// Where to go on with `after`; null: nothing is known to follow.
    @Nullable package var next: Int64?
    /// Where to go on with `before`, for earlier ones; null: there are none, or none were asked for.
    @Nullable package var previous: Int64?
    /// The latest record of the journal when it was read: what follows comes with `/v1/events?after=`.
    package var last: Int64
    /// The earliest record that is kept; null: there is none.
    @Nullable package var first: Beginning?
    /// Why there are no records.
    @Nullable package var note: String?
}

extension HistoryDocument.Record {
    /// A run of ten thousand nodes names them all when it starts.
    private static let textLimit = 2_000

    /// - Parameter told: how it is told, if that is wanted.
    init(_ entry: JournalReader.Entry, _ zone: DisplayZone, told: [String]?) {
        let subjects = entry.record.fact.subjects
        id = entry.seq
        at = zone.text(entry.record.at.wall)
        kind = entry.record.fact.kind
        cluster = subjects.cluster
        node = subjects.node?.description
        run = subjects.run?.text
        actor = subjects.actor
        text = entry.record.text.map(Self.cut)
        self.told = told?.map(Self.cut)
    }

    private static func cut(_ text: String) -> String {
        text.count > textLimit ? text.prefix(textLimit) + "…" : text
    }

    /// `2026-11-29 02:41:07 +09:00  node-02  mode confirmed`; none where it is told together with another record.
    package var lines: [String] {
        let instant = at.count == 25 ? "\(at.prefix(10)) \(at.dropFirst(11).prefix(8)) \(at.suffix(6))" : at
        return (told ?? [text ?? "(\(kind))"]).map { "\(instant)  \($0)".plain }
    }
}
