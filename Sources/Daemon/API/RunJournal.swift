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
        query.anyTrace = [JournalFormat.trace(id.text)] + Self.pauses + [JournalFormat.trace("daemonStarted")]
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
            let pause = try await pause(before: first.seq)
            return RunAccount(of: id, pause: pause, records: records, until: end).map { ($0, isTruncated) }
        }
    }

    private static let pauses = [JournalFormat.trace("paused"), JournalFormat.trace("resumed")]

    /// The pause of everything that stood there.
    private func pause(before seq: Int64) async throws(JournalError) -> Pause? {
        var query = JournalReader.Query()
        (query.isBackward, query.before, query.limit) = (true, seq, 1)
        query.anyTrace = Self.pauses
        query.isWanted = { record in
            switch record.fact {
            case .paused(nil, _), .resumed(nil, _): true
            default: false
            }
        }
        guard case .paused(_, let pause)? = try await reader.page(query).entries.first?.record.fact else { return nil }
        return pause
    }
}
