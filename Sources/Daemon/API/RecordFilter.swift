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
        if let node, !subjects.nodes.contains(where: { Self.isCalled($0, node) }) { return false }
        if let run, !subjects.runs.contains(where: { isWanted($0, run) }) { return false }
        return actor == nil || subjects.actor == actor
    }

    /// By its whole name, or what stands before the address in it; with its cluster or without.
    private static func isCalled(_ id: NodeID, _ name: String) -> Bool {
        if id.name == name || id.description == name { return true }
        let short = String(id.name.prefix { $0 != "@" })
        return short == name || "\(id.cluster)/\(short)" == name
    }

    /// Those of the report that are called so, `cluster/node`: by their whole names if there are any.
    static func nodes(called name: String, in report: StatusReport?) -> [String] {
        let all = (report?.clusters ?? []).flatMap { cluster in
            (cluster.nodes.map(\.name) + cluster.unlisted.map(\.name)).map { NodeID(cluster: cluster.name, name: $0) }
        }
        let exact = all.filter { $0.name == name || $0.description == name }
        return (exact.isEmpty ? all.filter { isCalled($0, name) } : exact).map(\.description)
    }

    private func isWanted(_ id: RunID, _ run: String) -> Bool {
        id.text == run || id.text.hasPrefix("\(run)@") || id.text.hasPrefix("\(run)/")
    }

    /// What stands in every stored record that is wanted.
    var traces: [String] {
        var traces: [String] = []
        // An address may follow.
        if let node {
            traces.append(JournalFormat.trace(String(node.split(separator: "/").last ?? ""), isWhole: false))
        }
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
