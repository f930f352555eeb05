import Scheduling

/// The nodes of a cluster, and what is going on with each.
extension StatusTable {
    func nodeLines(_ nodes: [StatusDocument.Node], of cluster: StatusDocument.Cluster) -> [String] {
        guard !nodes.isEmpty || cluster.nodes.isEmpty else { return [] }
        let names = names(of: cluster.name)
        let shared = sharedReasons(of: cluster.name)
        let rows = { (hasWanted: Bool) in
            nodes.map { node in
                let words = words(for: node, shared, namesWanted: !hasWanted)
                var cells: [TextTable.Cell] = [.init(names[node.name]), mode(of: node)]
                if hasWanted { cells.append(.init(node.desired ?? "–")) }
                cells += [
                    .init(node.sessions.map(String.init) ?? "–"), .init(node.connections.map(String.init) ?? "–"),
                    .init(node.version ?? "–"), .init(names.shortened(words.text), words.style),
                ]
                return cells
            }
        }
        let titles = ["NODE", "MODE", "WANTED", "SESSIONS", "CONNS", "VERSION", "WHAT IS GOING ON"]
        let titled = { (titles: [String]) in [titles.map { TextTable.Cell($0, .faint) }] }
        var table = TextTable(titled(titles) + rows(true), right: [3, 4])
        // What is wanted is said in words where there is no room for it.
        if let width = terminal.width, table.room(in: width) < TextTable.lastColumn {
            table = TextTable(titled(titles.filter { $0 != "WANTED" }) + rows(false), right: [2, 3])
            if table.room(in: width) < TextTable.lastColumn {
                table.rows[0].removeLast()
                // A line of its own for each of them says nothing that the run does not say below.
                for row in table.rows.indices where table.rows[row].last.map(isSaidElsewhere) ?? false {
                    table.rows[row].removeLast()
                }
            }
        }
        if let width = terminal.width {
            // Which run it is queued in is said with the run as well: no line of its own for it.
            let room = table.room(in: width)
            for row in table.rows.indices {
                guard let last = table.rows[row].last, last.text.hasPrefix(Self.queued),
                    TextFold.width(last.text) > room
                else { continue }
                table.rows[row][table.rows[row].count - 1] = .init("queued\(code(of: nodes[row - 1]))", last.style)
            }
        }
        return table.lines(on: terminal)
    }

    /// What it waits for, in the word that the run says more of.
    private func code(of node: StatusDocument.Node) -> String { " (\(node.verdict.code))" }

    private func isSaidElsewhere(_ words: TextTable.Cell) -> Bool {
        words.text == Self.nothing || words.text.hasPrefix(Self.queued)
    }

    private static let nothing = "nothing to do"
    private static let queued = "queued in "

    func heading(_ cluster: StatusDocument.Cluster, isFirst: Bool) -> [String] {
        let names = names(of: cluster.name)
        let total = cluster.nodes.count + document.unlisted.count { $0.cluster == cluster.name }
        let out = cluster.budget.unavailable
        let most = cluster.budget.limit
        let left =
            "\(TextFold.cut(cluster.name, width: 100))  \(max(0, total - out)) of \(total) in service, budget \(out) used of \(most)"
            .plain
        var lines: [String] = []
        let painted = terminal.painted(left, out > most ? .warning : .strong)
        let at = ShownInstant.whole(document.at).plain
        let room = (terminal.width ?? 112) - TextFold.width(left) - TextFold.width(at)
        if !isFirst {
            lines.append(painted)
        } else if room >= 2 {
            lines.append(painted + String(repeating: " ", count: room) + at)
        } else {
            lines += [at, painted]
        }
        if let pattern = names.pattern {
            let width = (terminal.width ?? 80) - 10
            lines.append("  " + terminal.painted("names: " + TextFold.middleCut(pattern, width: width), .faint))
        }
        if names.areShortened {
            lines.append(
                "  " + terminal.painted(ShortNames.advice, .faint))
        }
        return lines
    }

    private func mode(of node: StatusDocument.Node) -> TextTable.Cell {
        guard let observed = node.observed.map({ TextFold.cut($0, width: 24) }) else { return .init("?", .warning) }
        if node.floor != nil { return .init(observed, .foreign) }
        return .init(observed, observed == "normal" ? .plain : .busy)
    }

