import Primitives

/// What a run that is over, and after which its policy has no other, did not do with one of its nodes.
struct LeftOver {
    let run: RunID
    /// That the run was to bring it to.
    let version: String?
    private let part: Part

    /// Nil: nothing was left to do.
    private init?(_ part: Part, of run: Run) {
        guard case .finished = part.phase, !part.isProven, !part.isThrough else { return nil }
        (self.run, version, self.part) = (run.id, run.pinned.wantedVersion, part)
    }

    /// `skipped in up@2#1: not drained in time`.
    var text: String {
        guard case .finished(let result) = part.phase else { return "" }
        let why = part.error.map { ": \($0)" } ?? ""
        return switch result {
        case .done, .alreadyThere, .would: ""
        case .skipped, .failed, .released: "\(result.rawValue) in \(run)\(why)"
        case .notReached: "not reached in \(run)\(why)"
        case .ended: "not through when \(run) ended\(why)"
        case .yielded, .held, .foreign, .notCovered: "left out of \(run)\(why)"
        }
    }
}

extension LeftOver {
    /// By node: of each policy's latest run, and of what goes on alone after it, the newest word.
    ///
    /// - Parameter isCurrent: the policy is there and has no run at work.
    static func all(in runs: [Ledger.EndedRun], where isCurrent: (Run) -> Bool) -> [NodeID: LeftOver] {
        struct Told: Hashable {
            var policy: String
            var node: NodeID
        }
        var left: [NodeID: LeftOver] = [:]
        var told: Set<Told> = []
        var closed: Set<String> = []
        for run in runs.reversed().map(\.run) where !closed.contains(run.policy) {
            if !run.isRetry { closed.insert(run.policy) }
            guard isCurrent(run) else { continue }
            for part in run.parts where told.insert(Told(policy: run.policy, node: part.node)).inserted {
                if left[part.node] == nil { left[part.node] = LeftOver(part, of: run) }
            }
        }
        return left
    }
}
