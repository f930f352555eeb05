import Primitives
import Scheduling

/// What the journal has of one run.
struct RunJournal {
    /// Records that are read of one run at most.
    static let recordLimit = 30_000

    let reader: JournalReader

    /// Nil: the journal does not have its beginning, or never had.
    func account(of id: RunID, until now: Moment) async throws(JournalError) -> (
        account: RunAccount, isTruncated: Bool
    )? {
        var beginning = JournalReader.Query()
        (beginning.isBackward, beginning.limit) = (true, 1)
        beginning.traces = [JournalFormat.trace(id.text), JournalFormat.trace("runStarted")]
        beginning.isWanted = { if case .runStarted(let run) = $0.fact { run.id == id } else { false } }
        guard let first = try await reader.page(beginning).entries.first else { return nil }

        var query = JournalReader.Query()
        query.limit = JournalReader.scanLimit
        query.after = first.seq - 1
        query.anyTrace =
            [id.text, "paused", "resumed", "holdPlaced", "holdEnded", "daemonStarted"].map { JournalFormat.trace($0) }
        var records: [Record] = []
        while true {
            let page = try await reader.page(query)
            records += page.entries.map(\.record)
            query.after = page.through
            let isOver = page.entries.contains { entry in
                if case .runEnded(id, _) = entry.record.fact { true } else { false }
            }
            let isTruncated = !isOver && !page.isComplete && records.count >= Self.recordLimit
            guard isOver || page.isComplete || isTruncated else { continue }
            // What comes after the last record that was read is not told.
            let end = isTruncated ? records.last?.at ?? now : now
            let before = try await reader.ledger(before: first.seq)
            let holds = first.record.members.compactMap { node in
                before?.entry(node)?.hold.map { (node, $0) }
            }
            return RunAccount(
                of: id, pause: before?.pause, holds: Dictionary(holds) { $1 }, records: records, until: end
            ).map { ($0, isTruncated) }
        }
    }
}

extension Record {
    /// The nodes of a run that it begins.
    fileprivate var members: [NodeID] {
        if case .runStarted(let run) = fact { run.parts.map(\.node) } else { [] }
    }
}
