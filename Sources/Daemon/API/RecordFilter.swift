import Scheduling

/// About which node, run and person records are wanted.
struct RecordFilter: Hashable, Sendable {
    /// `cluster/node`, or the node alone: of any cluster.
    var node: String?
    /// A run's id, or its policy's name: all its runs.
    var run: String?
    var actor: String?
    /// Bookkeeping too.
    var isWhole = false

    var isEmpty: Bool { node == nil && run == nil && actor == nil }

    func matches(_ record: Record) -> Bool {
        (isEmpty || isAbout(record.fact.subjects)) && (isWhole || record.text != nil)
    }

    private func isAbout(_ subjects: Subjects) -> Bool {
        if let node, !subjects.nodes.contains(where: { $0.name == node || $0.description == node }) { return false }
        if let run, !subjects.runs.contains(where: { isWanted($0, run) }) { return false }
        return actor == nil || subjects.actor == actor
    }

    private func isWanted(_ id: RunID, _ run: String) -> Bool {
        id.text == run || id.text.hasPrefix("\(run)@") || id.text.hasPrefix("\(run)/")
    }

    /// What stands in every stored record that is wanted.
    var traces: [String] {
        var traces: [String] = []
        if let node { traces.append(JournalFormat.trace(String(node.split(separator: "/").last ?? ""))) }
        if let run { traces.append(JournalFormat.trace(run, isWhole: false)) }
        if let actor { traces.append(JournalFormat.trace(actor)) }
        return traces
    }

    /// `node node-02, run up@2#1`.
    var words: String {
        let parts = [("node", node), ("run", run), ("actor", actor)]
        return parts.compactMap { name, value in value.map { "\(name) \($0)" } }.joined(separator: ", ")
    }
}
