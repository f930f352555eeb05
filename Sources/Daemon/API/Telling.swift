import Scheduling

/// What is told to people of records as they come, in the order of the journal.
struct Telling {
    private var narration = Narration()

    /// The lines of each.
    mutating func lines(of entries: [JournalReader.Entry]) -> [[String]] {
        narration.lines(of: entries.map(\.record)).map { $0.map(\.text) }
    }

    /// What is told of each, by its place. Of what is still under way where they end, the beginning is told: the rest is
    /// behind the end.
    static func lines(of entries: [JournalReader.Entry]) -> [Int64: [String]] {
        var telling = Telling()
        var told: [Int64: [String]] = [:]
        var asked: [NodeID: Int64] = [:]
        for (entry, lines) in zip(entries, telling.lines(of: entries)) {
            if case .modeIntended(let change) = entry.record.fact { asked[change.node] = entry.seq }
            told[entry.seq] = lines
        }
        guard let last = entries.last else { return told }
        for (node, lines) in telling.narration.underWay(at: last.record.at) {
            told[asked[node] ?? last.seq, default: []] += lines.map(\.text)
        }
        return told
    }
}
