import Foundation
import RegexBuilder

/// The mode servers' own log: what happened to the nodes, whatever nagi says.
struct NodeLog {
    struct Entry {
        var at: Date
        /// `all` for what is about all of them.
        var node: String
        var fact: String
    }

    /// What the last lines sum up.
    struct Summary: Equatable {
        var cut: Int
        var peakOut: Int
        var admitted: Int
    }

    var entries: [Entry]

    init(_ text: String) {
        entries = []
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard words.count == 3, let at = try? Date(words[0], strategy: format) else { continue }
            entries.append(Entry(at: at, node: words[1], fact: words[2]))
        }
    }

    /// Changes of the node's mode, `from -> to` and by whom, in order.
    func modes(of node: String) -> [String] { facts(of: node).compactMap { $0.removing(prefix: "mode ") } }

    /// The modes that somebody requested for the node, in order.
    func requestedModes(of node: String) -> [String] {
        modes(of: node).compactMap { change in
            guard change.hasSuffix(", by request"), let arrow = change.range(of: " -> ") else { return nil }
            return String(change[arrow.upperBound...].prefix { $0 != "," })
        }
    }

    /// How long a node stayed open after it joined; nil until it is blocked again.
    ///
    /// - Parameter count: so many entries at the log's start are passed over.
    func secondsFromJoinToBlock(of node: String, after count: Int) -> Double? {
        let facts = entries.dropFirst(count).filter { $0.node == node }
        guard let join = facts.first(where: { $0.fact.hasPrefix("joined") }),
            let block = facts.first(where: { $0.fact == "mode normal -> block_new_connection, by request" })
        else { return nil }
        return block.at.timeIntervalSince(join.at)
    }

    /// The most of these nodes that were out of the cluster at once: stopped, and not joined again.
    func mostAway(of nodes: [String]) -> Int {
        var away: Set<String> = []
        return entries.reduce(0) { most, entry in
            guard nodes.contains(entry.node) else { return most }
            if entry.fact.hasPrefix("stopped") { away.insert(entry.node) }
            if entry.fact.hasPrefix("joined") { away.remove(entry.node) }
            return max(most, away.count)
        }
    }

    func facts(of node: String) -> [String] { entries.filter { $0.node == node }.map(\.fact) }

    func summary(of node: String) -> String? { facts(of: node).last { $0.hasPrefix("summary: ") } }

    var summary: Summary? {
        let cut = Reference(Int.self)
        let peak = Reference(Int.self)
        let pattern = Regex {
            "summary: connections cut "
            TryCapture(as: cut) {
                OneOrMore(.digit)
            } transform: {
                Int($0)
            }
            ", at most "
            TryCapture(as: peak) {
                OneOrMore(.digit)
            } transform: {
                Int($0)
            }
            " of "
        }
        guard let line = facts(of: "all").last, let match = line.firstMatch(of: pattern) else { return nil }
        let admitted = line.components(separatedBy: "clients ").last?.prefix { $0.isNumber }
        return Summary(cut: match[cut], peakOut: match[peak], admitted: admitted.flatMap { Int($0) } ?? 0)
    }
}

extension String {
    fileprivate func removing(prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
