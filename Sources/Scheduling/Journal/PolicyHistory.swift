import Calendars
import Primitives

/// What one policy has already done.
package struct PolicyHistory: Hashable, Sendable, Codable {
    /// How many occurrences, and how many revisions, are remembered. A daily window is remembered for the better part of a
    /// year.
    package static let limit = 256

    package struct PastOccurrence: Hashable, Sendable, Codable {
        package var id: OccurrenceID
        package var span: Span
    }

    package struct PastRevision: Hashable, Sendable, Codable {
        package var revision: String
        package var runs: Int
    }

    /// Spans in which it ran, oldest first.
    package private(set) var occurrences: [PastOccurrence] = []
    /// Runs per revision, the latest last.
    package private(set) var revisions: [PastRevision] = []
    /// When each node was last tried.
    package private(set) var tried: [NodeID: Timestamp] = [:]
    /// Why the run of the latest revision ended before it was through, if it did.
    package private(set) var endReason: EndReason?
    /// What persons said of a run that ended before it began, as its policy was edited: it is said of the run after it.
    package private(set) var handedOn: HandedOn?

    package struct HandedOn: Hashable, Sendable, Codable {
        package var pause: Pause?
        package var force: Force?
    }

    package init() {}

    init(_ latest: PastOccurrence?, tried: [NodeID: Timestamp]) {
        occurrences = latest.map { [$0] } ?? []
        self.tried = tried
    }

    mutating func note(_ run: Run) {
        switch run.origin {
        case .window(let id, let span):
            occurrences.append(PastOccurrence(id: id, span: span))
            if occurrences.count > PolicyHistory.limit { occurrences.removeFirst() }
        case .rollout(let revision, let ordinal):
            revisions.removeAll { $0.revision == revision }
            revisions.append(PastRevision(revision: revision, runs: ordinal))
            if revisions.count > PolicyHistory.limit { revisions.removeFirst() }
            endReason = nil
            handedOn = nil
        case .retry: break
        }
    }

    mutating func noteEnd(of run: Run, _ reason: EndReason) {
        endReason = reason
        guard case .edited = reason else { return }
        let pause = run.pauses.first { $0.cause == .person }
        if pause != nil || run.force != nil { handedOn = HandedOn(pause: pause, force: run.force) }
    }

    mutating func noteTry(of node: NodeID, at wall: Timestamp) { tried[node] = wall }

    mutating func forget(allBut known: (NodeID) -> Bool) { tried = tried.filter { known($0.key) } }

    /// The revision that ran last.
    package var revision: String? { revisions.last?.revision }

    package func runs(of revision: String) -> Int { revisions.last { $0.revision == revision }?.runs ?? 0 }

    /// Whether the policy ran in that occurrence, or in a span that overlaps it.
    package func hasRun(_ id: OccurrenceID, _ span: Span) -> Bool {
        occurrences.contains { $0.id == id || $0.span.overlaps(span) }
    }
}
