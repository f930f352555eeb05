import ModeCore

extension Ledger {
    private static let leftShutLimit = 20

    /// A line for each node that nagi keeps out of `normal`, for whoever stops it: nobody opens them until it runs again.
    /// Without those that end with the process.
    package var leftShut: [String] {
        let embedded = Set(policies?.clusters.filter(\.isEmbedded).map(\.name) ?? [])
        let shut = nodes.compactMap { entry -> String? in
            guard let written = entry.state.written, written.mode != .normal, !embedded.contains(entry.id.cluster),
                entry.retained?.node.embedded == nil, !entry.state.isSeenLooser
            else { return nil }
            let why = written.owedSince == nil ? keeper(of: entry) : "it was to be opened"
            // A restart forgets the mode, and whoever is away may be at one.
            guard entry.state.facts?.failure == nil else {
                return
                    "\(entry.id.name) does not answer, and may come back open: nobody looks until nagi runs again: \(why)"
            }
            return "\(entry.id.name) stays \(written.mode.rawValue) until nagi runs again: \(why)"
        }
        guard shut.count > Self.leftShutLimit else { return shut }
        return shut.prefix(Self.leftShutLimit) + ["and \(shut.count - Self.leftShutLimit) more nodes"]
    }

    private func keeper(of entry: NodeEntry) -> String {
        if let stay = entry.state.failedStay { return "it failed in \(stay.run)" }
        let holder = activeRuns.lazy.compactMap { self.run($0) }.first { run in
            run.parts.contains { $0.node == entry.id && $0.phase.claim != nil }
        }
        if let holder { return "in work for \(holder.id)" }
        return entry.state.hold.map { "held \($0.text)" } ?? "nobody has opened it yet"
    }
}