    /// What several queued nodes of one run wait for stands with the run, not with each of them: the text, by the run's id.
    private func sharedReasons(of cluster: String) -> [String: String] {
        var runs: [String: String] = [:]
        for run in document.runs where run.cluster == cluster && run.endedAt == nil {
            guard let first = run.blockers.first, first.node == nil,
                run.nodes.count(where: { $0.phase == "queued" }) > 2
            else {
                continue
            }
            runs[run.id] = first.text
        }
        return runs
    }

    /// What is going on with the node, for a person.
    private func words(
        for node: StatusDocument.Node, _ shared: [String: String], namesWanted: Bool
    ) -> (text: String, style: TextStyle) {
        var (text, style) = words(for: node)
        if node.claims.isEmpty, let run = node.queuedIn, shared[run] == node.verdict.text {
            text = "\(Self.queued)\(run)\(code(of: node))"
        }
        if namesWanted, let desired = node.desired, desired != node.observed { text += "; wanted: \(desired)" }
        if !node.exempt.isEmpty { text += "; ignores \(node.exempt.joined(separator: " and "))" }
        if node.retained { text += " (not in the policies any more)" }
        return (text, style)
    }

    private func words(for node: StatusDocument.Node) -> (text: String, style: TextStyle) {
        let (code, text) = (node.verdict.code, node.verdict.text)
        let since = node.since.map { " since \(clock($0))" } ?? ""
        let ago = node.since.map { ", since \(clock($0))" } ?? ""
        let limit = until(node.verdict.until, "at the latest")
        let end = until(node.verdict.until)
        switch VerdictCode(rawValue: code) {
        case .draining:
            let end = shown(node.drain?.projectedEnd)
            let left = end.map { $0.distance > .zero ? ", about \($0.left) more" : "" } ?? ""
            return ("\(code)\(since): \(text)\(left)\(limit)", .busy)
        case .blocked, .rejoining, .verifying, .restoring:
            return ("\(code)\(since): \(text)\(limit)", .busy)
        case .runningCommand: return ("runs\(since): \(text)\(limit)", .busy)
        case .soaking:
            return (shown(node.verdict.until).map { "soaking \($0.left) more" } ?? "soaking\(since): \(text)", .busy)
        case .held: return ("held\(since) \(text)\(end)", .warning)
        case .keptOpen: return ("kept open\(since) \(text)\(end)", .warning)
        case .reserved: return ("reserved\(since) \(text)\(end)", .warning)
        case .failed:
            let kept = node.failed.map { "kept at \($0.mode) by \($0.run)" } ?? text
            return ("failed\(since): \(kept)", .alarm)
        case .contested, .refused, .wrongAddress, .wrongTopology, .journalLost: return (text + ago + end, .alarm)
        case .foreign, .faulted: return (text + ago, .foreign)
        case .unreachable:
            return ("unreachable\(since): \(text)\(limit)", .warning)
        case .isolated, .initial, .stale, .unknownMode, .notListed: return (text + ago + limit, .warning)
        case .owed: return ("to be given back\(since): \(text)", .busy)
        case .unmanaged: return text == Verdict.noClaim.text ? (Self.nothing, .faint) : (text, .plain)
        case .inDesiredMode: return (text + (node.since.map { " at \(clock($0))" } ?? ""), .good)
        case .waitingBudget:
            guard let first = node.blockers.first, first.code == code, let have = first.have, let limit = first.limit,
                !first.holders.isEmpty
            else { return (text + end, .faint) }
            return ("waits for \(list(first.holders)) (budget: \(have) of \(limit) out of service)\(end)", .faint)
        case .paused: return (text + ago + end, .warning)
        case .waitingApproval, .waitingClock, .waitingPolicies: return (text + end, .warning)
        case .waitingStep, .waitingWindow, .excluded, .suspended, .waitingQuorum, .waitingGate, .waitingPrevious,
            .notReadYet, .nodeBusy, .notCovered, .would:
            return (text + end, .faint)
        case nil: return ("\(code): \(text)\(end)", .plain)
        }
    }

    /// A few names, and how many more there are.
    func list(_ names: [String], most: Int = 3) -> String {
        let shown = names.prefix(most).joined(separator: ", ")
        return names.count > most ? "\(shown) and \(names.count - most) more" : shown
    }
}

extension StatusDocument.Node {
    /// Something goes on with it.
    fileprivate var isWorkedOn: Bool { run != nil || !claims.isEmpty || failed != nil || owed }
    /// Somebody may want to look at it.
    var isBusy: Bool { isWorkedOn || floor != nil || observed != "normal" || ready == false }
}
