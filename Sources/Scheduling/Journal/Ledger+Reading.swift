import ModeCore
import Primitives

/// Looking things up.
extension Ledger {
    package func index(of node: NodeID) -> NodeIndex? { places[node].map { NodeIndex($0) } }

    package subscript(node: NodeIndex) -> NodeLedger { nodes[node.raw].state }

    package func entry(_ node: NodeID) -> NodeLedger? { places[node].map { nodes[$0].state } }

    package func slot(of run: RunID) -> RunSlot? { slots[run] }

    /// A run that is not over.
    package func run(_ slot: RunSlot) -> Run? { runs.indices.contains(slot.raw) ? runs[slot.raw] : nil }

    package func run(_ id: RunID) -> Run? { slots[id].flatMap { run($0) } }

    package func part(_ place: PartPlace) -> Part? {
        guard let parts = runs[place.run.raw]?.parts, parts.indices.contains(place.part) else { return nil }
        return parts[place.part]
    }

    /// What a run is, without its parts: whoever holds those makes the next change of one a copy of all.
    package struct RunHeader: Sendable {
        package let id: RunID
        package let pinned: Shared<Policy>
        package let origin: Run.Origin
        package let phase: RunPhase
        /// Its own, not that of everything.
        package let pauses: [Pause]
        package let clearance: Clearance
        package let force: Force?
        package let isApprovalAwaited: Bool
        package let isObserved: Bool

        /// The run that it goes on for, where that is another.
        package var root: RunID { if case .retry(let run) = origin { run } else { id } }
        package var isRetry: Bool { if case .retry = origin { true } else { false } }
        package var isEnding: Bool { if case .ending = phase { true } else { false } }
    }

    package func header(_ slot: RunSlot) -> RunHeader? {
        guard runs.indices.contains(slot.raw) else { return nil }
        return runs[slot.raw].map {
            RunHeader(
                id: $0.id, pinned: $0.pinned, origin: $0.origin, phase: $0.phase, pauses: $0.pauses,
                clearance: $0.clearance, force: $0.force, isApprovalAwaited: $0.approval.isAwaited,
                isObserved: $0.isObserved)
        }
    }

    /// Reads a run where it lies. What is returned must not hold its parts.
    package func withRun<Answer>(_ slot: RunSlot, _ read: (Run) -> Answer) -> Answer? {
        guard runs.indices.contains(slot.raw) else { return nil }
        return runs[slot.raw].map(read)
    }

    /// What is out of service by nagi's doing, on its way or owed, a line each: whoever goes away now leaves it so.
    package var undone: [String] {
        let nodes = nodes.compactMap { entry -> String? in
            if let stay = entry.state.failedStay { return "\(entry.id): kept at \(stay.mode.rawValue) by \(stay.run)" }
            if let written = entry.state.written { return "\(entry.id): \(written.mode.rawValue) by nagi" }
            return entry.state.open.map { "\(entry.id): ChangeMode \($0.change.target.rawValue) is on its way" }
        }
        let open = commands.values.filter { $0.outcome == nil }.map { "\($0.start.node): \($0.start.step) runs" }
        return nodes + open.sorted()
    }

    /// Found nodes on which something of nagi's is, by their clusters.
    package func foundInUse(at now: Timestamp) -> [String: [FoundNode]] {
        (found ?? [:]).reduce(into: [:]) { kept, cluster in
            kept[cluster.key] = cluster.value.filter { node in
                entry(NodeID(cluster: cluster.key, name: node.name)).map {
                    $0.isAttached(at: now) || $0.failedStay != nil
                } ?? false
            }
        }
    }

    /// The set as it was accepted.
    package var written: PolicySet? { policies?.without(found ?? [:]) }
}
